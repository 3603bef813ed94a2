"""The calendar's pages of a day and of a week, for who sits at the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from babel.dates import format_interval
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from parlour.access.rules import allows
from parlour.plugins.bookings.frontdesk import calendar, calendar_load, calendar_rows, live, waiting_pages
from parlour.plugins.bookings.frontdesk.calendar_asked import READ, WEEK, Asked, write_down
from parlour.plugins.bookings.frontdesk.calendar_drawing import ROW, Drawing
from parlour.plugins.schedule.clocks import DAY
from parlour.web.contexts import OrganisationContext

max_queries = 40


@view_config(route_name="bookings.rows", permission=READ)
def rows(context: OrganisationContext, request: Request) -> Response:
    """The style sheet that puts things on their minute: `at-N` is the row where something begins, `for-N` how many it takes.

    Positions may not stand in style attributes, which the pages' policy refuses, so every possible one is a class. It depends on
    nothing but its address and lasts for ever.
    """
    many = DAY // ROW
    lines = [f".at-{row}{{grid-row-start:{row + 1}}}" for row in range(many)]
    lines += [f".for-{count}{{grid-row-end:span {count}}}" for count in range(1, many + 1)]
    response = Response("\n".join(lines), content_type="text/css", charset="utf-8")
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


@view_config(route_name="bookings.day", request_method="GET", permission=READ, renderer="bookings/day.jinja2")
def day(context: OrganisationContext, request: Request) -> Any:
    """A day by specialists or by rooms."""
    asked = Asked(request, "day")

    def drawn() -> dict[str, Any]:
        only = asked.staff if asked.by == "staff" else None
        days = calendar.days_of(request.db, asked.day, 1, by=asked.by, branch_id=asked.branch, only=only)
        write_down(request, days[0].visits, day=asked.day.isoformat())
        return {"day": Drawing(request, asked, days).values()}

    page = _live(request, asked, request.loc.date(asked.day, "full"), "_day", drawn)
    if isinstance(page, dict):
        page["waiting_count"] = waiting_pages.count(request.db, asked.day, asked.branch)
        page["waiting_url"] = asked.url(waiting=None if asked.waiting else "1")
        if asked.waiting and allows(request.db, waiting_pages.READ):
            page["waiting"] = waiting_pages.beside(request, asked)
    return page


@view_config(
    route_name="bookings.week", request_method="GET", permission=READ, renderer="bookings/day.jinja2"
)
def week(context: OrganisationContext, request: Request) -> Any:
    """One specialist's week as a grid; without one, how full everybody's days are."""
    asked = Asked(request, "week")
    first, last = asked.span

    def drawn() -> dict[str, Any]:
        if asked.staff is None:
            return {"load": calendar_load.drawn(request, asked)}
        days = calendar.days_of(request.db, first, WEEK, branch_id=asked.branch, only=asked.staff)
        seen = {visit["id"]: visit for each in days for visit in each.visits}
        write_down(request, list(seen.values()), week=first.isoformat())
        return {"day": Drawing(request, asked, days).values()}

    name = "_load" if asked.staff is None else "_day"
    title = format_interval(first, last, "yMMMd", locale=request.loc.babel)
    return _live(request, asked, title, name, drawn)


def _live(request: Request, asked: Asked, title: str, name: str, drawn: Callable[[], dict[str, Any]]) -> Any:
    """A page with what is drawn on it, which stays up to date, and all that stands around."""
    first, last = asked.span
    days = (last - first).days + 1
    stamp = calendar_rows.stamp(request.db, first, asked.branch, days=days)
    values = live.drawn(request, stamp, f"bookings/{name}.jinja2", drawn)
    if not isinstance(values, dict):
        return values
    return values | asked.frame() | {"title": title, "live": asked.url(), "part": name}
