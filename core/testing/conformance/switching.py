"""Off and on: a plugin that is off is not there, and nothing of it is lost."""

from __future__ import annotations

import pytest

from parlour.db.session import Session
from parlour.errors import NotFound
from parlour.plugin import gate, graph, lifecycle
from parlour.plugin.calls import answering
from parlour.plugin.registry import Loaded, current
from parlour.records.query import get
from parlour.records.registry import enabled_record, enabled_records, fields_of, record_type
from parlour.records.write import save
from parlour.testing.conformance.subject import Subject


class SwitchingChecks(Subject):
    """Switching works without a restart, as often as one likes."""

    def test_it_can_be_switched_on_again_without_effect(self, session: Session, loaded: Loaded) -> None:
        assert lifecycle.enable(session, self.plugin) == []

    def test_off_and_on_again_keeps_its_data(self, session: Session, loaded: Loaded) -> None:
        before = {}
        for record in self.records():
            row_id = save(session, record, self.values(session, record, 1))
            before[record.name] = get(session, record, row_id)
        gone = self._off(session)
        for name in before:
            with pytest.raises(NotFound):
                enabled_record(session, name)
        for name in gone:
            lifecycle.enable(session, name)
        for name, row in before.items():
            assert get(session, record_type(name), row["id"]) == row

    def test_its_fields_on_records_of_others_go_with_it(self, session: Session, loaded: Loaded) -> None:
        self._off(session)
        for record in enabled_records(session):
            ours = [item.name for item in fields_of(session, record) if item.plugin == self.plugin]
            assert not ours, f"{record.name} still shows {ours}"

    def test_its_settings_survive_being_off(self, session: Session, loaded: Loaded) -> None:
        lifecycle.save_settings(session, self.plugin, {"kept": 1})
        self._off(session)
        lifecycle.enable(session, self.plugin)
        assert lifecycle.settings_of(session, self.plugin) == {"kept": 1}

    def test_its_hooks_are_silent_while_it_is_off(self, session: Session, loaded: Loaded) -> None:
        implemented = [name for name in current().hooks if self.plugin in answering(session, name)]
        assert bool(implemented) == ("hooks" in loaded.modules)
        self._off(session)
        assert not [name for name in implemented if self.plugin in answering(session, name)]

    def _off(self, session: Session) -> list[str]:
        """Switch the plugin off, and before it what stands on it; returns what went off, in load order."""
        standing = graph.dependents(current().manifests, self.plugin)
        gone = [name for name in current().order if name in {self.plugin, *standing} & gate.enabled(session)]
        for name in reversed(gone):
            assert lifecycle.disable(session, name)
        return gone
