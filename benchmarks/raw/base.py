"""The clients that are there before anything is measured: copied in by the database's own fastest way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, func, insert, select, text

from benchmarks.raw import rows
from parlour.db.base import METADATA, now

if TYPE_CHECKING:
    from benchmarks.salon import Salon

BATCH = 10_000
TABLES = (
    "contacts_contact",
    "contacts_phone",
    "contacts_email",
    "contacts_address",
    "contacts_contact_tags",
    "contacts_name_key",
    "core_change",
)


def table(name: str) -> Table:
    return METADATA.tables[name]


def fill(salon: Salon, count: int) -> None:
    """Put in `count` clients with phones, e-mail addresses, some cities, tags and sources, and their history."""
    from benchmarks.salon import SOURCES, TAGS

    with salon.plain.begin() as connection:
        salon.tags = _list(connection, salon, "contacts_tag", TAGS)
        salon.sources = _list(connection, salon, "contacts_source", SOURCES)
    with _without_indexes(salon):
        for start in range(0, count, BATCH):
            with salon.plain.begin() as connection:
                _batch(connection, salon, min(BATCH, count - start))
    with salon.plain.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        sqlite = salon.plain.dialect.name == "sqlite"
        connection.execute(text("ANALYZE" if sqlite else "VACUUM ANALYZE"))


@contextmanager
def _without_indexes(salon: Salon) -> Iterator[None]:
    """On PostgreSQL a large base goes in several times as fast when its indexes are made afterwards."""
    if salon.plain.dialect.name != "postgresql":
        yield
        return
    indexes = "SELECT 'DROP INDEX ' || indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index WHERE NOT indisunique"
    links = (
        "SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || conname, "
        "'ALTER TABLE ' || conrelid::regclass || ' ADD CONSTRAINT ' || conname || ' ' || pg_get_constraintdef(oid) "
        "FROM pg_constraint WHERE contype = 'f'"
    )
    with salon.plain.begin() as connection:
        found = [
            *connection.execute(
                text(f"{indexes} AND indrelid = ANY (:tables ::regclass[])"), {"tables": list(TABLES)}
            ),
            *connection.execute(
                text(f"{links} AND conrelid = ANY (:tables ::regclass[])"), {"tables": list(TABLES)}
            ),
        ]
        for drop, _make in found:
            connection.exec_driver_sql(drop)
    yield
    with salon.plain.begin() as connection:
        for _drop, make in found:
            connection.exec_driver_sql(make)


def _list(connection: Connection, salon: Salon, name: str, titles: tuple[str, ...]) -> list[int]:
    at = now()
    some = [
        {
            "organisation_id": salon.organisation_id,
            "name": title,
            "name_key": rows.folded(title),
            "created_at": at,
            "updated_at": at,
            "version": 1,
            "extra": {},
        }
        for title in titles
    ]
    there = table(name)
    connection.execute(insert(there), some)
    known = {row.name: row.id for row in connection.execute(select(there.c.name, there.c.id))}
    return [known[title] for title in titles]


def _batch(connection: Connection, salon: Salon, count: int) -> None:
    who = rows.Who(salon.organisation_id, salon.receptionist.id, now())
    sets = table("core_change_set")
    change_set = connection.execute(
        insert(sets).values(rows.change_set(who, "import", "import")).returning(sets.c.id)
    ).scalar_one()
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    highest = connection.execute(select(func.max(table("contacts_contact").c.id))).scalar() or 0
    for row_id, person in enumerate(salon.take(count), highest + 1):
        source = None if person.source is None else salon.sources[person.source]
        found["contacts_contact"].append(rows.contact(who, row_id, person.name, person.birthday, source))
        found["contacts_phone"].append(rows.phone(who, row_id, person.phone))
        found["contacts_email"].append(rows.email(who, row_id, person.email))
        if person.city:
            found["contacts_address"].append(
                rows.line(who, row_id, city=person.city, city_key=rows.folded(person.city))
            )
        if person.tag is not None:
            pair = {"owner_id": row_id, "target_id": salon.tags[person.tag]}
            found["contacts_contact_tags"].append({"organisation_id": salon.organisation_id, **pair})
        found["contacts_name_key"] += rows.name_keys(who, row_id, person.name, person.birthday)
        found["core_change"].append(
            rows.change(who, change_set, row_id, person.name, person.phone, person.email, person.birthday)
        )
    for name, some in found.items():
        _put(connection, name, some)
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT setval(pg_get_serial_sequence('contacts_contact', 'id'), :last)"),
            {"last": highest + count},
        )


def _put(connection: Connection, name: str, some: rows.Rows) -> None:
    if not some:
        return
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table(name)), list(some))
        return
    columns = ", ".join(f'"{column}"' for column in some[0])
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f"COPY {name} ({columns}) FROM STDIN") as copy:
        for row in some:
            copy.write_row(
                [
                    json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
                    for value in row.values()
                ]
            )
