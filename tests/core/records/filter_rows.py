"""Rows with every kind of field, and what a filter means among them: read from each operator's meaning, not from the code
that compiles it. Two values, no "unknown"; paths through links, parts, extensions and named reverses.
"""

from __future__ import annotations

from calendar import isleap
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from sqlalchemy import select

from parlour.access.organisations import update_organisation
from parlour.plugins.contacts.models import Consent, Contact, Note, Position, Source
from parlour.records import kinds
from parlour.records.defaults import defaults_of
from parlour.records.query import read
from parlour.records.registry import record_type
from parlour.records.values import Money, digits_of, key_of
from parlour.records.write import Change, write
from parlour.testing import people

RECORDS = (Contact, Position, Consent, Note, Source)
WORDS = ["Ёлкина", "елки", "50%_off", "Anna\\B", "a", "ANNA", "Straße", "é"]


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


def where_now(session, defaults):
    return SimpleNamespace(zone=ZoneInfo(defaults.zone), today=defaults.today(), defaults=defaults)
