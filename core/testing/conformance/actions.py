"""Actions: what they ask for is what they are called with."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from translationstring import TranslationString

from parlour.plugin.registry import Loaded
from parlour.records.actions import Action
from parlour.records.registry import all_records
from parlour.testing.conformance.subject import Subject


class ActionChecks(Subject):
    """Every action can be offered as a button, a form and a call."""

    def test_its_actions_and_what_they_ask_for_have_titles(self, loaded: Loaded) -> None:
        for found in self.actions():
            for name, title in [(found.name, found.title), *((i.name, i.title) for i in found.fields)]:
                assert isinstance(title, TranslationString), (
                    f"{name} of the action {found.name} is shown to people: wrap its title in _()"
                )

    def test_its_actions_take_what_they_ask_for(self, loaded: Loaded) -> None:
        for found in self.actions():
            asked = {item.name: None for item in found.fields}
            try:
                inspect.signature(found.run).bind(None, [], **asked)
            except TypeError as error:
                raise AssertionError(
                    f"the action {found.name} asks for {list(asked)}, but its function does not fit: {error}"
                ) from error

    def actions(self) -> Iterator[Action]:
        """The actions of the plugin, on its own records and on those of others."""
        for record in all_records():
            yield from (found for found in record.actions.values() if found.plugin == self.plugin)
