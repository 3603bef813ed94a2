"""The one pair of functions that finds free time and occupies it, and what stands beside them.

Instants are whole minutes since 1970 in UTC (`clocks.minutes`, `clocks.moment`), intervals are half-open. All of it looks past
access rules: whether somebody is free must not depend on who asks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, literal, not_, or_, select
from sqlalchemy.exc import IntegrityError

from parlour.db.base import now
from parlour.db.bulk import is_gathering
from parlour.db.session import Session, insert_rows
from parlour.db.several import Several, among, kept
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.plugins.schedule import hours
from parlour.plugins.schedule.clocks import minutes
from parlour.plugins.schedule.intervals import Interval, full, intersect, subtract, union
from parlour.plugins.schedule.models import MAX_SEGMENT, Busy, Resource, Staff

CHUNK = 500
# Staff or resource, and its number.
Subject = tuple[str, int]
STAFF, RESOURCE = "staff", "resource"


@dataclass(frozen=True)
class Segment:
    """Time of one specialist (`staff`) or a part of a resource (`resource`, `takes` of its capacity)."""

    starts: int
    ends: int
    staff: int | None = None
    resource: int | None = None
    takes: int = 1

    @property
    def subject(self) -> Subject:
        return (STAFF, self.staff) if self.staff is not None else (RESOURCE, self.resource or 0)


@dataclass(frozen=True)
class Clash:
    """A stretch that is wanted and what is in its way: `source` and `source_id` as they were given to `occupy`."""

    wanted: Segment
    starts: int
    ends: int
    source: str
    source_id: int


class Taken(Refusal):
    """The time is not free. `clashes` says what is in the way; it is empty where the database alone noticed."""

    def __init__(self, clashes: Sequence[Clash] = ()):
        super().__init__(_("This time is taken."))
        self.clashes = list(clashes)


@dataclass
class FreeTime:
    """What `free_time` found between `start` and `end`. Staff and resources that were not asked for are not there."""

    start: int
    end: int
    # The hours of specialists, each line whole: what is offered every half an hour is counted from its beginning. Absences and
    # what keeps them busy are not taken off.
    work: dict[int, list[Interval]] = field(default_factory=dict)
    # Where specialists are there: their hours less absences, busy or not.
    present: dict[int, list[Interval]] = field(default_factory=dict)
    # Where specialists are free.
    staff: dict[int, list[Interval]] = field(default_factory=dict)
    _hours: dict[int, list[Interval]] = field(default_factory=dict)
    _loads: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict)
    _capacities: dict[int, int] = field(default_factory=dict)

    def hours(self, resource_id: int) -> list[Interval]:
        """Where a resource is there, busy or not."""
        return self._hours.get(resource_id, [])

    def resource(self, resource_id: int, takes: int = 1) -> list[Interval]:
        """Where a resource has room for `takes` more."""
        room = self._capacities[resource_id] - takes
        if room < 0:
            return []
        return subtract(self._hours[resource_id], full(self._loads[resource_id], room))


def free_time(
    session: Session,
    start: int,
    end: int,
    *,
    staff: Collection[int] = (),
    resources: Collection[int] = (),
    branch_id: int | None = None,
    without: tuple[str, Collection[int]] | None = None,
) -> FreeTime:
    """When these specialists are free and these resources have room, in [start, end).

    With `branch_id` only hours in that branch, or in any, count. `without`, a source and ids, does as if these occupied nothing:
    whoever moves a visit is not in their own way. A fixed number of queries, however many days, staff and visits there are.
    """
    found = FreeTime(start, end)
    whole = [(start, end)]
    facts = _FREE.ask(
        session,
        **hours.parameters(start, end, staff, resources),
        **_between(start, end),
        source=without[0] if without is not None else "",
        own=sorted(without[1]) if without is not None else (),
    )
    plans = hours.plans(
        session, start, end, staff=staff, resources=resources, branch_id=branch_id, facts=facts
    )
    engaged: dict[int, list[Interval]] = defaultdict(list)
    for staff_id, starts, ends in facts["engaged"]:
        engaged[staff_id].append((starts, ends))
    for staff_id, plan in plans.staff.items():
        found.work[staff_id] = plan.planned
        found.present[staff_id] = intersect(plan.present, whole)
        found.staff[staff_id] = subtract(found.present[staff_id], union(engaged[staff_id]))
    loads: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for resource_id, starts, ends, takes in facts["loaded"]:
        loads[resource_id].append((starts, ends, takes))
    for resource_id, plan in plans.resources.items():
        found._hours[resource_id] = intersect(plan.present, whole)
        found._loads[resource_id] = loads[resource_id]
        found._capacities[resource_id] = plan.capacity
    return found


def _within() -> ColumnElement[bool]:
    """What overlaps [start, end). That a segment has its longest lets an index find it by its beginning."""
    return and_(
        Busy.starts > bindparam("before", type_=Busy.starts.type),
        Busy.starts < bindparam("end", type_=Busy.starts.type),
        Busy.ends > bindparam("start", type_=Busy.starts.type),
    )


def _between(start: int, end: int) -> dict[str, Any]:
    return {"before": start - MAX_SEGMENT, "start": start, "end": end, "present": now()}


_COUNTS = or_(Busy.expires_at.is_(None), Busy.expires_at > bindparam("present", type_=Busy.expires_at.type))
_OTHERS = or_(Busy.source != bindparam("source"), not_(among(Busy.source_id, "own")))
# Staff and resources are asked for apart: an OR would be planned as neither.
_STAFF, _RESOURCES = (
    among(Busy.staff_id, "staff"),
    among(Busy.resource_id, "resources"),
)
_FREE = Several(
    **hours.QUESTIONS,
    engaged=select(Busy.staff_id, Busy.starts, Busy.ends).where(_STAFF, _within(), _COUNTS, _OTHERS),
    loaded=select(Busy.resource_id, Busy.starts, Busy.ends, Busy.takes).where(
        _RESOURCES, _within(), _COUNTS, _OTHERS
    ),
)
_COLUMNS = (
    Busy.id,
    Busy.staff_id,
    Busy.resource_id,
    Busy.starts,
    Busy.ends,
    Busy.takes,
    Busy.lane,
    Busy.source,
    Busy.source_id,
    Busy.expires_at,
)
_OF_STAFF, _OF_RESOURCES = (kept(select(*_COLUMNS).where(whose, _within())) for whose in (_STAFF, _RESOURCES))


def _busy(
    session: Session, start: int, end: int, staff: Collection[int], resources: Collection[int]
) -> Iterable[Any]:
    """What overlaps [start, end), also what is held no longer."""
    given = {"before": start - MAX_SEGMENT, "start": start, "end": end}
    if staff:
        yield from session.execute(_OF_STAFF, {**given, "staff": sorted(staff)})
    if resources:
        yield from session.execute(_OF_RESOURCES, {**given, "resources": sorted(resources)})


def occupy(
    session: Session,
    source: str,
    wanted: Mapping[int, Sequence[Segment]],
    *,
    force: bool = False,
    expires_at: datetime | None = None,
    fresh: bool = False,
) -> set[int]:
    """Let each source occupy these segments and nothing else any more, all or nothing; returns which of them got time that they
    had not. Raises Taken.

    `fresh` says that these sources are new and occupy nothing yet. What a source has already it keeps, whatever has been put over
    it since.

    What stands already counts whatever its lane, so nobody is booked over a visit that staff forced in. `force` is for staff
    who want an overlap: such a segment gets a lane of its own. What one source wants twice is counted once. Whether anybody
    works then is not asked here: see `free_time`. A fixed number of statements for a batch.
    """
    batch = {source_id: _merged(segments) for source_id, segments in wanted.items()}
    gone: list[int] = []
    if not fresh:
        batch, gone = _compared(session, source, batch, expires_at)
    subjects = {each.subject for segments in batch.values() for each in segments}
    capacities = _lock(session, subjects)
    _delete(session, gone)
    standing: dict[Subject, list[Clash]] = defaultdict(list)
    lanes: dict[Clash, int] = {}
    everything = [each for segments in batch.values() for each in segments]
    if everything:
        for subject, clash, lane in _standing(session, everything, subjects):
            standing[subject].append(clash)
            lanes[clash] = lane
    rows: list[dict[str, Any]] = []
    refused: list[Clash] = []
    for source_id, segments in batch.items():
        for each in segments:
            there = standing[each.subject]
            over = [one for one in there if one.starts < each.ends and one.ends > each.starts]
            limit = capacities[each.subject]
            clashing = bool(_beyond(each, over, limit))
            if clashing and not force:
                refused += [Clash(each, one.starts, one.ends, one.source, one.source_id) for one in over]
                if not over:
                    raise Taken()
                continue
            lane = 1 + max((lanes[one] for one in over), default=0) if clashing and over else 0
            mark = Clash(each, each.starts, each.ends, source, source_id)
            there.append(mark)
            lanes[mark] = lane
            rows += _rows(each, source, source_id, lane, limit == 1, expires_at)
    if refused:
        raise Taken(refused)
    if is_gathering(session):  # whoever gathers asks `refused` what the database said
        insert_rows(session, Busy, rows)
    elif rows:
        try:
            with session.begin_nested():
                insert_rows(session, Busy, rows)
        except IntegrityError as error:
            raise Taken() from error
    return set(batch)


def _compared(
    session: Session, source: str, batch: Mapping[int, Sequence[Segment]], expires_at: datetime | None
) -> tuple[dict[int, list[Segment]], list[int]]:
    """The segments that these have not got yet, and the ids of the rows that they do not want any more."""
    there = _held(session, source, batch)
    missing: dict[int, list[Segment]] = {}
    for source_id, segments in batch.items():
        for each in segments:
            rows = _rows(each, source, source_id, 0, False, expires_at)
            keys = [_key(row) for row in rows]
            if all(key in there[source_id] for key in keys):
                for key in keys:
                    del there[source_id][key]
            else:
                missing.setdefault(source_id, []).append(each)
    return missing, sorted(row_id for rows in there.values() for row_id in rows.values())


# By what a row is the same as before.
_SAME = (Busy.staff_id, Busy.resource_id, Busy.starts, Busy.ends, Busy.takes, Busy.expires_at)


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[column.key] for column in _SAME)


def _held(
    session: Session, source: str, source_ids: Collection[int], *conditions: Any
) -> dict[int, dict[tuple[Any, ...], int]]:
    """The ids of the rows that these have, by what makes a row the same."""
    there: dict[int, dict[tuple[Any, ...], int]] = defaultdict(dict)
    ids = sorted(source_ids)
    for at in range(0, len(ids), CHUNK):
        statement = select(Busy.id, Busy.source_id, *_SAME).where(
            Busy.source == source, Busy.source_id.in_(ids[at : at + CHUNK]), *conditions
        )
        for row in session.execute(statement):
            there[row.source_id][tuple(row[2:])] = row.id
    return there


def _delete(session: Session, ids: Sequence[int]) -> None:
    for at in range(0, len(ids), CHUNK):
        session.execute(
            delete(Busy).where(Busy.id.in_(ids[at : at + CHUNK])),
            execution_options={"synchronize_session": False},
        )


def refused(error: IntegrityError) -> Taken | None:
    """What it means when the database refuses writes that were done as one: Taken where it is about time."""
    said = str(error.orig)
    return Taken() if "ex_schedule_busy" in said or "two segments overlap" in said else None


def release(session: Session, source: str, source_ids: Collection[int]) -> None:
    """Free all that these occupy. Doing it twice does nothing more."""
    ids = sorted(source_ids)
    for at in range(0, len(ids), CHUNK):
        session.execute(
            delete(Busy).where(Busy.source == source, Busy.source_id.in_(ids[at : at + CHUNK])),
            execution_options={"synchronize_session": False},
        )


def mirror(session: Session, source: str, source_id: int, segments: Sequence[Segment], *, since: int) -> int:
    """Let a source occupy from `since` on what is busy elsewhere, whatever stands there; what lies before stays. Returns how many
    rows came or went: the same twice changes nothing.

    Such segments count for everybody who asks for free time, and are themselves not refused. Of one specialist or resource
    they may not overlap. The caller sees to it that nobody else writes the same source.
    """
    wanted = {_key(row): row for each in segments for row in _rows(each, source, source_id, 0, False, None)}
    there = _held(session, source, [source_id], Busy.ends > since)[source_id]
    gone = sorted(row_id for key, row_id in there.items() if key not in wanted)
    _delete(session, gone)
    fresh = [row for key, row in wanted.items() if key not in there]
    if fresh:
        insert_rows(session, Busy, fresh)
    return len(gone) + len(fresh)


def _merged(segments: Sequence[Segment]) -> list[Segment]:
    """Segments of one source without overlaps among themselves: what it needs of one subject at one time it needs once."""
    by_subject: dict[Subject, list[Segment]] = defaultdict(list)
    for each in segments:
        by_subject[each.subject].append(each)
    return [
        Segment(start, end, some[0].staff, some[0].resource, max(each.takes for each in some))
        for some in by_subject.values()
        for start, end in union((each.starts, each.ends) for each in some)
    ]


def _lock(session: Session, subjects: Collection[Subject]) -> dict[Subject, int]:
    """Lock staff, then resources, in the order of their ids, and return how much each takes at once.

    Whoever occupies the same has to wait here and sees afterwards what the first one did. The lock leaves keys alone: rows that
    merely refer to these are written meanwhile. On SQLite there is one writer anyway.
    """
    capacities: dict[Subject, int] = {}
    for kind, statement in _LOCKING.items():
        ids = sorted(subject_id for name, subject_id in subjects if name == kind)
        if not ids:
            continue
        for row_id, capacity in session.execute(statement, {"ids": ids}):
            capacities[kind, row_id] = capacity
        if len(ids) > sum(name == kind for name, _id in capacities):
            raise Refusal(_("This specialist or room is gone; choose another."))
    return capacities


_LOCKING = {
    kind: kept(
        select(cls.id, capacity).where(among(cls.id, "ids")).order_by(cls.id).with_for_update(key_share=True)
    )
    for kind, cls, capacity in ((STAFF, Staff, literal(1)), (RESOURCE, Resource, Resource.capacity))
}


def _standing(
    session: Session, everything: Sequence[Segment], subjects: Collection[Subject]
) -> Iterable[tuple[Subject, Clash, int]]:
    """What is in the way. What was held and is not any more goes: it would count for the database, which has no clock in its
    constraints.
    """
    first, last = min(each.starts for each in everything), max(each.ends for each in everything)
    ids = {kind: [one for name, one in subjects if name == kind] for kind in (STAFF, RESOURCE)}
    present = now()
    over = []
    for row in _busy(session, first, last, ids[STAFF], ids[RESOURCE]):
        if row.expires_at is not None and row.expires_at <= present:
            over.append(row.id)
            continue
        segment = Segment(row.starts, row.ends, row.staff_id, row.resource_id, row.takes)
        yield segment.subject, Clash(segment, row.starts, row.ends, row.source, row.source_id), row.lane
    _delete(session, over)


def _beyond(wanted: Segment, over: Sequence[Clash], limit: int) -> list[Interval]:
    """Where a segment and what overlaps it take more than there is."""
    taken = [(one.starts, one.ends, one.wanted.takes) for one in over]
    there = full([*taken, (wanted.starts, wanted.ends, wanted.takes)], limit)
    return intersect(there, [(wanted.starts, wanted.ends)])


def _rows(
    segment: Segment, source: str, source_id: int, lane: int, exclusive: bool, expires_at: datetime | None
) -> list[dict[str, Any]]:
    """The rows of one segment: a long one is divided, so that none is longer than the search for overlaps looks back."""
    return [
        {
            "staff_id": segment.staff,
            "resource_id": segment.resource,
            "starts": start,
            "ends": min(start + MAX_SEGMENT, segment.ends),
            "takes": segment.takes,
            "exclusive": exclusive,
            "lane": lane,
            "source": source,
            "source_id": source_id,
            "expires_at": expires_at,
        }
        for start in range(segment.starts, segment.ends, MAX_SEGMENT)
    ]


def uncovered(session: Session, staff: Collection[int], *, until: int) -> list[Clash]:
    """What keeps these specialists busy from now on up to `until` though they do not work then, in the order of time.

    After their hours were changed or they fell ill, these are the visits that somebody has to decide about.
    """
    start = minutes(now())
    plans = hours.plans(session, start, until, staff=staff)
    found = []
    for row in _busy(session, start, until, staff, ()):
        if row.expires_at is not None and row.expires_at <= now():
            continue
        stretch = [(max(row.starts, start), min(row.ends, until))]
        # Who is archived has no hours any more.
        present = plans.staff[row.staff_id].present if row.staff_id in plans.staff else []
        if subtract(stretch, present):
            segment = Segment(row.starts, row.ends, row.staff_id, None, row.takes)
            found.append(Clash(segment, row.starts, row.ends, row.source, row.source_id))
    return sorted(found, key=lambda one: (one.starts, one.source_id))
