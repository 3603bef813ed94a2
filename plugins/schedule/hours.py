"""When specialists and resources are there: the week's lines, shifts instead of them on single dates, less absences.

All of that is wall time of the branch (of the organisation where there is none), and becomes instants at the very end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, or_, select

from parlour.access.models import Branch
from parlour.db.session import Session
from parlour.plugins.schedule.clocks import DAY, day_of, instants, midnight, pieces, regimes, wall
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
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def walls(self, begin: int) -> Interval:
        """The hours on the wall of a day that begins then."""
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
        self._days: dict[str, list[tuple[date, int, int]]] = {}

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

    def days(self, zone: str) -> list[tuple[date, int, int]]:
        """The dates on which hours may touch what was asked for: each with its weekday and when it begins on the wall."""
        if zone not in self._days:
            first = day_of(wall(zone, self.start)).toordinal() - 1
            last = day_of(wall(zone, self.end)).toordinal()
            days = map(date.fromordinal, range(first, last + 1))
            self._days[zone] = [(day, day.isoweekday(), midnight(day)) for day in days]
        return self._days[zone]

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
        usual: dict[int, list[_Line]] = defaultdict(list)
        for line in weekly:
            usual[line.weekday].append(line)
        walls: dict[int | None, list[Interval]] = defaultdict(list)
        branches = {line.branch for some in (weekly, *dated.values()) for line in some}
        for line_branch in branches:
            branch = line_branch or home or self.branch_id
            if self.branch_id is not None and branch != self.branch_id:
                continue
            for day, weekday, begin in self.days(self.zones.get(branch or 0, self.zone)):
                if (since is None or since <= day) and (until is None or day <= until):
                    for line in dated.get(day, usual[weekday]):
                        if line.branch == line_branch and line.on(day):
                            walls[branch].append(line.walls(begin))
        planned: list[Interval] = []
        present: list[Interval] = []
        for branch, some in walls.items():
            zone = self.zones.get(branch or 0, self.zone)
            wide = regimes(zone, self.start - 2 * DAY, self.end + 2 * DAY)
            planned += pieces(some, wide)
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
    """When these are there in [start, end), in instants; see `services.free_time`. At most five queries."""
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
    dated: dict[int, dict[date, list[_Line]]] = defaultdict(lambda: defaultdict(list))
    shifts = select(Shift.staff_id, Shift.day, Shift.opens, Shift.closes, Shift.branch).where(
        Shift.staff_id.in_(ids),
        Shift.day.between(reading.first, reading.last),
        Shift.archived_at.is_(None),
    )
    for owner, day, opens, closes, branch in session.execute(shifts):
        dated[owner][day].append(_Line(0, opens, closes, branch))
    own = (Staff.branch, Staff.since, Staff.until)
    for staff_id, (branch, since, until), weekly in _with_hours(
        session, Staff, StaffHours, ids, own, StaffHours.branch
    ):
        found.staff[staff_id] = reading.plan(
            weekly, dated[staff_id], branch, staff=staff_id, since=since, until=until
        )


def _plan_resources(reading: _Reading, ids: Sequence[int], found: Plans) -> None:
    own = (Resource.branch, Resource.capacity)
    for resource_id, (branch, capacity), weekly in _with_hours(
        reading.session, Resource, ResourceHours, ids, own
    ):
        plan = reading.plan(weekly or ALWAYS, {}, branch, resource=resource_id)
        plan.capacity = capacity
        found.resources[resource_id] = plan


def _with_hours(
    session: Session, cls: Any, part: Any, ids: Sequence[int], own: Sequence[Any], *more: Any
) -> Iterable[tuple[int, Any, list[_Line]]]:
    """Those that are not archived, each with columns of its own and its lines of the week; one query."""
    line = (part.weekday, part.opens, part.closes, part.since, part.until, *more)
    rows = session.execute(
        select(cls.id, *own, *line)
        .outerjoin(part, part.owner_id == cls.id)
        .where(cls.id.in_(ids), cls.archived_at.is_(None))
    )
    columns: dict[int, Any] = {}
    lines: dict[int, list[_Line]] = defaultdict(list)
    after = 1 + len(own)
    for row in rows:
        columns[row[0]] = row[1:after]
        weekday, opens, closes, since, until, *branch = row[after:]
        if weekday is not None:
            lines[row[0]].append(
                _Line(int(weekday), opens, closes, branch[0] if branch else None, since, until)
            )
    return [(row_id, values, lines[row_id]) for row_id, values in columns.items()]
