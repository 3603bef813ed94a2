"""Which reader a file needs, told by its first bytes."""

from __future__ import annotations

import re
from pathlib import Path

from parlour.i18n import _
from parlour.records.tables.base import (
    MAX_TEXT_BYTES,
    MAX_WORKBOOK_BYTES,
    MEGABYTE,
    Problem,
    Table,
    TableError,
)
from parlour.records.tables.cards import Cards
from parlour.records.tables.delimited import Delimited
from parlour.records.tables.encoding import detect
from parlour.records.tables.grid import grid_table
from parlour.records.tables.keyed import keyed_table
from parlour.records.tables.objects import Objects

_OTHER_FORMATS = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x1f\x8b", "gzip"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"SQLite format 3", "SQLite"),
    (b"{\\rtf", "RTF"),
)
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORKBOOK_ENDINGS = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})
_MARKUP = re.compile(r"\s*<(?:!doctype html|html|table|head|body|meta|div)\b", re.IGNORECASE)
_XML = re.compile(r"\s*<\?xml\b")


def open_table(
    path: Path,
    name: str | None = None,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Table:
    """The file as a table, read through once: columns, number of records, problems and skipped rows are
    known.

    `name` is what the user calls the file when `path` is a temporary one. `sheet`, `encoding` and `delimiter`
    override what is found. Raises TableError, with one sentence, for whatever cannot be read.
    """
    name = name or path.name
    if path.is_dir():
        raise TableError(_("${name} is a folder; choose one file in it.", mapping={"name": name}))
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        reason = error.strerror or str(error)
        raise TableError(
            _("${name} cannot be read: ${reason}.", mapping={"name": name, "reason": reason})
        ) from error
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise TableError(_("${name} is empty.", mapping={"name": name}))
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", _OLD_WORKBOOK)):
        return _with_rows(_workbook(path, name, size, head, sheet), name)
    for mark, kind in _OTHER_FORMATS:
        if head.startswith(mark):
            raise TableError(
                _(
                    "${name} is a ${kind} file, not a table. Save the table as xlsx, ods, csv, vcf or json.",
                    mapping={"name": name, "kind": kind},
                )
            )
    return _with_rows(_text(path, name, size, encoding, delimiter), name)


def _with_rows(table: Table, name: str) -> Table:
    if not table.count and not table.problems and not table.skipped:
        raise TableError(
            _("There are no rows in ${name}, only what could be headings.", mapping={"name": name})
        )
    return table


def _workbook(path: Path, name: str, size: int, head: bytes, sheet: str | None) -> Table:
    if size > MAX_WORKBOOK_BYTES:
        raise _too_large(name, size, MAX_WORKBOOK_BYTES)
    if head.startswith(b"PK\x05\x06"):
        raise TableError(_("${name} is an empty archive.", mapping={"name": name}))
    from parlour.records.tables.workbook import Workbook

    book = Workbook(path, zipped=head.startswith(b"PK"), sheet=sheet)
    table = grid_table(book, path=path, kind=book.kind, sheet=book.sheet, sheets=book.sheets)
    others = [f"{title} ({rows})" for title, rows in book.sheets if title != book.sheet and rows]
    if others:
        reason = _(
            "Only the sheet “${sheet}” was read; others with rows: ${others}.",
            mapping={"sheet": book.sheet, "others": ", ".join(others)},
        )
        table.problems.insert(0, Problem(None, "", "", reason))
    return table


def _text(path: Path, name: str, size: int, encoding: str | None, delimiter: str | None) -> Table:
    try:
        encoding = encoding or detect(path)
        with path.open(encoding=encoding, errors="replace") as file:
            start = file.read(4096).lstrip("\ufeff \t\r\n")
    except LookupError as error:
        raise TableError(_("There is no encoding “${name}”.", mapping={"name": str(encoding)})) from error
    except TableError as error:
        if path.suffix.lower() in _WORKBOOK_ENDINGS or Path(name).suffix.lower() in _WORKBOOK_ENDINGS:
            raise TableError(
                _(
                    "${name} is not a workbook, whatever its ending says: it cannot be opened.",
                    mapping={"name": name},
                )
            ) from error
        raise
    if size > MAX_TEXT_BYTES:
        raise _too_large(name, size, MAX_TEXT_BYTES)
    if _MARKUP.match(start) or _XML.match(start):
        raise TableError(
            _(
                "${name} is a web page or XML, whatever its ending says. "
                "Open it in a spreadsheet program and save it as xlsx.",
                mapping={"name": name},
            )
        )
    if start[:2000].upper().replace(" ", "").startswith("BEGIN:VCARD"):
        return keyed_table(Cards(path, encoding), path=path, kind="vcf", encoding=encoding)
    named = Path(name).suffix.lower() in (".json", ".ndjson", ".jsonl") and start.startswith("[")
    if named or start.startswith("{") or re.match(r"\[\s*(?:[{\]]|$)", start):
        return keyed_table(Objects(path, encoding), path=path, kind="json", encoding=encoding)
    text = Delimited(path, encoding, delimiter)
    return grid_table(text, path=path, kind="csv", encoding=encoding, delimiter=text.delimiter)


def _too_large(name: str, size: int, limit: int) -> TableError:
    return TableError(
        _(
            "${name} has ${size} MB; up to ${limit} MB can be read. Split it into several files.",
            mapping={"name": name, "size": size // MEGABYTE, "limit": limit // MEGABYTE},
        )
    )
