"""JSON: a list of objects, one object with such a list in it, or one object a line. Lists are read piece by
piece.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parlour.i18n import _
from parlour.records.parse import Cell, text_of
from parlour.records.tables.base import MEGABYTE, Report, TableError

_PIECE = MEGABYTE // 2
_MAX_RECORD = 16 * MEGABYTE
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANKS = " \t\r\n\ufeff\x1e"


class Objects:
    """The objects of a JSON file. Rows are numbered by their place in the list."""

    def __init__(self, path: Path, encoding: str):
        self.path = path
        self.encoding = encoding

    def records(self, report: Report | None) -> Iterator[tuple[int, dict[str, Cell]]]:
        for number, item in enumerate(self._items(), 1):
            if isinstance(item, dict):
                yield number, _flat(item)
            elif report and item is not None:
                report.add(
                    number, "", json.dumps(item, ensure_ascii=False), _("This is not an object with fields.")
                )

    def _items(self) -> Iterator[Any]:
        reader = _Reader(self.path, self.encoding)
        try:
            first = reader.peek()
            if first == "[":
                reader.at += 1
                yield from self._listed(reader)
                return
            item = reader.value()
            if reader.peek() == "" and isinstance(item, dict):
                yield from _inner(item)
                return
            yield item
            while reader.peek():
                yield reader.value()
        finally:
            reader.file.close()

    @staticmethod
    def _listed(reader: _Reader) -> Iterator[Any]:
        while True:
            sign = reader.peek()
            if sign == "]":
                reader.at += 1
                if reader.peek():
                    raise reader.fault()
                return
            if sign == ",":
                reader.at += 1
                continue
            if not sign:
                raise TableError(_("The JSON file ends in the middle; it was probably cut off."))
            yield reader.value()


class _Reader:
    """A window over the text of the file; `at` is the place in it."""

    def __init__(self, path: Path, encoding: str):
        self.file = path.open(encoding=encoding, errors="replace")
        self.text = ""
        self.at = 0
        self.passed = 0
        self.decoder = json.JSONDecoder(object_pairs_hook=_pairs)

    def more(self) -> bool:
        piece = self.file.read(max(_PIECE, len(self.text) - self.at))
        self.passed += self.at
        self.text, self.at = self.text[self.at :] + piece, 0
        return bool(piece)

    def peek(self) -> str:
        """The next character that is no blank, "" at the end."""
        while True:
            while self.at < len(self.text):
                if self.text[self.at] not in _BLANKS:
                    return self.text[self.at]
                self.at += 1
            if not self.more():
                return ""

    def value(self) -> Any:
        """The value that begins here."""
        self.peek()
        while True:
            try:
                value, end = self.decoder.raw_decode(self.text, self.at)
            except ValueError as error:
                if len(self.text) - self.at > _MAX_RECORD or not self.more():
                    raise self.fault() from error
                continue
            except RecursionError as error:
                raise self.fault() from error
            # A number at the very end of the window may go on behind it.
            if end == len(self.text) and self.more():
                continue
            self.at = end
            return value

    def fault(self) -> TableError:
        shown = self.text[self.at : self.at + 40].strip()
        return TableError(
            _(
                "The JSON file cannot be understood at character ${n}: ${text}",
                mapping={"n": f"{self.passed + self.at + 1:,}", "text": shown},
            )
        )


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose repeated names are kept apart, so that none of its values is lost."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        unique, copy = name, 1
        while unique in found:
            copy += 1
            unique = f"{name} ({copy})"
        found[unique] = value
    return found


def _inner(item: dict[str, Any]) -> Iterator[Any]:
    """The longest list of objects in an object that wraps it ({"items": [...]}), or the object itself."""
    lists = [
        value for value in item.values() if isinstance(value, list) and value and isinstance(value[0], dict)
    ]
    scalars = sum(not isinstance(value, list | dict) for value in item.values())
    if lists and len(max(lists, key=len)) > scalars:
        yield from max(lists, key=len)
    else:
        yield item


def _sound(value: Any) -> Any:
    """The value with half characters, which JSON can write and nothing can store, made visible as broken."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_sound(item) for item in value]
    if isinstance(value, dict):
        return {_sound(name): _sound(item) for name, item in value.items()}
    return value


def _flat(item: dict[str, Any], prefix: str = "") -> dict[str, Cell]:
    """Fields of an object; nested objects become "address.city", amounts of money and lists stay whole."""
    cells: dict[str, Cell] = {}
    for name, value in item.items():
        path, value = _SURROGATE.sub("\ufffd", f"{prefix}{name}"), _sound(value)
        if isinstance(value, dict) and not ("amount" in value and "currency" in value):
            cells.update(_flat(value, f"{path}."))
        elif isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**300:
            cells[path] = text_of(str(value))
        else:
            cells[path] = value
    return cells
