"""Reading a list page by page, by key: the cursor holds the sort value and id of the last row, so page 1,000 costs what page 1
does, and rows that come or go meanwhile shift nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import and_, or_

from parlour.errors import Refusal
from parlour.i18n import _
from parlour.records.operators import Predicate
from parlour.records.values import UNPRINTABLE


@dataclass(frozen=True)
class Page:
    """Rows of one page and the cursors of its neighbours (None where there is none)."""

    rows: list[Any]
    next: str | None
    previous: str | None = None


@dataclass(frozen=True)
class Keyset:
    """The order of a list by a column, and the place in it from which on it is read: `after` or `before` a cursor."""

    column: Any
    id: Any
    descending: bool
    after: str | None
    before: str | None
    limit: int

    @property
    def backwards(self) -> bool:
        return self.before is not None

    @property
    def _cursor(self) -> str | None:
        return self.before if self.backwards else self.after

    @property
    def conditions(self) -> list[Predicate]:
        """What rows of this page have to be. Raises Refusal for a cursor that cannot be understood."""
        if not self._cursor:
            return []
        cursor = _decode(self._cursor, self.column)
        return [_beyond(self.column, self.id, cursor, self.descending != self.backwards, self.backwards)]

    @property
    def order(self) -> list[Any]:
        descending = self.descending != self.backwards
        first = self.column.desc() if descending else self.column.asc()
        # Empty values come last in both directions, also when the page is read backwards.
        first = first.nulls_first() if self.backwards else first.nulls_last()
        return [first, self.id.desc() if descending else self.id.asc()]

    def page(self, rows: Sequence[Any], key: Callable[[Any], tuple[Any, int]]) -> Page:
        """The page out of up to `limit` + 1 rows that were read so; `key` is a row's value in the order and its id."""
        more = len(rows) > self.limit
        shown = list(rows[: self.limit])
        if self.backwards:
            shown.reverse()
        following = previous = None
        if shown:
            if more or self.backwards:
                following = _encode(*key(shown[-1]))
            if (self.backwards and more) or (self._cursor and not self.backwards):
                previous = _encode(*key(shown[0]))
        return Page(shown, following, previous)


def _beyond(
    column: Any, id_column: Any, cursor: tuple[Any, int], descending: bool, backwards: bool
) -> Predicate:
    """Rows after the cursor in the direction read; the empty ones stand at the end of the list."""
    value, row_id = cursor
    further_id = id_column < row_id if descending else id_column > row_id
    if value is None:
        same = and_(column.is_(None), further_id)
        return or_(same, column.is_not(None)) if backwards else same
    further = column < value if descending else column > value
    found = or_(further, and_(column == value, further_id))
    return found if backwards else or_(found, column.is_(None)) if column.nullable else found


def _encode(value: Any, row_id: int) -> str:
    plain = value.isoformat() if isinstance(value, date | datetime) else value
    return (
        base64.urlsafe_b64encode(json.dumps([plain, row_id], ensure_ascii=False).encode())
        .decode()
        .rstrip("=")
    )


def _decode(cursor: str, column: Any) -> tuple[Any, int]:
    try:
        value, row_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        kind = column.type.python_type
        if isinstance(value, str) and kind in (date, datetime):
            value = kind.fromisoformat(value)
            if kind is datetime:
                if value.tzinfo is None:
                    raise ValueError(value)
                value = value.astimezone(UTC)
        elif value is not None and (type(value) is not kind or (kind is int and abs(value) >= 2**63)):
            raise TypeError(value)
        if type(row_id) is not int or not 0 <= row_id < 2**63:
            raise TypeError(row_id)
        if isinstance(value, str) and UNPRINTABLE.search(value):
            raise ValueError(value)
        return value, row_id
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Refusal(_("This page address is damaged; open the list again.")) from error
