"""The tasks of `benchmarks.tasks`, by hand."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import phonenumbers
from sqlalchemy import Connection, Select, Table, and_, exists, func, insert, or_, select, text
from sqlalchemy.orm import Session, registry

from benchmarks.raw import rows
from benchmarks.raw.base import table
from benchmarks.salon import HEADINGS, Person, Salon
from benchmarks.tasks import PAGE
from parlour.db.base import now

BATCH = 500


def list_statement(organisation_id: int, part: str) -> Select[Any]:
    """Clients in whom every word of `part` is found, by name; the columns of the list."""
    contact, tags, tag = table("contacts_contact"), table("contacts_contact_tags"), table("contacts_tag")
    email, address = table("contacts_email"), table("contacts_address")

    def of(part: Table) -> Any:
        return and_(part.c.organisation_id == organisation_id, part.c.owner_id == contact.c.id)

    words = []
    for word in rows.folded(part).split():
        like = f"%{word}%"
        tagged = exists().where(of(tags), tag.c.id == tags.c.target_id, tag.c.name_key.like(like))
        lives = exists().where(
            of(address),
            or_(address.c.street_key.like(like), address.c.city_key.like(like)),
        )
        words.append(
            or_(
                contact.c.name_key.like(like),
                contact.c.legal_name_key.like(like),
                contact.c.tax_number_key.like(like),
                exists().where(of(email), email.c.address_key.like(like)),
                lives,
                tagged,
            )
        )
    return (
        select(contact.c.id, contact.c.name, contact.c.birthday, contact.c.source_id)
        .where(
            contact.c.organisation_id == organisation_id,
            contact.c.archived_at.is_(None),
            *words,
        )
        .order_by(contact.c.name_key, contact.c.id)
        .limit(PAGE)
    )


def list_page(salon: Salon, part: str) -> list[tuple[Any, ...]]:
    with salon.plain.connect() as connection:
        return read_page(connection, salon.organisation_id, list_statement(salon.organisation_id, part))


def read_page(connection: Connection, organisation_id: int, statement: Select[Any]) -> list[tuple[Any, ...]]:
    """The rows of a page with what hangs on them, one statement for each."""
    phone, tags, tag = table("contacts_phone"), table("contacts_contact_tags"), table("contacts_tag")
    source, responsible = table("contacts_source"), table("contacts_responsible")
    found = connection.execute(statement).all()
    ids = [row.id for row in found]
    phones, users, tagged = _by_owner(), _by_owner(), _by_owner()
    for owner, number in connection.execute(
        select(phone.c.owner_id, phone.c.number)
        .where(phone.c.organisation_id == organisation_id, phone.c.owner_id.in_(ids))
        .order_by(phone.c.position)
    ):
        phones[owner].append(number)
    for owner, title in connection.execute(
        select(tags.c.owner_id, tag.c.name)
        .join(tag, tag.c.id == tags.c.target_id)
        .where(tags.c.organisation_id == organisation_id, tags.c.owner_id.in_(ids))
        .order_by(tag.c.id)
    ):
        tagged[owner].append(title)
    for owner, user in connection.execute(
        select(responsible.c.owner_id, responsible.c.user)
        .where(responsible.c.organisation_id == organisation_id, responsible.c.owner_id.in_(ids))
        .order_by(responsible.c.position)
    ):
        users[owner].append(user)
    wanted = {row.source_id for row in found if row.source_id}
    named = connection.execute(select(source.c.id, source.c.name).where(source.c.id.in_(wanted)))
    titles = {row.id: row.name for row in named}
    return [
        (
            row.id,
            row.name,
            phones[row.id],
            row.birthday,
            titles.get(row.source_id),
            tagged[row.id],
            users[row.id],
        )
        for row in found
    ]


def _by_owner() -> defaultdict[int, list[Any]]:
    return defaultdict(list)


@lru_cache(maxsize=1)
def _classes() -> dict[str, type]:
    """Plain classes on the tables, without a line of Parlour's."""
    mapped = registry()
    names = (
        "contacts_contact",
        "contacts_phone",
        "contacts_email",
        "contacts_name_key",
        "core_change_set",
        "core_change",
    )
    classes = {name: type(name, (), {}) for name in names}
    for name, cls in classes.items():
        mapped.map_imperatively(cls, table(name))
    return classes


def _made(name: str, values: dict[str, Any]) -> Any:
    made = _classes()[name]()
    for attribute, value in values.items():
        setattr(made, attribute, value)
    return made


def create(salon: Salon, found: list[Person]) -> int:
    """With the ORM: objects of every table, added and flushed; the database gives the numbers."""
    who = rows.Who(salon.organisation_id, salon.receptionist.id, now())
    with Session(salon.plain) as session:
        change_set = _made("core_change_set", rows.change_set(who, "form"))
        contacts = []
        for one in found:
            values = rows.contact(who, 0, one.name, one.birthday)
            del values["id"]
            contacts.append(_made("contacts_contact", values))
        session.add(change_set)
        session.add_all(contacts)
        session.flush()
        for card, one in zip(contacts, found, strict=True):
            session.add(_made("contacts_phone", rows.phone(who, card.id, one.phone)))
            session.add(_made("contacts_email", rows.email(who, card.id, one.email)))
            session.add_all(
                _made("contacts_name_key", key)
                for key in rows.name_keys(who, card.id, one.name, one.birthday)
            )
            change = rows.change(who, change_set.id, card.id, one.name, one.phone, one.email, one.birthday)
            session.add(_made("core_change", change))
        session.commit()
        return len(found)


