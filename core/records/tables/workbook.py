"""Sheets of xlsx, xls and ods workbooks. The sheet is held in memory, so its size is limited before it is
loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from parlour.i18n import _
from parlour.records.parse import Cell
from parlour.records.tables.archive import encrypted, faulty_cells, inspect
from parlour.records.tables.base import (
    MAX_COLUMNS,
    MAX_ROWS,
    Report,
    TableError,
    too_many_columns,
    too_many_rows,
)
from parlour.records.tables.grid import Line, merged_into
from parlour.records.tables.shape import blank


class Workbook:
    """The fullest sheet of a workbook, or the one named. Numbers of rows are those that the spreadsheet
    shows.
    """

    def __init__(self, path: Path, zipped: bool, sheet: str | None = None):
        contents = inspect(path) if zipped else None
        self.kind = contents.kind if contents else "xls"
        try:
            with CalamineWorkbook.from_path(path) as book:
                self.sheets, self.sheet, self._sheet = _choose(book, sheet)
        except PasswordError as error:
            raise encrypted() from error
        except (CalamineError, OSError, ValueError) as error:
            raise TableError(
                _("The workbook cannot be opened. Open it in a spreadsheet program and save it anew as xlsx.")
            ) from error
        self._faulty = faulty_cells(path, self.kind, self.sheet) if contents and contents.suspects else {}
        self._first_column = self._sheet.start[1] if self._sheet.start else 0
        self._across, self._down = _merges(self._sheet)

    def lines(self, report: Report | None) -> Iterator[Line]:
        pad: list[Cell] = [None] * self._first_column
        carried: dict[int, tuple[int, Cell]] = {}
        for number, values in enumerate(self._sheet.iter_rows(), 1):
            cells = [*pad, *values]
            if number in self._down:
                for place, last in self._down[number]:
                    if place < len(cells):
                        carried[place] = (last, cells[place])
            if carried:
                carried = {place: (last, cell) for place, (last, cell) in carried.items() if last >= number}
                cells = merged_into(cells, {place: cell for place, (_last, cell) in carried.items()})
            yield Line(number, cells, self._across.get(number, 0), self._faulty.get(number, []))


def _choose(book: CalamineWorkbook, wanted: str | None) -> tuple[list[tuple[str, int]], str, CalamineSheet]:
    """All sheets with their filled rows, and the name and content of the fullest one or the one wanted."""
    sheets: list[tuple[str, int]] = []
    best: tuple[tuple[bool, int], str, CalamineSheet] | None = None
    for meta in book.sheets_metadata:
        if meta.typ is not SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(meta.name)
        rows, filled = _measure(sheet)
        sheets.append((meta.name, rows))
        if wanted is not None:
            rank = (meta.name == wanted, 0)
        else:
            rank = (meta.visible is SheetVisibleEnum.Visible and filled > 0, filled)
        if best is None or rank > best[0]:
            best = (rank, meta.name, sheet)
    if best is None or (wanted is None and not best[0][1]):
        raise TableError(_("There is nothing in this workbook."))
    if wanted is not None and best[1] != wanted:
        names = ", ".join(name for name, _rows in sheets)
        raise TableError(
            _(
                "The workbook has no sheet “${sheet}”; it has: ${names}.",
                mapping={"sheet": wanted, "names": names},
            )
        )
    rows = dict(sheets)[best[1]]
    if rows > MAX_ROWS:
        raise too_many_rows()
    return sheets, best[1], best[2]


def _measure(sheet: CalamineSheet) -> tuple[int, int]:
    """Rows that hold something, and cells that do."""
    rows = filled = widest = 0
    first = sheet.start[1] if sheet.start else 0
    for cells in sheet.iter_rows():
        here = [place for place, cell in enumerate(cells) if not blank(cell)]
        if here:
            rows += 1
            filled += len(here)
            widest = max(widest, here[-1] + 1)
    if widest + first > MAX_COLUMNS:
        raise too_many_columns(widest + first)
    return rows, filled


def _merges(sheet: CalamineSheet) -> tuple[dict[int, int], dict[int, list[tuple[int, int]]]]:
    """How many columns the widest merged cell of a row spans, and, by row, the cells that are merged
    downwards.
    """
    across: dict[int, int] = {}
    down: dict[int, list[tuple[int, int]]] = {}
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        if right > left:
            for row in range(top, min(bottom, top + 50) + 1):
                across[row + 1] = max(across.get(row + 1, 0), right - left + 1)
        elif bottom > top:
            down.setdefault(top + 1, []).append((left, bottom + 1))
    return across, down
