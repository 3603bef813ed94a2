"""The four tasks as Parlour does them; `benchmarks.raw.tasks` does each without Parlour."""

from __future__ import annotations

from pathlib import Path

from benchmarks.salon import CONTACT, Person, Salon
from parlour.i18n import localizer
from parlour.records.exporting import export
from parlour.records.importing.plan import propose
from parlour.records.importing.run import import_table
from parlour.records.query import page
from parlour.records.registry import fields_of, record_type
from parlour.records.tables import open_table
from parlour.records.write import Change, write

PAGE = 50


def list_page(salon: Salon, part: str) -> list[int]:
    """The first page of clients with a part of a name; ids in order."""
    with salon.session() as session:
        record = record_type(CONTACT)
        shown = [item for item in fields_of(session, record) if item.listed]
        return [row["id"] for row in page(session, record, fields=shown, q=part, limit=PAGE).rows]


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
    """All clients with name, phones and birthday to csv; how many."""
    with salon.session() as session:
        record = record_type(CONTACT)
        return export(session, record, file, localizer("en"), fields=["name", "phones", "birthday"])
