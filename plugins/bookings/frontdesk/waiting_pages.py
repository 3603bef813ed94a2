"""The waiting list beside a day of the calendar: who would come then, how many times would suit, and what is done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pyramid.httpexceptions import HTTPBadRequest, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import func, or_, select

from parlour.access.rules import allows
from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.plugins.bookings import waiting
from parlour.plugins.bookings.frontdesk.calendar import titles_of
from parlour.plugins.bookings.frontdesk.calendar_asked import (
    BOOK,
    Asked,
    at_text,
    day_in,
    number_in,
    write_down,
)
from parlour.plugins.bookings.frontdesk.calendar_rows import bounds
from parlour.plugins.bookings.frontdesk.finding import Start, Wish, suiting
from parlour.plugins.bookings.models import Waiting
from parlour.plugins.bookings.offers import Search, Wanted, searches, zone_of
from parlour.plugins.schedule.clocks import DAY, minutes
from parlour.records.pages.undoing import done
from parlour.records.query import Row, read, visible
from parlour.records.registry import fields_of, record_type
from parlour.web import flash
from parlour.web.contexts import OrganisationContext

READ, WRITE = "bookings:waiting:read", "bookings:waiting:write"
# Entries beside a day; the others are in the list.
SHOWN = 30
max_queries = 40


@dataclass(frozen=True)
class Entry:
    """Somebody who waits and would come that day, with the times that are free and suit them."""

    row: Row
    starts: Sequence[Start]


def _that_day(session: Session, day: date, branch_id: int | None) -> list[Any]:
    conditions = [
        *visible(session, record_type(Waiting)),
        Waiting.status.in_(("waiting", "offered")),
        Waiting.since <= day,
        Waiting.until >= day,
    ]
    if branch_id is not None:
        conditions.append(or_(Waiting.branch == branch_id, Waiting.branch.is_(None)))
    return conditions


def count(session: Session, day: date, branch_id: int | None) -> int:
    """How many would come that day; 0 for who may not see the waiting list."""
    if not allows(session, READ):
        return 0
    some = select(func.count()).select_from(Waiting).where(*_that_day(session, day, branch_id))
    return session.scalar(some) or 0


def entries(session: Session, day: date, branch_id: int | None = None) -> list[Entry]:
    """Who would come that day, in the order in which they came on the list. As many queries as for one entry in each branch."""
    kind = record_type(Waiting)
    wanted = (
        "client",
        "visitor",
        "phone",
        "item",
        "staff",
        "branch",
        "earliest",
        "latest",
        "status",
        "offered",
        "note",
    )
    fields = [item for item in fields_of(session, kind) if item.name in wanted]
    conditions = _that_day(session, day, branch_id)
    order = [Waiting.created_at, Waiting.id]
    found = read(session, kind, fields, conditions, order_by=order, limit=SHOWN, titled=True)
    starts: dict[int, Sequence[Start]] = {}
    for branch in {_branch(row, branch_id) for row in found}:
        some = [row for row in found if _branch(row, branch_id) == branch]
        starts |= _suiting(session, some, day, branch)
    return [Entry(row, starts.get(row["id"], ())) for row in found]


def _suiting(
    session: Session, some: Sequence[Row], day: date, branch_id: int | None
) -> dict[int, Sequence[Start]]:
    """The free times of that day in a branch that suit each of these, by the numbers of their entries; none in one that is
    closed.
    """
    try:
        zone = zone_of(session, branch_id)
    except NotFound:
        return {}
    start, end = bounds(day, zone)
    start = max(start, minutes(now()))
    if start >= end:
        return {}
    chains = [[Wanted(_id(row, "item") or 0, _id(row, "staff"))] for row in some]
    times = searches(session, chains, start, end, by="staff", branch_id=branch_id)
    return {
        row["id"]: suiting(one.starts(), zone, _wish(row, day)).get(day, ())
        for row, one in zip(some, times, strict=True)
        if isinstance(one, Search)
    }


def _branch(row: Row, branch_id: int | None) -> int | None:
    """Where somebody would come: in their own branch, else in the one that is looked at."""
    found = row.get("branch")
    return found["id"] if isinstance(found, dict) else found or branch_id


def _wish(row: Row, day: date) -> Wish:
    latest = row.get("latest")
    return Wish(day, day, earliest=row.get("earliest") or 0, latest=DAY if latest is None else latest)


def _id(row: Row, name: str) -> int | None:
    found = row.get(name)
    return found["id"] if isinstance(found, dict) else None


def beside(request: Request, asked: Asked) -> dict[str, Any]:
    """The panel as the template draws it; that names were shown is written down."""
    session, loc = request.db, request.loc
    found = entries(session, asked.day, asked.branch)
    write_down(request, [one.row for one in found], waiting=asked.day.isoformat())
    may_book, may_offer = allows(session, BOOK), allows(session, WRITE)
    return {
        "entries": [
            {
                "who": titles_of(one.row) or one.row.get("phone") or loc.translate(_("Without a name")),
                "url": request.url_of("record.card", record="bookings.waiting", id=one.row["id"]),
                "what": _title(one.row, "item"),
                "whom": _title(one.row, "staff") or loc.translate(_("Anybody")),
                "hours": _hours(request, one.row),
                "note": one.row.get("note") or "",
                "offered": _offered(request, one.row, asked.day),
                "free": loc.plural("${n} time suits", "${n} times suit", len(one.starts))
                if one.starts
                else "",
                "book_url": _book_url(request, asked, one) if may_book and one.starts else None,
                "find_url": _find_url(request, asked, one.row) if may_book else None,
                "id": one.row["id"]
                if may_offer and one.starts and one.row.get("status") == "waiting"
                else None,
            }
            for one in found
        ],
        "day": asked.day.isoformat(),
        "offer_url": request.url_of("bookings.offer", query=asked.kept()),
        "list_url": request.url_of("record.list", record="bookings.waiting"),
        "new_url": request.url_of(
            "record.new",
            record="bookings.waiting",
            query={"since": asked.day.isoformat(), "until": asked.day.isoformat(), "back": asked.url()},
        )
        if allows(session, "bookings:waiting:create")
        else None,
        "close_url": asked.url(waiting=None),
    }


def _title(row: Row, name: str) -> str:
    found = row.get(name)
    return str(found["title"]) if isinstance(found, dict) else ""


def _offered(request: Request, row: Row, day: date) -> str:
    """Which time is kept for somebody, with its day where that is another; nothing when none is."""
    at, loc = row.get("offered"), request.loc
    if row.get("status") != "offered" or at is None:
        return ""
    time = str(loc.time(at.time()))
    return time if at.date() == day else f"{loc.date(at.date(), 'short')} {time}"


def _hours(request: Request, row: Row) -> str:
    """Between which hours they would come, in words; nothing where it is all the same to them."""
    first, last = row.get("earliest"), row.get("latest")
    clock = record_type(Waiting).field("earliest").kind
    if first is None and last is None:
        return ""
    if first is None:
        return str(request.loc.translate(_("until ${time}", mapping={"time": clock.show(last, request.loc)})))
    if last is None:
        return str(request.loc.translate(_("from ${time}", mapping={"time": clock.show(first, request.loc)})))
    return f"{clock.show(first, request.loc)}–{clock.show(last, request.loc)}"


def _query(asked: Asked, row: Row) -> dict[str, Any]:
    given = {
        "item0": _id(row, "item"),
        "staff": _id(row, "staff"),
        "client": _id(row, "client"),
        "waiting": row["id"],
        "branch": _branch(row, asked.branch),
    }
    return {name: value for name, value in given.items() if value}


def _book_url(request: Request, asked: Asked, one: Entry) -> str:
    """The form of a new visit, filled in with the first time that suits."""
    at = at_text(asked.day, one.starts[0].clock)
    return str(request.url_of("bookings.book", query={"at": at, **_query(asked, one.row)}))


def _find_url(request: Request, asked: Asked, row: Row) -> str:
    return str(request.url_of("bookings.free", query={"since": asked.day.isoformat(), **_query(asked, row)}))


@view_config(route_name="bookings.offer", request_method="POST", permission=WRITE)
def offer(context: OrganisationContext, request: Request) -> Response:
    """Offer somebody the first time of a day that suits them: it is kept for them and they are told."""
    session = request.db
    entry, day = number_in(request.POST.get("entry", "")), day_in(request.POST.get("day", ""))
    if entry is None or day is None:
        raise HTTPBadRequest()
    conditions = visible(session, record_type(Waiting), action="write")
    if session.scalars(select(Waiting.id).where(Waiting.id == entry, *conditions)).first() is None:
        raise NotFound(_("There is no such entry on the waiting list."))
    back = Asked(request, "day").url()
    try:
        with session.begin_nested():
            at, change_set = waiting.offer_on(session, entry, day)
    except Refusal as refused:
        flash.say(request, refused.message, "warn")
        return HTTPSeeOther(back)
    time = request.loc.time(at.time())
    return done(request, _("${time} is offered and kept for them.", mapping={"time": time}), change_set, back)
