"""Days of the calendar: columns of specialists or of rooms, and what stands in them.

All of it is read under the access rules of whoever looks, in a fixed number of queries. Times are minutes since midnight on the
wall of the branch; what goes on over midnight is cut off there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from parlour.db.session import Session
from parlour.plugins.bookings.engine import busy_of
from parlour.plugins.bookings.frontdesk import calendar_rows as rows
from parlour.plugins.bookings.frontdesk.calendar_rows import By
from parlour.plugins.bookings.offers import zone_of
from parlour.plugins.schedule.clocks import DAY, midnight, minutes, wall
from parlour.plugins.schedule.intervals import Interval, intersect, subtract, union
from parlour.plugins.schedule.services import FreeTime, free_time
from parlour.records.query import Row

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

    # Of a group session the session itself, with its places.
    visit: Row
    line: Row
    starts: int
    ends: int
    before: int
    after: int
    busy: list[Interval]
    lane: int = 0
    lanes: int = 1
    group: bool = False

    @property
    def gaps(self) -> list[Interval]:
        whole = [(self.starts, self.ends)]
        return [] if self.busy == whole else subtract(whole, self.busy)


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


def days_of(
    session: Session,
    first: date,
    days: int,
    *,
    by: By = "staff",
    branch_id: int | None = None,
    only: int | None = None,
) -> list[Day]:
    """What a person may see of so many days one after the other, in as many queries as of one; `only` is the one specialist or
    room that is asked for.

    Raises NotFound for a branch that is not there.
    """
    zone = zone_of(session, branch_id)
    start, end = rows.bounds(first, zone, days)
    alone = only if by == "staff" else None
    visits = rows.visits(session, start, end, branch_id, alone)
    lines = rows.lines(session, [visit["id"] for visit in visits])
    sessions = rows.sessions(session, start, end, branch_id)
    people = rows.subjects(session, by, branch_id, only)
    ids = [row["id"] for row in people]
    staff, rooms = (ids, []) if by == "staff" else ([], ids)
    free = free_time(session, start, end, staff=staff, resources=rooms, branch_id=branch_id)
    absences = rows.absences(session, first, first + timedelta(days=days - 1), by)
    found = []
    for day in (first + timedelta(days=more) for more in range(days)):
        blocks = _blocks(visits, lines, sessions, by, day, zone, set(ids))
        columns = [_column(row, by, day, zone, free, blocks.pop(row["id"], []), absences) for row in people]
        if only is None:
            columns = _shown(columns, blocks, branch_id)
        for column in columns:
            _lay_out(column)
        there = {block.visit["id"] for column in columns for block in column.blocks if not block.group}
        found.append(
            Day(
                day,
                zone,
                branch_id,
                by,
                window_of(columns),
                columns,
                [visit for visit in visits if visit["id"] in there],
            )
        )
    return found


def _shown(
    columns: list[Column], rest: Mapping[int | None, list[Block]], branch_id: int | None
) -> list[Column]:
    """The columns of whoever has something that day, of all where nobody has, and one for what belongs to none of them."""
    working = [column for column in columns if column.present or column.blocks or column.absences]
    shown = working or [
        column for column in columns if branch_id is None or column.row.get("branch") in (None, branch_id)
    ]
    left = [block for some in rest.values() for block in some]
    return [*shown, Column(None, {"id": None, "name": None}, blocks=left)] if left else shown


# ---- putting together


def _blocks(
    visits: Sequence[Row],
    lines: Sequence[Row],
    sessions: Sequence[Row],
    by: By,
    day: date,
    zone: str,
    known: set[int],
) -> dict[int | None, list[Block]]:
    """What stands in each column; under None what belongs to nobody who has one."""
    begin = midnight(day)
    by_id = {visit["id"]: visit for visit in visits}
    found: dict[int | None, list[Block]] = defaultdict(list)

    def put(visit: Row, line: Row, offset: int, group: bool) -> None:
        starts = wall(zone, minutes(visit["starts"]) + offset) - begin
        length = line.get("minutes") or 0
        ends = min(starts + length, DAY)
        if starts >= DAY or ends <= 0:
            return
        before, after = line.get("before") or 0, line.get("after") or 0
        held = [(max(starts, 0), ends)]
        # A room is used all the time, the pause of the specialist included.
        if by == "staff" and line.get("gap"):
            parts = busy_of(length, 0, 0, line.get("gap_from"), line.get("gap"))
            held = intersect([(starts + a, starts + b) for a, b in parts], [(0, DAY)])
        for place in [line.get("staff")] if by == "staff" else list(line.get("resources") or ()):
            block = Block(visit, line, max(starts, 0), ends, before, after, held, group=group)
            found[place if place in known else None].append(block)

    for line in lines:
        visit = by_id.get(line.get("appointment") or 0)
        if visit is not None:
            put(visit, line, line.get("offset") or 0, False)
    for session in sessions:
        put(session, session, 0, True)
    return found


def _column(
    row: Row,
    by: By,
    day: date,
    zone: str,
    free: FreeTime,
    blocks: list[Block],
    absences: Sequence[Row],
) -> Column:
    row_id, begin = row["id"], midnight(day)

    def here(intervals: Iterable[Interval]) -> list[Interval]:
        on_wall = ((wall(zone, first) - begin, wall(zone, last) - begin) for first, last in intervals)
        return intersect(union(on_wall), [(0, DAY)])

    present = here(free.present.get(row_id, ()) if by == "staff" else free.hours(row_id))
    open_ = here(free.staff.get(row_id, ()) if by == "staff" else free.resource(row_id))
    shown = union((start - block.before, end + block.after) for block in blocks for start, end in block.busy)
    subject = "staff" if by == "staff" else "resource"
    away = []
    for each in absences:
        nobodys = each.get(subject) is None and each.get("branch") in (None, row.get("branch"))
        if each.get(subject) != row_id and not nobodys:
            continue
        since = midnight(each.get("since") or day) + (each.get("since_time") or 0) - begin
        until = midnight(each.get("until") or day) + (each.get("until_time") or DAY) - begin
        away += [
            (stretch, each.get("reason") or "other", each["id"])
            for stretch in intersect([(since, until)], [(0, DAY)])
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


def window_of(columns: Sequence[Column]) -> Interval:
    """From the earliest to the latest minute that matters in these columns, in whole hours."""
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
