"""One cell of a file as text, and the pair that every parser returns."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Generic, TypeAlias, TypeVar

# JSON and vCards bring lists and objects; every other format brings one of the plain types.
Moment: TypeAlias = "date | datetime | time | timedelta"
Cell: TypeAlias = "str | int | float | bool | Decimal | Moment | list[Any] | dict[str, Any] | None"

Value = TypeVar("Value")

# Marks that show nothing: zero-width blanks, joiners, direction marks, soft hyphens, byte order marks.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
_BLANKS = re.compile(r"[^\S\n]+")
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_NOTHING = frozenset(
    {
        "нет", "нету", "не указан", "не указана", "не указано", "не задан", "не задано", "отсутствует",
        "нет данных", "нет телефона", "нет почты", "пусто", "неизвестно", "не известно", "н/д",
        "none", "null", "nil", "nan", "n/a", "na", "no", "empty", "unknown", "not set", "not specified",
        "undefined", "unspecified", "не выбран", "не выбрана", "не выбрано",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parsed(Generic[Value]):
    """A value, or None where there is none, and the text that was not understood ("" when all was)."""

    value: Value | None
    rest: str = ""


def text_of(cell: Cell) -> str:
    """The cell as its author sees it: whole floats without ".0", midnights as plain dates, lists one item a
    line.
    """
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return (
            cell.date().isoformat() if cell.time() == time() and cell.tzinfo is None else cell.isoformat(" ")
        )
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, dict):
        return ", ".join(
            f"{name}: {text_of(part)}" for name, part in cell.items() if part not in (None, "", [], {})
        )
    if isinstance(cell, list):
        return "\n".join(filter(None, (text_of(part) for part in cell)))
    return str(cell)


def tidy(text: str) -> str:
    """Text made ready for reading values from: plain blanks, hyphens and digits, no invisible marks, trimmed."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).replace("\r\n", "\n").replace("\r", "\n")
    return _BLANKS.sub(" ", _DASHES.sub("-", text)).strip()


def trimmed(text: str) -> str:
    """Text without invisible marks and doubled blanks, its signs as they were written: "№ 1" stays "№ 1"."""
    return _BLANKS.sub(" ", _INVISIBLE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")).strip()


def means_nothing(text: str) -> bool:
    """Whether the text only says that there is no value: blank, dashes, dots, or a word such as "нет" or
    "n/a".
    """
    text = tidy(text).casefold()
    return (not any(char.isalnum() for char in text) and "+" not in text) or text.strip(" .-") in _NOTHING


def only_marks(text: str) -> bool:
    """Whether there is not a single letter or digit in the text."""
    return not any(char.isalnum() for char in text)
