"""What the calendar reads: visits, sessions, services, specialists and absences, under the access rules of whoever looks.

A fixed number of queries, however many days there are. Moments are aware, minutes are those since 1970.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam, func, or_, select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.db.several import among, kept
from parlour.plugins.bookings.groups import Standing, standing
from parlour.plugins.bookings.marks import COMING
from parlour.plugins.bookings.models import MAX_MINUTES, Appointment, Group, Line
from parlour.plugins.bookings.offers import zone_of
from parlour.plugins.bookings.statuses import BLOCKING
from parlour.plugins.schedule.clocks import minutes, moment
from parlour.plugins.schedule.intervals import Interval
from parlour.plugins.schedule.models import Absence, Resource, Shift, Staff, StaffHours
from parlour.records.query import Row, read, visible
from parlour.records.registry import fields_of, record_type

By = Literal["staff", "rooms"]


def _summed(cls: Any, *conditions: Any) -> Any:
    total = func.coalesce(func.sum(cls.version * (cls.id + 7)), 0)
    return select(total).where(*conditions).scalar_subquery()


_SINCE, _UNTIL, _PRESENT = (
    bindparam(name, type_=Appointment.starts.type) for name in ("since", "until", "present")
)
_FIRST, _LAST = (bindparam(name, type_=Shift.day.type) for name in ("first", "last"))
_AROUND = and_(Appointment.starts > _SINCE, Appointment.starts < _UNTIL)
_STAMP = kept(
    select(
        _summed(Appointment, _AROUND),
        _summed(Line, Line.appointment_id.in_(select(Appointment.id).where(_AROUND))),
        _summed(Group, Group.starts > _SINCE, Group.starts < _UNTIL),
        _summed(Absence, Absence.since <= _LAST, Absence.until >= _FIRST),
        _summed(Shift, Shift.day.between(_FIRST, _LAST)),
        _summed(Staff),
        select(func.max(Appointment.id)).where(_AROUND).scalar_subquery(),
        # Who is not here yet is marked as late, though nothing was written, and by how much is said, as of those who wait.
        select(func.count())
        .where(
            _AROUND,
            or_(
                and_(Appointment.starts <= _PRESENT, Appointment.status.in_(COMING)),
                Appointment.status == "arrived",
            ),
        )
        .scalar_subquery(),
    )
)


def stamp(session: Session, first: date, branch_id: int | None = None, *, days: int = 1) -> str:
    """Another text whenever something of these days may have changed: one query over the indexes by which they are read.

    Versions of rows are added up, each with its number: it does not depend on the order in which transactions end, as the highest
    number of a change would.
    """
    start, end = (moment(at) for at in bounds(first, zone_of(session, branch_id), days))
    present = now()
    given = {
        "since": start - timedelta(minutes=MAX_MINUTES),
        "until": end,
        "first": first,
        "last": first + timedelta(days=days - 1),
        "present": present,
    }
    found = [part or 0 for part in session.execute(_STAMP, given).one()]
    if found[-1]:
        found.append(minutes(present))
    return "-".join(map(str, found))


def bounds(first: date, zone: str, days: int = 1) -> Interval:
    """When so many days begin and end on the wall of a zone."""
    zoned = ZoneInfo(zone)
    begin, end = (datetime.combine(first + timedelta(days=more), time(), zoned) for more in (0, days))
    return minutes(begin), minutes(end)


def visits(
    session: Session, start: int, end: int, branch_id: int | None, staff_id: int | None = None
) -> list[Row]:
    """Visits that lie in [start, end) and take time, with what their clients are called; those of one specialist where one is
    given. Places in a group session are none: the session stands for them.
    """
    kind = record_type(Appointment)
    wanted = (
        "client",
        "visitor",
        "starts",
        "ends",
        "status",
        "branch",
        "note",
        "comment",
        "to_check",
        "overlap",
        "arrived_at",
        "delay",
        "deposit_state",
    )
    fields = [item for item in fields_of(session, kind) if item.name in wanted]
    conditions = [
        *visible(session, kind),
        *_around(Appointment, start, end, branch_id),
        Appointment.ends > moment(start),
        Appointment.status.in_(BLOCKING),
        Appointment.group_id.is_(None),
    ]
    if staff_id is not None:
        theirs = select(Line.appointment_id).where(Line.staff_id == staff_id, Line.archived_at.is_(None))
        conditions.append(Appointment.id.in_(theirs))
    order = [Appointment.starts, Appointment.id]
    return read(session, kind, fields, conditions, order_by=order, titled=True)


def sessions(session: Session, start: int, end: int, branch_id: int | None) -> list[Row]:
    """Group sessions that take place in [start, end), with how many places are `taken` and the `delay` of their visits."""
    kind = record_type(Group)
    wanted = ("name", "item", "staff", "resources", "starts", "minutes", "seats", "branch", "note")
    fields = [item for item in fields_of(session, kind) if item.name in wanted]
    conditions = [*visible(session, kind), *_around(Group, start, end, branch_id), Group.cancelled.is_(False)]
    found = read(session, kind, fields, conditions, order_by=[Group.starts, Group.id])
    stand = standing(session, [row["id"] for row in found])
    return [{**row, **asdict(stand.get(row["id"], Standing()))} for row in found]


def _around(cls: Any, start: int, end: int, branch_id: int | None) -> list[Any]:
    """What begins before `end` and not longer before `start` than anything lasts."""
    conditions = [cls.starts > moment(start) - timedelta(minutes=MAX_MINUTES), cls.starts < moment(end)]
    if branch_id is not None:
        conditions.append(or_(cls.branch == branch_id, cls.branch.is_(None)))
    return conditions


def lines(session: Session, visit_ids: Sequence[int], *, titled: bool = False) -> list[Row]:
    """The services of these visits, in order; `titled` as in `records.query.read`."""
    kind = record_type(Line)
    wanted = (
        "appointment", "name", "item", "staff", "resources", "offset", "minutes", "before", "after", "gap_from", "gap",
    )  # fmt: skip
    fields = [item for item in fields_of(session, kind) if item.name in wanted]
    conditions = [*visible(session, kind), among(Line.appointment_id, visit_ids)]
    return read(
        session,
        kind,
        fields,
        conditions,
        order_by=[Line.appointment_id, Line.position, Line.id],
        titled=titled,
    )


def subjects(session: Session, by: By, branch_id: int | None, only: int | None = None) -> list[Row]:
    """Specialists, or rooms, whom this person may see, in the order of the calendar."""
    cls: Any = Staff if by == "staff" else Resource
    kind = record_type(cls)
    wanted = ("name", "job", "photo", "branch")
    fields = [item for item in fields_of(session, kind) if item.name in wanted]
    conditions = list(visible(session, kind))
    if only is not None:
        conditions.append(cls.id == only)
    if branch_id is not None:
        elsewhere = select(StaffHours.owner_id).where(StaffHours.branch == branch_id)
        shifted = select(Shift.staff_id).where(Shift.branch == branch_id)
        here = [cls.branch.is_(None), cls.branch == branch_id]
        conditions.append(or_(*here, *((cls.id.in_(elsewhere), cls.id.in_(shifted)) if cls is Staff else ())))
    return read(session, kind, fields, conditions, order_by=[cls.position, cls.id])


def absences(session: Session, first: date, last: date, by: By) -> list[Row]:
    """Absences that touch these days, of specialists or of rooms, and of whole branches."""
    kind = record_type(Absence)
    wanted = ("reason", "staff", "resource", "branch", "since", "since_time", "until", "until_time", "note")
    fields = [item for item in fields_of(session, kind) if item.name in wanted]
    whose = Absence.resource_id.is_(None) if by == "staff" else Absence.staff_id.is_(None)
    conditions = [*visible(session, kind), Absence.since <= last, Absence.until >= first, whose]
    return read(session, kind, fields, conditions, order_by=[Absence.id])
