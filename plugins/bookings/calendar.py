"""A day of the calendar: columns of specialists or of rooms, and what stands in them.

All of it is read under the access rules of whoever looks, in a fixed number of queries. Times are minutes since midnight on the
wall of the branch; what goes on over midnight is cut off there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select

from parlour.db.session import Session
from parlour.plugins.bookings.engine import busy_of
from parlour.plugins.bookings.models import MAX_MINUTES, Appointment, Line
from parlour.plugins.bookings.offers import zone_of
from parlour.plugins.bookings.statuses import BLOCKING
from parlour.plugins.schedule.clocks import DAY, midnight, minutes, moment, wall
from parlour.plugins.schedule.intervals import Interval, intersect, subtract, union
from parlour.plugins.schedule.models import Absence, Resource, Shift, Staff, StaffHours
from parlour.plugins.schedule.services import FreeTime, free_time
from parlour.records.query import Row, read, visible
from parlour.records.registry import fields_of, record_type

By = Literal["staff", "rooms"]
# The hours that are shown when nobody works, and the pieces of free time that can be clicked.
USUAL: Interval = (9 * 60, 19 * 60)
PIECE = 30
# Less than this is no time for anything.
LEAST = 10
# Visits that overlap stand side by side, so many at most.
LANES = 4


@dataclass
class Block:
    """A service of a visit where it stands in a column. `busy` are the pieces that occupy whoever does it, buffers left out."""

    visit: Row
    line: Row
    starts: int
    ends: int
    before: int
    after: int
    busy: list[Interval]
    lane: int = 0
    # None where it has the whole width.
    lanes: int = 1

    @property
    def gaps(self) -> list[Interval]:
        return subtract([(self.starts, self.ends)], self.busy)


@dataclass
class Column:
    """One specialist or room. `id` is None for what nobody has been assigned to."""

    id: int | None
    row: Row
    closed: list[Interval] = field(default_factory=list)
    # The hours, also where an absence takes them away.
    planned: list[Interval] = field(default_factory=list)
    free: list[Interval] = field(default_factory=list)
    # Taken by something else than a visit that this person sees.
    taken: list[Interval] = field(default_factory=list)
    absences: list[tuple[Interval, str, int]] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    present: int = 0

    @property
    def load(self) -> int | None:
        """How much of the time that is worked is taken, in percent; None when nobody works."""
        if not self.present:
            return None
        left = sum(end - start for start, end in self.free)
        return max(0, min(100, round(100 * (self.present - left) / self.present)))

    @property
    def lanes(self) -> int:
        return max((block.lanes for block in self.blocks), default=1)

    def pieces(self) -> list[Interval]:
        """Free time in pieces of half an hour at most, none over the full and the half hour."""
        cut = [
            (max(start, at), min(end, at + PIECE))
            for start, end in self.free
            for at in range(start // PIECE * PIECE, end, PIECE)
        ]
        return [(start, end) for start, end in cut if end - start >= LEAST]


@dataclass
class Day:
    """A day in one branch, or in all. `window` is what is shown, in whole hours."""

    day: date
    zone: str
    branch: int | None
    by: By
    window: Interval
    columns: list[Column]
    visits: list[Row]


def day_of(session: Session, day: date, *, by: By = "staff", branch_id: int | None = None) -> Day:
    """What a person may see of a day. Raises NotFound for a branch that is not there."""
    zone = zone_of(session, branch_id)
    start, end = _bounds(day, zone)
    visits = _visits(session, start, end, branch_id)
    lines = _lines(session, [visit["id"] for visit in visits])
    people = _subjects(session, by, branch_id)
    ids = [row["id"] for row in people]
    staff, rooms = (ids, []) if by == "staff" else ([], ids)
    free = free_time(session, start, end, staff=staff, resources=rooms, branch_id=branch_id)
    absences = _absences(session, day, by)
    blocks = _blocks(visits, lines, by, day, zone, set(ids))
    begin = midnight(day)

    def here(intervals: Iterable[Interval]) -> list[Interval]:
        on_wall = ((wall(zone, first) - begin, wall(zone, last) - begin) for first, last in intervals)
        return intersect(union(on_wall), [(0, DAY)])

    columns = [_column(row, by, free, here, blocks.pop(row["id"], []), absences) for row in people]
    working = [column for column in columns if column.present or column.blocks or column.absences]
    columns = working or [
        column for column in columns if branch_id is None or column.row.get("branch") in (None, branch_id)
    ]
    rest = [block for some in blocks.values() for block in some]
    if rest:
        columns.append(Column(None, {"id": None, "name": None}, blocks=rest))
    for column in columns:
        _lay_out(column)
    return Day(day, zone, branch_id, by, _window(columns), columns, visits)


def stamp(session: Session, day: date, branch_id: int | None = None) -> str:
    """Another text whenever something of the day may have changed: one query over the indexes by which a day is read.

    Versions of rows are added up, each with its number: it does not depend on the order in which transactions end, as the highest
    number of a change would.
    """
    start, end = (moment(at) for at in _bounds(day, zone_of(session, branch_id)))

    def summed(cls: Any, *conditions: Any) -> Any:
        total = func.coalesce(func.sum(cls.version * (cls.id + 7)), 0)
        return select(total).where(*conditions).scalar_subquery()

    around = and_(Appointment.starts > start - timedelta(minutes=MAX_MINUTES), Appointment.starts < end)
    of_day = select(Appointment.id).where(around)
    found = session.execute(
        select(
            summed(Appointment, around),
            summed(Line, Line.appointment_id.in_(of_day)),
            summed(Absence, Absence.since <= day, Absence.until >= day),
            summed(Shift, Shift.day == day),
            summed(Staff),
            select(func.max(Appointment.id)).where(around).scalar_subquery(),
        )
    ).one()
    return "-".join(str(part or 0) for part in found)


def _bounds(day: date, zone: str) -> Interval:
    zoned = ZoneInfo(zone)
    first, last = (datetime.combine(day + timedelta(days=more), time(), zoned) for more in (0, 1))
    return minutes(first), minutes(last)


# ---- reading


def _visits(session: Session, start: int, end: int, branch_id: int | None) -> list[Row]:
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
    )
    fields = [item for item in fields_of(session, kind) if item.name in wanted]
    first, last = moment(start), moment(end)
    conditions = [
        *visible(session, kind),
        Appointment.starts > first - timedelta(minutes=MAX_MINUTES),
        Appointment.starts < last,
        Appointment.ends > first,
        Appointment.status.in_(BLOCKING),
    ]
    if branch_id is not None:
        conditions.append(or_(Appointment.branch == branch_id, Appointment.branch.is_(None)))
    order = [Appointment.starts, Appointment.id]
    return read(session, kind, fields, conditions, order_by=order, titled=True)


def _lines(session: Session, visits: Sequence[int]) -> list[Row]:
    kind = record_type(Line)
    wanted = (
        "appointment", "name", "item", "staff", "resources", "offset", "minutes", "before", "after", "gap_from", "gap",
    )  # fmt: skip
    fields = [item for item in fields_of(session, kind) if item.name in wanted]
    conditions = [*visible(session, kind), Line.appointment_id.in_(visits)]
    return read(session, kind, fields, conditions, order_by=[Line.appointment_id, Line.position, Line.id])


def _subjects(session: Session, by: By, branch_id: int | None) -> list[Row]:
    """Specialists, or rooms, whom this person may see, in the order of the calendar."""
    cls: Any = Staff if by == "staff" else Resource
    kind = record_type(cls)
    wanted = ("name", "job", "photo", "branch")
    fields = [item for item in fields_of(session, kind) if item.name in wanted]
    conditions = list(visible(session, kind))
    if branch_id is not None:
        elsewhere = select(StaffHours.owner_id).where(StaffHours.branch == branch_id)
        shifted = select(Shift.staff_id).where(Shift.branch == branch_id)
        here = [cls.branch.is_(None), cls.branch == branch_id]
        conditions.append(or_(*here, *((cls.id.in_(elsewhere), cls.id.in_(shifted)) if cls is Staff else ())))
    return read(session, kind, fields, conditions, order_by=[cls.position, cls.id])


def _absences(session: Session, day: date, by: By) -> list[Row]:
    kind = record_type(Absence)
    wanted = ("reason", "staff", "resource", "branch", "since", "since_time", "until", "until_time", "note")
    fields = [item for item in fields_of(session, kind) if item.name in wanted]
    whose = Absence.resource_id.is_(None) if by == "staff" else Absence.staff_id.is_(None)
    conditions = [*visible(session, kind), Absence.since <= day, Absence.until >= day, whose]
    return read(session, kind, fields, conditions, order_by=[Absence.id])


# ---- putting together


def _blocks(
    visits: Sequence[Row], lines: Sequence[Row], by: By, day: date, zone: str, known: set[int]
) -> dict[int | None, list[Block]]:
    """What stands in each column; under None what belongs to nobody who has one."""
    begin = midnight(day)
    by_id = {visit["id"]: visit for visit in visits}
    found: dict[int | None, list[Block]] = defaultdict(list)
    for line in lines:
        visit = by_id.get(line.get("appointment") or 0)
        if visit is None:
            continue
        starts = wall(zone, minutes(visit["starts"]) + (line.get("offset") or 0)) - begin
        length = line.get("minutes") or 0
        ends = min(starts + length, DAY)
        if starts >= DAY or ends <= 0:
            continue
        parts = busy_of(length, 0, 0, line.get("gap_from"), line.get("gap"))
        busy = intersect([(starts + a, starts + b) for a, b in parts], [(0, DAY)])
        before, after = line.get("before") or 0, line.get("after") or 0
        places = [line.get("staff")] if by == "staff" else list(line.get("resources") or ())
        for place in places:
            # A room is used all the time, the pause of the specialist included.
            held = busy if by == "staff" else [(max(starts, 0), ends)]
            block = Block(visit, line, max(starts, 0), ends, before, after, held)
            found[place if place in known else None].append(block)
    return found


def _column(
    row: Row, by: By, free: FreeTime, here: Any, blocks: list[Block], absences: Sequence[Row]
) -> Column:
    row_id = row["id"]
    present = here(free.present.get(row_id, ()) if by == "staff" else free.hours(row_id))
    open_ = here(free.staff.get(row_id, ()) if by == "staff" else free.resource(row_id))
    shown = union((start - block.before, end + block.after) for block in blocks for start, end in block.busy)
    subject = "staff" if by == "staff" else "resource"
    away = [
        (
            (each.get("since_time") or 0, each.get("until_time") or DAY),
            each.get("reason") or "other",
            each["id"],
        )
        for each in absences
        if each.get(subject) == row_id
        or (each.get(subject) is None and each.get("branch") in (None, row.get("branch")))
    ]
    return Column(
        row_id,
        row,
        closed=subtract([(0, DAY)], present),
        planned=here(free.work.get(row_id, ())) if by == "staff" else present,
        free=open_,
        taken=subtract(subtract(present, open_), shown),
        absences=away,
        blocks=blocks,
        present=sum(end - start for start, end in present),
    )


def _lay_out(column: Column) -> None:
    """Give visits that overlap lanes beside each other."""
    column.blocks.sort(key=lambda block: (block.starts, block.ends))
    cluster: list[Block] = []
    until = -1

    def close() -> None:
        width = max((block.lane for block in cluster), default=0) + 1
        for block in cluster:
            block.lanes = width

    last: list[int] = []
    for block in column.blocks:
        if block.starts >= until:
            close()
            cluster, last = [], []
        # What fits into the pause of another lies beside it all the same, so that both can be read.
        lane = next((at for at, end in enumerate(last) if end <= block.starts), None)
        if lane is None:
            lane = min(len(last), LANES - 1)
            last[lane:] = [block.ends]
        else:
            last[lane] = block.ends
        block.lane = lane
        cluster.append(block)
        until = max(until, block.ends)
    close()


def _window(columns: Sequence[Column]) -> Interval:
    """From the earliest to the latest minute that matters, in whole hours."""
    seen = [stretch for column in columns for stretch in column.planned if column.planned != [(0, DAY)]]
    seen += [
        (block.starts - block.before, block.ends + block.after)
        for column in columns
        for block in column.blocks
    ]
    if not seen:
        return USUAL
    first = max(0, min(start for start, _end in seen))
    last = min(DAY, max(end for _start, end in seen))
    return first // 60 * 60, -(-last // 60) * 60


def titles_of(row: Mapping[str, Any]) -> str:
    """Who comes: the visitor where it is somebody else, then the client."""
    client = row.get("client")
    name = client["title"] if isinstance(client, dict) else ""
    return " · ".join(filter(None, [row.get("visitor"), name]))
