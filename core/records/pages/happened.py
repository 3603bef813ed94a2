"""What happened, in words: the timeline of a card, and the changes of a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from pyramid.request import Request

from parlour.access.rules import allows
from parlour.db.base import now
from parlour.i18n import Localizer, _
from parlour.records import kinds
from parlour.records.defaults import Defaults
from parlour.records.history import Event, FieldChange, history_of
from parlour.records.pages.addresses import reader_of
from parlour.records.pages.shown import Reader, Shown, show
from parlour.records.registry import Field, RecordType
from parlour.records.timeline import Entry, timeline_of

PAGE = 20
_KINDS = {
    "create": _("Added"),
    "update": _("Changed"),
    "archive": _("Archived"),
    "restore": _("Brought back"),
    "delete": _("Deleted"),
}
_LABELS = {
    "merge": _("Merged"),
    "import": _("Brought in from a file"),
    "undo": _("Taken back"),
    "bulk": _("Changed together with others"),
    "delete": _("A link to something deleted was emptied"),
    "erase": _("Erased"),
}
_ICONS = {
    "create": "plus",
    "update": "pencil",
    "archive": "archive",
    "restore": "archive-restore",
    "delete": "trash-2",
}
_VIA = {
    "api": _("through a program"),
    "import": _("by import"),
    "job": _("in the background"),
    "cli": _("by the operator"),
}


def may_see_changes(request: Request) -> bool:
    return allows(request.db, "core:history:read")


def event_title(event: Event) -> Any:
    """What an event is called: by its own kind, or by the act that it was part of."""
    if event.label in _LABELS and not (event.label == "delete" and event.kind == "delete"):
        return _LABELS[event.label]
    return _KINDS.get(event.kind, event.kind)


def event_item(request: Request, event: Event, reader: Reader) -> dict[str, Any]:
    """An event as the theme's timeline and history want it."""
    loc = request.loc
    changes = [] if event.kind in ("archive", "restore") else event.changes
    return {
        "icon": _ICONS.get(event.kind, "pencil"),
        "title": event_title(event),
        "who": event.who or loc.translate(_("Parlour")),
        "through": _VIA.get(event.via, ""),
        "when": loc.time(event.at),
        "when_title": loc.moment(event.at, "full"),
        "changes": [_change(change, reader) for change in changes],
        "undone": loc.translate(_("taken back")) if event.undone else None,
    }


def _change(change: FieldChange, reader: Reader) -> dict[str, Any]:
    return {
        "title": change.field.title,
        "old": _shown(change, change.old, reader),
        "new": _shown(change, change.new, reader),
    }


def _shown(change: FieldChange, value: Any, reader: Reader) -> Shown | str | None:
    """A value of history. Secrets stand there as dots; what cannot be read any more is shown as it was kept."""
    if value == "•":
        return "•••"
    if isinstance(change.field.kind, kinds.FileKind):
        if not value:
            return None
        return reader.loc.translate(_("a picture") if change.field.kind.image else _("a file"))
    try:
        found = show(change.field, from_json(change.field, value, reader.defaults), reader)
    except (ValueError, TypeError, KeyError, AttributeError):
        return str(value)[:200]
    if found is not None and found["kind"] == "bool":
        return str(found["text"])
    if found is None and value is False:
        return reader.loc.translate(_("No"))
    return found


def from_json(item: Field, value: Any, defaults: Defaults) -> Any:
    """A plain value from the form in which history keeps it. Raises Fault for one that is not valid any more."""
    if value is None or item.target is not None or isinstance(item.kind, _BY_ID):
        return value
    if item.storage == "part":
        return [
            {inner.name: from_json(inner, line.get(inner.name), defaults) for inner in item.lines}
            for line in value
        ]
    return item.kind.clean(value, defaults)


# Kept as a number; whom it means is looked up when it is shown.
_BY_ID = (kinds.UserKind, kinds.BranchKind, kinds.FileKind)


def by_day(loc: Localizer, items: Iterable[tuple[datetime, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Items under their days, as the reader's clock has them."""
    today = loc.local(now()).date()
    days = []
    for day, found in groupby(items, key=lambda pair: loc.local(pair[0]).date()):
        title = _("Today") if day == today else loc.date(day, "long")
        days.append({"title": title, "items": [item for _at, item in found]})
    return days


def timeline_of_card(request: Request, record: RecordType, row_id: int) -> dict[str, Any]:
    """The timeline in the middle of a card: what plugins tell, and the changes where one may see them."""
    given = request.GET
    show_only = given.get("show", "")
    before, change = _moment(given.get("before")), _number(given.get("change"))
    entries: list[Entry] = []
    if show_only != "changes":
        entries = timeline_of(request.db, record.name, [row_id], before=before, limit=PAGE + 1)
    events: Sequence[Event] = ()
    changes = may_see_changes(request)
    if changes and show_only != "events":
        events = history_of(request.db, record, row_id, before=change, limit=PAGE + 1)
    reader = reader_of(request)
    both: list[Entry | Event] = [*entries, *events]
    everything = [(one.at, one) for one in both]
    everything.sort(key=lambda pair: pair[0], reverse=True)
    shown, rest = everything[:PAGE], everything[PAGE:]
    items = [(at, _item(request, one, reader)) for at, one in shown]
    here = {"record": record.name, "id": row_id}
    return {
        "days": by_day(request.loc, items),
        "filters": _filters(request, here, show_only) if changes else None,
        "next_url": _earlier(request, here, shown, show_only, before, change) if rest else None,
    }


def _item(request: Request, one: Entry | Event, reader: Reader) -> dict[str, Any]:
    if isinstance(one, Event):
        # What a new row began with stands on the card beside.
        return {**event_item(request, one, reader), **({"changes": []} if one.kind == "create" else {})}
    loc = request.loc
    return {
        "icon": one.icon,
        "title": one.title,
        "text": one.text,
        "href": one.url or None,
        "who": one.who,
        "when": loc.time(one.at),
        "when_title": loc.moment(one.at, "full"),
    }


def _filters(request: Request, here: dict[str, Any], chosen: str) -> list[dict[str, Any]]:
    choices = (("", _("Everything")), ("events", _("Without changes")), ("changes", _("Changes only")))
    return [
        {
            "title": title,
            "url": request.url_of("record.card", query={"show": name} if name else None, **here),
            "active": name == chosen,
        }
        for name, title in choices
    ]


def _earlier(
    request: Request,
    here: dict[str, Any],
    shown: Sequence[tuple[datetime, Entry | Event]],
    show_only: str,
    before: datetime | None,
    change: int | None,
) -> str:
    """The address of the older part: a moment for what plugins tell, a change set for the changes."""
    entries = [at for at, one in shown if isinstance(one, Entry)]
    sets = [one.change_set for _at, one in shown if isinstance(one, Event)]
    oldest = min(entries) if entries else before
    smallest = min(sets) if sets else change
    query = {"show": show_only} if show_only else {}
    if oldest is not None:
        query["before"] = oldest.isoformat()
    if smallest is not None:
        query["change"] = str(smallest)
    return str(request.url_of("record.card", query=query, **here))


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo is not None else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) <= 18 else None
