"""Repeating a visit: the rule, what it comes to day by day, and what there is of a series already."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import or_

from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.plugins.bookings import series
from parlour.plugins.bookings.frontdesk import desk
from parlour.plugins.bookings.frontdesk.calendar import titles_of
from parlour.plugins.bookings.frontdesk.calendar_asked import BOOK, day_in
from parlour.plugins.bookings.models import Appointment
from parlour.plugins.bookings.series import MOST, MOST_EVERY, Planned, Unit
from parlour.plugins.bookings.statuses import LOOKS, STATUSES
from parlour.plugins.schedule.clocks import minutes, moment
from parlour.records.pages.undoing import done
from parlour.records.query import Row, read, visible
from parlour.records.registry import fields_of, record_type
from parlour.web.contexts import OrganisationContext

UNITS: dict[Unit, Any] = {
    "week": _("Weeks"),
    "month": _("Months, on the same date"),
    "weekday": _("Months, on the same weekday"),
    "day": _("Days"),
}
# What an address says where it says nothing.
USUAL = 8
# Times that are proposed for a day on which the visit cannot be had.
NEAR = 4
# Each day is looked at by itself.
max_queries = 60 + 20 * MOST


class _Rule:
    """How a visit is to repeat, as the address says it; `error` is what is wrong with that."""

    def __init__(self, request: Request):
        get = request.GET.get
        self.asked = "count" in request.GET
        self.every = _number(get("every"), 1)
        self.unit: Unit = next((unit for unit in UNITS if unit == get("unit")), "week")
        self.count = _number(get("count"), USUAL)
        self.until = day_in(get("until", ""))
        self.anybody = bool(get("anybody"))
        self.error: Any = None

    def starts(self, row: Row) -> list[int]:
        """The starts after the visit itself, which is the first of them."""
        begin = minutes(row["starts"])
        zone = row["starts"].tzinfo.key
        try:
            return series.starts_of(begin, zone, self.every, self.unit, self.count + 1, until=self.until)[1:]
        except Refusal as refused:
            self.error = refused.message
            return []


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 6 else otherwise


@view_config(
    route_name="bookings.repeat", request_method="GET", permission=BOOK, renderer="bookings/repeat.jinja2"
)
def show(context: OrganisationContext, request: Request) -> dict[str, Any]:
    """The rule of a visit that is to repeat, and what it comes to; nothing is booked."""
    return _page(request, _visit(request), _Rule(request))


@view_config(route_name="bookings.repeat", request_method="POST", permission=BOOK)
def book(context: OrganisationContext, request: Request) -> Response:
    """Book the times that were chosen, all or none."""
    row = _visit(request)
    rule = _Rule(request)
    # Minutes since 1970, within the years that there are.
    chosen = sorted({int(text) for text in request.POST.getall("at") if text.isdecimal() and len(text) < 10})
    try:
        made, change_set = series.repeat(request.db, row["id"], chosen, anybody=rule.anybody)
    except Refusal as refused:
        values = _page(request, row, rule, chosen) | {"refused": refused.message}
        response = render_to_response("bookings/repeat.jinja2", values, request=request)
        response.status_code = 409
        return response
    for one in made:
        desk.still_theirs(request.db, one, "create")
    said = _("Booked visits: ${n}.", mapping={"n": len(made)})
    return done(request, said, change_set, request.url_of("bookings.repeat", id=row["id"]))


def _visit(request: Request) -> Row:
    """The visit of the address, as far as this person may see it. Raises NotFound."""
    kind = record_type(Appointment)
    fields = [kind.field(name) for name in ("starts", "branch", "series", "group")]
    fields += [item for item in fields_of(request.db, kind) if item.name in ("client", "visitor")]
    conditions = [*visible(request.db, kind), Appointment.id == int(request.matchdict["id"])]
    rows = read(request.db, kind, fields, conditions, titled=True)
    if not rows:
        raise NotFound(_("There is no such visit."))
    if rows[0]["group"] is not None:
        raise NotFound(_("A place in a group session does not repeat; book the next session."))
    return rows[0]


def _page(request: Request, row: Row, rule: _Rule, chosen: Collection[int] | None = None) -> dict[str, Any]:
    """What the page shows; `chosen` are the times that were chosen before, when they could not be booked."""
    loc = request.loc
    starts = rule.starts(row) if rule.asked else []
    planned: list[Planned] = []
    if starts:
        wanted = series.again(request.db, row["id"], anybody=rule.anybody)
        branch = row["branch"]["id"] if isinstance(row["branch"], dict) else row["branch"]
        try:
            planned = series.preview(request.db, wanted, starts, by="staff", branch_id=branch, near=NEAR)
        except Refusal as refused:
            rule.error = refused.message
    zone = row["starts"].tzinfo
    card = request.url_of("record.card", record="bookings.appointment", id=row["id"])
    return {
        "title": titles_of(row) or loc.translate(_("Without a name")),
        "card_url": card,
        "when": _when(request, row["starts"]),
        "address": request.path_qs,
        "path": request.path,
        "rule": rule,
        "units": [
            {"name": name, "title": title, "active": name == rule.unit} for name, title in UNITS.items()
        ],
        "most": MOST,
        "most_every": MOST_EVERY,
        "planned": [_day(request, one, zone, chosen) for one in planned],
        "taken": sum(not one.free for one in planned),
        "visits": _visits(request, row),
    }


def _when(request: Request, local: datetime) -> str:
    loc = request.loc
    return f"{loc.date(local.date())}, {loc.time(local.time())}"


def _day(request: Request, one: Planned, zone: ZoneInfo, chosen: Collection[int] | None) -> dict[str, Any]:
    """One day of the preview with the times that can be chosen for it; the first of them is, unless none is free."""
    loc = request.loc
    local = moment(one.start).astimezone(zone)
    times = [one.start] if one.free else list(one.near)
    return {
        "title": format_skeleton("yMMMEd", local.date(), locale=loc.babel),
        "time": loc.time(local.time()),
        "free": one.free,
        "times": [
            {
                "start": at,
                "text": loc.time(moment(at).astimezone(zone).time()),
                "chosen": one.free if chosen is None else at in chosen,
            }
            for at in times
        ],
    }


def _visits(request: Request, row: Row) -> Sequence[dict[str, Any]]:
    """The series as it is, the visit among it."""
    if row["series"] is None:
        return []
    kind = record_type(Appointment)
    fields = [kind.field(name) for name in ("starts", "status")]
    mine = or_(Appointment.series == row["series"], Appointment.id == row["id"])
    rows = read(
        request.db,
        kind,
        fields,
        [*visible(request.db, kind), mine],
        order_by=[Appointment.starts, Appointment.id],
        limit=MOST * 4,
    )
    return [
        {
            "url": request.url_of("record.card", record=kind.name, id=one["id"]),
            "title": _when(request, one["starts"]),
            "status": STATUSES[one["status"]].title,
            "icon": LOOKS[one["status"]].icon,
            "here": one["id"] == row["id"],
        }
        for one in rows
    ]
