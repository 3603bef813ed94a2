"""The tasks as Parlour does them, for a receptionist; `benchmarks.raw.tasks` does each without Parlour."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.salon import CONTACT, Person, Salon
from parlour.i18n import localizer
from parlour.records.exporting import export
from parlour.records.importing.plan import propose
from parlour.records.importing.run import import_table
from parlour.records.query import page
from parlour.records.registry import fields_of, record_type
from parlour.records.tables import open_table
from parlour.records.write import Change, write

PAGE = 80


def list_page(salon: Salon, part: str) -> list[tuple[Any, ...]]:
    """The first page of clients with a part of a name; what stands in the columns of the list."""
    with salon.session() as session:
        record = record_type(CONTACT)
        shown = [item for item in fields_of(session, record) if item.listed]
        rows = page(session, record, fields=shown, q=part, limit=PAGE).rows
        return [
            (
                row["id"],
                row["name"],
                [line["number"] for line in row["phones"]],
                row["birthday"],
                row["source"] and row["source"]["title"],
                [tag["title"] for tag in row["tags"]],
                [line["user"] for line in row["responsible"]],
            )
            for row in rows
        ]


def create(salon: Salon, found: list[Person]) -> int:
    """New clients in one batch, with history; how many."""
    with salon.session() as session:
        made = write(session, CONTACT, [Change(person.values()) for person in found]).created
        session.commit()
        return made


def import_file(salon: Salon, file: Path) -> int:
    """A file of clients, none of whom is in the base; how many were made."""
    with salon.session() as session:
        record = record_type(CONTACT)
        table = open_table(file)
        made = import_table(session, record, table, propose(session, record, table, {})).created
        session.commit()
        return made


def export_file(salon: Salon, file: Path) -> int:
    """All clients with name, phones, e-mail addresses and birthday to csv; how many."""
    with salon.session(salon.exporter) as session:
        record = record_type(CONTACT)
        fields = ["name", "phones", "emails", "birthday"]
        return export(session, record, file, localizer("en"), fields=fields)
