"""Visits that repeat: looked at beforehand, booked all or none, changed one by one or from one on.

They repeat on the wall of the branch: ten o'clock stays ten o'clock when clocks are changed.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select

from parlour.db.session import Session
from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.plugins.bookings.models import Appointment
from parlour.plugins.bookings.offers import By, NotOffered, Wanted, day_start, search, zone_of
from parlour.plugins.bookings.services import book, move, set_status, wanted_of
from parlour.plugins.bookings.statuses import OPEN
from parlour.plugins.schedule.clocks import DAY, minutes, moment
from parlour.plugins.schedule.services import Taken
from parlour.records.write import Change, open_change_set, write

# "weekday" is a month as well, on the same weekday of it: the third Friday, or the last where there is no fifth.
Unit = Literal["day", "week", "month", "weekday"]
MOST = 60
MOST_EVERY = 52
# Minutes that are looked through at once.
SEASON = 92 * DAY
# What is done with a visit and those after it; who is told of it is told once, and of taking it back too.
FOLLOWING = ("move_following", "cancel_following")
# In the session's cache meanwhile. See `as_one`.
_AS_ONE = "bookings.series"
_OWN = ("client", "visitor", "phone", "email")


@dataclass(frozen=True)
class Planned:
    """One visit of a series to be: when, whether it can be had, and which times of that day are nearest where it cannot."""

    start: int
    free: bool
    near: tuple[int, ...] = ()


class SeriesTaken(Refusal):
    """Not every visit of a series can be had. `planned` says which."""

    def __init__(self, planned: Sequence[Planned]):
        taken = sum(not one.free for one in planned)
        super().__init__(
            _(
                "${n} of ${all} visits cannot be had. Leave them out or choose another time.",
                mapping={"n": taken, "all": len(planned)},
            )
        )
        self.planned = list(planned)


def starts_of(
    start: int, zone: str, every: int, unit: Unit, count: int, *, until: date | None = None
) -> list[int]:
    """The starts of a series, the first one included, none after the day `until`; on the 31st of a shorter month its last day.

    Raises Refusal.
    """
    if not 1 <= count <= MOST:
        raise Refusal(_("A series has 1 to ${n} visits.", mapping={"n": MOST}))
    if not 1 <= every <= MOST_EVERY:
        raise Refusal(_("Visits repeat every 1 to ${n} weeks or months.", mapping={"n": MOST_EVERY}))
    first = moment(start).astimezone(ZoneInfo(zone))
    found = []
    for number in range(count):
        if unit in ("month", "weekday"):
            month = first.month - 1 + number * every
            year, month = first.year + month // 12, month % 12 + 1
            local = first.replace(year=year, month=month, day=_day_of(first, year, month, unit))
        else:
            local = first + timedelta(days=number * every * (7 if unit == "week" else 1))
        if until is not None and local.date() > until:
            break
        found.append(minutes(_real(local)))
    return found


def _day_of(first: datetime, year: int, month: int, unit: Unit) -> int:
    last = monthrange(year, month)[1]
    if unit == "month":
        return min(first.day, last)
    earliest = 1 + (first.weekday() - date(year, month, 1).weekday()) % 7
    day = earliest + (first.day - 1) // 7 * 7
    return day if day <= last else day - 7


def _real(local: datetime) -> datetime:
    """A time that the clock shows: one in the hour that is left out in spring is an hour later, as people would come."""
    there = moment(minutes(local)).astimezone(local.tzinfo)
    return there if there.replace(tzinfo=None) != local.replace(tzinfo=None) else local


def preview(
    session: Session,
    wanted: Sequence[Wanted],
    starts: Sequence[int],
    *,
    by: By,
    branch_id: int | None = None,
    near: int = 0,
) -> list[Planned]:
    """Which of these visits could be had, without booking anything, and up to `near` times of the day for each that could not.

    A season is looked through at a time: a series may last years, and nobody wants to know what is in between.
    """
    zone = zone_of(session, branch_id)
    found: dict[int, Planned] = {}
    for some in _seasons(starts):
        first, last = some[0], some[-1] + 1
        if near:
            first, last = day_start(zone, first), day_start(zone, last, 1)
        looked = search(session, wanted, first, last, by=by, branch_id=branch_id)
        offered = list(looked.starts()) if near else []
        for start in some:
            inside = looked.within[0] <= start < looked.within[1]
            free = inside and looked.choose(start) is not None
            begin, end = day_start(zone, start), day_start(zone, start, 1)
            others = [] if free else [at for at in offered if begin <= at < end]
            nearest = sorted(others, key=lambda at: (abs(at - start), at))[:near]
            found[start] = Planned(start, free, tuple(sorted(nearest)))
    return [found[start] for start in starts]


def _seasons(starts: Sequence[int]) -> Iterator[list[int]]:
    """The starts in order, in groups that are not longer than `SEASON`."""
    some: list[int] = []
    for start in sorted(set(starts)):
        if some and start - some[0] > SEASON:
            yield some
            some = []
        some.append(start)
    if some:
        yield some


def again(session: Session, visit_id: int, *, anybody: bool) -> list[Wanted]:
    """The services of a visit as long as they were agreed on, by the same specialists or by anybody."""
    wanted = wanted_of(session, visit_id)
    return [replace(one, staff=None) for one in wanted] if anybody else wanted


def repeat(
    session: Session, visit_id: int, starts: Sequence[int], *, anybody: bool = False
) -> tuple[list[int], int]:
    """Book the same services for the same client at each of these times too, or none; all become a series with the visit.

    As long as they were agreed on, by the same specialists, or by whoever is free with `anybody`. Returns their numbers and what
    undoes it. Raises SeriesTaken.
    """
    row = session.execute(
        select(
            Appointment.series,
            Appointment.branch,
            Appointment.group_id,
            Appointment.client_id.label("client"),
            *(getattr(Appointment, name) for name in _OWN[1:]),
        ).where(Appointment.id == visit_id, Appointment.archived_at.is_(None))
    ).one_or_none()
    if row is None:
        raise NotFound(_("There is no such visit."))
    if row.group_id is not None:
        raise Refusal(_("A place in a group session does not repeat; book the next session."))
    if not starts:
        raise Refusal(_("Choose at least one time."))
    wanted = again(session, visit_id, anybody=anybody)
    series = row.series or visit_id
    values = {name: getattr(row, name) for name in _OWN} | {"series": series}
    change_set = open_change_set(session, label="series")
    made: list[int] = []
    try:
        with session.begin_nested():
            for start in sorted(starts):
                booked = book(
                    session,
                    wanted,
                    start,
                    by="staff",
                    branch_id=row.branch,
                    values=values,
                    change_set=change_set,
                )
                made.append(booked.id)
            first = [Change({"series": series}, visit_id)]
            write(session, Appointment, first, change_set=change_set, system=True)
    except (NotOffered, Taken) as gone:
        raise SeriesTaken(
            preview(session, wanted, sorted(starts), by="staff", branch_id=row.branch)
        ) from gone
    return made, change_set


def following(session: Session, visit_id: int) -> list[int]:
    """The visit and those of its series that come after it and are still open, in the order of time."""
    row = session.execute(
        select(Appointment.series, Appointment.starts).where(Appointment.id == visit_id)
    ).one_or_none()
    if row is None:
        raise NotFound(_("There is no such visit."))
    if row.series is None:
        return [visit_id]
    return list(
        session.scalars(
            select(Appointment.id)
            .where(
                Appointment.series == row.series,
                Appointment.starts >= row.starts,
                Appointment.status.in_(OPEN),
                Appointment.archived_at.is_(None),
            )
            .order_by(Appointment.starts, Appointment.id)
        )
    )


def move_following(session: Session, visit_id: int, start: int) -> tuple[list[int], int]:
    """Let a visit begin at `start`, and those of its series after it be moved by as many days to the same time of day, or none.

    Returns which were moved and what undoes it. Raises SeriesTaken, which says of each whether it can be had there.
    """
    ids = following(session, visit_id)
    rows = session.execute(
        select(Appointment.id, Appointment.starts, Appointment.starts_zone).where(Appointment.id.in_(ids))
    ).all()
    at = {row.id: row.starts.astimezone(ZoneInfo(row.starts_zone)) for row in rows}
    here = at[visit_id]
    target = moment(start).astimezone(here.tzinfo)
    days = target.date() - here.date()
    wall = target.timetz()
    goals = {
        one: start if one == visit_id else minutes(_real(datetime.combine(local.date() + days, wall)))
        for one, local in at.items()
    }
    # Whoever moves on makes room for those before, whoever moves back for those after.
    order = sorted(ids, key=lambda one: goals[one], reverse=start > minutes(here))
    planned: dict[int, Planned] = {}
    with session.begin_nested(), _as_one(session, len(ids) > 1):
        change_set = open_change_set(session, label="move_following" if len(ids) > 1 else "move")
        for one in order:
            try:
                with session.begin_nested():
                    move(session, one, goals[one], by="staff", change_set=change_set)
                planned[one] = Planned(goals[one], True)
            except (NotOffered, Taken):
                planned[one] = Planned(goals[one], False)
        if not all(one.free for one in planned.values()):
            raise SeriesTaken([planned[one] for one in ids])
    return ids, change_set


def cancel_following(
    session: Session, visit_id: int, status: str, *, reason: str | None = None
) -> tuple[list[int], int]:
    """Let a visit and those of its series that come after it be cancelled, by the client or by us; the ones before stay.

    Returns which were cancelled and what undoes it.
    """
    ids = following(session, visit_id)
    with _as_one(session, len(ids) > 1):
        change_set = open_change_set(session, label="cancel_following" if len(ids) > 1 else status)
        for one in ids:
            set_status(session, one, status, reason=reason, change_set=change_set)
    return ids, change_set


@contextmanager
def _as_one(session: Session, several: bool) -> Iterator[None]:
    session.scope.cache[_AS_ONE] = several
    try:
        yield
    finally:
        del session.scope.cache[_AS_ONE]


def as_one(session: Session) -> bool:
    """While visits of a series are moved or cancelled together, of which clients are told once."""
    return bool(session.scope.cache.get(_AS_ONE))
