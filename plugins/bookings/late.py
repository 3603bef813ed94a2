"""A specialist who is late: which of their visits begin later, which are only marked, and who is told.

Free time between visits takes up the delay, so only as much of the day moves as has to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.plugins.bookings.marks import COMING
from parlour.plugins.bookings.models import Appointment, Group, Line
from parlour.plugins.bookings.occupied import follow, half_written
from parlour.plugins.bookings.statuses import BLOCKING
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
class Waiting:
    """What waits for a specialist within [start, end) minutes: one visit, or a group session with all `visits` in it."""

    record: Any
    id: int
    starts: datetime
    visits: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Later:
    """What waits, and by how many minutes it begins later. Those of one `cluster` stand in each other's pauses."""

    what: Waiting
    by: int
    cluster: int


@dataclass(frozen=True)
class Done:
    """What was done, by the numbers of the visits, and what undoes it."""

    change_set: int
    moved: list[int]
    marked: list[int]

    @property
    def said(self) -> Any:
        """What was done, in words."""
        moved, marked = len(self.moved), len(self.marked)
        if not marked:
            return _("Moved visits: ${n}.", mapping={"n": moved})
        if not moved:
            return _("Visits marked as late: ${n}.", mapping={"n": marked})
        numbers = {"moved": moved, "marked": marked}
        return _("Moved visits: ${moved}. Only marked as late: ${marked}.", mapping=numbers)


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

    It begins with the first that has not begun, or with the visit `since`. Only visits with which this person may do `action`,
    and group sessions that they may see.
    """
    order = sorted(
        [*_visits(session, staff_id, action), *_sessions(session, staff_id)],
        key=lambda one: (one.start, one.id),
    )
    if since is not None:
        at = next((place for place, one in enumerate(order) if since in one.visits), len(order))
        order = order[at:]
    delays = pushed([(one.start, one.end) for one in order], late)
    return [Later(one, by, cluster) for one, (by, cluster) in zip(order, delays, strict=True) if by]


def _around(cls: Any) -> list[Any]:
    present = now()
    return [cls.starts > present - _LOOK_BACK, cls.starts < present + timedelta(days=1)]


def _visits(session: Session, staff_id: int, action: str) -> list[Waiting]:
    rows = session.execute(
        select(
            Appointment.id,
            Appointment.starts,
            Appointment.starts_zone,
            Line.offset,
            Line.minutes,
            Line.before,
            Line.after,
        )
        .join(Line, Line.appointment_id == Appointment.id)
        .where(
            Line.staff_id == staff_id,
            Line.archived_at.is_(None),
            Appointment.group_id.is_(None),
            Appointment.status.in_(WAITS),
            *_around(Appointment),
            *visible(session, record_type(Appointment), action=action),
        )
    ).all()
    found: dict[int, Waiting] = {}
    for row in rows:
        local = row.starts.astimezone(ZoneInfo(row.starts_zone))
        if not is_today(local):
            continue
        begin = minutes(row.starts) + row.offset
        first, last = begin - row.before, begin + row.minutes + row.after
        if row.id in found:
            first, last = min(first, found[row.id].start), max(last, found[row.id].end)
        found[row.id] = Waiting(Appointment, row.id, local, (row.id,), first, last)
    return list(found.values())


def _sessions(session: Session, staff_id: int) -> list[Waiting]:
    """Group sessions that have not begun: somebody waits in them, or nobody is there yet and they are to come."""
    rows = session.execute(
        select(Group.id, Group.starts, Group.starts_zone, Group.minutes).where(
            Group.staff_id == staff_id,
            Group.cancelled.is_(False),
            *_around(Group),
            *visible(session, record_type(Group)),
        )
    ).all()
    inside: dict[int, list[Any]] = {row.id: [] for row in rows}
    places = select(Appointment.id, Appointment.group_id, Appointment.status).where(
        Appointment.group_id.in_(inside),
        Appointment.status.in_(BLOCKING),
        Appointment.archived_at.is_(None),
    )
    for place in session.execute(places.order_by(Appointment.id)):
        inside[place.group_id].append(place)
    found = []
    for row in rows:
        local = row.starts.astimezone(ZoneInfo(row.starts_zone))
        waits = tuple(place.id for place in inside[row.id] if place.status in WAITS)
        begun = any(place.status in ("in_progress", "done") for place in inside[row.id])
        if is_today(local) and not begun and (waits or row.starts > now()):
            start = minutes(row.starts)
            found.append(Waiting(Group, row.id, local, waits, start, start + row.minutes))
    return found


def whose(session: Session, visit_id: int) -> int | None:
    """The specialist for whom the client of a visit waits: the first of its services, or that of its group session."""
    of_session = select(Group.staff_id).join(Appointment, Appointment.group_id == Group.id)
    found: int | None = session.scalars(
        select(Line.staff_id)
        .where(Line.appointment_id == visit_id, Line.staff_id.is_not(None), Line.archived_at.is_(None))
        .order_by(Line.position, Line.id)
        .limit(1)
    ).first()
    return found or session.scalars(of_session.where(Appointment.id == visit_id)).first()


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

    A group session moves with all who come to it. What cannot move, because another specialist or a room is taken then, is only
    marked. Raises Refusal when nobody waits for them.
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
            visits = [visit for one in together for visit in one.what.visits]
            if shift and _shift(session, together, done.change_set):
                done.moved.extend(visits)
                continue
            marks = [Change({"delay": one.by}, visit) for one in together for visit in one.what.visits]
            write(session, Appointment, marks, change_set=done.change_set, system=True)
            done.marked.extend(visits)
    return done


def _shift(session: Session, some: Sequence[Later], change_set: int) -> bool:
    try:
        with session.begin_nested():
            for record in (Group, Appointment):
                changes = [
                    Change({"starts": _later(one.what.starts, one.by)}, one.what.id)
                    for one in some
                    if one.what.record is record
                ]
                moving = [change.id or 0 for change in changes] if record is Appointment else []
                # Those that stand over each other do so afterwards, too.
                with half_written(session, *moving):
                    write(session, record, changes, change_set=change_set, system=True)
                follow(session, moving, change_set=change_set)
    except Taken:
        return False
    return True


def _later(starts: datetime, by: int) -> datetime:
    """So many minutes later, whatever the clock on the wall does meanwhile."""
    return (starts.astimezone(UTC) + timedelta(minutes=by)).astimezone(starts.tzinfo)


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
