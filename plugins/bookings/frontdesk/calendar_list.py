"""The visits of a period as a list, for who looks for one rather than for room."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from itertools import groupby
from typing import Any

from babel.dates import format_interval
from pyramid.request import Request
from pyramid.view import view_config

from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.bookings.frontdesk import calendar_rows
from parlour.plugins.bookings.frontdesk.calendar import titles_of
from parlour.plugins.bookings.frontdesk.calendar_asked import PERIODS, READ, Asked, write_down
from parlour.plugins.bookings.models import Appointment
from parlour.plugins.bookings.offers import zone_of
from parlour.plugins.bookings.statuses import LOOKS, STATUSES
from parlour.plugins.schedule.clocks import moment
from parlour.records.keyset import Page
from parlour.records.query import Row, page
from parlour.records.registry import fields_of, record_type
from parlour.web.contexts import OrganisationContext

SHOWN = 50
max_queries = 40


@view_config(
    route_name="bookings.list", request_method="GET", permission=READ, renderer="bookings/list.jinja2"
)
def visits(context: OrganisationContext, request: Request) -> dict[str, Any]:
    """Visits of a day, a week or a month, of one specialist and in one state where that is asked for; page by page."""
    asked = Asked(request, "list")
    first, last = asked.span
    found = _page(request.db, asked, request.GET.get("after"), request.GET.get("before"))
    services = _services(request.db, [row["id"] for row in found.rows])
    write_down(request, found.rows, since=first.isoformat(), until=last.isoformat())
    loc = request.loc
    title = (
        loc.date(first, "full") if first == last else format_interval(first, last, "yMMMd", locale=loc.babel)
    )
    rows = groupby(found.rows, key=lambda row: row["starts"].date())
    return asked.frame() | {
        "title": title,
        "days": [
            {
                "title": loc.date(day, "full"),
                "rows": [_shown(request, row, services[row["id"]]) for row in some],
            }
            for day, some in rows
        ],
        "pages": {
            "prev_url": asked.url(before=found.previous) if found.previous else None,
            "next_url": asked.url(after=found.next) if found.next else None,
        },
        "periods": [
            {"name": name, "title": title, "active": name == asked.period} for name, title in PERIODS.items()
        ],
        "statuses": [
            {"name": name, "title": one.title, "active": name == asked.status}
            for name, one in STATUSES.items()
        ],
        "clear_url": asked.url(staff=None, status=None) if asked.staff or asked.status else None,
    }


def _page(session: Session, asked: Asked, after: str | None, before: str | None) -> Page:
    kind = record_type(Appointment)
    wanted = ("client", "visitor", "starts", "ends", "status", "total", "seats", "to_check")
    first, last = asked.span
    zone = zone_of(session, asked.branch)
    begin, end = calendar_rows.bounds(first, zone, (last - first).days + 1)
    conditions: list[Any] = [
        ["starts", ">=", moment(begin).isoformat()],
        # What begins is on a whole minute.
        ["starts", "<=", (moment(end) - timedelta(minutes=1)).isoformat()],
    ]
    if asked.staff is not None:
        conditions.append(["lines.staff", "=", asked.staff])
    if asked.status is not None:
        conditions.append(["status", "=", asked.status])
    if asked.branch is not None:
        conditions.append({"or": [["branch", "=", asked.branch], ["branch", "empty", True]]})
    return page(
        session,
        kind,
        fields=[item for item in fields_of(session, kind) if item.name in wanted],
        filter={"and": conditions},
        sort="starts",
        after=after,
        before=before,
        limit=SHOWN,
    )


def _services(session: Session, visit_ids: list[int]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for line in calendar_rows.lines(session, visit_ids, titled=True):
        found[line.get("appointment", {}).get("id", 0)].append(line)
    return found


def _shown(request: Request, row: Row, lines: list[Row]) -> dict[str, Any]:
    loc = request.loc
    status, look = STATUSES[row["status"]], LOOKS[row["status"]]
    people = dict.fromkeys(line["staff"]["title"] for line in lines if line.get("staff"))
    total = row.get("total")
    return {
        "time": loc.time(row["starts"].time()),
        "url": request.url_of("record.card", record="bookings.appointment", id=row["id"]),
        "who": titles_of(row) or loc.translate(_("Without a name")),
        "seats": row["seats"] if row.get("seats", 1) > 1 else None,
        "what": ", ".join(line.get("name") or "–" for line in lines),
        "whom": ", ".join(people),
        "status": status.title,
        "icon": look.icon,
        "tone": look.tone,
        "price": loc.money(total.amount, total.currency) if total else "",
        "to_check": row.get("to_check"),
        "over": not status.open,
    }
