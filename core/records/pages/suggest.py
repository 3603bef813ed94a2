"""Rows found as one types, for boxes that choose a row of another record."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from parlour.records.pages.addresses import reader_of, title_of
from parlour.records.pages.listing import is_phone
from parlour.records.pages.reads import saw_list
from parlour.records.pages.shown import first_only, show
from parlour.records.query import page
from parlour.records.registry import fields_of
from parlour.web.contexts import RecordContext

OFFERED = 20
max_queries = 15


@view_config(route_name="record.suggest", renderer="json", permission="read")
def suggest(context: RecordContext, request: Request) -> dict[str, Any]:
    """The first rows in which every word of `q` is found, with what tells namesakes apart."""
    record = context.record
    readable = fields_of(request.db, record)
    # The title and one more searched column (a phone) are enough to know who is meant.
    shown = [item for item in readable if item.name == record.title_field]
    hints = [item for item in readable if item.search and item.listed and item not in shown]
    hints = sorted(hints, key=lambda item: not is_phone(item))[:1]
    rows = page(
        request.db, record, fields=[*shown, *hints], q=request.GET.get("q", "")[:200], limit=OFFERED
    ).rows
    saw_list(request, record, [*shown, *hints], len(rows), q=request.GET.get("q", "")[:200])
    reader = reader_of(request)
    items = []
    for row in rows:
        values = [first_only(show(item, row[item.name], reader)) for item in hints]
        sub = ", ".join(value["text"] for value in values if value and value.get("text"))
        items.append({"value": row["id"], "title": title_of(record, row), "sub": sub})
    return {"items": items}
