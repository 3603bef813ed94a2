"""The history of a row: change sets with old and new values, each with its undo."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from parlour.access.rules import allows
from parlour.i18n import _
from parlour.records.history import Event, history_of
from parlour.records.pages.addresses import crumbs, heading_of, reader_of
from parlour.records.pages.happened import by_day, event_item
from parlour.records.pages.reads import saw_card
from parlour.records.pages.undoing import undo_url
from parlour.web.contexts import RowContext

PAGE = 50
max_queries = 25


@view_config(route_name="record.history", renderer="history.jinja2", permission="core:history:read")
def history(context: RowContext, request: Request) -> dict[str, Any]:
    record, row = context.record, context.row
    saw_card(request, record, context.id)
    before = request.GET.get("before", "")
    start = int(before) if before.isdecimal() and len(before) <= 18 else None
    events = history_of(request.db, record, context.id, before=start, limit=PAGE + 1)
    shown, rest = events[:PAGE], events[PAGE:]
    here = {"record": record.name, "id": context.id}
    reader = reader_of(request)
    items = []
    for event in shown:
        item = event_item(request, event, reader)
        item["undo"] = _undo(request, event, request.url_of("record.history", **here))
        items.append((event.at, item))
    older = request.url_of("record.history", query={"before": shown[-1].change_set}, **here) if rest else None
    newest = request.url_of("record.history", **here) if start is not None else None
    return {
        "title": request.loc.translate(_("History: ${name}"), {"name": heading_of(request, record, row)}),
        "crumbs": crumbs(request, record, row),
        "days": by_day(request.loc, items),
        "pages": {"prev_url": newest, "next_url": older},
    }


def _undo(request: Request, event: Event, back: str) -> dict[str, Any] | None:
    """The button that takes an event back, for whom it was and for who may undo others' acts."""
    if event.undone or event.label in ("erase",):
        return None
    if event.user_id != request.db.scope.user_id and not allows(request.db, "core:undo"):
        return None
    action: dict[str, Any] = {
        "title": _("Undo"),
        "url": undo_url(request, event.change_set, back),
        "method": "post",
    }
    if event.label in ("merge", "import", "bulk"):
        action["confirm"] = {
            "title": request.loc.translate(_("Take all of it back?")),
            "text": request.loc.translate(
                _("This was done to several records at once; all of them go back.")
            ),
            "button": request.loc.translate(_("Undo")),
        }
    return action
