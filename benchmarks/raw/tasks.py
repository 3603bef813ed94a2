"""The four tasks of `benchmarks.tasks`, by hand."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import Any

import phonenumbers
from sqlalchemy import Connection, Select, Table, exists, insert, or_, select

from benchmarks.salon import HEADINGS, Person, Salon
from benchmarks.tasks import PAGE
from parlour.db.base import METADATA, now
from parlour.plugins.contacts.likeness import name_keys

BATCH = 500


def _table(name: str) -> Table:
    return METADATA.tables[name]


def list_statement(salon: Salon, part: str) -> Select[Any]:
    """Clients with `part` in what is searched, by name; the columns of the list."""
    contact, tags, tag = _table("contacts_contact"), _table("contacts_contact_tags"), _table("contacts_tag")
    like = f"%{part.lower()}%"
    tagged = exists().where(
        tags.c.owner_id == contact.c.id, tag.c.id == tags.c.target_id, tag.c.name_key.like(like)
    )
    return (
        select(contact.c.id, contact.c.name, contact.c.birthday, contact.c.source_id, contact.c.name_key)
        .where(
            contact.c.organisation_id == salon.organisation_id,
            contact.c.archived_at.is_(None),
            or_(
                contact.c.name_key.like(like),
                contact.c.legal_name_key.like(like),
                contact.c.tax_number_key.like(like),
                tagged,
            ),
        )
        .order_by(contact.c.name_key, contact.c.id)
        .limit(PAGE + 1)
    )


def list_page(salon: Salon, part: str) -> list[int]:
    phone, tags, tag = _table("contacts_phone"), _table("contacts_contact_tags"), _table("contacts_tag")
    with salon.engine.connect() as connection:
        ids = [row.id for row in connection.execute(list_statement(salon, part))][:PAGE]
        connection.execute(
            select(phone.c.owner_id, phone.c.number)
            .where(phone.c.owner_id.in_(ids))
            .order_by(phone.c.position)
        ).all()
        connection.execute(
            select(tags.c.owner_id, tag.c.name)
            .join(tag, tag.c.id == tags.c.target_id)
            .where(tags.c.owner_id.in_(ids))
        ).all()
    return ids


def create(salon: Salon, found: list[Person]) -> int:
    with salon.engine.begin() as connection:
        return _insert(
            connection, salon, [(f"{one.last} {one.first}", one.phone, one.birthday) for one in found]
        )


def _insert(connection: Connection, salon: Salon, rows: list[tuple[str, str, str]]) -> int:
    """Contacts with phones, name keys and history, in one statement for each table."""
    scope = {"organisation_id": salon.organisation_id}
    at = now()
    contacts = []
    for name, _phone, birthday in rows:
        last, first = name.split(" ", 1)
        contacts.append(
            scope
            | {
                "kind": "person",
                "name": name,
                "name_key": name.lower(),
                "last_name": last,
                "last_name_key": last.lower(),
                "first_name": first,
                "first_name_key": first.lower(),
                "birthday": birthday,
                "birthday_key": birthday,
                "is_client": True,
                "is_supplier": False,
                "is_prospect": False,
                "blocked": False,
                "silent": False,
                "complete": True,
                "created_at": at,
                "updated_at": at,
            }
        )
    contact = _table("contacts_contact")
    known = {column.name for column in contact.columns}
    contacts = [{name: value for name, value in row.items() if name in known} for row in contacts]
    made = connection.execute(insert(contact).returning(contact.c.id, sort_by_parameter_order=True), contacts)
    ids = list(made.scalars())
    phones = [
        scope | {"owner_id": owner, "position": 0, "number": phone, "number_key": phone[1:]}
        for owner, (_name, phone, _birthday) in zip(ids, rows, strict=True)
    ]
    connection.execute(insert(_table("contacts_phone")), phones)
    keys = [
        scope | {"contact_id": owner, "key": key}
        for owner, (name, _phone, birthday) in zip(ids, rows, strict=True)
        for key in name_keys({"kind": "person", "name": name, "birthday": birthday})
    ]
    if keys:
        connection.execute(insert(_table("contacts_name_key")), keys)
    change_set = connection.execute(
        insert(_table("core_change_set"))
        .values(**scope, at=at, via="cli")
        .returning(_table("core_change_set").c.id)
    ).scalar_one()
    history = [
        scope
        | {
            "change_set_id": change_set,
            "record": "contacts.contact",
            "row_id": owner,
            "kind": "create",
            "values": {
                "name": [None, name],
                "phones": [None, [{"number": phone}]],
                "birthday": [None, birthday],
            },
        }
        for owner, (name, phone, birthday) in zip(ids, rows, strict=True)
    ]
    connection.execute(insert(_table("core_change")), history)
    return len(ids)


def import_file(salon: Salon, file: Path) -> int:
    name_heading, phone_heading, born_heading = HEADINGS
    made = 0
    phone = _table("contacts_phone")
    with file.open(encoding="utf-8", newline="") as source, salon.engine.begin() as connection:
        rows: list[tuple[str, str, str]] = []
        for line in csv.DictReader(source, delimiter=";"):
            number = phonenumbers.parse(line[phone_heading], "RU")
            e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            born = datetime.strptime(line[born_heading], "%d.%m.%Y").date().isoformat()  # noqa: DTZ007  (a day)
            rows.append((line[name_heading], e164, born))
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            there = connection.execute(
                select(phone.c.number_key).where(
                    phone.c.organisation_id == salon.organisation_id,
                    phone.c.number_key.in_([one[1][1:] for one in batch]),
                )
            )
            known = set(there.scalars())
            made += _insert(connection, salon, [one for one in batch if one[1][1:] not in known])
    return made


def export_file(salon: Salon, file: Path) -> int:
    contact, phone = _table("contacts_contact"), _table("contacts_phone")
    count = 0
    with salon.engine.connect() as connection, file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("Name", "Phones", "Birthday"))
        after = 0
        while True:
            rows = connection.execute(
                select(contact.c.id, contact.c.name, contact.c.birthday)
                .where(
                    contact.c.organisation_id == salon.organisation_id,
                    contact.c.archived_at.is_(None),
                    contact.c.id > after,
                )
                .order_by(contact.c.id)
                .limit(BATCH)
            ).all()
            if not rows:
                return count
            numbers: dict[int, list[str]] = {}
            for owner, number in connection.execute(
                select(phone.c.owner_id, phone.c.number)
                .where(phone.c.owner_id.in_([row.id for row in rows]))
                .order_by(phone.c.owner_id, phone.c.position)
            ):
                numbers.setdefault(owner, []).append(number)
            for row in rows:
                writer.writerow((row.name, "; ".join(numbers.get(row.id, ())), row.birthday))
            after = rows[-1].id
            count += len(rows)


def plan(salon: Salon, part: str) -> list[str]:
    """How the database answers the list, in its own words."""
    statement = list_statement(salon, part).compile(salon.engine, compile_kwargs={"literal_binds": True})
    sqlite = salon.engine.dialect.name == "sqlite"
    with salon.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}{str(statement).replace('%', '%' if sqlite else '%%')}"
        ).all()
    return [str(row[-1]) for row in rows]
