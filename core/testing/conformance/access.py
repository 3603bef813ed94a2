"""Permissions: every record has them, somebody is given them, and they carry the plugin's name."""

from __future__ import annotations

from translationstring import TranslationString

from parlour.access.grants import Declared, declared_by
from parlour.access.rules import PERMISSION
from parlour.plugin.registry import Loaded
from parlour.testing.conformance.subject import Subject


class AccessChecks(Subject):
    """No record is without rules."""

    def test_its_permissions_carry_its_name_and_a_title(self, loaded: Loaded) -> None:
        for permission, title in self.declared().permissions.items():
            assert permission.split(":")[0] == self.plugin, permission
            assert isinstance(title, TranslationString), (
                f"{permission} is shown to people: wrap its title in _()"
            )

    def test_every_record_is_granted_to_some_role(self, loaded: Loaded) -> None:
        granted = {
            grant.permission
            for grants in self.declared().grants.values()
            for grant in grants
            if grant.kind == PERMISSION
        }
        # `check` of declarations has seen to it that what is granted is declared.
        unseen = [record.name for record in self.records() if record.permission("read") not in granted]
        assert not unseen, (
            f"nobody but the owner could see these; grant them to a role in access.py: {unseen}"
        )

    def declared(self) -> Declared:
        """What the plugin's access.py says; ValueError names what is wrong with it."""
        return declared_by(self.plugin)
