"""Days of the calendar as the templates draw them: what stands where, in which colour, with which words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time
from functools import cache
from typing import Any

from babel.dates import format_skeleton
from pyramid.request import Request

from parlour.access.rules import holds
from parlour.db.base import now
from parlour.i18n import _
from parlour.plugins.bookings.frontdesk.calendar import Block, Column, Day, titles_of, window_of
from parlour.plugins.bookings.frontdesk.calendar_asked import BOOK, MOVE, Asked
from parlour.plugins.bookings.late import WAITS
from parlour.plugins.bookings.marks import marks_of
from parlour.plugins.bookings.statuses import LOOKS, STATUSES
from parlour.plugins.schedule.clocks import DAY, midnight, minutes, wall
from parlour.plugins.schedule.intervals import Interval, intersect
from parlour.plugins.schedule.models import REASONS
from parlour.records.pages.addresses import file_url

# Minutes of one row of the grid; what begins or ends between two rows is drawn from the one to the other.
ROW = 5
HUES = 6
_REASONS = dict(REASONS)


class Drawing:
    """The columns of a day, or of one specialist's week, as the template draws them."""

    def __init__(self, request: Request, asked: Asked, days: Sequence[Day]):
        self.request, self.asked, self.days = request, asked, days
        self.loc = request.loc
        self.by = days[0].by
        self.branch = days[0].branch
        self.week = len(days) > 1
        self.first, self.last = window_of([column for day in days for column in day.columns])
        self.present = now()
        self.may_book = holds(request.db, BOOK)
        self.may_move = holds(request.db, MOVE)
        # On a full day the same few times and addresses stand hundreds of times.
        self.time = cache(self._time)
        self._book = request.url_of("bookings.book")
        self._card = request.url_of("record.card", record="bookings.appointment", id=0).removesuffix("0")

    def values(self) -> dict[str, Any]:
        return {
            "first": self.first,
            "last": self.last,
            "by": self.by,
            "week": self.week,
            "height": self.place((self.first, self.last)),
            "hours": [
                {"text": self.hour(at), "place": self.place((at, at + 60))}
                for at in range(self.first, self.last, 60)
            ],
            "columns": [self.column(day, column) for day in self.days for column in day.columns],
            "movable": self.may_move,
        }

    def _time(self, at: int) -> str:
        return str(self.loc.time(time(at // 60 % 24, at % 60)))

    def hour(self, at: int) -> str:
        """A whole hour, short: there is little room beside the columns."""
        text = self.time(at)
        return text if text[-1:].isdigit() else text.replace(":00", "")

    def place(self, stretch: Interval) -> str:
        """The classes that put a stretch of minutes where it belongs."""
        start, end = max(stretch[0], self.first), min(stretch[1], self.last)
        begin = (start - self.first) // ROW
        return f"at-{begin} for-{max(1, -(-(end - self.first) // ROW) - begin)}"

    def shown(self, stretches: Sequence[Interval]) -> list[Interval]:
        return intersect(stretches, [(self.first, self.last)])

    def column(self, day: Day, column: Column) -> dict[str, Any]:
        row, loc = column.row, self.loc
        visits = {(block.group, block.visit["id"]) for block in column.blocks}
        name = row.get("name") or loc.translate(_("Nobody assigned"))
        present = wall(day.zone, minutes(self.present)) - midnight(day.day)
        return {
            "id": column.id,
            "date": day.day.isoformat(),
            # Minutes since midnight, for the line that shows where we are; the script moves it on.
            "now": present if 0 <= present < DAY else None,
            # Of a week the columns are days, of a day whoever works.
            "title": format_skeleton("EEEEd", day.day, locale=loc.babel) if self.week else name,
            "url": self.asked.url("day", date=day.day.isoformat()) if self.week else self.week_url(column),
            "late_url": self.late_url(column) if 0 <= present < DAY and not self.week else None,
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
            "free": self.free(day, column, name),
            "blocks": [self.group(block) if block.group else self.visit(block) for block in column.blocks],
        }

    def week_url(self, column: Column) -> str | None:
        if column.id is None or self.by != "staff":
            return None
        return self.asked.url("week", staff=str(column.id))

    def late_url(self, column: Column) -> str | None:
        """Where somebody says that this specialist is late."""
        waits = any(block.group or block.visit.get("status") in WAITS for block in column.blocks)
        if column.id is None or self.by != "staff" or not self.may_move or not waits:
            return None
        act = {"record": "schedule.staff", "id": column.id, "action": "late"}
        return self.request.url_of("record.act", query={"back": self.asked.url()}, **act)

    def free(self, day: Day, column: Column, name: str) -> list[dict[str, Any]]:
        if not self.may_book or column.id is None:
            return []
        whom = "staff" if self.by == "staff" else "room"
        where = self.branch or column.row.get("branch")
        address = f"{self._book}?{whom}={column.id}&at={day.day.isoformat()}T"
        branch = f"&branch={where}" if where else ""
        # The time is put in below: it is all in which the pieces of a column differ.
        label = self.loc.translate(_("Book at ${time}, ${name}", mapping={"name": name}))
        found = []
        for start, end in column.pieces():
            text = self.time(start)
            found.append(
                {
                    "place": self.place((start, end)),
                    "starts": start,
                    "minutes": end - start,
                    "url": f"{address}{start // 60:02}%3A{start % 60:02}{branch}",
                    "text": text,
                    "label": label.replace("${time}", text),
                }
            )
        return found

    def block(self, block: Block) -> dict[str, Any]:
        """What visits and sessions have in common: where they stand."""
        busy = block.busy or [(block.starts, block.ends)]
        width = block.ends - block.starts
        return {
            "pieces": [self.place(each) for each in busy],
            "gaps": [self.place(each) for each in self.shown(block.gaps)],
            "before": self.place((block.starts - block.before, block.starts)) if block.before else "",
            "after": self.place((block.ends, block.ends + block.after)) if block.after else "",
            "lane": f"lane-{block.lane + 1}" if block.lanes > 1 else "lane-all",
            "size": "tiny" if width <= 15 else "short" if width <= 30 else "",
            "time": f"{self.time(block.starts)}–{self.time(block.ends)}",
        }

    def visit(self, block: Block) -> dict[str, Any]:
        visit, line = block.visit, block.line
        status, look = STATUSES[visit["status"]], LOOKS[visit["status"]]
        return self.block(block) | {
            "id": f"line-{line['id']}",
            "line": line["id"],
            "starts": block.starts,
            "minutes": block.ends - block.starts,
            "url": f"{self._card}{visit['id']}",
            "tone": self.tone(visit, line, look.tone),
            "icon": look.icon,
            "status": status.title,
            "who": titles_of(visit) or self.loc.translate(_("Without a name")),
            "what": line.get("name") or "",
            "note": visit.get("note") or visit.get("comment") or "",
            "flags": marks_of(visit, self.present, self.loc),
            "open": status.open,
        }

    def group(self, block: Block) -> dict[str, Any]:
        """A group session: itself, with how many of its places are taken, instead of everybody who comes."""
        row = block.visit
        places = {"taken": self.loc.number(row["taken"]), "seats": self.loc.number(row.get("seats") or 0)}
        full = row["taken"] >= (row.get("seats") or 0)
        return self.block(block) | {
            "id": f"group-{row['id']}",
            "url": self.request.url_of("record.card", record="bookings.group", id=row["id"]),
            "tone": self.tone(row, row, "accent"),
            "icon": "users-round",
            "status": _("Group session"),
            "who": row.get("name") or "",
            "what": self.loc.translate(
                _("Full: ${taken} of ${seats}", mapping=places)
                if full
                else _("${taken} of ${seats} places taken", mapping=places)
            ),
            "note": row.get("note") or "",
            "flags": marks_of({"status": "booked", "delay": row["delay"]}, self.present, self.loc),
            "open": True,
        }

    def tone(self, visit: Mapping[str, Any], line: Mapping[str, Any], of_status: str) -> str:
        """The colour by what the page is coloured by; the icon of the status stands there in each case."""
        if self.asked.colour == "status":
            return f"tone-{of_status}"
        number = line.get("item" if self.asked.colour == "service" else "staff")
        return f"hue-{number % HUES + 1}" if number else "tone-quiet"
