"""Rows of a grid (a sheet or delimited text) turned into records under named columns."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from parlour.i18n import _
from parlour.records.parse import Cell, text_of
from parlour.records.tables.base import (
    MAX_COLUMNS,
    MAX_ROWS,
    Report,
    Row,
    Table,
    TableError,
    fitting,
    too_many_columns,
    too_many_rows,
)
from parlour.records.tables.shape import Body, Layout, blank, column_names, find_layout

_PEEK = 250


@dataclass(slots=True)
class Line:
    """One row of a grid: its number in the file, its cells, and how many columns a merged title spans."""

    number: int
    cells: list[Cell]
    merged: int = 0
    # Problems of single cells that only the reader of the format can see: place, value, reason.
    problems: list[tuple[int, str, Any]] = field(default_factory=list)


class Grid(Protocol):
    """A format that has rows and columns and no names."""

    def lines(self, report: Report | None) -> Iterator[Line]: ...


class GridSource:
    """Streams the records of a grid. The layout is found from the first rows, once."""

    def __init__(self, grid: Grid):
        self.grid = grid
        peeked = list(itertools.islice(grid.lines(None), _PEEK))
        if any(len(line.cells) > MAX_COLUMNS for line in peeked):
            _refuse_wide(peeked)
        self.layout: Layout = find_layout([(line.number, line.cells) for line in peeked])
        self.columns = column_names(self.layout.headings)
        # Columns that hold nothing at all in any row and have no heading are not columns.
        self.filled: set[int] = {place for place, heading in enumerate(self.layout.headings) if heading}

    def rows(self, table: Table, report: Report | None) -> Iterator[Row]:
        body = Body(self.layout)
        named = len(self.layout.headings)
        count = 0
        for line in self.grid.lines(report):
            if line.number < self.layout.body:
                continue
            filled = [place for place, cell in enumerate(line.cells) if not blank(cell)]
            if not filled and not line.problems:
                if report:
                    report.blank += 1
                continue
            reason = body.why_not(line.cells, filled, line.merged)
            if reason is not None:
                if report:
                    said = " | ".join(text_of(line.cells[place]).strip() for place in filled)
                    report.skip(line.number, reason, said)
                continue
            count += 1
            if count > MAX_ROWS:
                raise too_many_rows()
            if report:
                self._look(line, filled, report, named)
            cells: dict[str, Cell] = {}
            for place in filled:
                cell = fitting(line.cells[place], line.number, self.columns[place], report)
                if cell is not None:
                    cells[self.columns[place]] = cell
            yield Row(line.number, cells)

    def _look(self, line: Line, filled: list[int], report: Report, named: int) -> None:
        """The first reading of a row: it may bring cells beyond the headings, and problems of its cells."""
        last = max([*filled[-1:], *(place for place, _value, _reason in line.problems)])
        if last >= MAX_COLUMNS:
            raise too_many_columns(last + 1)
        if last >= len(self.columns):
            extra = [""] * (last + 1 - len(self.layout.headings))
            self.layout.headings.extend(extra)
            self.columns[:] = column_names(self.layout.headings)
        self.filled.update(filled)
        for place in filled:
            cell = line.cells[place]
            if place >= named and self.layout.header_row is not None:
                reason = _(
                    "The row has more cells than there are headings; it may have slipped to the right."
                )
                report.add(line.number, self.columns[place], text_of(cell), reason)
            if isinstance(cell, str) and "\ufffd" in cell:
                reason = _("Some characters are broken and could not be read.")
                report.add(line.number, self.columns[place], cell, reason)
        for place, value, reason in line.problems:
            report.add(line.number, self.columns[place], value, reason)

    def used_columns(self) -> list[str]:
        """The columns that have a heading or hold something, in their order."""
        return [name for place, name in enumerate(self.columns) if place in self.filled]


def _refuse_wide(lines: list[Line]) -> None:
    widest = 0
    for line in lines:
        widest = max(widest, *(place + 1 for place, cell in enumerate(line.cells) if not blank(cell)), 0)
    if widest > MAX_COLUMNS:
        raise too_many_columns(widest)


def grid_table(grid: Grid, **details: Any) -> Table:
    """A table over a grid, read through once: columns, counts and problems are complete."""
    from parlour.records.tables.base import read_through

    source = GridSource(grid)
    layout = source.layout
    if not layout.headings:
        raise TableError(_("There is nothing in this file."))
    table = Table(
        columns=source.columns, source=source, header_row=layout.header_row, titles=layout.titles, **details
    )
    read_through(table)
    table.columns = source.used_columns()
    if layout.header_row is None:
        table.problems.insert(0, _no_headings(layout.body))
    return table


def _no_headings(row: int) -> Any:
    from parlour.records.tables.base import Problem

    reason = _("No row of headings was found: the first row is read as a record, and columns have numbers.")
    return Problem(None, "", "", reason)


def merged_into(cells: list[Cell], values: Mapping[int, Cell]) -> list[Cell]:
    """The cells of a row with the values that cells merged downwards give it."""
    for place, value in values.items():
        if place < len(cells) and blank(cells[place]):
            cells[place] = value
    return cells
