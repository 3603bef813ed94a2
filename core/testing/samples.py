"""Made-up values for any record, whatever fields it has: what forms and tests of all records need."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zlib import crc32

from parlour.db.session import Session
from parlour.records.registry import Field, RecordType
from parlour.records.write import save

# Kind of a field -> a value that differs with the number.
MAKERS: dict[str, Callable[[Field, int], Any]] = {
    "text": lambda item, number: f"{item.name.title()} {number}"[: getattr(item.kind, "max_length", 200)],
    "email": lambda item, number: f"somebody{number}@example.com",
    "phone": lambda item, number: f"+7916{number:07}",
    "integer": lambda item, number: max(
        getattr(item.kind, "minimum", 0), min(number, getattr(item.kind, "maximum", number))
    ),
    "boolean": lambda item, number: bool(number % 2),
    "choice": lambda item, number: _code(item.kind, number),
    "date": lambda item, number: date(2026, 1, 1 + number % 28),
    "birthday": lambda item, number: f"1990-05-{1 + number % 28:02}",
    "moment": lambda item, number: datetime(2026, 1, 1 + number % 28, 9, 30, tzinfo=UTC),
    "money": lambda item, number: f"{number}.00",
    "percent": lambda item, number: f"{number % 100}.5",
}


def _code(kind: Any, number: int) -> Any:
    return kind.options[number % len(kind.options)][0]


def values_for(
    session: Session, record: RecordType, number: int = 1, *, required_only: bool = False
) -> dict[str, Any]:
    """Values for a new row; rows with different numbers never collide. Records that it links to get a row each.

    Fields of kinds that are not known here and have no `sample` are left out; LookupError when such a field is required.
    """
    values: dict[str, Any] = {}
    for place, item in enumerate(record.fields):
        if item.computed or item.plugin != record.plugin or (required_only and not item.required):
            continue
        value = _value(session, record, item, number, place)
        if value is not None:
            values[item.name] = value
        elif item.required and item.default is None:
            raise LookupError(
                f"No value is known for {record.name}.{item.name} of the kind {item.kind.name}."
            )
    return values


def _value(session: Session, record: RecordType, item: Field, number: int, place: int) -> Any:
    if item.storage == "link":
        assert item.target is not None
        # A link to its own record would never end.
        if not item.required or item.target is record:
            return None
        # Rows that are made for a link must not be called like those made for themselves, or for another link.
        apart = number + 1000 * (crc32(f"{record.name}.{item.name}".encode()) % 9000)
        return make_row(session, item.target, apart)
    if item.storage == "part":
        line = {
            inner.name: _value(session, record, inner, number, inside)
            for inside, inner in enumerate(item.lines)
        }
        return [{name: value for name, value in line.items() if value is not None}]
    maker = MAKERS.get(item.kind.name)
    # Of two fields of a plugin's own kind the later one gets a later value: hours end after they begin.
    return maker(item, number) if maker is not None else item.kind.sample(number + place)


def make_row(session: Session, record: RecordType, number: int = 1, **values: Any) -> int:
    """A new row of made-up values, with these instead; returns its id."""
    return save(session, record, {**values_for(session, record, number), **values})
