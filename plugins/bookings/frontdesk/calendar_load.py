"""How full everybody's days are: a week of all specialists in one table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from babel.dates import format_skeleton
from pyramid.request import Request
from sqlalchemy import select

from parlour.db.session import Session
from parlour.plugins.bookings.frontdesk import calendar_rows as rows
from parlour.plugins.bookings.frontdesk.calendar_asked import WEEK, Asked
from parlour.plugins.bookings.models import MAX_MINUTES, Appointment, Line
from parlour.plugins.bookings.offers import zone_of
from parlour.plugins.bookings.statuses import BLOCKING
from parlour.plugins.schedule.clocks import DAY, day_of, midnight, minutes, moment, wall
from parlour.plugins.schedule.intervals import Interval, intersect
from parlour.plugins.schedule.models import REASONS
from parlour.plugins.schedule.services import free_time
from parlour.records.pages.addresses import file_url
from parlour.records.query import Row, visible
from parlour.records.registry import record_type

# Shades of a cell, from nearly free to full.
SHADES = 5
_REASONS = dict(REASONS)


@dataclass
class Filling:
    """One specialist's day: minutes at work and minutes of them that are taken, and how many visits begin."""

    present: int = 0
    taken: int = 0
    visits: int = 0
    # Why they are away, where they are.
    reason: str | None = None

    @property
    def load(self) -> int | None:
        """In percent; None when they do not work."""
        return max(0, min(100, round(100 * self.taken / self.present))) if self.present else None


@dataclass
class Person:
    row: Row
    days: list[Filling] = field(default_factory=list)


def fillings(session: Session, first: date, days: int, branch_id: int | None = None) -> list[Person]:
    """Everybody whom this person may see and who is there on one of these days or has a visit then.

    A fixed number of queries. Raises NotFound for a branch that is not there.
    """
    zone = zone_of(session, branch_id)
    start, end = rows.bounds(first, zone, days)
    people = rows.subjects(session, "staff", branch_id)
    free = free_time(session, start, end, staff=[row["id"] for row in people], branch_id=branch_id)
    counts = _visits(session, start, end, zone, branch_id)
    away = rows.absences(session, first, first + timedelta(days=days - 1), "staff")
    found = []
    for row in people:
        person = Person(row)
        for day in (first + timedelta(days=more) for more in range(days)):
            present = _minutes(free.present.get(row["id"], ()), zone, day)
            left = _minutes(free.staff.get(row["id"], ()), zone, day)
            reason = None if present else _reason(away, row, day)
            person.days.append(Filling(present, present - left, counts[row["id"], day], reason))
        if any(day.present or day.visits or day.reason for day in person.days):
            found.append(person)
    return found


def _visits(
    session: Session, start: int, end: int, zone: str, branch_id: int | None
) -> dict[tuple[int, date], int]:
    """How many visits each specialist has each day, of those that this person may see."""
    statement = (
        select(Line.staff_id, Line.appointment_id, Appointment.starts, Line.offset)
        .join(Appointment, Appointment.id == Line.appointment_id)
        .where(
            *visible(session, record_type(Appointment)),
            Appointment.starts >= moment(start - MAX_MINUTES),
            Appointment.starts < moment(end),
            Appointment.status.in_(BLOCKING),
            Line.staff_id.is_not(None),
            Line.archived_at.is_(None),
        )
    )
    if branch_id is not None:
        statement = statement.where((Appointment.branch == branch_id) | Appointment.branch.is_(None))
    seen = {
        (row.staff_id, day_of(wall(zone, minutes(row.starts) + row.offset)), row.appointment_id)
        for row in session.execute(statement)
    }
    counts: dict[tuple[int, date], int] = defaultdict(int)
    for staff, day, _visit in seen:
        counts[staff, day] += 1
    return counts


def _minutes(intervals: Sequence[Interval], zone: str, day: date) -> int:
    """How much of a day on the wall these instants are."""
    begin = midnight(day)
    on_wall = [(wall(zone, first), wall(zone, last)) for first, last in intervals]
    return sum(end - start for start, end in intersect(on_wall, [(begin, begin + DAY)]))


def _reason(away: Sequence[Row], row: Row, day: date) -> str | None:
    """Why somebody is away that day, as far as it is known."""
    for each in away:
        theirs = each.get("staff") == row["id"] or (
            each.get("staff") is None and each.get("branch") in (None, row.get("branch"))
        )
        if theirs and (each.get("since") or day) <= day <= (each.get("until") or day):
            return str(each.get("reason") or "other")
    return None


def drawn(request: Request, asked: Asked) -> dict[str, Any]:
    """The table as the template draws it."""
    loc = request.loc
    first, _last = asked.span
    days = [first + timedelta(days=more) for more in range(WEEK)]
    people = fillings(request.db, first, WEEK, asked.branch)
    totals = [
        Filling(
            sum(person.days[at].present for person in people),
            sum(person.days[at].taken for person in people),
            sum(person.days[at].visits for person in people),
        )
        for at in range(WEEK)
    ]

    def cell(day: date, one: Filling, staff: int | None) -> dict[str, Any]:
        load = one.load
        return {
            "text": "" if load is None else loc.percent(load),
            "shade": "" if load is None else f"shade-{min(SHADES - 1, load * SHADES // 100)}",
            "visits": loc.plural("${n} visit", "${n} visits", one.visits) if one.visits else "",
            "away": _REASONS.get(one.reason or "", "") if load is None else "",
            "today": day == asked.today,
            "url": asked.url("day", date=day.isoformat(), staff=str(staff) if staff else None, by=None),
        }

    return {
        "days": [
            {
                "title": format_skeleton("EEEd", day, locale=loc.babel),
                "long": loc.date(day, "full"),
                "today": day == asked.today,
                "url": asked.url("day", date=day.isoformat()),
            }
            for day in days
        ],
        "people": [
            {
                "id": person.row["id"],
                "title": person.row.get("name") or f"#{person.row['id']}",
                "sub": person.row.get("job") or "",
                "photo_url": file_url(request, person.row.get("photo"), "small"),
                "url": asked.url(staff=str(person.row["id"])),
                "cells": [
                    cell(day, one, person.row["id"]) for day, one in zip(days, person.days, strict=True)
                ],
            }
            for person in people
        ],
        "totals": [cell(day, one, None) for day, one in zip(days, totals, strict=True)],
    }
