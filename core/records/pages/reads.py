"""Writing down who looked at personal data: cards and previews row by row, lists as one line for the page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pyramid.request import Request

from parlour.access.accesslog import CARD, LIST, note_after
from parlour.records import kinds
from parlour.records.registry import Field, RecordType, fields_of


@lru_cache(maxsize=5000)
def is_personal(record: RecordType, item: Field) -> bool:
    """Whether a field says who somebody is, how to reach them, or what they would keep to themselves."""
    if item.guarded or item.secret:
        return True
    reaching = kinds.PhoneKind | kinds.EmailKind
    if isinstance(item.kind, reaching) or any(isinstance(line.kind, reaching) for line in item.lines):
        return True
    return record.person and (item.name == record.title_field or isinstance(item.kind, kinds.BirthdayKind))


def saw_list(request: Request, record: RecordType, fields: Sequence[Field], rows: int, **detail: Any) -> None:
    """A page of a list was shown, with these columns; `detail` says what was looked for."""
    personal = [item.name for item in fields if is_personal(record, item)]
    if rows and personal:
        asked = {name: value for name, value in detail.items() if value}
        note_after(request, LIST, record.name, rows, fields=personal, detail=asked or None)


def saw_card(request: Request, record: RecordType, row_id: int) -> None:
    """One row was shown with all that the person may read of it."""
    if any(is_personal(record, item) for item in fields_of(request.db, record)):
        note_after(request, CARD, record.name, 1, row_id=row_id)
