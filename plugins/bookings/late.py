"""A specialist who is late: which of their visits begin later, which are only marked, and who is told.

Free time between visits takes up the delay, so only as much of the day moves as has to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.plugins.bookings.marks import COMING
from parlour.plugins.bookings.models import Appointment, Line
from parlour.plugins.schedule.clocks import minutes
from parlour.plugins.schedule.services import Taken
from parlour.records.query import visible
from parlour.records.registry import record_type
from parlour.records.write import Change, open_change_set, write

# Somebody waits for the specialist; what has begun or is over moves no more.
WAITS = (*COMING, "arrived")
# Who should have begun longer ago does not wait any more.
_LOOK_BACK = timedelta(hours=3)
# In the session's cache while visits are moved: whether clients are told. See `telling`.
_TELLING = "bookings.late"
MAX_LATE = 240


@dataclass(frozen=True)
class Later:
    """A visit of the specialist and by how many minutes it begins later. Those of one `cluster` stand in each other's pauses."""

    row: Any
    by: int
    cluster: int


@dataclass(frozen=True)
class Done:
    """What was done, by the numbers of the visits, and what undoes it."""

    change_set: int
    moved: list[int]
    marked: list[int]


def pushed(blocks: Sequence[tuple[int, int]], late: int) -> list[tuple[int, int]]:
    """By how much each of these stretches begins later when the first does by `late`, and which go together.

    They are [start, end) in the order of their starts. Those that overlap keep their distance; before the others, free time is
    used up first.
    """
    found: list[tuple[int, int]] = []
    by, until, cluster = late, None, 0
    for start, end in blocks:
        if until is not None and start >= until:
            by, cluster = max(0, until + by - start), cluster + 1
        until = end if until is None else max(until, end)
        found.append((by, cluster))
    return found


def is_today(starts: datetime | None) -> bool:
    """Whether a visit is today on the wall of its branch; `starts` is aware, in the zone of that."""
    return starts is not None and starts.date() == now().astimezone(starts.tzinfo).date()


def plan(
    session: Session, staff_id: int, late: int, *, since: int | None = None, action: str = "write"
) -> list[Later]:
    """Which of this specialist's visits of today begin later when they are `late` minutes late, in the order of time.

    It begins with the first that has not begun, or with the visit `since`. Only visits with which this person may do `action`.
    """
    present = now()
    rows = session.execute(
        select(
            Appointment.id,
            Appointment.starts,
            Appointment.starts_zone,
            Appointment.group_id,
            Line.offset,
            Line.minutes,
            Line.before,
            Line.after,
        )
        .join(Line, Line.appointment_id == Appointment.id)
        .where(
            Line.staff_id == staff_id,
            Line.archived_at.is_(None),
            Appointment.status.in_(WAITS),
            Appointment.starts > present - _LOOK_BACK,
            Appointment.starts < present + timedelta(days=1),
            *visible(session, record_type(Appointment), action=action),
        )
        .order_by(Appointment.starts, Appointment.id)
    ).all()
    stretches: dict[int, tuple[Any, int, int]] = {}
    for row in rows:
        if not is_today(row.starts.astimezone(ZoneInfo(row.starts_zone))):
            continue
        begin = minutes(row.starts) + row.offset
        first, last = begin - row.before, begin + row.minutes + row.after
        if row.id in stretches:
            known, start, end = stretches[row.id]
            first, last = min(first, start), max(last, end)
            row = known
        stretches[row.id] = (row, first, last)
    order = sorted(stretches.values(), key=lambda one: (one[1], one[0].id))
    if since is not None:
        at = next((place for place, one in enumerate(order) if one[0].id == since), len(order))
        order = order[at:]
    delays = pushed([(first, last) for _row, first, last in order], late)
    return [
        Later(row, by, cluster) for (row, *_stretch), (by, cluster) in zip(order, delays, strict=True) if by
    ]


def run_late(
    session: Session,
    staff_id: int,
    late: int,
    *,
    shift: bool,
    tell: bool,
    since: int | None = None,
    action: str = "write",
) -> Done:
    """Let the rest of a specialist's day begin later (`shift`), or only mark it; `tell` the clients concerned.

    What cannot move, because another specialist or a room is taken then, and places in group sessions are only marked. Raises
    Refusal when nobody waits for them.
    """
    if not 1 <= late <= MAX_LATE:
        raise Refusal(_("Somebody is late by 1 to ${n} minutes.", mapping={"n": MAX_LATE}))
    found = plan(session, staff_id, late, since=since, action=action)
    if not found:
        raise Refusal(_("Nobody waits for this specialist today any more."))
    done = Done(open_change_set(session, label="late"), [], [])
    with _telling(session, tell):
        # From the end of the day on, so that each moves to where the next one has made room.
        for _cluster, some in groupby(reversed(found), key=lambda one: one.cluster):
            together = list(some)
            if shift and _shift(session, together, done.change_set):
                done.moved.extend(one.row.id for one in together)
                continue
            marks = [Change({"delay": one.by}, one.row.id) for one in together]
            write(session, Appointment, marks, change_set=done.change_set, system=True)
            done.marked.extend(one.row.id for one in together)
    return done


def _shift(session: Session, some: Sequence[Later], change_set: int) -> bool:
    if any(one.row.group_id is not None for one in some):
        return False
    changes = []
    for one in some:
        local = (one.row.starts + timedelta(minutes=one.by)).astimezone(ZoneInfo(one.row.starts_zone))
        changes.append(Change({"starts": local, "delay": None}, one.row.id))
    try:
        with session.begin_nested():
            write(session, Appointment, changes, change_set=change_set, system=True)
    except Taken:
        return False
    return True


@contextmanager
def _telling(session: Session, tell: bool) -> Iterator[None]:
    session.scope.cache[_TELLING] = tell
    try:
        yield
    finally:
        del session.scope.cache[_TELLING]


def telling(session: Session) -> bool | None:
    """While a specialist's visits are written as late: whether clients are to be told. None at all other times."""
    found: bool | None = session.scope.cache.get(_TELLING)
    return found
