"""What a hand does in the calendar: it drags and stretches visits, and is told before the drop whether one may stand there."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from pyramid.httpexceptions import HTTPBadRequest
from pyramid.request import Request
from pyramid.view import view_config

from parlour.errors import Refusal
from parlour.i18n import _
from parlour.plugins.bookings.frontdesk import desk
from parlour.plugins.bookings.frontdesk.calendar_asked import MOVE, number_in, write_down
from parlour.plugins.bookings.frontdesk.desk import Landing, Place
from parlour.plugins.bookings.offers import Wanted, zone_of
from parlour.plugins.schedule.clocks import moment
from parlour.plugins.schedule.services import Taken
from parlour.records.pages.undoing import undo_url
from parlour.web.contexts import OrganisationContext

max_queries = 60


class _Hand:
    """Where a visit is dragged to, or how long it becomes, as the script says it."""

    def __init__(self, request: Request, given: Any):
        self.request = request
        line = number_in(given.get("line", ""))
        if line is None:
            raise HTTPBadRequest()
        self.place: Place = desk.place_of(request.db, line)
        zone = zone_of(request.db, self.place.branch)
        self.length = number_in(given.get("minutes", ""))
        start = desk.instant(given.get("at", ""), zone)
        room = number_in(given.get("room", ""))
        self.where = Landing(
            self.place.start if start is None else start,
            number_in(given.get("staff", "")),
            None if room is None else (number_in(given.get("left", "")), room),
        )
        self.force = given.get("force") == "1"

    @property
    def stretched(self) -> bool:
        return self.length is not None and self.length != self.place.minutes

    def refused(self, error: Refusal) -> dict[str, Any]:
        """What is in the way, in words."""
        place, where = self.place, self.where
        wanted = [Wanted(0, where.staff or place.staff, rooms=where.rooms(place))]
        why = desk.why_not(
            self.request.db,
            self.request.loc,
            wanted,
            where.start,
            where.start + (self.length or place.minutes),
            error,
            branch_id=place.branch,
            visit=place.visit,
        )
        write_down(self.request, why.visits)
        return {
            "free": False,
            "text": why.text(self.request.loc),
            "force": desk.force_allowed(self.request.db),
        }


@view_config(route_name="bookings.landing", request_method="GET", permission=MOVE, renderer="json")
def landing(context: OrganisationContext, request: Request) -> dict[str, Any]:
    """Whether a visit may be put there: asked while it is dragged, so that the conflict is seen before the drop."""
    if "line" not in request.GET:
        return {"free": False, "text": ""}
    hand = _Hand(request, request.GET)
    place, start = hand.place, hand.where.start
    said = None
    try:
        if hand.stretched:
            staff = [place.staff] if place.staff else []
            end = start + (hand.length or 0)
            if desk.taken(request.db, start, end, staff=staff, rooms=place.rooms, without=place.visit):
                raise Taken()
        else:
            said = desk.landing(request.db, place, hand.where)
    except Refusal as error:
        return hand.refused(error)
    return {"free": True, "text": request.loc.translate(said)}


@view_config(route_name="bookings.landing", request_method="POST", permission=MOVE, renderer="json")
def land(context: OrganisationContext, request: Request) -> dict[str, Any]:
    """Move or stretch a visit. Answers with what was done and how to undo it, or 422 with what is in the way."""
    hand = _Hand(request, request.POST)
    db = request.db
    try:
        with db.begin_nested():
            if hand.stretched:
                change_set = desk.lengthen(db, hand.place, hand.length or 0, force=hand.force)
                said = _("The visit takes ${n} minutes now.", mapping={"n": hand.length})
            else:
                moved = desk.move(db, hand.place, hand.where, force=hand.force)
                local = moment(hand.where.start).astimezone(ZoneInfo(zone_of(db, hand.place.branch)))
                told = {"time": request.loc.time(local.time()), "price": moved.repriced}
                change_set = moved.change_set
                said = (
                    _("Moved to ${time}. ${price}", mapping=told)
                    if moved.repriced
                    else _("Moved to ${time}.", mapping=told)
                )
    except Refusal as error:
        request.response.status_code = 422
        return hand.refused(error)
    back = request.POST.get("back", "")
    undo = undo_url(request, change_set, back) if change_set else None
    return {
        "free": True,
        "text": request.loc.translate(said),
        "undo": undo,
        "undo_title": request.loc.translate(_("Undo")),
    }
