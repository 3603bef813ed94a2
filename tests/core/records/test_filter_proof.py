"""What a filter finds in the database is what a plain reading of it finds among the same rows in Python.

The reading here is written from the meaning of each operator, not from the code that compiles it: two values, no
"unknown". Rows of every kind of field, with gaps; paths through links, parts, extensions and named reverses.
"""

from __future__ import annotations

import json
from calendar import isleap
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from parlour.access.models import Rule
from parlour.access.organisations import update_organisation
from parlour.access.roles import role_by_code
from parlour.errors import NotFound
from parlour.plugins.contacts.models import Consent, Contact, Note, Position, Source
from parlour.records import kinds
from parlour.records.defaults import defaults_of
from parlour.records.filters import FilterFault, compile_filter, operators_of
from parlour.records.query import get, may_read, page, read
from parlour.records.registry import record_type
from parlour.records.values import Money, digits_of, key_of
from parlour.records.write import Change, write
from parlour.testing import people

CONTACT = record_type(Contact)
RECORDS = (Contact, Position, Consent, Note, Source)
# Moments at which a wall clock, a February or a year is unusual.
TODAYS = [
    datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 12, tzinfo=UTC),
    datetime(2027, 2, 28, 23, 30, tzinfo=UTC),
    datetime(2028, 2, 29, 9, tzinfo=UTC),
    datetime(2027, 12, 31, 23, 59, tzinfo=UTC),
]
WORDS = ["Ёлкина", "елки", "50%_off", "Anna\\B", "a", "ANNA", "Straße", "é"]
PROVED = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


# ---- the rows


