"""Whole bases: read, understood column by column, and put together into the people that they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest

from parlour.plugins.contacts.headings import ALIASES
from parlour.plugins.contacts.names import Name, cased, compatible, fuller, split_name
from parlour.records.headings import Candidate, guess
from parlour.records.parse import day, day_order, emails, money, phones, tags, text_of
from parlour.records.tables import Table, open_table
from tests.core.records import messy
from tests.core.records.test_headings import MANY, SHAPES

CANDIDATES = [
    Candidate(name, (name, *titles), SHAPES.get(name, "text"), name in MANY)
    for name, titles in ALIASES.items()
]


@dataclass
class Found:
    """What one row says, or what the rows of one person say together."""

    name: Name = field(default_factory=Name)
    phones: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    born: str = ""
    tags: set[str] = field(default_factory=set)
    spent: Decimal | None = None
    rest: list[str] = field(default_factory=list)


def records(table: Table) -> list[Found]:
    guesses = guess(table.columns, table.samples(), CANDIDATES, "RU", "RUB")
    meaning = {one.column: one.field for one in guesses if one.field}
    orders = {column: day_order(cells) for column, cells in table.samples(10_000).items()}
    found = []
    for row in table.rows():
        one, parts = Found(), {}
        for column, cell in row.cells.items():
            match meaning.get(column):
                case "phones":
                    read = phones(cell, "RU")
                    one.phones += read.values
                    one.rest.append(read.rest)
                case "emails":
                    read = emails(cell)
                    one.emails += read.values
                    one.rest.append(read.rest)
                case "birthday":
                    date = day(cell, messy.TODAY, orders[column])
                    one.born = date.value or ""
                    one.rest.append(date.rest)
                case "spent_before":
                    amount = money(cell, "RUB")
                    one.spent = amount.value
                    one.rest.append(amount.rest)
                case "tags":
                    one.tags = set(tags(cell))
                case "name":
                    one.name = split_name(text_of(cell))
                case "last_name" | "first_name" | "middle_name" as part:
                    parts[part] = cased(text_of(cell))
        if parts:
            one.name = Name(*(parts.get(part, "") for part in ("last_name", "first_name", "middle_name")))
        found.append(one)
    return found


def united(rows: list[Found]) -> list[Found]:
    """The same person is the same phone or address and a compatible name."""
    people: list[Found] = []
    for row in rows:
        keys = {*row.phones, *row.emails}
        known = next(
            (one for one in people if keys & {*one.phones, *one.emails} and compatible(one.name, row.name)),
            None,
        )
        if known is None:
            people.append(row)
            continue
        known.name = fuller(known.name, row.name)
        known.phones += [one for one in row.phones if one not in known.phones]
        known.emails += [one for one in row.emails if one not in known.emails]
        known.born = known.born or row.born
        known.tags |= row.tags
        known.spent = row.spent if known.spent is None else known.spent
    return people


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0)])
def test_all_files_of_a_base_together_give_its_people(
    tmp_path: Path, seed: int, order: tuple[int, ...]
) -> None:
    truth, paths, written = messy.write_base(tmp_path, seed)
    tables = [open_table(paths[place]) for place in order]
    by_kind = {table.path.name: table for table in tables}
    assert by_kind["base.xlsx"].count == by_kind["base.csv"].count == written
    assert by_kind["base.csv"].encoding == "cp1251"
    rows = [row for table in tables for row in records(table)]
    assert [rest for row in rows for rest in row.rest if rest] == []
    found = sorted(
        (*one.name, sorted(one.phones), sorted(one.emails), one.born, sorted(one.tags))
        for one in united(rows)
    )
    wanted = sorted(
        (one.last, one.first, one.middle, sorted(one.phones), sorted(one.emails), one.born, sorted(one.tags))
        for one in truth
    )
    assert found == wanted
    assert sum(one.spent or 0 for one in united(rows)) == sum(one.spent for one in truth)


def test_a_base_tells_which_rows_are_no_clients(tmp_path: Path) -> None:
    _truth, paths, written = messy.write_base(tmp_path, 1)
    table = open_table(paths[0])
    assert (table.sheet, table.header_row, [row.number for row in table.rows()]) == (
        "База",
        4,
        list(range(5, 5 + written)),
    )
    assert [skipped.text.partition(" | ")[0] for skipped in table.skipped] == ["ИТОГО"]
