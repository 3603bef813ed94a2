"""When specialists and resources are there: the week's lines, shifts instead of them on single dates, less absences.

All of that is wall time of the branch (of the organisation where there is none), and becomes instants at the very end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, or_, select

from parlour.access.models import Branch
from parlour.db.session import Session
from parlour.db.several import Several, among
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


_FIRST, _LAST = bindparam("first", type_=Absence.since.type), bindparam("last", type_=Absence.until.type)
# What has to be known of hours. Lines of the week come with whose they are, at least one row for each.
QUESTIONS = {
    "zones": select(Branch.id, Branch.zone),
    "absences": select(
        Absence.staff_id,
        Absence.resource_id,
        Absence.branch,
        Absence.since,
        Absence.since_time,
        Absence.until,
        Absence.until_time,
    ).where(
        Absence.since <= _LAST,
        Absence.until >= _FIRST,
        Absence.archived_at.is_(None),
        or_(
            and_(Absence.staff_id.is_(None), Absence.resource_id.is_(None)),
            among(Absence.staff_id, "staff"),
            among(Absence.resource_id, "resources"),
        ),
    ),
    "shifts": select(Shift.staff_id, Shift.day, Shift.opens, Shift.closes, Shift.branch).where(
        among(Shift.staff_id, "staff"), Shift.day.between(_FIRST, _LAST), Shift.archived_at.is_(None)
    ),
    "staff": select(
        Staff.id,
        Staff.branch,
        Staff.since,
        Staff.until,
        StaffHours.weekday,
        StaffHours.opens,
        StaffHours.closes,
        StaffHours.branch,
        StaffHours.since,
        StaffHours.until,
    )
    .outerjoin(StaffHours, StaffHours.owner_id == Staff.id)
    .where(among(Staff.id, "staff"), Staff.archived_at.is_(None)),
    "resources": select(
        Resource.id,
        Resource.branch,
        Resource.capacity,
        ResourceHours.weekday,
        ResourceHours.opens,
        ResourceHours.closes,
        ResourceHours.since,
        ResourceHours.until,
    )
    .outerjoin(ResourceHours, ResourceHours.owner_id == Resource.id)
    .where(among(Resource.id, "resources"), Resource.archived_at.is_(None)),
}
_ALONE = Several(**QUESTIONS)
Facts = Mapping[str, Sequence[Sequence[Any]]]


def parameters(start: int, end: int, staff: Collection[int], resources: Collection[int]) -> dict[str, Any]:
    """What `QUESTIONS` are asked with for [start, end)."""
    return {
        "staff": sorted(staff),
        "resources": sorted(resources),
        # A day earlier, for hours that go on over midnight; no zone is further from UTC than that.
        "first": day_of(start) - timedelta(days=2),
        "last": day_of(end) + timedelta(days=1),
    }


class _Reading:
    """What is known for one call of `plans`, and how it is put together."""

    def __init__(self, session: Session, start: int, end: int, branch_id: int | None, facts: Facts):
        self.start, self.end = start, end
        self.branch_id = branch_id
        self.zone = defaults_of(session).zone
        self.zones: dict[int, str] = {row[0]: row[1] for row in facts["zones"]}
        self.absences = facts["absences"]
        self._days: dict[str, list[tuple[date, int, int]]] = {}

    def away(self, staff: int | None, resource: int | None, branch: int | None) -> list[Interval]:
        """When somebody is absent, as wall time."""
        return union(
            (midnight(since) + (since_time or 0), midnight(until) + (until_time or DAY))
            for who, what, where, since, since_time, until, until_time in self.absences
            if who in (None, staff) and what in (None, resource) and where in (None, branch)
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
    facts: Facts | None = None,
) -> Plans:
    """When these are there in [start, end), in instants; see `services.free_time`. One query, or none where the answers to
    `QUESTIONS` are at hand.
    """
    if facts is None:
        facts = _ALONE.ask(session, **parameters(start, end, staff, resources))
    reading = _Reading(session, start, end, branch_id, facts)
    found = Plans()
    dated: dict[int, dict[date, list[_Line]]] = defaultdict(lambda: defaultdict(list))
    for owner, day, opens, closes, branch in facts["shifts"]:
        dated[owner][day].append(_Line(0, opens, closes, branch))
    lines: dict[int, list[_Line]] = defaultdict(list)
    for owner, _branch, _since, _until, weekday, opens, closes, *rest in facts["staff"]:
        if weekday is not None:
            lines[owner].append(_Line(int(weekday), opens, closes, *rest))
    for owner, (branch, since, until) in {row[0]: row[1:4] for row in facts["staff"]}.items():
        found.staff[owner] = reading.plan(
            lines[owner], dated[owner], branch, staff=owner, since=since, until=until
        )
    lines.clear()
    for owner, _branch, _capacity, weekday, opens, closes, *rest in facts["resources"]:
        if weekday is not None:
            lines[owner].append(_Line(int(weekday), opens, closes, None, *rest))
    for owner, (branch, capacity) in {row[0]: row[1:3] for row in facts["resources"]}.items():
        found.resources[owner] = reading.plan(lines[owner] or ALWAYS, {}, branch, resource=owner)
        found.resources[owner].capacity = capacity
    return found