def furnish(session):
    """Clients, companies and what hangs on them; every kind of field is filled in some and empty in others."""
    update_organisation(session, {"zone": "Europe/London"})
    visitor = record_type("visitors.visitor")
    sources = write(session, Source, [Change({"name": name}) for name in ("Ёлка", "Flyer")]).ids
    branches = list(defaults_of(session).branches)
    users = [people.add_person(session, "specialist").id for _ in range(2)]
    session.scope.cache.pop("defaults")
    rows = []
    for n in range(24):
        row = {"kind": "person", "name": f"{WORDS[n % len(WORDS)]} {n}", "is_client": bool(n % 3)}
        if n % 2:
            row |= {
                "phones": [{"number": f"+79161{n:06d}", "label": "work"}, {"number": f"+79262{n:06d}"}][
                    : n % 3
                ],
                "birthday": ["1990-02-29"[:-2] + "28", "2000-02-29", "--03-01", "1985-12-31", "--01-01"][
                    n % 5
                ],
                "tags": ["VIP", "brows", "Ёж"][: n % 4],
                "source": sources[n % 2],
                "note": f"Любит ЧАЙ\nи {WORDS[n % len(WORDS)]}",
            }
        if n % 3 == 0:
            row |= {
                "spent_before": {"amount": str(n * 100), "currency": "USD" if n % 2 else "RUB"},
                "client_since": (date(2026, 3, 20) + timedelta(days=n * 7)).isoformat(),
                "emails": [{"address": f"Client{n}@example.com"}],
                "visitors_badge": WORDS[n % len(WORDS)],
                "sex": ["female", "male"][n % 2],
            }
        if n % 4 == 0:
            row["responsible"] = [{"user": users[n % 8 // 4], "branch": branches[0] if n % 8 else None}]
        rows.append(row)
    ids = write(session, Contact, [Change(row) for row in rows]).ids
    company = write(session, Contact, [Change({"kind": "company", "name": "Ромашка"})]).ids[0]
    hang(session, visitor, ids, company)
    session.flush()


def hang(session, visitor, ids, company):
    write(
        session,
        Position,
        [
            Change({"person": ids[1], "company": company, "title": "Ёлочный мастер", "since": "2026-03-29"}),
            Change({"person": ids[2], "company": company, "work_phone": "+79160000001"}),
        ],
    )
    moments = ("2026-03-29T00:30:00+00:00", "2026-03-29T22:59:00+00:00", "2026-10-25T00:10:00+00:00")
    texts = ("Hello", "Привет, ЁЛКА", "50%_off\nhello")
    notes = zip(ids[3:], texts, moments, strict=False)
    write(session, Note, [Change({"contact": row, "text": text, "at": at}) for row, text, at in notes])
    write(
        session,
        visitor,
        [
            Change(
                {
                    "name": "A",
                    "contact": ids[1],
                    "arrived_at": moments[1],
                    "fee": {"amount": "5", "currency": "RUB"},
                }
            ),
            Change({"name": "Ё", "contact": ids[2]}),
            Change({"name": "ё", "arrived_at": moments[2]}),
        ],
    )


def world_of(session):
    """All rows as plain values, by record and id."""
    found = {}
    for record in (*map(record_type, RECORDS), record_type("visitors.visitor"), record_type("contacts.tag")):
        cls = record.cls
        rows = {row["id"]: row for row in read(session, record, record.fields, [])}
        for row_id, created in session.execute(select(cls.id, cls.created_at)):
            rows[row_id]["created_at"] = created
        found[record.name] = rows
    return found


# ---- a plain reading


def holds(world, where, record, row, node):
    if not node:
        return True
    if isinstance(node, dict):
        ((word, inner),) = node.items()
        if word == "not":
            return not holds(world, where, record, row, inner)
        return (all if word == "and" else any)(holds(world, where, record, row, one) for one in inner)
    path, operator, value = node
    return leads(world, where, record, row, path.split("."), operator, value)


def leads(world, where, record, row, path, operator, value):
    """Whether one of the values at the end of the path answers."""
    head, rest = path[0], path[1:]
    if head in ("created_at", "archived_at"):
        return answers(kinds.MomentKind(), row[head], operator, value, where)
    if head in record.reverses:
        source, item = record.reverses[head]
        pointing = [
            one
            for one in world[source.name].values()
            if (row["id"] in one[item.name] if item.storage == "links" else one[item.name] == row["id"])
        ]
        if not rest:
            return (not pointing) == value
        return any(leads(world, where, source, one, rest, operator, value) for one in pointing)
    item = record.field(head)
    if item.storage == "part":
        if operator == "empty" and not rest:
            return (not row[head]) == value
        inner = next(line for line in item.lines if line.name == (rest or [item.lines[0].name])[0])
        return any(answers(inner.kind, line[inner.name], operator, value, where) for line in row[head])
    if item.storage == "links":
        has, wanted = set(row[head]), set(value) if isinstance(value, list) else {value}
        if rest:
            return any(
                leads(world, where, item.target, world[item.target.name][one], rest, operator, value)
                for one in has
            )
        if operator == "empty":
            return (not has) == value
        return {"any": bool(has & wanted), "none": not has & wanted, "all": has >= wanted}[operator]
    if item.storage == "link" and rest:
        target = world[item.target.name].get(row[head])
        return target is not None and leads(world, where, item.target, target, rest, operator, value)
    return answers(item.kind, row[head], operator, value, where)


def answers(kind, found, operator, value, where):
    if operator == "empty":
        return (found is None) == value
    if operator == "!=":
        return found is None or not answers(kind, found, "=", value, where)
    if operator == "in":
        return any(answers(kind, found, "=", one, where) for one in value)
    if found is None:
        return operator == "=" and value is None
    if isinstance(kind, kinds.MomentKind | kinds.DateKind):
        return on_the_calendar(found, operator, value, where)
    if isinstance(kind, kinds.BirthdayKind):
        return of_a_birthday(found, operator, value, where)
    if isinstance(kind, kinds.MoneyKind):
        found, value = found.minor, Money(kind.clean(value, where.defaults).amount, found.currency).minor
    if operator in ("contains", "starts", "=") and isinstance(
        kind, kinds.PhoneKind | kinds.TextKind | kinds.EmailKind
    ):
        return of_text(kind, found, operator, value)
    if operator == "=":
        return found == value
    return {">=": found >= value, "<=": found <= value, ">": found > value, "<": found < value}[operator]


def of_text(kind, found, operator, value):
    if isinstance(kind, kinds.PhoneKind):
        if operator == "=":
            return found == value
        found, value = digits_of(found), digits_of(value)
    elif getattr(kind, "multiline", False):
        if operator == "=":
            return found == value
        found, value = found.lower().replace("ё", "е"), key_of(value)
    else:
        found, value = key_of(found), key_of(value)
    return {"contains": value in found, "starts": found.startswith(value), "=": found == value}[operator]


def on_the_calendar(found, operator, value, where):
    """Days are those of the organisation's wall clock."""
    exact = isinstance(value, str) and len(value) > 10
    if isinstance(found, datetime) and exact:
        moment = datetime.fromisoformat(value)
        return {"=": found == moment, ">=": found >= moment, "<=": found <= moment}[operator]
    day = found.astimezone(where.zone).date() if isinstance(found, datetime) else found
    if operator in ("last", "next"):
        first, last = (
            (where.today - timedelta(value), where.today)
            if operator == "last"
            else (
                where.today,
                where.today + timedelta(value),
            )
        )
        return first <= day <= last
    other = date.fromisoformat(value)
    return {"=": day == other, ">=": day >= other, "<=": day <= other}[operator]


def of_a_birthday(found, operator, value, where):
    if operator == "=":
        return found == value
    if operator == "month":
        return int(found[-5:-3]) == value

    def kept_on(day):
        if found[-5:] == "02-29" and not isleap(day.year):
            return (day.month, day.day) == (3, 1)
        return f"{day:%m-%d}" == found[-5:]

    return any(kept_on(where.today + timedelta(n)) for n in range(value + 1))


# ---- filters


def leaves(record, world):
    """Conditions on every path of a record, with values that are there and some that are not."""
    return st.one_of([leaf(path, kind, values) for path, kind, values in paths(record, world)])


def paths(record, world, depth=2):
    rows = list(world[record.name].values())
    yield "created_at", kinds.MomentKind(), []
    for item in record.fields:
        if isinstance(item.kind, kinds.FileKind) or item.guarded or item.secret:
            continue
        values = [row[item.name] for row in rows]
        if item.storage == "part":
            yield item.name, "lines", []
            for inner in item.lines:
                yield (
                    f"{item.name}.{inner.name}",
                    inner.kind,
                    [line[inner.name] for lines in values for line in lines],
                )
        elif item.storage == "links":
            yield item.name, "links", [one for several in values for one in several]
        else:
            yield item.name, item.kind, values
        if item.target is not None and depth and item.target.name in world:
            for path, kind, found in paths(item.target, world, 0):
                yield f"{item.name}.{path}", kind, found
    for name, (source, _item) in record.reverses.items():
        if depth and source.name in world:
            yield name, "lines", []
            for path, kind, found in paths(source, world, 0):
                yield f"{name}.{path}", kind, found


def leaf(path, kind, values):
    yes_or_no = st.booleans()
    if kind == "lines":
        return st.tuples(st.just(path), st.just("empty"), yes_or_no)
    present = sorted({value for value in values if value is not None}, key=str)
    if kind == "links":
        chosen = st.lists(st.sampled_from([*present, 999_999]), max_size=3)
        return st.one_of(
            st.tuples(st.just(path), st.sampled_from(["any", "none", "all"]), chosen),
            st.tuples(st.just(path), st.just("empty"), yes_or_no),
        )
    one = value_of(kind, present)
    offered = []
    for operator in operators_of(kind):
        if operator == "empty":
            answer = yes_or_no
        elif operator in ("last", "next"):
            answer = st.integers(0, 400)
        elif operator == "within":
            answer = st.integers(0, 366)
        elif operator == "month":
            answer = st.integers(1, 12)
        elif operator == "in":
            answer = st.lists(one, max_size=4)
        elif operator in ("contains", "starts"):
            pieces = [str(value)[start : start + 4] for value in present[:12] for start in (0, 2)]
            answer = st.sampled_from([*pieces, *WORDS, "ЧАЙ", "%", "_", "\\", ""])
        else:
            answer = one
        offered.append(st.tuples(st.just(path), st.just(operator), answer))
    return st.one_of(offered)


def value_of(kind, present):
    if isinstance(kind, kinds.MomentKind):
        days = ["2026-03-28", "2026-03-29", "2026-03-30", "2026-10-25", "2026-10-26", "2030-01-01"]
        return st.sampled_from([*days, *(found.isoformat() for found in present)])
    if isinstance(kind, kinds.DateKind):
        return st.sampled_from([*(found.isoformat() for found in present), "2026-04-10", "2020-01-01"])
    if isinstance(kind, kinds.MoneyKind):
        return st.sampled_from(["0", "300", "500", "1200", "0.01"])
    if isinstance(kind, kinds.BooleanKind):
        return st.booleans()
    if isinstance(kind, kinds.IntegerKind):
        return st.sampled_from([*present, 0, 1, 7])
    if isinstance(kind, kinds.ChoiceKind):
        return st.sampled_from([code for code, _title in kind.options])
    if isinstance(kind, kinds.LinkKind):
        return st.sampled_from([*present, 999_999])
    if isinstance(kind, kinds.UserKind | kinds.BranchKind):
        # Somebody who does not exist is refused, see the faults below.
        return st.sampled_from(present)
    if isinstance(kind, kinds.PhoneKind | kinds.EmailKind | kinds.BirthdayKind):
        other = {"phone": "+79990000000", "email": "nobody@example.com"}.get(kind.name, "1970-05-05")
        return st.sampled_from([*present, other])
    return st.sampled_from([*present, *(str(found).upper() for found in present), *WORDS])


def filters_of(record, world):
    return st.recursive(
        leaves(record, world).map(list),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda some: {"and": some}),
            st.lists(inner, max_size=3).map(lambda some: {"or": some}),
            inner.map(lambda one: {"not": one}),
        ),
        max_leaves=6,
    )


@pytest.fixture
def furnished(session):
    furnish(session)
    return session


def where_now(session, defaults):
    return SimpleNamespace(zone=ZoneInfo(defaults.zone), today=defaults.today(), defaults=defaults)


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
