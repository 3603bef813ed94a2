"""The specialist's own day, on a phone in the other hand: who comes next, what to know about them, and what becomes of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pyramid.httpexceptions import HTTPBadRequest, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select

from parlour.access.rules import holds
from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.plugins.bookings import services
from parlour.plugins.bookings.frontdesk import calendar_rows as rows
from parlour.plugins.bookings.frontdesk import live
from parlour.plugins.bookings.frontdesk.calendar import titles_of
from parlour.plugins.bookings.frontdesk.calendar_asked import MOVE, day_in, number_in
from parlour.plugins.bookings.late import WAITS, run_late
from parlour.plugins.bookings.marks import marks_of
from parlour.plugins.bookings.models import Appointment, Line
from parlour.plugins.bookings.offers import zone_of
from parlour.plugins.bookings.statuses import LOOKS, STATUSES
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.clocks import minutes, moment
from parlour.plugins.schedule.models import Staff
from parlour.records.defaults import defaults_of
from parlour.records.pages.reads import saw_list
from parlour.records.pages.undoing import done
from parlour.records.query import Row, read, visible
from parlour.records.registry import fields_of, record_type
from parlour.web import flash
from parlour.web.contexts import OrganisationContext

MINE = "bookings:mine:write"
# What is said about a visit, the usual next step first: title, icon and what was done.
STEPS: dict[str, tuple[Any, str, Any]] = {
    "arrived": (_("Has arrived"), "door-open", _("Noted: the client is here.")),
    "in_progress": (_("Begin"), "scissors", _("Noted: it has begun.")),
    "done": (_("Done"), "check-check", _("Noted: it is done.")),
    "no_show": (_("Did not come"), "user-x", _("Noted: the client did not come.")),
}
TODAY: dict[str, tuple[str, ...]] = {
    "requested": ("arrived", "in_progress", "no_show"),
    "booked": ("arrived", "in_progress", "no_show"),
    "confirmed": ("arrived", "in_progress", "no_show"),
    "arrived": ("in_progress", "done", "no_show"),
    "in_progress": ("done",),
    "done": ("in_progress",),
    "no_show": ("arrived",),
}
# Of a day that is over only what became of it can still be said, and of one to come nothing yet.
OVER = {
    **dict.fromkeys(("requested", "booked", "confirmed", "arrived"), ("done", "no_show")),
    "in_progress": ("done",),
    "done": ("no_show",),
    "no_show": ("done",),
}
LATE = (5, 10, 15, 20, 30, 45, 60)
# Less than this between two visits is no pause.
PAUSE = 15
_KNOWN = ("must_know", "note", "phones")
max_queries = 40


@view_config(
    route_name="bookings.my_day", request_method="GET", permission=MINE, renderer="bookings/my_day.jinja2"
)
def my_day(context: OrganisationContext, request: Request) -> Any:
    """Today, or another day, of whoever looks: their own visits, whatever else they may see."""
    staff = mine(request.db)
    today = today_of(request.db)
    day = day_in(request.GET.get("date", "")) or today
    one = timedelta(days=1)

    def draw() -> dict[str, Any]:
        return {
            "visits": [] if staff is None else _Day(request, staff, day).shown(),
            "linked": staff is not None,
            "address": _url(request, day),
        }

    branch = staff["branch"] if staff else None
    values = live.drawn(request, rows.stamp(request.db, day, branch), "bookings/_my_day.jinja2", draw)
    if not isinstance(values, dict):
        return values
    return values | {
        "title": request.loc.date(day, "full"),
        "before": _url(request, day - one),
        "after": _url(request, day + one),
        "today": None if day == today else _url(request, today),
        "late": LATE if day == today and any(each.get("waits") for each in values["visits"]) else (),
    }


def today_of(session: Session) -> date:
    """Which day it is where the salon is."""
    return defaults_of(session).today()


def _url(request: Request, day: date) -> str:
    query = None if day == today_of(request.db) else {"date": day.isoformat()}
    return str(request.url_of("bookings.my_day", query=query))


@view_config(route_name="bookings.my_day", request_method="POST", permission=MINE)
def say(context: OrganisationContext, request: Request) -> Response:
    """Say what becomes of one of one's own visits, or that one is late."""
    session, given = request.db, request.POST.get
    staff = mine(session)
    if staff is None:
        raise NotFound(_("Your log-in belongs to no specialist"))
    back = _url(request, day_in(request.GET.get("date", "")) or today_of(session))
    change_set: int | None
    try:
        with session.begin_nested():
            if "late" in request.POST:
                change_set, said = _late(session, staff["id"], request.POST)
            else:
                visit, become = number_in(given("visit", "")), given("become", "")
                if visit is None or become not in STEPS:
                    raise HTTPBadRequest()
                _own(session, staff["id"], visit, become)
                change_set, said = services.set_status(session, visit, become), STEPS[become][2]
    except Refusal as refused:
        # Another desk was faster; the page shows how it stands.
        flash.say(request, refused.message, "warn")
        return HTTPSeeOther(back)
    # Taking it back is a right of its own.
    return done(request, said, change_set if holds(session, MOVE) else None, back)


