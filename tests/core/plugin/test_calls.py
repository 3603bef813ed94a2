"""Hooks of four kinds: who answers, in which order, and what an error does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from parlour.access.models import Organisation
from parlour.db.session import Session, system
from parlour.errors import Refusal
from parlour.jobs.models import Job
from parlour.plugin import calls, gate, lifecycle
from parlour.plugin.registry import Plugins

HOOKS = """
    from types import SimpleNamespace
    from parlour.errors import Refusal
    from parlour.hooks import hookimpl

    heard = []
    refuse = False

    @hookimpl
    def menu(session):
        return [SimpleNamespace(who="{name}", sequence=sequence) for sequence in {sequences}]

    @hookimpl
    def check_changes(session, record, rows):
        heard.append(("check", record, list(rows)))
        if refuse:
            raise Refusal("{name} says no.")

    @hookimpl
    def records_changed(record, rows):
        heard.append(("changed", record, list(rows)))

    @hookimpl
    def records_happened(session, record, ids, kind):
        heard.append(("happened", record, list(ids), kind))
"""
BRIDGE = """
    from types import SimpleNamespace
    from parlour.hooks import hookimpl

    @hookimpl
    def menu(session):
        return [SimpleNamespace(who="bridge", sequence=1)]
"""


def hooks_of(name: str) -> Any:
    return sys.modules[f"thrown_{name}.hooks"]


@pytest.fixture
def three(thrown: Callable[..., Plugins], organisation: Organisation, session: Session) -> Plugins:
    """alpha stands on omega, beta on nothing and with a bridge to alpha; all on."""
    files = {
        "alpha": {"hooks.py": HOOKS.format(name="alpha", sequences=[5, 1])},
        "beta": {
            "hooks.py": HOOKS.format(name="beta", sequences=[5]),
            "bridges/__init__.py": "",
            "bridges/alpha.py": BRIDGE,
        },
        "omega": {"hooks.py": HOOKS.format(name="omega", sequences=[5])},
    }
    found = thrown(files, alpha=("omega",))
    for name in reversed(found.order):  # only these three shall answer
        lifecycle.disable(session, name)
    for name in ("alpha", "beta", "omega"):
        lifecycle.enable(session, name)
    return found


def menu(session: Session) -> list[str]:
    return [item.who for item in calls.collect(session, "menu")]


def test_collected_items_come_by_sequence_then_in_load_order(three: Plugins, session: Session) -> None:
    order = [name for name in three.order if name in ("alpha", "beta", "omega")]
    assert order == ["beta", "omega", "alpha"]
    assert menu(session) == ["bridge", "alpha", "beta", "omega", "alpha"]


def test_a_plugin_that_is_off_does_not_answer(three: Plugins, session: Session) -> None:
    lifecycle.disable(session, "alpha")
    assert menu(session) == ["beta", "omega"]


def test_a_bridge_answers_only_while_both_of_its_sides_are_on(three: Plugins, session: Session) -> None:
    lifecycle.disable(session, "beta")
    assert menu(session) == ["alpha", "omega", "alpha"]


def test_any_plugin_may_refuse(three: Plugins, session: Session) -> None:
    calls.check(session, "check_changes", record="r", rows=[1, 2])
    assert hooks_of("beta").heard == hooks_of("omega").heard == [("check", "r", [1, 2])]
    hooks_of("omega").refuse = True
    with pytest.raises(Refusal, match="omega says no"):
        calls.check(session, "check_changes", record="r", rows=[])
    lifecycle.disable(session, "alpha")
    lifecycle.disable(session, "omega")
    calls.check(session, "check_changes", record="r", rows=[])


def test_a_hook_takes_only_the_arguments_that_it_wants(three: Plugins, session: Session) -> None:
    calls.changed(session, "records_changed", record="r", rows=["row"])
    assert hooks_of("alpha").heard == [("changed", "r", ["row"])]


def test_what_happened_is_told_by_one_job_for_each_plugin(three: Plugins, session: Session) -> None:
    lifecycle.disable(session, "beta")
    before = hooks_of("omega").heard.copy()
    told = calls.happened(session, "records_happened", record="r", ids=[7], kind="updated")
    with system(session):
        jobs = session.scalars(select(Job).where(Job.name == calls.HAPPENED_JOB)).all()
    mine = {job.plugin: job.args for job in jobs if job.plugin in ("alpha", "beta", "omega")}
    assert told == len(jobs)
    assert sorted(mine) == ["alpha", "omega"]
    assert hooks_of("omega").heard == before, "nobody is told within the transaction"
    calls.tell(session, None, **mine["omega"])
    assert hooks_of("omega").heard == [*before, ("happened", "r", [7], "updated")]
    assert hooks_of("alpha").heard == []


def test_a_plugin_switched_off_meanwhile_is_not_told(three: Plugins, session: Session) -> None:
    arguments = {"record": "r", "ids": [7], "kind": "updated"}
    lifecycle.disable(session, "beta")
    calls.tell(session, None, hook="records_happened", plugin="beta", args=arguments)
    assert hooks_of("beta").heard == []


def test_a_hook_cannot_be_called_as_another_kind(three: Plugins, session: Session) -> None:
    with pytest.raises(LookupError):
        calls.collect(session, "check_changes", record="r", rows=[])
    with pytest.raises(LookupError):
        calls.happened(session, "menu")


def test_modules_know_their_plugin(three: Plugins) -> None:
    assert gate.plugin_of("thrown_alpha.views") == "alpha"
    assert gate.plugin_of("thrown_alphabet.views") is None
    assert gate.plugin_of("parlour.web.pages") == "core"
    assert gate.plugin_of("parlour.plugins.contacts.views") == "contacts"
    assert gate.plugin_of("parlour.plugins.nobody") is None
    assert gate.plugin_of("json") is None
