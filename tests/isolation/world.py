"""Two salons filled with every kind of row there is; what belongs to the other one carries a mark in every text."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from sqlalchemy import Engine, inspect, select

from parlour.access.models import Organisation, User
from parlour.access.organisations import save_branch
from parlour.access.roles import add_role
from parlour.db.base import METADATA
from parlour.db.session import Session
from parlour.jobs import enqueue
from parlour.plugins.contacts.models import Contact
from parlour.records import files
from parlour.records.models import ChangeSet, ImportMapping, SavedFilter
from parlour.records.registry import RecordType, all_records
from parlour.records.write import save
from parlour.settings import Settings
from parlour.testing import people, samples

# Stands in every text of the other salon, and its digits in every number that people see.
MARK = "Xylothek"
DIGITS = "9997776655"
PICTURE = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)


@dataclass
class World:
    """What a salon holds. `rows` are ids by record; `ids` by the word that stands for them in an address."""

    organisation: Organisation
    user: User
    rows: dict[str, int] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)


def marked(session: Session, record: RecordType, number: int) -> dict[str, Any]:
    """Made-up values for a row, with the mark in every text and the digits in every phone."""
    values = _values(session, record, number)
    return {name: _marked(value, record.field(name), text_of(record, name)) for name, value in values.items()}


def text_of(record: RecordType, name: str) -> str:
    """What stands in a text field of the other salon: it tells where it was read."""
    return f"{MARK} {record.name} {name}"


def _values(session: Session, record: RecordType, number: int) -> dict[str, Any]:
    values = samples.values_for(session, record, number)
    word = MARK if number == 5 else "Own"
    if record.name == "contacts.position":
        for side, kind in (("person", "person"), ("company", "company")):
            values[side] = save(session, Contact, {"kind": kind, "name": f"{word} {kind}"})
        return values
    # Some rows are called by what they are linked to, so the mark has to stand there; with no text of their own, there alone.
    wordless = not any(item.kind.name == "text" and item.name in values for item in record.fields)
    for item in record.fields:
        if item.storage != "link" or item.computed or item.target in (None, record):
            continue
        if item.name in values or wordless:
            assert item.target is not None
            texts = [one for one in item.target.fields if one.kind.name == "text" and not one.computed]
            apart = number + 1000 * (crc32(f"{record.name} {item.name} {word}".encode()) % 9000)
            linked = samples.values_for(session, item.target, apart)
            named = {one.name: f"{word} {linked[one.name]}"[:60] for one in texts if one.name in linked}
            values[item.name] = save(session, item.target, {**linked, **named})
    return values


def _marked(value: Any, item: Any, text: str) -> Any:
    if isinstance(value, list):
        return [
            {
                name: _marked(inner, next(line for line in item.lines if line.name == name), text)
                for name, inner in one.items()
            }
            for one in value
        ]
    if item.kind.name == "text":
        return text[: getattr(item.kind, "max_length", None) or 200]
    if item.kind.name == "phone":
        return f"+7{DIGITS}"
    if item.kind.name == "email":
        return f"{MARK.lower()}@example.com"
    return value


def furnish(engine: Engine, settings: Settings, organisation: Organisation, *, mark: bool) -> World:
    """Fill a salon with one row of every record, a file, a job, a branch, a role, a person and what else has a number."""
    with people.trusted(engine, organisation) as session:
        user = people.add_person(session, "owner", name=f"{MARK} owner" if mark else "Own owner")
        world = World(organisation, user)
        # Clients come first, so that others can hang on them.
        for record in sorted(all_records(), key=lambda record: record.name != "contacts.contact"):
            values = marked(session, record, 5) if mark else _values(session, record, 6)
            if "contact" in values:
                values["contact"] = world.rows["contacts.contact"]
            world.rows[record.name] = save(session, record, values)
        upload = files.store(
            session,
            settings,
            io.BytesIO(PICTURE),
            f"{MARK if mark else 'own'}.png",
            record="contacts.contact",
            slot="photo",
        )
        save(session, Contact, {"photo": upload.id}, row_id=world.rows["contacts.contact"])
        loose = files.store(
            session,
            settings,
            io.BytesIO(b"name\n" + MARK.encode()),
            "list.csv",
            record="contacts.contact",
            slot="import",
        )
        word = MARK if mark else "own"
        segment = SavedFilter(record="contacts.contact", title=f"{word} segment", filter={"and": []})
        session.add_all([segment, ImportMapping(record="contacts.contact", headings=word, columns={})])
        session.flush()
        world.ids = {
            "branch": save_branch(session, None, {"name": f"{word} branch"}).id,
            "role": add_role(session, f"{word} role").id,
            "member": user.id,
            "file": upload.id,
            "upload": loose.id,
            "segment": segment.id,
            "change_set": session.scalars(select(ChangeSet.id).order_by(ChangeSet.id)).first() or 0,
            "job": enqueue(session, "core.prune", {"note": word}),
        }
        session.commit()
        return world


def scoped_tables() -> Iterator[Any]:
    """Every table whose rows belong to an organisation, whoever brought it."""
    for table in METADATA.sorted_tables:
        if "organisation_id" in table.c and table.name != "core_access_log":
            yield table


def digest(owner_engine: Engine, organisation: Organisation) -> dict[str, str]:
    """Table -> what a salon has in it, as one figure; read as the owner of the tables, past every guard."""
    found = {}
    with owner_engine.connect() as connection:
        there = set(inspect(connection).get_table_names())
        for table in scoped_tables():
            if table.name in there:
                rows = connection.execute(
                    select(table)
                    .where(table.c.organisation_id == organisation.id)
                    .order_by(*table.primary_key)
                )
                found[table.name] = hashlib.sha256(repr(rows.all()).encode()).hexdigest()
    return found
