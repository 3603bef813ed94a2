"""Visits at which nobody works any more: somebody is ill, or hours were changed. Staff decide about each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from pyramid.httpexceptions import HTTPBadRequest, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select

from parlour.db.base import now
from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.plugins.bookings import occupied, services
from parlour.plugins.bookings.frontdesk import desk
from parlour.plugins.bookings.frontdesk.calendar import titles_of
from parlour.plugins.bookings.frontdesk.calendar_asked import MOVE, number_in, write_down
from parlour.plugins.bookings.models import Appointment
from parlour.plugins.bookings.offers import Search, Wanted, search
from parlour.plugins.schedule.clocks import DAY, minutes, moment
from parlour.plugins.schedule.models import Staff
from parlour.plugins.schedule.services import uncovered
from parlour.records.pages.undoing import done
from parlour.records.query import Row, read, visible
from parlour.records.registry import fields_of, record_type
from parlour.web import flash
from parlour.web.contexts import OrganisationContext

DAYS = 31
# Visits on one page; for each other times are looked for.
SHOWN = 15
PROPOSED = 3
max_queries = 30 + 5 * SHOWN


@view_config(
    route_name="bookings.uncovered",
    request_method="GET",
    permission=MOVE,
    renderer="bookings/uncovered.jinja2",
)
def page(context: OrganisationContext, request: Request) -> dict[str, Any]:
    """The next such visits, each with who else could do it then and which other times are near."""
    session = request.db
    # Who has left is seen too: somebody else has to do what is booked of them.
    seen = select(Staff.id, Staff.name).where(*visible(session, record_type(Staff), archived=None))
    names = {row.id: row.name for row in session.execute(seen)}
    found = _visits(request, names)
    write_down(request, found[:SHOWN])
    return {"visits": [_shown(request, row, names) for row in found[:SHOWN]], "more": len(found) > SHOWN}


@view_config(route_name="bookings.uncovered", request_method="POST", permission=MOVE)
def settle(context: OrganisationContext, request: Request) -> Response:
    """Move a visit to a time that was proposed, with whoever is free then."""
    given = [request.POST.get(name, "") for name in ("visit", "start")]
    visit, start = map(number_in, given)
    # Minutes since 1970, within the years that there are.
    if visit is None or start is None or start >= 10**9:
        raise HTTPBadRequest()
    back = request.url_of("bookings.uncovered")
    desk.still_theirs(request.db, visit, "write")
    anybody = dict.fromkeys(range(len(services.wanted_of(request.db, visit))))
    try:
        with request.db.begin_nested():
            moved = services.move(request.db, visit, start, by="staff", staff=anybody)
            desk.still_theirs(request.db, visit, "write")
    except Refusal as refused:
        flash.say(request, refused.message, "warn")
        return HTTPSeeOther(back)
    return done(request, moved.said, moved.change_set, back)


def _visits(request: Request, staff: Mapping[int, str]) -> list[Row]:
    session = request.db
    until = minutes(now()) + DAYS * DAY
    ids = {
        one.source_id for one in uncovered(session, list(staff), until=until) if one.source == occupied.VISIT
    }
    kind = record_type(Appointment)
    fields = [kind.field(name) for name in ("starts", "status", "branch")]
    fields += [item for item in fields_of(session, kind) if item.name in ("client", "visitor")]
    conditions = [*visible(session, kind, action="write"), Appointment.id.in_(sorted(ids))]
    order = [Appointment.starts, Appointment.id]
    return read(session, kind, fields, conditions, order_by=order, limit=SHOWN + 1, titled=True)


def _shown(request: Request, row: Row, names: Mapping[int, str]) -> dict[str, Any]:
    loc = request.loc
    branch = row["branch"]["id"] if isinstance(row["branch"], dict) else row["branch"]
    start = minutes(row["starts"])
    wanted = services.wanted_of(request.db, row["id"])
    proposals: list[dict[str, Any]] = []
    try:
        found = search(
            request.db,
            [Wanted(one.item) for one in wanted],
            start - DAY,
            start + 7 * DAY,
            by="staff",
            branch_id=branch,
            without=(occupied.VISIT, [row["id"]]),
        )
    except (Refusal, NotFound):  # nobody does it any more
        pass
    else:
        present = minutes(now())
        near = sorted((at for at in found.starts() if at > present), key=lambda at: (abs(at - start), at))
        times = [start] if found.choose(start) and start > present else []
        times += sorted(at for at in near[: PROPOSED + 1] if at != start)
        proposals = [_proposal(request, found, at, start, names) for at in times]
    local = row["starts"]
    return {
        "title": titles_of(row) or loc.translate(_("Without a name")),
        "when": f"{loc.date(local.date())}, {loc.time(local.time())}",
        "url": request.url_of("record.card", record="bookings.appointment", id=row["id"]),
        "cancel": request.url_of("record.act", record="bookings.appointment", id=row["id"], action="cancel"),
        "id": row["id"],
        "proposals": proposals,
    }


def _proposal(
    request: Request, found: Search, at: int, start: int, names: Mapping[int, str]
) -> dict[str, Any]:
    loc = request.loc
    local = moment(at).astimezone(ZoneInfo(found.zone))
    chosen = found.choose(at) or []
    who = ", ".join(dict.fromkeys(names.get(one.option.staff, "") for one in chosen))
    same_day = local.date() == moment(start).astimezone(ZoneInfo(found.zone)).date()
    when = (
        loc.time(local.time()) if same_day else f"{loc.date(local.date(), 'short')} {loc.time(local.time())}"
    )
    return {"start": at, "text": f"{when} · {who}"}
