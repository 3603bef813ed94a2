"""What every reader of files works with: rows, problems, limits, and the error that refuses a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from parlour.errors import Refusal
from parlour.i18n import _
from parlour.records.parse import Cell

MEGABYTE = 1024 * 1024
MAX_TEXT_BYTES = 300 * MEGABYTE
MAX_WORKBOOK_BYTES = 100 * MEGABYTE
# Unpacked; reading a workbook takes a few times as much memory.
MAX_UNPACKED_BYTES = 300 * MEGABYTE
MAX_COLUMNS = 500
MAX_ROWS = 1_000_000
MAX_CELL = 100_000
# Problems beyond this many are counted, not listed: a file of a million bad rows must not fill the memory.
MAX_PROBLEMS = 5_000


class TableError(Refusal):
    """A file that cannot be read as a table; the message says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that was not understood. `row` is the file's own number, None for the file as a
    whole.
    """

    row: int | None
    column: str
    value: str
    reason: Any


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that is no record: totals, a repeated heading, a section title. `text` is what stood in it."""

    row: int
    reason: Any
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file; empty cells are left out."""

    number: int
    cells: dict[str, Cell]


@dataclass
class Report:
    """Collects problems and skipped rows while a file is read through for the first time."""

    problems: list[Problem] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    blank: int = 0
    unlisted: int = 0

    def add(self, row: int | None, column: str, value: str, reason: Any) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(
                Problem(row, column, value if len(value) <= 200 else value[:199] + "…", reason)
            )
        else:
            self.unlisted += 1

    def skip(self, row: int, reason: Any, text: str) -> None:
        if len(self.skipped) < MAX_PROBLEMS:
            self.skipped.append(Skipped(row, reason, text[:200]))
        else:
            self.unlisted += 1


@dataclass
class Table:
    """A file understood as rows under named columns. `rows()` streams and may be called again.

    `header_row` is the row of the headings (the last one of two), None for a file without any; `titles` is
    the text above them. `sheets` lists every sheet of a workbook with its number of filled rows; only `sheet`
    is read.
    """

    path: Path
    kind: str
    columns: list[str]
    source: Source
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: list[tuple[str, int]] = field(default_factory=list)
    header_row: int | None = None
    titles: list[str] = field(default_factory=list)
    count: int = 0
    blank: int = 0
    problems: list[Problem] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """All records in the order of the file."""
        return self.source.rows(self, None)

    def samples(self, limit: int = 200) -> dict[str, list[Cell]]:
        """Filled cells by column from the first `limit` rows, for guessing what a column means."""
        found: dict[str, list[Cell]] = {column: [] for column in self.columns}
        for seen, row in enumerate(self.rows()):
            if seen >= limit:
                break
            for column, cell in row.cells.items():
                found[column].append(cell)
        return found


class Source(Protocol):
    """Where rows come from. With a report, what is found on the way is written down and new columns are
    added.
    """

    def rows(self, table: Table, report: Report | None) -> Iterator[Row]: ...


def read_through(table: Table) -> Table:
    """Read the file once from end to end: counts, columns and problems are then known before the first row is
    used.
    """
    report = Report()
    table.count = sum(1 for _row in table.source.rows(table, report))
    if report.unlisted:
        report.problems.append(
            Problem(None, "", "", _("${n} more problems are not listed.", mapping={"n": report.unlisted}))
        )
    table.problems.extend(report.problems)
    table.skipped.extend(report.skipped)
    table.blank = report.blank
    return table


def too_many_rows() -> TableError:
    return TableError(
        _(
            "The file has more than ${max} rows; split it into several files.",
            mapping={"max": f"{MAX_ROWS:,}"},
        )
    )


def too_many_columns(count: int) -> TableError:
    return TableError(
        _(
            "The file has ${n} columns; up to ${max} can be read. Delete the columns that are not needed.",
            mapping={"n": f"{count:,}", "max": MAX_COLUMNS},
        )
    )


def fitting(cell: Cell, row: int, column: str, report: Report | None) -> Cell:
    """The cell, or None for text too long to be a value; NUL characters are taken out. Both are reported."""
    if not isinstance(cell, str):
        return cell
    if len(cell) > MAX_CELL:
        if report:
            report.add(
                row,
                column,
                cell[:200],
                _(
                    "The cell has ${n} characters and was left out; up to ${max} can be read.",
                    mapping={"n": f"{len(cell):,}", "max": f"{MAX_CELL:,}"},
                ),
            )
        return None
    if "\0" in cell:
        cell = cell.replace("\0", "")
        if report:
            report.add(row, column, cell, _("The cell held NUL characters, which were taken out."))
    return cell
