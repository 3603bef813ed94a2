"""What lies inside a zipped workbook, looked at before anything is loaded: sizes, far-off cells, formulas."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree

from parlour.i18n import _
from parlour.records.tables.base import MAX_PROBLEMS, MAX_UNPACKED_BYTES, MEGABYTE, TableError

# A reader lays a sheet out as a full rectangle, so one cell far away costs as much as a full sheet.
MAX_CELLS = 20_000_000
_MAX_ENTRIES = 5_000
# XML of a sheet packs some thirty to one; only what is made to harm packs like this.
_MAX_RATIO = 300
_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*?(/?)>')
_ROW = re.compile(rb'<(?:\w+:)?row\s[^>]*?\br="(\d{1,7})"')
_OVERLAP = 4096
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass
class Contents:
    """What a workbook's archive holds. `suspects` are the parts in which formulas or errors were seen."""

    kind: str
    suspects: set[str] = field(default_factory=set)


@dataclass
class Extent:
    """The rectangle that a sheet's cells span."""

    rows: int = 0
    columns: int = 0

    def check(self) -> None:
        if self.rows * self.columns > MAX_CELLS:
            raise TableError(
                _(
                    "The sheet reaches to row ${rows} and column ${columns}, which is too large to read. "
                    "Delete what lies beyond the table and save it again.",
                    mapping={"rows": self.rows, "columns": self.columns},
                )
            )