def _late(session: Session, staff: int, given: Mapping[str, str]) -> tuple[int, Any]:
    found = run_late(
        session,
        staff,
        number_in(given.get("late", "")) or 0,
        shift="shift" in given,
        tell="tell" in given,
        action="read",
    )
    return found.change_set, found.said


def mine(session: Session) -> Row | None:
    """The specialist as whom this person logs in, with their branch; None when nobody is."""
    found = session.execute(
        select(Staff.id, Staff.branch).where(Staff.user == session.scope.user_id, Staff.archived_at.is_(None))
    ).first()
    return None if found is None or session.scope.user_id is None else dict(found._mapping)


def _own(session: Session, staff: int, visit: int, become: str) -> None:
    """Raise NotFound unless a service of the visit is this specialist's, Refusal for what cannot be said of its day."""
    theirs = select(Line.appointment_id).where(Line.staff_id == staff, Line.archived_at.is_(None))
    conditions = [*visible(session, record_type(Appointment)), Appointment.id.in_(theirs)]
    statement = select(Appointment.starts, Appointment.starts_zone).where(
        Appointment.id == visit, *conditions
    )
    found = session.execute(statement).first()
    if found is None:
        raise NotFound(_("There is no such visit, or it is not yours to change."))
    # The page may have been open since yesterday.
    day = found.starts.astimezone(ZoneInfo(found.starts_zone)).date()
    if not any(become in then for then in _steps(day, today_of(session)).values()):
        raise Refusal(_("This cannot be said of a visit on that day."))


def _steps(day: date, today: date) -> Mapping[str, tuple[str, ...]]:
    """What can be said of visits of a day, by their status."""
    return TODAY if day == today else OVER if day < today else {}


def _step(name: str, status: str) -> dict[str, Any]:
    """A button; after the last step it takes that one back."""
    if status == "done" and name == "in_progress":
        return {"name": name, "title": _("Not done yet"), "icon": "undo-2"}
    title, icon, _said = STEPS[name]
    return {"name": name, "title": title, "icon": icon}


