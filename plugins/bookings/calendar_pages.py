"""The calendar's page of a day, for who sits at the desk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any

from pyramid.httpexceptions import HTTPNotModified
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from parlour.access.rules import holds
from parlour.db.base import now
from parlour.i18n import _
from parlour.plugins.bookings import calendar
from parlour.plugins.bookings.calendar import Block, Column, Day, titles_of
from parlour.plugins.bookings.statuses import LOOKS, STATUSES
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.clocks import DAY, midnight, minutes, wall
from parlour.plugins.schedule.intervals import Interval, intersect
from parlour.plugins.schedule.models import REASONS
from parlour.records.defaults import defaults_of
from parlour.records.pages.addresses import file_url
from parlour.records.pages.reads import saw_list
from parlour.records.query import Row
from parlour.records.registry import fields_of, record_type
from parlour.web.contexts import OrganisationContext
from parlour.web.rendering import template

READ, BOOK = "bookings:appointment:read", "bookings:appointment:create"
MOVE = "bookings:appointment:write"
# Minutes of one row of the grid; what begins or ends between two rows is drawn from the one to the other.
ROW = 5
COLOURS = {"status": _("Status"), "service": _("Service"), "staff": _("Specialist")}
HUES = 6
_REASONS = dict(REASONS)
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
    """A day by specialists or by rooms. An open page asks for its columns again every now and then, and is told 304 while nothing
    has changed.
    """
    asked = Asked(request)
    stamp = f'"{request.loc.name}-{calendar.stamp(request.db, asked.day, asked.branch)}"'
    alone = "X-Fragment" in request.headers
    if alone and stamp in request.headers.get("If-None-Match", ""):
        return HTTPNotModified(headers=[("ETag", stamp), ("Cache-Control", "no-store")])
    found = calendar.day_of(request.db, asked.day, by=asked.by, branch_id=asked.branch)
    write_down(request, found.visits, day=found.day.isoformat())
    values = {"day": _Drawing(request, asked, found).values(), "stamp": stamp, "live": asked.url()}
    if alone:
        headers = [
            ("ETag", stamp),
            ("Cache-Control", "no-store"),
            ("Content-Type", "text/html; charset=UTF-8"),
        ]
        return Response(template(request, "bookings/_day.jinja2", values), headerlist=headers)
    return values | _frame(request, asked)


class Asked:
    """Which day, in which branch, how drawn: what the address says, with what holds where it says nothing."""

    def __init__(self, request: Request):
        self.request = request
        get = request.GET.get
        self.today = defaults_of(request.db).today()
        self.day = day_in(get("date", "")) or self.today
        self.by: calendar.By = "rooms" if get("by") == "rooms" else "staff"
        self.colour = get("colour") if get("colour") in COLOURS else "status"
        branches = defaults_of(request.db).branches
        given = get("branch", "")
        chosen = int(given) if given.isdecimal() and len(given) < 19 else None
        self.branch = chosen if chosen in branches else None if given == "all" else request.db.scope.branch_id

    def url(self, **changed: Any) -> str:
        """The address of this page with something else in it."""
        request = self.request
        values = {
            "date": self.day.isoformat(),
            "by": self.by if self.by != "staff" else None,
            "colour": self.colour if self.colour != "status" else None,
            "branch": request.GET.get("branch") or None,
            **changed,
        }
        query = {name: value for name, value in values.items() if value}
        return str(request.url_of("bookings.day", query=query))


def day_in(text: str) -> date | None:
    """A date of an address; None for what is none, or too far away to count in."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1990 <= found.year <= 2200 else None


def write_down(request: Request, visits: Sequence[Row], **detail: Any) -> None:
    """Names of clients stand on the page, so it is noted who saw it, as for a list of clients."""
    kind = record_type(Contact)
    clients = {visit["client"]["id"] for visit in visits if isinstance(visit.get("client"), dict)}
    names = [item for item in fields_of(request.db, kind) if item.name == kind.title_field]
    saw_list(request, kind, names, len(clients), **detail)


def _frame(request: Request, asked: Asked) -> dict[str, Any]:
    """What stands around the columns."""
    one = timedelta(days=1)
    loc = request.loc
    branches = defaults_of(request.db).branches
    by = [
        {"title": title, "url": asked.url(by=name), "active": asked.by == name}
        for name, title in (("staff", _("Specialists")), ("rooms", _("Rooms")))
    ]
    return {
        "title": loc.date(asked.day, "full"),
        "new_url": request.url_of("bookings.book", query={"at": f"{asked.day.isoformat()}T10:00"})
        if holds(request.db, BOOK)
        else None,
        "nav": {
            "before": asked.url(date=(asked.day - one).isoformat()),
            "after": asked.url(date=(asked.day + one).isoformat()),
            "today": None if asked.day == asked.today else asked.url(date=None),
            "date": asked.day.isoformat(),
            "address": request.url_of("bookings.day"),
            "kept": {name: request.GET[name] for name in ("by", "colour", "branch") if request.GET.get(name)},
        },
        "by": by,
        "colours": [
            {"title": title, "url": asked.url(colour=name), "active": asked.colour == name}
            for name, title in COLOURS.items()
        ],
        "branches": [
            {"title": name, "url": asked.url(branch=str(key)), "active": key == asked.branch}
            for key, name in branches.items()
        ]
        if len(branches) > 1
        else [],
        "all_url": asked.url(branch="all"),
        "all_branches": asked.branch is None,
    }


