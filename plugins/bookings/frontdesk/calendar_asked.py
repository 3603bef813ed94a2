"""What the addresses of the calendar say: which day, in which branch, of whom, how drawn. All of its views keep all of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from babel import Locale, UnknownLocaleError
from pyramid.request import Request
from sqlalchemy import select

from parlour.access.rules import holds
from parlour.i18n import _
from parlour.plugins.bookings.frontdesk.calendar_rows import By
from parlour.plugins.bookings.statuses import STATUSES
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.models import Staff
from parlour.records.defaults import defaults_of
from parlour.records.pages.reads import saw_list
from parlour.records.query import Row, visible
from parlour.records.registry import fields_of, record_type

READ, BOOK = "bookings:appointment:read", "bookings:appointment:create"
MOVE = "bookings:appointment:write"
VIEWS = {"day": _("Day"), "week": _("Week"), "list": _("List")}
COLOURS = {"status": _("Status"), "service": _("Service"), "staff": _("Specialist")}
# How much of the list stands on one page of time.
PERIODS = {"day": _("One day"), "week": _("A week"), "month": _("A month")}
WEEK = 7
# When a new visit begins that was asked for without a time.
OPENING = 10 * 60


class Asked:
    """What an address says, with what holds where it says nothing."""

    def __init__(self, request: Request, view: str):
        self.request, self.view = request, view
        get = request.GET.get
        self.today = defaults_of(request.db).today()
        self.day = day_in(get("date", "")) or self.today
        self.by: By = "rooms" if get("by") == "rooms" else "staff"
        self.colour = get("colour") if get("colour") in COLOURS else "status"
        branches = defaults_of(request.db).branches
        given = number_in(get("branch", ""))
        self.branch = (
            given if given in branches else None if get("branch") == "all" else request.db.scope.branch_id
        )
        # One specialist, where this person may see them; everybody otherwise.
        staff = number_in(get("staff", ""))
        self.staff = staff if staff and staff in self.people else None
        self.status = get("status") if get("status") in STATUSES else None
        # Whether the waiting list stands beside the day.
        self.waiting = get("waiting") == "1"
        self.period = get("period") if get("period") in PERIODS else "week"

    def kept(self, *without: str) -> dict[str, str]:
        """What the address says and every other view keeps."""
        values = {
            "date": self.day.isoformat(),
            "by": self.by if self.by != "staff" else None,
            "colour": self.colour if self.colour != "status" else None,
            "branch": self.request.GET.get("branch"),
            "staff": str(self.staff) if self.staff else None,
            "status": self.status,
            "period": self.period if self.period != "week" else None,
            "waiting": "1" if self.waiting else None,
        }
        return {name: value for name, value in values.items() if value and name not in without}

    def url(self, view: str | None = None, **changed: str | None) -> str:
        """The address of this view, or of another, with something else in it."""
        values = {**self.kept(*changed), **{name: value for name, value in changed.items() if value}}
        return str(self.request.url_of(f"bookings.{view or self.view}", query=values))

    @property
    def span(self) -> tuple[date, date]:
        """The first and the last day that are shown."""
        length = {"day": "day", "week": "week"}.get(self.view, self.period)
        if length == "day":
            return self.day, self.day
        if length == "week":
            first = self.day - timedelta(days=(self.day.weekday() - _first_weekday(self.request)) % WEEK)
            return first, first + timedelta(days=WEEK - 1)
        first = self.day.replace(day=1)
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)

    def frame(self) -> dict[str, Any]:
        """What stands around every view: its heading, the way to other days and views, and the choices."""
        request = self.request
        first, last = self.span
        branches = defaults_of(request.db).branches
        here = first <= self.today <= last
        return {
            "new_url": self.new_url(),
            "free_url": self.free_url(),
            "nav": {
                "before": self.url(date=(first - timedelta(days=1)).isoformat()),
                "after": self.url(date=(last + timedelta(days=1)).isoformat()),
                "today": None if here else self.url(date=None),
                "date": self.day.isoformat(),
                "address": request.url_of(f"bookings.{self.view}"),
                "kept": self.kept("date"),
            },
            "views": [
                {"title": title, "url": self.url(name), "active": name == self.view}
                for name, title in VIEWS.items()
            ],
            "people": self.people,
            "staff": self.staff,
            "chosen": self.kept("staff", *(("status", "period") if self.view == "list" else ())),
            "by": [
                {"title": title, "url": self.url(by=name), "active": self.by == name}
                for name, title in (("staff", _("Specialists")), ("rooms", _("Rooms")))
                if self.view == "day"
            ],
            "colours": [
                {"title": title, "url": self.url(colour=name), "active": self.colour == name}
                for name, title in COLOURS.items()
                if self.view == "day" or (self.view == "week" and self.staff)
            ],
            "branches": [
                {"title": name, "url": self.url(branch=str(key)), "active": key == self.branch}
                for key, name in branches.items()
            ]
            if len(branches) > 1
            else [],
            "all_url": self.url(branch="all"),
            "all_branches": self.branch is None,
        }

    def new_url(self) -> str | None:
        """The form of a new visit on that day; None for who may not book."""
        if not holds(self.request.db, BOOK):
            return None
        given = {"staff": str(self.staff) if self.staff else None, "branch": self.request.GET.get("branch")}
        query = {name: value for name, value in given.items() if value}
        return str(self.request.url_of("bookings.book", query=query | {"at": at_text(self.day, OPENING)}))

    def free_url(self) -> str | None:
        """The page on which free time is looked for, from that day on; None for who may not book."""
        if not holds(self.request.db, BOOK):
            return None
        given = self.kept("date", "by", "colour", "status", "period")
        return str(self.request.url_of("bookings.free", query={"since": self.day.isoformat(), **given}))

    @cached_property
    def people(self) -> dict[int, str]:
        """The specialists whom this person may see, in the order of the calendar, with their names."""
        session = self.request.db
        seen = select(Staff.id, Staff.name).where(*visible(session, record_type(Staff)))
        return {row.id: row.name for row in session.execute(seen.order_by(Staff.position, Staff.id))}


def day_in(text: str) -> date | None:
    """A date of an address; None for what is none, or too far away to count in."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1990 <= found.year <= 2200 else None


def at_text(day: date, clock: int) -> str:
    """A minute of a day as addresses of forms say it; `desk.instant` reads it."""
    return f"{day.isoformat()}T{clock // 60:02}:{clock % 60:02}"


def number_in(text: str) -> int | None:
    """The number of a row in an address; None for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _first_weekday(request: Request) -> int:
    """With which day a week begins where the organisation is; Monday is 0."""
    try:
        return int(Locale.parse(f"und_{request.loc.region}").first_week_day)
    except (UnknownLocaleError, ValueError):
        return 0


def write_down(request: Request, visits: Sequence[Row], **detail: Any) -> None:
    """Names of clients stand on the page, so it is noted who saw it, as for a list of clients."""
    kind = record_type(Contact)
    clients = {visit["client"]["id"] for visit in visits if isinstance(visit.get("client"), dict)}
    names = [item for item in fields_of(request.db, kind) if item.name == kind.title_field]
    saw_list(request, kind, names, len(clients), **detail)
