"""No address and no form crosses an organisation: every one is tried with the numbers of another salon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from pyramid.router import Router
from sqlalchemy import Engine

from parlour.testing.browsers import Browser, browser_of
from tests.isolation.walk import Call, ask, calls, shows
from tests.isolation.world import World, digest


@pytest.fixture
def browser(app: Router, engine: Engine, ours: World) -> Browser:
    """An owner of our salon, who may do everything there and works nowhere else."""
    return browser_of(app, engine, ours.user)


def leaks(browser: Browser, asked: Iterator[Call]) -> list[str]:
    found = []
    for call in asked:
        status, text = ask(browser, call)
        assert status < 500, f"{call} answers {status}"
        if shows(text):
            found.append(str(call))
    return found


def test_the_addresses_of_another_salon_are_not_there(
    app: Router, browser: Browser, theirs: World, owner_engine: Engine
) -> None:
    before = digest(owner_engine, theirs.organisation)
    answers = {}
    for call in calls(app, theirs.organisation.slug, theirs, some=True):
        status, text = ask(browser, call)
        assert not shows(text), f"{call} shows what belongs to the other salon"
        answers[call.route] = status
    assert set(answers.values()) <= {403, 404}, answers
    assert digest(owner_engine, theirs.organisation) == before


def test_own_addresses_with_numbers_of_another_salon_show_and_change_nothing(
    app: Router, browser: Browser, ours: World, theirs: World, owner_engine: Engine
) -> None:
    before = digest(owner_engine, theirs.organisation)
    assert leaks(browser, calls(app, ours.organisation.slug, theirs)) == []
    assert ask(browser, Call("today", "GET", f"/o/{ours.organisation.slug}"))[0] == 200, (
        "the log-in was lost on the way"
    )
    assert digest(owner_engine, theirs.organisation) == before


def test_the_same_walk_shows_and_changes_everything_to_whom_it_belongs(
    app: Router, engine: Engine, theirs: World, owner_engine: Engine
) -> None:
    """The control: the walk does reach what it must not reach from outside."""
    own = browser_of(app, engine, theirs.user)
    before = digest(owner_engine, theirs.organisation)
    shown: Counter[str] = Counter()
    # Looking comes before anything is deleted; what ends the log-in, or looks as somebody else, comes last.
    asked = calls(app, theirs.organisation.slug, theirs, some=True)
    for call in sorted(
        asked,
        key=lambda call: (
            call.route.endswith(".view"),
            call.route.startswith("settings.member"),
            call.method != "GET",
        ),
    ):
        status, text = ask(own, call)
        assert status < 500, f"{call} answers {status}"
        shown[call.route] += shows(text)
    for route in (
        "record.list", "record.card", "record.preview", "record.edit", "record.history", "record.suggest", "search",
        "search.suggest", "settings.members", "settings.branches", "settings.role", "file", "contacts.birthdays",
    ):  # fmt: skip
        assert shown[route], f"the walk never saw anything on {route}"
    after = digest(owner_engine, theirs.organisation)
    changed = {table for table in after if after[table] != before[table]}
    assert {"contacts_contact", "contacts_note", "core_change", "core_role", "core_branch"} <= changed, (
        changed
    )


def test_control_without_the_guards_own_addresses_show_what_is_not_ours(
    database_kind: str,
    app: Router,
    browser: Browser,
    ours: World,
    theirs: World,
    unfiltered: None,
) -> None:
    asked = calls(app, ours.organisation.slug, theirs, some=True)
    looked = {call.route for call in asked if call.method == "GET" and shows(ask(browser, call)[1])}
    # On PostgreSQL row-level security still holds: that is the point of having both.
    assert bool(looked) == (database_kind == "sqlite")
    if looked:
        assert {"record.card", "record.list", "record.suggest", "search", "file"} <= looked
