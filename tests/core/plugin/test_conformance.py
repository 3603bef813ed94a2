"""Each check of the conformance suite finds the fault that it is there for, and lets a plugin without it pass."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from parlour.plugin.discovery import folder_of
from parlour.plugin.registry import Plugins
from parlour.testing.conformance import PluginConformance

MANIFEST = '''
"""Things, for a test."""

from parlour.i18n import _
from parlour.plugin import Plugin

plugin = Plugin(name="odd", title=_("Odd"), summary=_("For a test."), version="1.0", requires={requires!r})
'''
TABLE = """
from sqlalchemy import ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from parlour.db.base import BigId, SystemBase, scoped_base

Base = scoped_base("odd")
INFO = {"info": {"owner": "odd", "scoped": True}}
"""
RECORD = """
from sqlalchemy.orm import Mapped
from parlour.i18n import _
from parlour.records.declare import record_base, text

Record = record_base("odd")


class Thing(Record, name="odd.thing", title=_("Thing")):
    name: Mapped[str] = text(_("Name"), required=True)
"""
ACTION = """
from parlour.i18n import _
from parlour.records.actions import Outcome, action
from parlour.records.declare import text


@action("contacts.contact", "greet", plugin="odd", title={title}, fields={{"words": text(_("Words"))}})
def greet({arguments}): ...
"""
SOUND = {
    "models.py": TABLE
    + """

class Thing(Base):
    __tablename__ = "odd_thing"
    __table_args__ = (UniqueConstraint("organisation_id", "id", name="uq_odd_thing_scope"), INFO)
    title: Mapped[str]
""",
    "hooks.py": ACTION.format(title="_('Greet')", arguments="session, ids, words"),
}


def _table(body: str, name: str = "odd_thing", base: str = "Base", arguments: str = "INFO") -> dict[str, str]:
    return {
        "models.py": f"{TABLE}\n\nclass Thing({base}):\n    __tablename__ = {name!r}\n"
        f"    __table_args__ = {arguments}\n    {body}\n"
    }


FAULTS = {
    "test_the_package_holds_nothing_but_the_manifest": {"__init__.py": MANIFEST + "\nprint\n"},
    "test_it_imports_no_plugin_that_it_does_not_require": {
        "services.py": "from parlour.plugins.contacts import names\n"
    },
    "test_its_templates_and_files_lie_under_its_name": {"templates/card.jinja2": "<p></p>"},
    "test_its_jobs_and_schedules_carry_its_name": {"jobs.py": 'JOBS = {"other.job": print}\n'},
    "test_its_tables_carry_its_name": _table("title: Mapped[str]", name="thing"),
    "test_its_rows_belong_to_an_organisation": _table(
        "id: Mapped[int] = mapped_column(BigId, primary_key=True)",
        base="SystemBase",
        arguments='{"info": {"owner": "odd"}}',
    ),
    "test_what_is_unique_is_unique_within_an_organisation": _table(
        "title: Mapped[str]", arguments='(UniqueConstraint("title"), INFO)'
    ),
    "test_its_links_stay_within_an_organisation": _table(
        'client: Mapped[int] = mapped_column(ForeignKey("contacts_contact.id"))'
    ),
    "test_it_leaves_the_classes_of_others_alone": {
        "services.py": "from parlour.access.models import Branch\n\n\ndef door(self): ...\n\n\nBranch.door = door\n"
    },
    "test_every_record_is_granted_to_some_role": {"models.py": RECORD},
    "test_its_actions_and_what_they_ask_for_have_titles": {
        "hooks.py": ACTION.format(title="'Greet'", arguments="session, ids, words")
    },
    "test_its_actions_take_what_they_ask_for": {
        "hooks.py": ACTION.format(title="_('Greet')", arguments="session, ids")
    },
    "test_its_texts_can_be_translated": {"templates/odd/card.jinja2": "<p>Hello</p>"},
    "test_its_translations_are_whole": {"locale/ru/LC_MESSAGES/odd.po": 'msgid ""\nmsgstr ""\n'},
}


def _run(name: str, plugins: Plugins) -> None:
    """One check of the suite, called with what its fixtures would give it."""

    class Odd(PluginConformance):
        plugin = "odd"

    loaded = plugins.loaded["odd"]
    given = {"loaded": loaded, "folder": folder_of(loaded.package), "plugins": plugins}
    check = getattr(Odd(), name)
    check(**{wanted: given[wanted] for wanted in inspect.signature(check).parameters})


@pytest.mark.parametrize("check", FAULTS)
def test_a_check_finds_its_fault(check: str, thrown: Callable[..., Plugins]) -> None:
    files = {
        "__init__.py": MANIFEST.format(
            requires=("contacts",) if "links" in check or "action" in check else ()
        ),
        **FAULTS[check],
    }
    files["__init__.py"] = files["__init__.py"].format(requires=())
    try:
        plugins = thrown({"odd": files})
        with pytest.raises(AssertionError):
            _run(check, plugins)
    finally:
        from parlour.access.models import Branch

        if hasattr(Branch, "door"):
            del Branch.door


@pytest.mark.parametrize("check", FAULTS)
def test_a_sound_plugin_passes_the_check(check: str, thrown: Callable[..., Plugins]) -> None:
    plugins = thrown({"odd": {"__init__.py": MANIFEST.format(requires=("contacts",)), **SOUND}})
    _run(check, plugins)
