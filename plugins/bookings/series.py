"""Visits that repeat: looked at beforehand, booked all or none, changed one by one or from one on.

They repeat on the wall of the branch: ten o'clock stays ten o'clock when clocks are changed.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select

from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.plugins.bookings.models import Appointment
from parlour.plugins.bookings.offers import By, NotOffered, Wanted, search
from parlour.plugins.bookings.services import book, cancel
from parlour.plugins.bookings.statuses import OPEN
from parlour.plugins.schedule.clocks import minutes, moment
from parlour.plugins.schedule.services import Taken
from parlour.records.write import Change, open_change_set, write

Unit = Literal["day", "week", "month"]
MOST = 60


@dataclass(frozen=True)
class Planned:
    """One visit of a series to be: when, and whether it can be had."""

    start: int
    free: bool


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


def starts_of(start: int, zone: str, every: int, unit: Unit, count: int) -> list[int]:
    """The starts of a series, the first one included; on the 31st of a shorter month its last day. Raises Refusal."""
    if not (1 <= count <= MOST and 1 <= every <= 52):
        raise Refusal(_("A series has 1 to ${n} visits.", mapping={"n": MOST}))
    first = moment(start).astimezone(ZoneInfo(zone))
    found = []
    for number in range(count):
        if unit == "month":
            month = first.month - 1 + number * every
            year, month = first.year + month // 12, month % 12 + 1
            local = first.replace(year=year, month=month, day=min(first.day, monthrange(year, month)[1]))
        else:
            local = first + timedelta(days=number * every * (7 if unit == "week" else 1))
        found.append(minutes(_real(local)))
    return found


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
) -> list[Planned]:
    """Which of these visits could be had, without booking anything. Each is looked for by itself: a series may last years."""
    found = []
    for start in starts:
        looked = search(session, wanted, start, start + 1, by=by, branch_id=branch_id)
        inside = looked.within[0] <= start < looked.within[1]
        found.append(Planned(start, inside and looked.choose(start) is not None))
    return found


def book_series(
    session: Session,
    wanted: Sequence[Wanted],
    starts: Sequence[int],
    *,
    by: By,
    branch_id: int | None = None,
    values: Mapping[str, Any] | None = None,
    skip: Collection[int] = (),
) -> list[int]:
    """Book a visit at each of the starts, or none; the places in `skip` are left out. Returns their numbers.

    Raises SeriesTaken, which says of each whether it can be had.
    """
    change_set = open_change_set(session, label="series")
    made: list[int] = []
    try:
        with session.begin_nested():
            for place, start in enumerate(starts):
                if place in skip:
                    continue
                given = {**(values or {}), **({"series": made[0]} if made else {})}
                made.append(
                    book(
                        session,
                        wanted,
                        start,
                        by=by,
                        branch_id=branch_id,
                        values=given,
                        change_set=change_set,
                    ).id
                )
            if len(made) > 1:
                first = [Change({"series": made[0]}, made[0])]
                write(session, Appointment, first, change_set=change_set, system=True)
    except (NotOffered, Taken) as gone:
        raise SeriesTaken(preview(session, wanted, starts, by=by, branch_id=branch_id)) from gone
    return made


def cancel_following(session: Session, visit_id: int, *, by: By, reason: str | None = None) -> list[int]:
    """Cancel a visit and those of its series that come after it; the ones before stay. Returns which were cancelled."""
    row = session.execute(
        select(Appointment.series, Appointment.starts).where(Appointment.id == visit_id)
    ).one_or_none()
    if row is None or row.series is None:
        cancel(session, visit_id, by=by, reason=reason)
        return [visit_id]
    following = list(
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
    for one in following:
        cancel(session, one, by=by, reason=reason)
    return following
