"""Archive, bring back, delete: the gentle way first, and what a delete would take along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from parlour.access.rules import allows
from parlour.i18n import _
from parlour.records.files import count_of as files_of
from parlour.records.pages.addresses import card_url, crumbs, heading_of
from parlour.records.pages.undoing import done
from parlour.records.registry import RecordType, fields_of
from parlour.records.removal import Consequence, Doomed, archive, delete, left_behind, refused, taken_along
from parlour.web.contexts import RowContext

max_queries = 60


@view_config(route_name="record.archive", request_method="POST", permission="write")
def put_away(context: RowContext, request: Request) -> HTTPSeeOther:
    written = archive(request.db, context.record, [context.id])
    address = card_url(request, context.record, context.id)
    return done(request, _("It is in the archive now."), written.change_set, address)


@view_config(route_name="record.restore", request_method="POST", permission="write")
def bring_back(context: RowContext, request: Request) -> HTTPSeeOther:
    written = archive(request.db, context.record, [context.id], restore=True)
    return done(request, _("It is back."), written.change_set, card_url(request, context.record, context.id))


@view_config(route_name="record.delete", request_method="GET", renderer="delete.jinja2", permission="delete")
def ask(context: RowContext, request: Request) -> dict[str, Any]:
    record, row = context.record, context.row
    say = request.loc.translate
    here = {"record": record.name, "id": context.id}
    away = None
    if row["archived_at"] is None and allows(request.db, record.permission("write")):
        url = request.url_of("record.archive", **here)
        away = {"title": _("Archive"), "icon": "archive", "method": "post", "url": url}
    return {
        "title": say(_("Delete: ${name}"), {"name": heading_of(request, record, row)}),
        "crumbs": crumbs(request, record, row),
        "post_url": request.url_of("record.delete", **here),
        "back_url": card_url(request, record, context.id),
        "archive": away,
        **consequences_shown(request, record, [row]),
    }


@view_config(route_name="record.delete", request_method="POST", permission="delete")
def remove(context: RowContext, request: Request) -> HTTPSeeOther:
    title = heading_of(request, context.record, context.row)
    written = delete(request.db, context.record, [context.id])
    message = _("${name} is deleted.", mapping={"name": title})
    home = request.url_of("record.list", record=context.record.name)
    return done(request, message, written.change_set, home)


def consequences_shown(
    request: Request, record: RecordType, rows: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """What goes with these rows, what stays without them and what stands in the way, for the theme."""
    doomed = taken_along(request.db, record, [row["id"] for row in rows])
    found = left_behind(request.db, doomed)
    blocked = [_blocked(request, one) for one in found if one.effect == "blocks"]
    if not blocked and (why := refused(request.db, doomed)):
        blocked = [{"title": why}]
    stays = [
        {
            "title": f"{request.loc.translate(one.record.plural)}: {request.loc.translate(one.field.title)}",
            "count_text": request.loc.number(one.count),
            "icon": one.record.icon,
        }
        for one in found
        if one.effect == "stays"
    ]
    return {
        "takes": [*_parts(request, record, rows), *_along(request, doomed)],
        "stays": stays,
        "blocked": blocked,
    }


def _along(request: Request, doomed: Sequence[Doomed]) -> list[dict[str, Any]]:
    """Rows of other records that go too, and all files."""
    files = sum(files_of(request.db, one.record.name, one.ids) for one in doomed)
    counts: dict[str, int] = {}
    for one in doomed[1:]:
        counts[one.record.name] = counts.get(one.record.name, 0) + len(one.ids)
    records = {one.record.name: one.record for one in doomed}
    found = [
        {"title": records[name].plural, "count_text": request.loc.number(count), "icon": records[name].icon}
        for name, count in counts.items()
    ]
    if files:
        found.append({"title": _("Files"), "count_text": request.loc.number(files), "icon": "paperclip"})
    return found


def _blocked(request: Request, one: Consequence) -> dict[str, Any]:
    text = request.loc.plural(
        "${n} of them cannot do without it", "${n} of them cannot do without it", one.count
    )
    return {"title": one.record.plural, "text": text}


def _parts(request: Request, record: RecordType, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Phones, addresses and other lines that nobody else has."""
    found = []
    for item in fields_of(request.db, record):
        count = sum(len(row.get(item.name) or ()) for row in rows) if item.storage == "part" else 0
        if count:
            found.append({"title": item.title, "count_text": request.loc.number(count), "icon": "minus"})
    return found
