"""Files written row by row: csv, xlsx, json and vcf. A file appears whole under its name or not at all.

A spreadsheet must not run what a client typed into a form. In xlsx every text is written as text. In csv a
text that a spreadsheet would take for a formula gets an apostrophe in front; `open_table` takes it off again.
"""

from __future__ import annotations

import csv
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from parlour.i18n import _
from parlour.records.parse import Cell, text_of
from parlour.records.tables import cards
from parlour.records.tables.base import TableError

# Signs that make a spreadsheet take a cell for a formula, also in their full-width forms.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
# Numbers and lists of phone numbers begin with such a sign too; a spreadsheet makes no more of them than they
# are.
_HARMLESS = re.compile(r"[+-]?\d+(?:[.,]\d+)?|\+\d{5,15}(?:[,;] ?\+\d{5,15})*")
_MAX_SHEET_ROWS = 1_048_576
_MAX_SHEET_TEXT = 32_767
# Whole numbers beyond this lose digits in a spreadsheet.
_MAX_EXACT = 10**15
_FOLD = 75
_ADDRESS_PARTS = ("street", "city", "region", "postcode", "country")

Rows = Iterable[Mapping[str, Cell]]


def write_table(path: Path, kind: str, columns: Sequence[str], rows: Rows, *, delimiter: str = ",") -> int:
    """Write rows (column to cell) to a file of a kind: "csv", "xlsx", "json" or "vcf". Returns how many were
    written.

    `delimiter` is for csv only. For vcf the columns are those of `tables.cards`; any other travels as an
    extension.
    """
    if kind == "csv":
        return write_csv(path, columns, rows, delimiter=delimiter)
    if kind == "xlsx":
        return write_xlsx(path, columns, rows)
    if kind == "json":
        return write_json(path, ({name: row.get(name) for name in columns} for row in rows))
    if kind == "vcf":
        return write_cards(path, ({name: row.get(name) for name in columns} for row in rows))
    raise TableError(
        _(
            "Files of the kind “${kind}” cannot be written; choose csv, xlsx, json or vcf.",
            mapping={"kind": kind},
        )
    )


def guarded(text: str) -> str:
    """The text as it stands in a csv cell."""
    if _FORMULA.match(text) and not _HARMLESS.fullmatch(text):
        return "'" + text
    return text


def write_csv(path: Path, columns: Sequence[str], rows: Rows, *, delimiter: str = ",") -> int:
    """UTF-8 with a byte order mark, which spreadsheets need to recognise it."""
    count = 0
    with _appearing(path) as temporary, temporary.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow([guarded(column) for column in columns])
        for row in rows:
            writer.writerow([guarded(text_of(row.get(column))) for column in columns])
            count += 1
    return count


