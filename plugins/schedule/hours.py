"""When specialists and resources are there: the week's lines, shifts instead of them on single dates, less absences.

All of that is wall time of the branch (of the organisation where there is none), and becomes instants at the very end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, or_, select

from parlour.access.models import Branch
from parlour.db.session import Session
from parlour.plugins.schedule.clocks import DAY, day_of, instants, midnight, regimes, wall
from parlour.plugins.schedule.intervals import Interval, subtract, union
from parlour.plugins.schedule.models import Absence, Resource, ResourceHours, Shift, Staff, StaffHours
from parlour.records.defaults import defaults_of


@dataclass
class Plan:
    """When somebody is there, in instants. `present` lies within what was asked for. `planned` has each line of hours whole, from
    its beginning, and leaves absences out of account.
    """

    planned: list[Interval] = field(default_factory=list)
    present: list[Interval] = field(default_factory=list)
    capacity: int = 1


@dataclass
class Plans:
    """By the numbers of staff and of resources; who is archived is not there."""

    staff: dict[int, Plan] = field(default_factory=dict)
    resources: dict[int, Plan] = field(default_factory=dict)


@dataclass(frozen=True)
class _Line:
    """Hours of one weekday (1 is Monday), or of one date, where weekday is 0."""

    weekday: int
    opens: int
    closes: int
    branch: int | None
    since: date | None = None
    until: date | None = None

    def on(self, day: date) -> bool:
        return (
            self.weekday in (0, day.isoweekday())
            and (self.since is None or self.since <= day)
            and (self.until is None or day <= self.until)
        )

    def walls(self, day: date) -> Interval:
        begin = midnight(day)
        return begin + self.opens, begin + self.closes + (DAY if self.closes <= self.opens else 0)


ALWAYS = tuple(_Line(weekday, 0, 0, None) for weekday in range(1, 8))


class _Reading:
    """What is read for one call of `plans`, and how it is put together."""

    def __init__(self, session: Session, start: int, end: int, branch_id: int | None):
        self.session = session
        self.start, self.end = start, end
        self.branch_id = branch_id
        self.zone = defaults_of(session).zone
        self.zones = {row.id: row.zone for row in session.execute(select(Branch.id, Branch.zone))}
        # A day earlier, for hours that go on over midnight; no zone is further from UTC than that.
        self.first = day_of(start) - timedelta(days=2)
        self.last = day_of(end) + timedelta(days=1)
        self.absences: list[Any] = []

    def read_absences(self, staff: Collection[int], resources: Collection[int]) -> None:
        whose = [and_(Absence.staff_id.is_(None), Absence.resource_id.is_(None))]
        if staff:
            whose.append(Absence.staff_id.in_(staff))
        if resources:
            whose.append(Absence.resource_id.in_(resources))
        statement = select(
            Absence.staff_id,
            Absence.resource_id,
            Absence.branch,
            Absence.since,
            Absence.since_time,
            Absence.until,
            Absence.until_time,
        ).where(
            Absence.since <= self.last,
            Absence.until >= self.first,
            Absence.archived_at.is_(None),
            or_(*whose),
        )
        self.absences = list(self.session.execute(statement))

    def away(self, staff: int | None, resource: int | None, branch: int | None) -> list[Interval]:
        """When somebody is absent, as wall time."""
        return union(
            (midnight(row.since) + (row.since_time or 0), midnight(row.until) + (row.until_time or DAY))
            for row in self.absences
            if (row.staff_id is None or row.staff_id == staff)
            and (row.resource_id is None or row.resource_id == resource)
            and (row.branch is None or row.branch == branch)
        )

    def plan(
        self,
        weekly: Sequence[_Line],
        dated: Mapping[date, Sequence[_Line]],
        home: int | None,
        *,
        staff: int | None = None,
        resource: int | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> Plan:
        """Put together when one specialist or resource is there."""
        walls: dict[int | None, list[Interval]] = defaultdict(list)
        zones: dict[str, tuple[date, date]] = {}
        for line_branch in {
            line.branch for line in (*weekly, *(one for some in dated.values() for one in some))
        }:
            branch = line_branch or home or self.branch_id
            if self.branch_id is not None and branch != self.branch_id:
                continue
            zone = self.zones.get(branch or 0, self.zone)
            if zone not in zones:
                begin = day_of(wall(zone, self.start)) - timedelta(days=1)
                zones[zone] = (
                    max(begin, since or begin),
                    min(day_of(wall(zone, self.end)), until or date.max),
                )
            day, last = zones[zone]
            while day <= last:
                for line in dated.get(day, weekly):
                    if line.branch == line_branch and line.on(day):
                        walls[branch].append(line.walls(day))
                day += timedelta(days=1)
        planned: list[Interval] = []
        present: list[Interval] = []
        for branch, some in walls.items():
            zone = self.zones.get(branch or 0, self.zone)
            wide = regimes(zone, self.start - 2 * DAY, self.end + 2 * DAY)
            planned += [piece for each in some for piece in instants([each], wide)]
            left = subtract(union(some), self.away(staff, resource, branch))
            present += instants(left, regimes(zone, self.start, self.end))
        inside = (piece for piece in planned if piece[0] < self.end and piece[1] > self.start)
        return Plan(sorted(inside), union(present))


def plans(
    session: Session,
    start: int,
    end: int,
    *,
    staff: Collection[int] = (),
    resources: Collection[int] = (),
    branch_id: int | None = None,
) -> Plans:
    """When these are there in [start, end), in instants; see `services.free_time`. At most seven queries."""
    found = Plans()
    reading = _Reading(session, start, end, branch_id)
    reading.read_absences(sorted(staff), sorted(resources))
    if staff:
        _plan_staff(reading, sorted(staff), found)
    if resources:
        _plan_resources(reading, sorted(resources), found)
    return found


def _plan_staff(reading: _Reading, ids: Sequence[int], found: Plans) -> None:
    session = reading.session
    weekly = _weekly(session, StaffHours, ids, StaffHours.branch)
    dated: dict[int, dict[date, list[_Line]]] = defaultdict(lambda: defaultdict(list))
    shifts = select(Shift.staff_id, Shift.day, Shift.opens, Shift.closes, Shift.branch).where(
        Shift.staff_id.in_(ids),
        Shift.day.between(reading.first, reading.last),
        Shift.archived_at.is_(None),
    )
    for owner, day, opens, closes, branch in session.execute(shifts):
        dated[owner][day].append(_Line(0, opens, closes, branch))
    people = select(Staff.id, Staff.branch, Staff.since, Staff.until).where(
        Staff.id.in_(ids), Staff.archived_at.is_(None)
    )
    for row in session.execute(people):
        found.staff[row.id] = reading.plan(
            weekly[row.id], dated[row.id], row.branch, staff=row.id, since=row.since, until=row.until
        )


def _plan_resources(reading: _Reading, ids: Sequence[int], found: Plans) -> None:
    weekly = _weekly(reading.session, ResourceHours, ids)
    things = select(Resource.id, Resource.branch, Resource.capacity).where(
        Resource.id.in_(ids), Resource.archived_at.is_(None)
    )
    for row in reading.session.execute(things):
        plan = reading.plan(weekly[row.id] or ALWAYS, {}, row.branch, resource=row.id)
        plan.capacity = row.capacity
        found.resources[row.id] = plan


def _weekly(session: Session, cls: Any, ids: Sequence[int], *more: Any) -> dict[int, list[_Line]]:
    lines: dict[int, list[_Line]] = defaultdict(list)
    statement = select(cls.owner_id, cls.weekday, cls.opens, cls.closes, cls.since, cls.until, *more)
    for owner, weekday, opens, closes, since, until, *branch in session.execute(
        statement.where(cls.owner_id.in_(ids))
    ):
        lines[owner].append(_Line(int(weekday), opens, closes, branch[0] if branch else None, since, until))
    return lines