class _Drawing:
    """The columns of a day as the template draws them."""

    def __init__(self, request: Request, asked: Asked, found: Day):
        self.request, self.asked, self.found = request, asked, found
        self.loc = request.loc
        self.first, self.last = found.window
        self.may_book = holds(request.db, BOOK)
        self.may_move = holds(request.db, MOVE)

    def values(self) -> dict[str, Any]:
        found = self.found
        present = wall(found.zone, minutes(now())) - midnight(found.day)
        return {
            "date": found.day.isoformat(),
            "first": self.first,
            "last": self.last,
            # Minutes since midnight, for the line that shows where we are; the script moves it on.
            "now": present if 0 <= present < DAY else None,
            "by": found.by,
            "branch": found.branch or "",
            "height": self.place((self.first, self.last)),
            "hours": [
                {"text": self.time(at), "place": self.place((at, at + 60))}
                for at in range(self.first, self.last, 60)
            ],
            "columns": [self.column(column) for column in found.columns],
            "count": len(found.visits),
            "movable": self.may_move,
        }

    def time(self, at: int) -> str:
        return str(self.loc.time(time(at // 60 % 24, at % 60)))

    def place(self, stretch: Interval) -> str:
        """The classes that put a stretch of minutes where it belongs."""
        start, end = max(stretch[0], self.first), min(stretch[1], self.last)
        begin = (start - self.first) // ROW
        return f"at-{begin} for-{max(1, -(-(end - self.first) // ROW) - begin)}"

    def shown(self, stretches: Sequence[Interval]) -> list[Interval]:
        return intersect(stretches, [(self.first, self.last)])

    def column(self, column: Column) -> dict[str, Any]:
        row, loc = column.row, self.loc
        visits = {block.visit["id"] for block in column.blocks}
        name = row.get("name") or loc.translate(_("Nobody assigned"))
        return {
            "id": column.id,
            "title": name,
            "sub": row.get("job") or "",
            "photo_url": file_url(self.request, row.get("photo"), "small"),
            "load": column.load,
            "load_text": loc.percent(column.load)
            if column.load is not None
            else loc.translate(_("Not at work")),
            "count": loc.plural("${n} visit", "${n} visits", len(visits)) if visits else "",
            "lanes": column.lanes,
            "closed": [self.place(each) for each in self.shown(column.closed)],
            "taken": [self.place(each) for each in self.shown(column.taken)],
            "away": [
                {
                    "place": self.place(each),
                    "title": _REASONS.get(reason, reason),
                    "url": self.request.url_of("record.card", record="schedule.absence", id=row_id),
                }
                for stretch, reason, row_id in column.absences
                for each in self.shown([stretch])
            ],
            "free": self.free(column, name),
            "blocks": [self.block(block) for block in column.blocks],
        }

    def free(self, column: Column, name: str) -> list[dict[str, Any]]:
        if not self.may_book or column.id is None:
            return []
        whom = "staff" if self.found.by == "staff" else "room"
        where = self.found.branch or column.row.get("branch")
        found = []
        for start, end in column.pieces():
            at = f"{self.found.day.isoformat()}T{start // 60:02}:{start % 60:02}"
            query = {whom: column.id, "at": at} | ({"branch": where} if where else {})
            found.append(
                {
                    "place": self.place((start, end)),
                    "url": self.request.url_of("bookings.book", query=query),
                    "text": self.time(start),
                    "label": self.loc.translate(
                        _("Book at ${time}, ${name}", mapping={"time": self.time(start), "name": name})
                    ),
                }
            )
        return found

    def block(self, block: Block) -> dict[str, Any]:
        visit, line = block.visit, block.line
        status = STATUSES[visit["status"]]
        look = LOOKS[visit["status"]]
        who = titles_of(visit) or self.loc.translate(_("Without a name"))
        busy = block.busy or [(block.starts, block.ends)]
        width = block.ends - block.starts
        return {
            "id": visit["id"],
            "line": line["id"],
            "version": visit["version"],
            "starts": block.starts,
            "minutes": width,
            "url": self.request.url_of("record.card", record="bookings.appointment", id=visit["id"]),
            "pieces": [self.place(each) for each in busy],
            "gaps": [self.place(each) for each in self.shown(block.gaps)],
            "before": self.place((block.starts - block.before, block.starts)) if block.before else "",
            "after": self.place((block.ends, block.ends + block.after)) if block.after else "",
            "lane": f"lane-{block.lane + 1}" if block.lanes > 1 else "lane-all",
            "tone": self.tone(visit, line, look.tone),
            "icon": look.icon,
            "size": "tiny" if width <= 15 else "short" if width <= 30 else "",
            "status": status.title,
            "who": who,
            "what": line.get("name") or "",
            "time": f"{self.time(block.starts)}–{self.time(block.ends)}",
            "note": visit.get("note") or visit.get("comment") or "",
            "flags": [
                {"icon": symbol, "title": title}
                for name, symbol, title in (
                    ("to_check", "user-search", _("To be checked")),
                    ("overlap", "layers", _("Put over another visit")),
                )
                if visit.get(name)
            ],
            "open": status.open,
        }

    def tone(self, visit: Mapping[str, Any], line: Mapping[str, Any], of_status: str) -> str:
        """The colour by what the page is coloured by; the icon of the status stands there in each case."""
        if self.asked.colour == "status":
            return f"tone-{of_status}"
        number = line.get("item" if self.asked.colour == "service" else "staff")
        return f"hue-{number % HUES + 1}" if number else "tone-quiet"