class _Day:
    """One day of a specialist as the template draws it: visits with what to know, and the pauses between them."""

    def __init__(self, request: Request, staff: Row, day: date):
        self.request, self.loc, self.session = request, request.loc, request.db
        self.staff = staff["id"]
        self.zone = ZoneInfo(zone_of(self.session, staff["branch"]))
        start, end = rows.bounds(day, self.zone.key)
        self.visits = [
            *rows.visits(self.session, start, end, None, self.staff),
            *(
                row | {"group": True}
                for row in rows.sessions(self.session, start, end, None)
                if row.get("staff") == self.staff
            ),
        ]
        ids = [visit["id"] for visit in self.visits if not visit.get("group")]
        self.lines: dict[int, list[Row]] = defaultdict(list)
        for line in rows.lines(self.session, ids, titled=True):
            if line.get("staff") and line["staff"]["id"] == self.staff:
                self.lines[line["appointment"]["id"]].append(line)
        self.clients = self._clients(day)
        self.present = now()
        today = today_of(self.session)
        self.is_today = day == today
        self.steps = _steps(day, today)

    def _clients(self, day: date) -> dict[int, Row]:
        """What may be seen of the clients; that it was seen is written down."""
        kind = record_type(Contact)
        ids = {visit["client"]["id"] for visit in self.visits if isinstance(visit.get("client"), dict)}
        fields = [item for item in fields_of(self.session, kind) if item.name in (*_KNOWN, kind.title_field)]
        found = read(self.session, kind, fields, [*visible(self.session, kind), Contact.id.in_(ids)])
        saw_list(self.request, kind, fields, len(ids), day=day.isoformat())
        return {row["id"]: row for row in found}

    def shown(self) -> list[dict[str, Any]]:
        found = [
            self.group(visit) if visit.get("group") else self.visit(visit, self.lines[visit["id"]])
            for visit in self.visits
            if visit.get("group") or self.lines[visit["id"]]
        ]
        found.sort(key=lambda each: (each["starts"], each["ends"]))
        current = next(
            (each for each in found if each.get("status") == "in_progress"),
            next((each for each in found if each.get("open")), None),
        )
        until = None
        for each in found:
            each["current"] = self.is_today and each is current
            pause = 0 if until is None else each["starts"] - until
            each["pause"] = self.loc.plural("${n} minute", "${n} minutes", pause) if pause >= PAUSE else ""
            until = max(until or 0, each["ends"])
        return found

    def time(self, at: int) -> str:
        return str(self.loc.time(moment(at).astimezone(self.zone).time()))

    def visit(self, visit: Row, lines: Sequence[Row]) -> dict[str, Any]:
        begin = minutes(visit["starts"])
        starts = begin + min(line.get("offset") or 0 for line in lines)
        ends = begin + max((line.get("offset") or 0) + (line.get("minutes") or 0) for line in lines)
        status, look = STATUSES[visit["status"]], LOOKS[visit["status"]]
        client = self.clients.get(visit["client"]["id"], {}) if isinstance(visit.get("client"), dict) else {}
        phone = next((line["number"] for line in client.get("phones") or () if line.get("number")), None)
        rooms = dict.fromkeys(room["title"] for line in lines for room in line.get("resources") or ())
        notes = (visit.get("comment"), visit.get("note"), client.get("note"))
        return {
            "id": visit["id"],
            "starts": starts,
            "ends": ends,
            "time": self.time(starts),
            "until": self.time(ends),
            "who": titles_of(visit) or self.loc.translate(_("Without a name")),
            "url": self.request.url_of("record.card", record="bookings.appointment", id=visit["id"]),
            "what": ", ".join(line.get("name") or "–" for line in lines),
            "where": ", ".join(rooms),
            "must_know": client.get("must_know") or "",
            "notes": [text for text in notes if text],
            "phone": phone,
            "phone_text": self.loc.phone(phone) if phone else "",
            "marks": marks_of(visit, self.present, self.loc),
            "status": visit["status"],
            "status_title": status.title,
            "icon": look.icon,
            "tone": look.tone,
            "open": status.open,
            "waits": visit["status"] in WAITS,
            "steps": [_step(name, visit["status"]) for name in self.steps.get(visit["status"], ())],
        }

    def group(self, row: Row) -> dict[str, Any]:
        """A group session: who comes is on its card."""
        starts = minutes(row["starts"])
        ends = starts + (row.get("minutes") or 0)
        places = {"taken": self.loc.number(row["taken"]), "seats": self.loc.number(row.get("seats") or 0)}
        return {
            "starts": starts,
            "ends": ends,
            "time": self.time(starts),
            "until": self.time(ends),
            "who": row.get("name") or "",
            "url": self.request.url_of("record.card", record="bookings.group", id=row["id"]),
            "what": self.loc.translate(_("${taken} of ${seats} places taken", mapping=places)),
            "notes": [row["note"]] if row.get("note") else [],
            "status_title": _("Group session"),
            "icon": "users-round",
            "tone": "accent",
            "open": minutes(self.present) < ends,
            "waits": minutes(self.present) < starts or row["delay"] is not None,
            "marks": marks_of({"status": "booked", "delay": row["delay"]}, self.present, self.loc),
        }
