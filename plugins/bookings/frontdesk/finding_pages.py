"""The page on which somebody at the desk looks for free time; a time that is pressed opens the form of a new visit."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select

from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.plugins.bookings.frontdesk import desk, finding
from parlour.plugins.bookings.frontdesk.booking_form import MORE
from parlour.plugins.bookings.frontdesk.calendar_asked import BOOK, at_text, day_in, number_in
from parlour.plugins.bookings.frontdesk.finding import Start, Wish
from parlour.plugins.bookings.models import MAX_SERVICES
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.schedule.clocks import DAY
from parlour.plugins.schedule.models import WEEKDAYS, Resource
from parlour.records.defaults import defaults_of
from parlour.records.query import visible
from parlour.records.registry import record_type
from parlour.web.contexts import OrganisationContext

# Parts of the day: from and to, in minutes.
PARTS: dict[str, tuple[Any, int, int]] = {
    "": (_("Any time of day"), 0, DAY),
    "morning": (_("Morning, up to 12"), 0, 12 * 60 - 1),
    "day": (_("Daytime, 12 to 17"), 12 * 60, 17 * 60 - 1),
    "evening": (_("Evening, from 17"), 17 * 60, DAY),
}
# So many days ahead when nothing else is said, and so many days with free time on one page.
AHEAD = 13
SHOWN = 14
# What only passes through on the way to the form: for whom the time is.
CARRIED = ("client", "waiting")
max_queries = 40


@view_config(
    route_name="bookings.free", request_method="GET", permission=BOOK, renderer="bookings/free.jinja2"
)
def free(context: OrganisationContext, request: Request) -> dict[str, Any]:
    """Free times by day for what is asked for in the address."""
    asked = _Asked(request)
    days: dict[date, list[Start]] = {}
    refused = ""
    something = any(item is not None for item, _staff in asked.lines)
    if something and MORE not in request.GET:
        try:
            days = finding.free_starts(request.db, asked.wanted(), asked.wish, branch_id=asked.branch)
        except (Refusal, NotFound) as error:
            refused = request.loc.translate(error.message)
    shown = sorted(days)[:SHOWN]
    return asked.form() | {
        "refused": refused,
        "asked": something,
        "days": [
            {"title": request.loc.date(day, "full"), "starts": [asked.start(day, one) for one in days[day]]}
            for day in shown
        ],
        "later_url": asked.url(since=(shown[-1] + timedelta(days=1)).isoformat())
        if len(days) > SHOWN
        else None,
        "further_url": asked.further(),
    }


class _Asked:
    """What the address of the page says."""

    def __init__(self, request: Request):
        self.request, self.session = request, request.db
        get = request.GET.get
        self.choices = desk.choices(request.db)
        branches = defaults_of(request.db).branches
        branch = number_in(get("branch", ""))
        # All of them, when they were chosen: in the box, or in the calendar from which somebody comes.
        all_of_them = get("branch") in ("", "all")
        self.branch = branch if branch in branches else None if all_of_them else request.db.scope.branch_id
        today = defaults_of(request.db).today()
        first = max(day_in(get("since", "")) or today, today)
        last = day_in(get("until", "")) or first + timedelta(days=AHEAD)
        self.part = get("part") if get("part") in PARTS else ""
        weekdays = frozenset(int(text) for text in request.GET.getall("weekday") if text in dict(WEEKDAYS))
        _title, earliest, latest = PARTS[self.part]
        self.wish = Wish(first, max(first, last), weekdays, earliest, latest)
        self.room = number_in(get("room", ""))
        self.minutes = number_in(get("minutes", ""))
        self.lines = self._lines()

    def _lines(self) -> list[tuple[int | None, int | None]]:
        """The services with their specialists as they stand in the boxes; at least one box."""
        get = self.request.GET.get
        found = []
        for place in range(MAX_SERVICES):
            if f"item{place}" not in self.request.GET:
                break
            item = number_in(get(f"item{place}", ""))
            staff = number_in(get(f"staff{place or ''}", ""))
            found.append(
                (
                    item if item in self.choices.services else None,
                    staff if staff in self.choices.staff else None,
                )
            )
        if not found or (MORE in self.request.GET and len(found) < MAX_SERVICES):
            staff = number_in(get("staff", "")) if not found else None
            found.append((None, staff if staff in self.choices.staff else None))
        return found

    def wanted(self) -> list[Wanted]:
        """The services as they are asked for. Raises Refusal for a room or a length that does not go with them."""
        wanted = [Wanted(item, staff) for item, staff in self.lines if item is not None]
        if self.room is not None:
            wanted = desk.in_room(self.session, wanted, self.room)
        return self.choices.lasting(wanted, self.minutes) if self.minutes else wanted

    def url(self, **changed: str) -> str:
        given = [pair for pair in self.request.GET.items() if pair[0] not in (*changed, MORE)]
        return str(self.request.url_of("bookings.free", query=[*given, *changed.items()]))

    def further(self) -> str:
        """As many days after these."""
        days = (self.wish.last - self.wish.first).days + 1
        first = self.wish.last + timedelta(days=1)
        return self.url(since=first.isoformat(), until=(first + timedelta(days=days - 1)).isoformat())

    def form(self) -> dict[str, Any]:
        loc, get = self.request.loc, self.request.GET.get
        branches = defaults_of(self.session).branches
        rooms = select(Resource.id, Resource.name).where(*visible(self.session, record_type(Resource)))
        return {
            "address": self.request.url_of("bookings.free"),
            "day_url": self.request.url_of("bookings.day", query={"date": self.wish.first.isoformat()}),
            "carried": {name: get(name) for name in CARRIED if get(name)},
            "services": {
                key: f"{name} · {loc.plural('${n} minute', '${n} minutes', length)}"
                for key, (name, length) in self.choices.services.items()
            },
            "staff": self.choices.staff,
            "lines": [
                {"item": item, "staff": who, "item_box": f"item{place}", "staff_box": f"staff{place or ''}"}
                for place, (item, who) in enumerate(self.lines)
            ],
            "more": MORE if len(self.lines) < MAX_SERVICES else "",
            "since": self.wish.first.isoformat(),
            "until": self.wish.last.isoformat(),
            "weekdays": [
                {"name": name, "title": title, "active": int(name) in self.wish.weekdays}
                for name, title in WEEKDAYS
            ],
            "parts": [
                {"name": name, "title": title, "active": name == self.part}
                for name, (title, *_ends) in PARTS.items()
            ],
            "branches": branches if len(branches) > 1 else {},
            "branch": self.branch,
            "rooms": {
                row.id: row.name
                for row in self.session.execute(rooms.order_by(Resource.position, Resource.id))
            },
            "room": self.room,
            "minutes": self.minutes or "",
        }

    def start(self, day: date, one: Start) -> dict[str, Any]:
        """A time that can be pressed, with the form that it opens."""
        query: dict[str, Any] = {"at": at_text(day, one.clock)}
        for place, (item, who) in enumerate(line for line in self.lines if line[0] is not None):
            query |= {f"item{place}": item, f"staff{place or ''}": who}
        query |= {"minutes": self.minutes, "room": self.room, "branch": self.branch}
        query |= {name: self.request.GET.get(name) for name in CARRIED}
        names = [self.choices.staff[staff] for staff in one.staff if staff in self.choices.staff]
        return {
            "text": self.request.loc.time(time(one.clock // 60, one.clock % 60)),
            "who": ", ".join(names),
            "url": self.request.url_of(
                "bookings.book", query={name: value for name, value in query.items() if value}
            ),
        }
