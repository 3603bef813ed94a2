"""Booking at the desk and blocking time: the form of a new visit, and what is pressed beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from pyramid.httpexceptions import HTTPBadRequest
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from parlour.errors import Invalid, Refusal
from parlour.i18n import _
from parlour.plugins.bookings.frontdesk import desk
from parlour.plugins.bookings.frontdesk.booking_form import BLOCK, MORE, TAKE, Booking
from parlour.plugins.bookings.frontdesk.calendar import titles_of
from parlour.plugins.bookings.frontdesk.calendar_asked import BOOK, number_in, write_down
from parlour.plugins.bookings.offers import zone_of
from parlour.plugins.schedule.clocks import DAY, moment
from parlour.plugins.schedule.models import Absence
from parlour.records.pages.undoing import done
from parlour.records.write import Change, write
from parlour.web.contexts import OrganisationContext
from parlour.web.rendering import template

max_queries = 60


@view_config(route_name="bookings.book", request_method="GET", permission=BOOK)
def ask(context: OrganisationContext, request: Request) -> Response:
    """The form of a new visit; a dialog where scripts run."""
    booking = Booking(request)
    return _page(request, booking.form.show(booking.start()), block=booking.block())


@view_config(route_name="bookings.book", request_method="POST", permission=BOOK)
def book(context: OrganisationContext, request: Request) -> Response:
    """Book what was filled in, or show the form with a box for another service or with another time."""
    booking = Booking(request)
    if MORE in request.POST or TAKE in request.POST:
        return _page(request, booking.again())
    try:
        with request.db.begin_nested():
            return booking.book()
    except (Invalid, Refusal) as error:
        return _page(request, booking.form.again(error), 422)


def _page(
    request: Request, form: Any, status: int = 200, *, block: Mapping[str, Any] | None = None
) -> Response:
    values: dict[str, Any] = {
        "title": _("New visit"),
        "lead": "",
        "crumbs": [{"title": _("Calendar"), "url": request.url_of("bookings.day")}],
        "form": form,
    }
    if "X-Fragment" in request.headers:
        name, values["block"] = "bookings/_book.jinja2", block
    else:
        name = "form.jinja2"
        values["aside"] = [template(request, "bookings/_beside.jinja2", {"block": block})] if block else []
    response = render_to_response(name, values, request=request)
    response.status_code = status
    return response


@view_config(route_name="bookings.block", request_method="POST", permission=BLOCK)
def block(context: OrganisationContext, request: Request) -> Response:
    """Take time of a specialist out of the day. Visits that lie in it stay, and are counted."""
    given = request.POST.get
    staff, branch, length = (number_in(given(name, "")) for name in ("staff", "branch", "minutes"))
    zone = zone_of(request.db, branch)
    start = desk.instant(given("at", ""), zone)
    if start is None or staff is None:
        raise HTTPBadRequest()
    local = moment(start).astimezone(ZoneInfo(zone))
    first = local.hour * 60 + local.minute
    last = min(first + length, DAY) if length else DAY
    values = {
        "staff": staff,
        "reason": "break",
        "since": local.date(),
        "since_time": first,
        "until": local.date(),
        # Up to midnight is no time of day.
        "until_time": last if last < DAY else None,
    }
    done_ = write(request.db, Absence, [Change(values)], label="block")
    there = desk.in_the_way(request.db, start, start + last - first, staff=[staff])
    write_down(request, there)
    said: Any = _("The time is blocked.")
    if there:
        names = ", ".join(titles_of(row) or "–" for row in there)
        said = _("The time is blocked. Still in it: ${names}.", mapping={"names": names})
    query = {"date": local.date().isoformat()} | ({"branch": str(branch)} if branch else {})
    return done(request, said, done_.change_set, request.url_of("bookings.day", query=query))
