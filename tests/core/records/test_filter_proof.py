"""What a filter finds in the database is what a plain reading of it finds among the same rows in Python."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from parlour.access.models import Rule
from parlour.access.roles import role_by_code
from parlour.errors import NotFound
from parlour.plugins.contacts.models import Contact, Note
from parlour.records.defaults import defaults_of
from parlour.records.filters import compile_filter
from parlour.records.operators import FilterFault
from parlour.records.query import get, may_read, page
from parlour.records.registry import record_type
from parlour.records.write import Change, write
from parlour.testing import people
from tests.core.records.filter_rows import furnish, holds, where_now, world_of
from tests.core.records.made_up_filters import filters_of

CONTACT = record_type(Contact)
# Moments at which a wall clock, a February or a year is unusual.
TODAYS = [
    datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 12, tzinfo=UTC),
    datetime(2027, 2, 28, 23, 30, tzinfo=UTC),
    datetime(2028, 2, 29, 9, tzinfo=UTC),
    datetime(2027, 12, 31, 23, 59, tzinfo=UTC),
]
PROVED = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def furnished(session):
    furnish(session)
    return session


def test_a_compiled_filter_finds_what_a_plain_reading_finds(furnished):
    world = world_of(furnished)
    found = compare(furnished, world, CONTACT.name, 100)
    assert any(0 < count < len(world[CONTACT.name]) for count in found), (
        "the control: filters tell rows apart"
    )
    for name in ("contacts.position", "visitors.visitor", "contacts.note"):
        compare(furnished, world, name, 25)


def compare(furnished, world, name, examples):
    """How many rows each of the made-up filters found, by both readings alike."""
    record, defaults, found = record_type(name), defaults_of(furnished), []

    @settings(PROVED, max_examples=examples)
    @given(node=filters_of(record, world), today=st.sampled_from(TODAYS))
    def prove(node, today):
        with time_machine.travel(today, tick=False):
            condition = compile_filter(furnished, record, node)
            ids = set(furnished.scalars(select(record.cls.id).where(condition)))
            where = where_now(furnished, defaults)
            expected = {row["id"] for row in world[name].values() if holds(world, where, record, row, node)}
        found.append(len(expected))
        assert ids == expected, node

    prove()
    return found


def test_days_are_those_of_the_wall_clock_where_clocks_are_changed(furnished):
    """The 29th of March 2026 has 23 hours in London; a day of 24 would reach into the 30th."""
    note = record_type(Note)
    write(furnished, Note, [Change({"contact": 1, "text": "late", "at": "2026-03-29T23:30:00+00:00"})])
    of_day = compile_filter(furnished, note, ["at", "=", "2026-03-29"])
    assert len(furnished.scalars(select(Note.text).where(of_day)).all()) == 2
    until = compile_filter(furnished, note, ["at", "<=", "2026-03-29"])
    assert "late" not in furnished.scalars(select(Note.text).where(until)).all()


# ---- rules


RULES = [
    {"and": [["phones", "empty", False]]},
    {"or": [["responsible.user", "=", "me"], ["birthday", "month", 12]]},
    {"not": {"and": [["spent_before", ">", "500"]]}},
    {"and": [["tags.name", "contains", "ёж"], ["source", "empty", False]]},
    {"not": ["visitors.arrived_at", "empty", False]},
    {"and": [["visitors_badge", "!=", "ANNA"]]},
]


@settings(PROVED, max_examples=12)
@given(
    given_=st.lists(st.sampled_from([None, *RULES]), min_size=1, max_size=2),
    taken=st.lists(st.sampled_from(RULES), max_size=2),
)
def test_sec_06_a_rule_shows_in_lists_exactly_the_rows_that_it_allows_singly(
    furnished, engine, organisation, given_, taken
):
    """Everybody sees their own part only, in a list as row by row, and it is the part that the rules say."""
    world = world_of(furnished)
    role = role_by_code(furnished, "specialist").id
    permission = CONTACT.permission("read")
    for rule in furnished.scalars(select(Rule).where(Rule.permission == permission, Rule.role_id == role)):
        furnished.delete(rule)
    furnished.flush()
    for number, (kind, filter_) in enumerate(
        [*(("permission", one) for one in given_), *(("restriction", one) for one in taken)]
    ):
        furnished.add(
            Rule(role_id=role, kind=kind, permission=permission, filter=filter_, source="test", number=number)
        )
    furnished.flush()
    user_id = next(iter(sorted(key for key in defaults_of(furnished).names)))
    with people.session_of(
        furnished.connection(), organisation, SimpleNamespace(id=user_id, active=True)
    ) as theirs:
        listed = {row["id"] for row in page(theirs, CONTACT, fields=[], limit=1000).rows}
        singly = {row_id for row_id in world[CONTACT.name] if may_read(theirs, CONTACT, row_id)}
        where = where_now(theirs, defaults_of(theirs))
        mine = json.loads(json.dumps([given_, taken]).replace('"me"', str(user_id)))
        expected = {
            row["id"]
            for row in world[CONTACT.name].values()
            if any(holds(world, where, CONTACT, row, one) for one in mine[0])
            and all(holds(world, where, CONTACT, row, one) for one in mine[1])
        }
        assert listed == singly == expected
        for row_id in sorted(world[CONTACT.name])[:3]:
            if row_id in listed:
                assert get(theirs, CONTACT, row_id, fields=[])["id"] == row_id
            else:
                with pytest.raises(NotFound):
                    get(theirs, CONTACT, row_id, fields=[])


# ---- filters that are a fault or an attack


def deep(levels):
    node = ["name", "contains", "a"]
    for _ in range(levels):
        node = {"not": node}
    return node


BAD = {
    "an unknown field": (["nothing", "=", 1], "no field nothing"),
    "an unknown field behind a link": (["source.nothing", "=", 1], "no field source.nothing"),
    "an operator of another kind": (["name", "within", 7], "can be filtered by"),
    "200 deep": (deep(200), "more than 20 deep"),
    "a thousand conditions": ({"or": [["name", "=", "a"]] * 1000}, "more than 200 conditions"),
    "a million values": (["name", "in", list(range(1_000_000))], "at most 1000 values"),
    "a million values of links": (["tags", "any", list(range(1_000_000))], "at most 1000 values"),
    "many values in many conditions": ({"or": [["name", "in", ["a"] * 999]] * 6}, "more than 5000 values"),
    "all of a thousand links": (["tags", "all", list(range(1000))], "more than 200 conditions"),
    "two keys in a group": ({"and": [], "or": []}, "one key"),
    "a text": ("name", "condition is"),
    "a number that is none": (["spent_before", ">", "ten"], "cannot be compared"),
}


def test_a_filter_that_cannot_be_used_is_one_clear_sentence(session):
    for case, (node, said) in BAD.items():
        with pytest.raises(FilterFault) as refused:
            compile_filter(session, CONTACT, node)
        message = refused.value.message
        text = getattr(message, "interpolate", lambda message=message: message)()
        assert said in text and len(text) < 200, case


def test_the_largest_filters_that_are_allowed_do_run(session):
    """On both databases; SQLite takes expressions only so deep."""
    for node in (["name", "in", ["a"] * 1000], ["tags", "all", list(range(190))], deep(19)):
        assert session.scalars(select(Contact.id).where(compile_filter(session, CONTACT, node))).all() == []


def test_a_list_with_such_a_filter_opens_and_says_so(login):
    browser = login("receptionist")
    for text in ("[" * 2900, "[" * 2900 + "]" * 2900, json.dumps([deep(200)]), '[["nothing","=",1]]', "{"):
        answer = browser.get("/o/jasmine/r/contacts.contact", {"f": text}, expect_errors=True)
        assert answer.status_code in (200, 409), text[:30]
        assert "Something went wrong" not in answer.text
