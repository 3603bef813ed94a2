"""A person's data: what is kept, a copy to hand out, and erasing it."""

from __future__ import annotations

import json
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from parlour.access.accesslog import PERSON, note_after
from parlour.access.rules import allows
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.records.pages.addresses import card_url, crumbs, file_url, photo_field, title_of
from parlour.records.persons import copy_of, erase
from parlour.web import flash
from parlour.web.contexts import RowContext

max_queries = 40


def _check(context: RowContext) -> None:
    if not context.record.person:
        raise NotFound(_("There is no such page."))


@view_config(route_name="record.person", request_method="GET", permission="core:export_person")
def person(context: RowContext, request: Request) -> Response:
    _check(context)
    return _page(context, request)


def _page(context: RowContext, request: Request, error: Any = None) -> Response:
    record, row = context.record, context.row
    here = {"record": record.name, "id": context.id}
    sections = copy_of(request.db, record, context.id)
    photo = photo_field(request, record)
    values = {
        "title": _("Personal data"),
        "crumbs": crumbs(request, record, row),
        "record": {
            "id": row["id"],
            "title": title_of(record, row),
            "url": card_url(request, record, context.id),
            "photo_url": file_url(request, row.get(photo.name), "small") if photo else None,
        },
        "holds": [
            {"title": one.title, "count_text": request.loc.number(len(one.rows))}
            for one in sections
            if one.rows
        ],
        "exports": [
            {
                "title": _("Download everything (json)"),
                "icon": "download",
                "url": request.url_of("record.person.copy", **here),
            }
        ],
        "erase": {
            "url": request.url_of("record.person.erase", **here),
            "word": title_of(record, row),
            "error": error,
        }
        if allows(request.db, "core:erase_person")
        else None,
    }
    response = render_to_response("person_data.jinja2", values, request=request)
    response.status_code = 422 if error else 200
    return response


@view_config(route_name="record.person.copy", permission="core:export_person")
def copy(context: RowContext, request: Request) -> Response:
    """Everything that is kept about the person, as one file."""
    _check(context)
    record = context.record
    sections = copy_of(request.db, record, context.id)
    plain = [{"title": request.loc.translate(one.title), "rows": list(one.rows)} for one in sections]
    note_after(request, PERSON, record.name, 1, row_id=context.id)
    body = json.dumps(plain, ensure_ascii=False, indent=2, default=str)
    response = Response(body, content_type="application/json", charset="utf-8")
    response.content_disposition = f'attachment; filename="person-{context.id}.json"'
    return response


@view_config(route_name="record.person.erase", request_method="POST", permission="core:erase_person")
def forget(context: RowContext, request: Request) -> Response:
    _check(context)
    record, row = context.record, context.row
    if str(request.POST.get("typed", "")).strip() != title_of(record, row).strip():
        return _page(context, request, _("What you typed is not the name. Nothing was erased."))
    erase(request.db, record, context.id)
    flash.say(request, _("Everything that told who this was is erased."))
    return HTTPSeeOther(request.url_of("record.list", record=record.name))
