"""Search over everything: suggestions under the box at the top, and a page of all that was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from parlour.i18n import _
from parlour.records.pages.addresses import card_url, file_url, photo_field, reader_of, title_of
from parlour.records.pages.listing import is_phone
from parlour.records.pages.reads import saw_list
from parlour.records.pages.shown import Reader, first_only, show
from parlour.records.registry import RecordType, fields_of
from parlour.records.search import search_everything
from parlour.web.contexts import OrganisationContext

SUGGESTED = 6
FOUND = 20
MAX_TEXT = 200
# Each record that can be searched costs a few statements, beside what every page asks.
max_queries = 52


@view_config(route_name="search.suggest", renderer="json", permission="member")
def suggest(context: OrganisationContext, request: Request) -> dict[str, Any]:
    text = _words(request)
    if not text:
        return {"groups": []}
    reader = reader_of(request)
    groups = []
    for record, rows in search_everything(request.db, text, SUGGESTED):
        _saw(request, record, rows, text)
        items = [
            {
                "title": title_of(record, row),
                "sub": _sub(request, record, row, reader),
                "url": card_url(request, record, row["id"]),
            }
            for row in rows
        ]
        groups.append({"title": request.loc.translate(record.plural), "items": items})
    return {"groups": groups}


@view_config(route_name="search", renderer="search.jinja2", permission="member")
def search(context: OrganisationContext, request: Request) -> dict[str, Any]:
    text = _words(request)
    if not text:
        return {"q": "", "q_everything": "", "groups": []}
    reader = reader_of(request)
    groups = []
    for record, rows in search_everything(request.db, text, FOUND + 1):
        _saw(request, record, rows[:FOUND], text)
        more = len(rows) > FOUND
        groups.append(
            {
                "title": record.plural,
                "icon": record.icon,
                "count_text": f"{FOUND}+" if more else request.loc.number(len(rows)),
                "all_url": request.url_of("record.list", query={"q": text}, record=record.name)
                if more
                else None,
                "items": [_item(request, record, row, reader) for row in rows[:FOUND]],
            }
        )
    return {"q": text, "q_everything": text, "groups": groups}


def _saw(request: Request, record: RecordType, rows: Sequence[Mapping[str, Any]], text: str) -> None:
    names = set(rows[0]) if rows else set()
    saw_list(
        request, record, [f for f in fields_of(request.db, record) if f.name in names], len(rows), q=text
    )


def _words(request: Request) -> str:
    return str(request.GET.get("q", "")).strip()[:MAX_TEXT]


def _item(request: Request, record: RecordType, row: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    photo = photo_field(request, record)
    archived = row.get("archived_at") is not None
    mark = {"kind": "badge", "text": request.loc.translate(_("In the archive")), "tone": "warn"}
    return {
        "id": row["id"],
        "title": title_of(record, row),
        "url": card_url(request, record, row["id"]),
        "sub": _sub(request, record, row, reader),
        "photo_url": file_url(request, row.get(photo.name), "small") if photo else None,
        "badges": [mark] if archived else [],
    }


def _sub(request: Request, record: RecordType, row: Mapping[str, Any], reader: Reader) -> str:
    """What tells namesakes apart: the other searched columns that lists show."""
    words = []
    for item in sorted(fields_of(request.db, record), key=lambda item: not is_phone(item)):
        if item.name in row and item.name != record.title_field:
            value = first_only(show(item, row[item.name], reader))
            if value and value.get("text"):
                words.append(value["text"])
            elif value and value.get("items"):
                words.append(", ".join(one["text"] for one in value["items"]))
    return " · ".join(words)