def write_xlsx(path: Path, columns: Sequence[str], rows: Rows) -> int:
    """One sheet with a frozen row of headings, written in constant memory."""
    import xlsxwriter

    count = 0
    with _appearing(path) as temporary:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(str(temporary), options)
        try:
            formats = {
                "bold": book.add_format({"bold": True}),
                "date": book.add_format({"num_format": "yyyy-mm-dd"}),
                "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            }
            sheet = book.add_worksheet()
            sheet.freeze_panes(1, 0)
            for place, column in enumerate(columns):
                sheet.write_string(0, place, column, formats["bold"])
                sheet.set_column(place, place, min(max(len(column) + 2, 12), 40))
            for count, row in enumerate(rows, 1):
                if count >= _MAX_SHEET_ROWS:
                    raise TableError(
                        _("A sheet has no room for more than 1,048,575 records; export to csv or json.")
                    )
                for place, column in enumerate(columns):
                    _write_cell(sheet, count, place, row.get(column), formats, column)
        finally:
            book.close()
    return count


def _write_cell(
    sheet: Any, row: int, place: int, cell: Cell, formats: Mapping[str, Any], column: str
) -> None:
    if isinstance(cell, bool):
        sheet.write_boolean(row, place, cell)
    elif isinstance(cell, int | float | Decimal) and _exact(cell):
        sheet.write_number(row, place, float(cell))
    elif isinstance(cell, datetime) and cell.tzinfo is None and cell.year >= 1900:
        sheet.write_datetime(row, place, cell, formats["moment"])
    elif isinstance(cell, date) and not isinstance(cell, datetime) and cell.year >= 1900:
        sheet.write_datetime(row, place, cell, formats["date"])
    else:
        text = text_of(cell)
        # Excel counts in UTF-16 units.
        if len(text.encode("utf-16-le", errors="surrogatepass")) // 2 > _MAX_SHEET_TEXT:
            raise TableError(
                _(
                    "Row ${row}, “${column}”: a spreadsheet cell has no room for ${n} characters. "
                    "Export to csv or json.",
                    mapping={"row": row + 1, "column": column, "n": f"{len(text):,}"},
                )
            )
        if text:
            sheet.write_string(row, place, text)


def _exact(number: int | float | Decimal) -> bool:
    """Whether a spreadsheet, which keeps binary fractions, gives this number back as it is."""
    return abs(float(number)) < _MAX_EXACT and Decimal(repr(float(number))) == Decimal(str(number))


def write_json(path: Path, rows: Rows) -> int:
    """A list of objects, one a line; dates in ISO 8601."""
    count = 0
    with _appearing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write("[")
        for count, row in enumerate(rows, 1):
            file.write("\n" if count == 1 else ",\n")
            file.write(json.dumps(dict(row), ensure_ascii=False, default=text_of))
        file.write("\n]\n")
    return count


def write_cards(path: Path, rows: Rows) -> int:
    """vCard 3.0. Rows have the columns of `tables.cards`; a card's display name is made of its parts if it
    has none.
    """
    count = 0
    with _appearing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        for row in rows:
            count += 1
            for line in _card(row):
                file.write(_folded(line) + "\r\n")
    return count


def _card(row: Mapping[str, Cell]) -> Iterator[str]:
    yield "BEGIN:VCARD"
    yield "VERSION:3.0"
    left = {name: cell for name, cell in row.items() if cell not in (None, "", [], {})}

    def take(column: str) -> str:
        return text_of(left.pop(column, None))

    parts = [take(column) for column in (cards.LAST, cards.FIRST, cards.MIDDLE, cards.PREFIX, cards.SUFFIX)]
    company, department = take(cards.COMPANY), take(cards.DEPARTMENT)
    full = take(cards.FULL) or " ".join(filter(None, (parts[3], parts[1], parts[2], parts[0], parts[4])))
    yield "N:" + ";".join(map(_escaped, parts))
    yield "FN:" + _escaped(full or company)
    if company or department:
        yield "ORG:" + _escaped(company) + (f";{_escaped(department)}" if department else "")
    for column, name in ((cards.POSITION, "TITLE"), (cards.NICKNAME, "NICKNAME"), (cards.WEBSITE, "URL")):
        if column in left:
            yield f"{name}:{_escaped(take(column))}"
    for column, name, key in ((cards.PHONES, "TEL", "number"), (cards.EMAILS, "EMAIL", "address")):
        for entry in _entries(left.pop(column, None), key):
            yield f"{name}{_parameters(entry, {key})}:{_escaped(text_of(entry.get(key)))}"
    for entry in _entries(left.pop(cards.ADDRESSES, None), "street"):
        parts = [_escaped(text_of(entry.get(part))) for part in _ADDRESS_PARTS]
        yield f"ADR{_parameters(entry, set(_ADDRESS_PARTS))}:;;{';'.join(parts)}"
    if cards.BIRTHDAY in left:
        born = take(cards.BIRTHDAY)
        without_year = re.fullmatch(r"--(\d\d)-?(\d\d)", born)
        # Version 3.0 knows no birthday without a year; this is how telephones write and read one.
        if without_year:
            yield f"BDAY;X-APPLE-OMIT-YEAR=1604:1604-{without_year.group(1)}-{without_year.group(2)}"
        else:
            yield f"BDAY:{_escaped(born)}"
    tags = left.pop(cards.TAGS, None)
    if tags:
        yield "CATEGORIES:" + ",".join(
            _escaped(text_of(tag)) for tag in (tags if isinstance(tags, list) else [tags])
        )
    if cards.NOTE in left:
        yield f"NOTE:{_escaped(take(cards.NOTE))}"
    for column, cell in left.items():
        if isinstance(cell, str):
            yield f"{cards.EXTRA};NAME={_quoted(column)}:{_escaped(cell)}"
        else:
            value = json.dumps(cell, ensure_ascii=False, default=text_of)
            yield f"{cards.EXTRA};NAME={_quoted(column)};TYPE=json:{_escaped(value)}"
    yield "END:VCARD"


def _entries(cell: Cell, key: str) -> Iterator[dict[str, Any]]:
    """The lines of a part; a list that was made one text is read again."""
    if isinstance(cell, str) and cell.startswith("[{"):
        with suppress(ValueError):
            cell = json.loads(cell)
    for entry in cell if isinstance(cell, list) else [cell] if cell else []:
        yield dict(entry) if isinstance(entry, dict) else {key: entry}


def _parameters(entry: Mapping[str, Any], parts: set[str]) -> str:
    """Label and main mark of a line as vCard writes them, and in one parameter what vCard has no word for."""
    label = "" if "street" in parts else text_of(entry.get("label"))
    written = (f";X-LABEL={_quoted(label)}" if label else "") + (";TYPE=PREF" if entry.get("main") else "")
    known = {*parts, "main", *(["label"] if label else [])}
    more = {name: value for name, value in entry.items() if name not in known and value is not None}
    if more:
        written += f";{cards.MORE}={_quoted(json.dumps(more, ensure_ascii=False, default=text_of))}"
    return written


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")
    return text.replace(";", "\\;").replace(",", "\\,")


def _quoted(text: str) -> str:
    """A parameter in quotes (RFC 6868)."""
    escaped = (
        text.replace("^", "^^")
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\n", "^n")
        .replace('"', "^'")
    )
    return f'"{escaped}"'


def _folded(line: str) -> str:
    """The line in pieces of at most 75 bytes, cut between characters."""
    if len(line.encode()) <= _FOLD:
        return line
    pieces: list[str] = []
    piece, length = "", 0
    for char in line:
        size = len(char.encode("utf-8", errors="replace"))
        if length + size > _FOLD - (1 if pieces else 0):
            pieces.append(piece)
            piece, length = "", 0
        piece += char
        length += size
    return "\r\n ".join([*pieces, piece])


@contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    """A temporary file beside the wanted one, renamed to it when all went well and removed otherwise."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
