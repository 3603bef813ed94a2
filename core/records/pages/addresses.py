"""Addresses and pictures of rows, for every page about records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.request import Request

from parlour.access.rules import allows
from parlour.i18n import _
from parlour.records import kinds
from parlour.records.defaults import defaults_of
from parlour.records.pages.shown import Reader
from parlour.records.registry import Field, RecordType, fields_of


def card_url(request: Request, record: RecordType, row_id: int) -> str:
    return str(request.url_of("record.card", record=record.name, id=row_id))


def new_url(request: Request, record: RecordType) -> str:
    """Where a new row is entered."""
    if record.new_route:
        return str(request.url_of(record.new_route))
    return str(request.url_of("record.new", record=record.name))


def reader_of(request: Request) -> Reader:
    """For whom the values of this request are written."""
    return Reader(
        request.loc, defaults_of(request.db), lambda record, row_id: card_url(request, record, row_id)
    )


def title_of(record: RecordType, row: Mapping[str, Any]) -> str:
    """What a row is called: the first line of its title field, or its number."""
    text = row.get(record.title_field)
    lines = str(text).strip().splitlines() if text else []
    return lines[0][:200] if lines else f"#{row['id']}"


def heading_of(request: Request, record: RecordType, row: Mapping[str, Any]) -> str:
    """What the pages about a row call it, in words of the reader's language where the record has them."""
    return (record.heading and record.heading(row, request.loc)) or title_of(record, row)


def photo_field(request: Request, record: RecordType) -> Field | None:
    """The field that holds the picture of a row, if the person may see it."""
    pictures = (item for item in fields_of(request.db, record) if is_picture(item))
    return next(pictures, None)


def is_picture(item: Field) -> bool:
    return isinstance(item.kind, kinds.FileKind) and item.kind.image


def file_url(request: Request, file_id: int | None, size: str = "") -> str | None:
    """The address of a file; None for none."""
    if not file_id:
        return None
    return str(request.url_of("file", id=file_id, query={"size": size} if size else None))


def crumbs(
    request: Request, record: RecordType, row: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The way back: the list, and the card where the page is about a row."""
    found = [{"title": record.plural, "url": request.url_of("record.list", record=record.name)}]
    if record.lookup and allows(request.db, "core:settings:read"):
        found.insert(0, {"title": _("Settings"), "url": request.url_of("settings")})
    if row is not None:
        found.append({"title": heading_of(request, record, row), "url": card_url(request, record, row["id"])})
    return found