Line = tuple[str, str, str, str]


def import_file(salon: Salon, file: Path) -> int:
    """Core, in batches: read, bring into form, look who is there by phone or e-mail address, write the others."""
    who = rows.Who(salon.organisation_id, salon.receptionist.id, now())
    made, change_set = 0, 0
    phone, email, sets = table("contacts_phone"), table("contacts_email"), table("core_change_set")
    with file.open(encoding="utf-8", newline="") as source, salon.plain.connect() as connection:
        read = (_line(cells) for cells in csv.DictReader(source, delimiter=";"))
        while batch := list(islice(read, BATCH)):
            if not change_set:
                change_set = connection.execute(
                    insert(sets).values(rows.change_set(who, "form", "import")).returning(sets.c.id)
                ).scalar_one()
            known = {
                *connection.execute(
                    select(phone.c.number_key).where(
                        phone.c.organisation_id == salon.organisation_id,
                        phone.c.number_key.in_([one[1][1:] for one in batch]),
                    )
                ).scalars(),
                *connection.execute(
                    select(email.c.address_key).where(
                        email.c.organisation_id == salon.organisation_id,
                        email.c.address_key.in_([one[2] for one in batch]),
                    )
                ).scalars(),
            }
            fresh = [one for one in batch if one[1][1:] not in known and one[2] not in known]
            made += _insert(connection, who, change_set, fresh)
            connection.commit()
    return made


def _line(cells: dict[str, str]) -> Line:
    name, phone, email, born = (cells[heading] for heading in HEADINGS)
    number = phonenumbers.parse(phone, "RU")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    birthday = datetime.strptime(born, "%d.%m.%Y").date().isoformat()  # noqa: DTZ007  (a day)
    return " ".join(name.split()), e164, email.strip().lower(), birthday


def _insert(connection: Connection, who: rows.Who, change_set: int, lines: Sequence[Line]) -> int:
    """One statement for each table; the numbers are reserved beforehand, which is faster than asking for them back."""
    if not lines:
        return 0
    made: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row_id, (name, phone, email, born) in zip(_ids(connection, len(lines)), lines, strict=True):
        made["contacts_contact"].append(rows.contact(who, row_id, name, born))
        made["contacts_phone"].append(rows.phone(who, row_id, phone))
        made["contacts_email"].append(rows.email(who, row_id, email))
        made["contacts_name_key"] += rows.name_keys(who, row_id, name, born)
        made["core_change"].append(rows.change(who, change_set, row_id, name, phone, email, born))
    for name, some in made.items():
        connection.execute(insert(table(name)), some)
    return len(lines)


def _ids(connection: Connection, count: int) -> Sequence[int]:
    if connection.dialect.name == "sqlite":
        last = connection.execute(select(func.max(table("contacts_contact").c.id))).scalar() or 0
        return range(last + 1, last + 1 + count)
    sequence = func.pg_get_serial_sequence("contacts_contact", "id")
    numbers = select(func.nextval(sequence)).select_from(func.generate_series(1, count))
    return connection.execute(numbers).scalars().all()


def export_file(salon: Salon, file: Path) -> int:
    count = 0
    with salon.plain.connect() as connection, file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("Name", "Phones", "E-mails", "Birthday"))
        for batch in _cards(connection, salon):
            writer.writerows(batch)
            count += len(batch)
    return count


def _cards(connection: Connection, salon: Salon) -> Iterator[list[tuple[Any, ...]]]:
    contact = table("contacts_contact")
    after = 0
    while True:
        found = connection.execute(
            select(contact.c.id, contact.c.name, contact.c.birthday)
            .where(
                contact.c.organisation_id == salon.organisation_id,
                contact.c.archived_at.is_(None),
                contact.c.id > after,
            )
            .order_by(contact.c.id)
            .limit(BATCH)
        ).all()
        if not found:
            return
        after = found[-1].id
        ids = [row.id for row in found]
        phones = _joined(connection, salon, "contacts_phone", "number", ids)
        emails = _joined(connection, salon, "contacts_email", "address", ids)
        yield [(row.name, phones.get(row.id, ""), emails.get(row.id, ""), row.birthday) for row in found]


def _joined(connection: Connection, salon: Salon, name: str, column: str, ids: list[int]) -> dict[int, str]:
    part = table(name)
    lines = _by_owner()
    for owner, value in connection.execute(
        select(part.c.owner_id, part.c[column])
        .where(part.c.organisation_id == salon.organisation_id, part.c.owner_id.in_(ids))
        .order_by(part.c.owner_id, part.c.position)
    ):
        lines[owner].append(value)
    return {owner: "; ".join(values) for owner, values in lines.items()}


def plan(salon: Salon, part: str) -> list[str]:
    """How the database answers the list, in its own words."""
    statement = list_statement(salon.organisation_id, part).compile(
        salon.plain, compile_kwargs={"literal_binds": True}
    )
    sqlite = salon.plain.dialect.name == "sqlite"
    with salon.plain.connect() as connection:
        asked = connection.execute(
            text(f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}{str(statement).replace(':', chr(92) + ':')}")
        )
        return [str(row[-1]) for row in asked]
