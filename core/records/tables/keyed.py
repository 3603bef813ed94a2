"""Files whose records name their own fields (JSON, vCard): the columns are all the names that occur."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from parlour.i18n import _
from parlour.records.parse import Cell
from parlour.records.tables.base import (
    MAX_COLUMNS,
    MAX_ROWS,
    Report,
    Row,
    Table,
    TableError,
    fitting,
    read_through,
    too_many_columns,
    too_many_rows,
)
from parlour.records.tables.shape import blank


class Keyed(Protocol):
    """A format of records with named fields; each comes with its ordinal in the file, from 1."""

    def records(self, report: Report | None) -> Iterator[tuple[int, dict[str, Cell]]]: ...


class KeyedSource:
    """Streams the records of a keyed format."""

    def __init__(self, keyed: Keyed):
        self.keyed = keyed
        self.columns: dict[str, None] = {}

    def rows(self, table: Table, report: Report | None) -> Iterator[Row]:
        count = 0
        for number, record in self.keyed.records(report):
            cells: dict[str, Cell] = {}
            for name, cell in record.items():
                if report and name not in self.columns:
                    self.columns[name] = None
                    if len(self.columns) > MAX_COLUMNS:
                        raise too_many_columns(len(self.columns))
                if report and isinstance(cell, str) and "\ufffd" in cell:
                    reason = _("Some characters are broken and could not be read.")
                    report.add(number, name, cell, reason)
                value = fitting(cell, number, name, report)
                if not blank(value) and value != [] and value != {}:
                    cells[name] = value
            if not cells:
                if report:
                    report.blank += 1
                continue
            count += 1
            if count > MAX_ROWS:
                raise too_many_rows()
            yield Row(number, cells)


def keyed_table(keyed: Keyed, **details: Any) -> Table:
    """A table over a keyed format, read through once."""
    source = KeyedSource(keyed)
    table = read_through(Table(columns=[], source=source, **details))
    table.columns = list(source.columns)
    if not table.columns:
        raise TableError(_("There is nothing in this file."))
    return table
