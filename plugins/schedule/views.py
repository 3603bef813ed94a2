"""The plugin's own pages: a link for calendar apps. Its box for times of day is the browser's."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select

from parlour.access.views import forms
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.mail.letters import site_address
from parlour.plugins.schedule import feeds
from parlour.plugins.schedule.kinds import ClockKind
from parlour.plugins.schedule.models import Resource, Staff
from parlour.plugins.schedule.services import STAFF
from parlour.records.form_boxes import Drawing, widget_for
from parlour.records.query import visible
from parlour.records.registry import record_type
from parlour.web import flash, widgets
from parlour.web.contexts import OrganisationContext
from parlour.web.rendering import once


def includeme(config: Configurator) -> None:
    config.add_route("schedule.link", r"/link/{kind:staff|resource}/{id:\d{1,18}}")
    config.add_route("schedule.holidays", "/holidays")
    config.scan("parlour.plugins.schedule.holiday_pages")


@widget_for.register
def _clock(kind: ClockKind, drawing: Drawing) -> Any:
    return widgets.TimeWidget()


@view_config(route_name="schedule.link", request_method="POST", permission="schedule:calendar:share")
def link(context: OrganisationContext, request: Request) -> Any:
    """Make a link to a calendar, which ends the one before, or end it."""
    kind, row_id = request.matchdict["kind"], int(request.matchdict["id"])
    cls: Any = Staff if kind == STAFF else Resource
    record = record_type(cls)
    row = select(cls.name).where(cls.id == row_id, *visible(request.db, record))
    name = request.db.scalar(row)
    if name is None:
        raise NotFound(_("There is no such record, or it is not yours to see."))
    card = request.url_of("record.card", record=record.name, id=row_id)
    if forms.posted(request, "do") == "end":
        feeds.revoke(request.db, (kind, row_id))
        flash.say(request, _("The link is ended."))
        return HTTPSeeOther(card)
    token = feeds.make(request.db, (kind, row_id))
    path = request.url_of("schedule.api.calendar", token=token)
    values = {
        "title": _("Calendar of ${name}", mapping={"name": name}),
        "address": site_address(request.settings, path),
        "crumbs": [{"title": name, "url": card}],
    }
    return once(request, "schedule/link.jinja2", values)