def inspect(path: Path) -> Contents:
    """Look through every part of a zipped workbook, unpacking it piece by piece and keeping nothing.

    Raises TableError for an archive that is no workbook, is damaged, or would unpack to more than the limit,
    whatever sizes its directory declares.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _damaged() from error
    contents = Contents(_kind({entry.filename for entry in entries}))
    if any(entry.flag_bits & 1 for entry in entries):
        raise encrypted()
    declared = sum(entry.file_size for entry in entries)
    dense = any(
        entry.file_size > 10 * MEGABYTE and entry.file_size > _MAX_RATIO * max(entry.compress_size, 1)
        for entry in entries
    )
    if len(entries) > _MAX_ENTRIES or declared > MAX_UNPACKED_BYTES or dense:
        raise _bomb()
    left = MAX_UNPACKED_BYTES
    for entry in entries:
        sheet = entry.filename.startswith("xl/worksheets/") and entry.filename.endswith(".xml")
        extent, before = Extent(), b""
        for chunk in _unpacked(path, entry):
            left -= len(chunk)
            if left < 0:
                raise _bomb()
            if sheet:
                _measure(before + chunk, extent)
                if entry.filename not in contents.suspects and (
                    b"<f" in chunk or b":f" in chunk or b't="e"' in chunk
                ):
                    contents.suspects.add(entry.filename)
                before = chunk[-_OVERLAP:]
            elif entry.filename == "content.xml":
                contents.suspects.add(entry.filename)
        extent.check()
    if contents.kind == "ods":
        _measure_ods(path)
    return contents


def _kind(names: set[str]) -> str:
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "xl/workbook.bin" in names:
        return "xlsb"
    if "content.xml" in names and "mimetype" in names:
        return "ods"
    if "word/document.xml" in names:
        raise TableError(
            _(
                "This is a text document, not a workbook. "
                "Copy its table into a spreadsheet and save it as xlsx."
            )
        )
    raise TableError(
        _("This is an archive without a workbook in it. Unpack it and choose the file with the table.")
    )


def _damaged() -> TableError:
    return TableError(
        _("The workbook is damaged and cannot be opened. Open it in a spreadsheet program and save it anew.")
    )


def _bomb() -> TableError:
    return TableError(
        _(
            "The workbook unpacks to more than ${max} MB and was not opened. "
            "Split it, or save the sheet as csv.",
            mapping={"max": MAX_UNPACKED_BYTES // MEGABYTE},
        )
    )


def encrypted() -> TableError:
    return TableError(
        _("The workbook is protected by a password. Save it without the password and try again.")
    )


def _unpacked(path: Path, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content of one part as it really is, piece by piece: the declared size is not believed."""
    with path.open("rb") as file:
        file.seek(entry.header_offset)
        header = file.read(30)
        if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
            raise _damaged()
        file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
        left = entry.compress_size
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _damaged()
        inflater = zlib.decompressobj(-15) if entry.compress_type == zipfile.ZIP_DEFLATED else None
        while left > 0 and (packed := file.read(min(left, MEGABYTE // 4))):
            left -= len(packed)
            if inflater is None:
                yield packed
                continue
            while packed:
                try:
                    yield inflater.decompress(packed, MEGABYTE)
                except zlib.error as error:
                    raise _damaged() from error
                packed = inflater.unconsumed_tail


def _measure(text: bytes, extent: Extent) -> None:
    """Widen the extent by the cells in a piece of a sheet's XML; a cell with a format and no content does not
    count.
    """
    for letters, row, empty in _CELL.findall(text):
        if empty:
            continue
        column = 0
        for letter in letters:
            column = column * 26 + letter - 64
        if column > extent.columns:
            extent.columns = column
        if int(row) > extent.rows:
            extent.rows = int(row)


def _measure_ods(path: Path) -> None:
    """Refuse a sheet whose repeated cells unfold into more than fits."""
    extent, row_cells, row_filled = Extent(), 0, 0
    for event, element in _elements(path, "content.xml", ("start", "end")):
        if event == "start":
            if element.tag == f"{_TABLE}table":
                extent = Extent()
            elif element.tag == f"{_TABLE}table-row":
                row_cells = row_filled = 0
            continue
        if element.tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            row_cells += _repeated(element, "columns")
            if len(element) or element.get(f"{_OFFICE}value-type"):
                row_filled = row_cells
        elif element.tag == f"{_TABLE}table-row":
            if row_filled:
                extent.rows += _repeated(element, "rows")
                extent.columns = max(extent.columns, row_filled)
                extent.check()
            element.clear()


def _repeated(element: Any, what: str) -> int:
    value = element.get(f"{_TABLE}number-{what}-repeated", "1")
    return int(value) if value.isdigit() and len(value) < 10 else 1


def _elements(path: Path, part: str, events: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """The elements of one part; entities are not resolved and nothing is fetched."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(part) as file:
            yield from etree.iterparse(
                file, events=events, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
            )
    except (etree.XMLSyntaxError, zipfile.BadZipFile, KeyError, OSError) as error:
        raise _damaged() from error


def sheet_part(path: Path, sheet: str) -> str | None:
    """The part of an xlsx archive that holds the named sheet."""
    relation = ""
    for _event, element in _elements(path, "xl/workbook.xml", ("end",)):
        if etree.QName(element).localname == "sheet" and element.get("name") == sheet:
            relation = element.get(_RELATION) or next(
                (value for name, value in element.attrib.items() if name.endswith("}id")), ""
            )
    for _event, element in _elements(path, "xl/_rels/workbook.xml.rels", ("end",)):
        if element.get("Id") == relation and element.get("Target"):
            target = str(element.get("Target"))
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return None


def faulty_cells(path: Path, kind: str, sheet: str) -> dict[int, list[tuple[int, str, Any]]]:
    """Cells whose value cannot be read, by row (from 1): place from 0, formula or error, reason."""
    found: dict[int, list[tuple[int, str, Any]]] = {}
    listing = _faulty_ods(path, sheet) if kind == "ods" else _faulty_xlsx(path, sheet)
    for count, (row, place, value, reason) in enumerate(listing):
        if count >= MAX_PROBLEMS:
            break
        found.setdefault(row, []).append((place, value, reason))
    return found


def _no_value() -> Any:
    return _(
        "The formula has no stored result. "
        "Open the file in a spreadsheet program, save it and import it again."
    )


def _error_value() -> Any:
    return _("The cell shows an error instead of a value.")


def _faulty_xlsx(path: Path, sheet: str) -> Iterator[tuple[int, int, str, Any]]:
    part = sheet_part(path, sheet)
    if part is None:
        return
    row = place = -1
    for event, element in _elements(path, part, ("start", "end")):
        name = etree.QName(element).localname
        if event == "start":
            if name == "row":
                row = int(element.get("r") or row + 1)
                place = -1
            elif name == "c":
                place = _place(element.get("r")) if element.get("r") else place + 1
            continue
        if name == "c":
            parts = {etree.QName(child).localname: (child.text or "") for child in element}
            if element.get("t") == "e":
                yield row, place, parts.get("v", "") or "=" + parts.get("f", ""), _error_value()
            elif "f" in parts and not parts.get("v") and not (element.get("t") == "str" and "v" in parts):
                yield row, place, "=" + parts["f"], _no_value()
        elif name == "row":
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]


def _place(reference: str) -> int:
    column = 0
    for letter in reference:
        if not letter.isalpha():
            break
        column = column * 26 + ord(letter.upper()) - 64
    return column - 1


def _faulty_ods(path: Path, sheet: str) -> Iterator[tuple[int, int, str, Any]]:
    row = place = 0
    wanted = False
    for event, element in _elements(path, "content.xml", ("start", "end")):
        if event == "start":
            if element.tag == f"{_TABLE}table":
                wanted, row = element.get(f"{_TABLE}name") == sheet, 0
            elif element.tag == f"{_TABLE}table-row":
                place = 0
            continue
        if element.tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            formula = element.get(f"{_TABLE}formula")
            shown = "".join(element.itertext()).strip()
            if wanted and formula and not element.get(f"{_OFFICE}value-type") and not shown:
                yield row + 1, place, formula, _no_value()
            elif wanted and formula and shown.startswith(("#", "Err:")):
                yield row + 1, place, shown, _error_value()
            place += _repeated(element, "columns")
        elif element.tag == f"{_TABLE}table-row":
            row += _repeated(element, "rows")
            element.clear()
