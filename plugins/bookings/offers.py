"""What can be booked: one function, `search`, for what is offered and for what is accepted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam, or_, select

from parlour.access.models import Branch
from parlour.db.base import now
from parlour.db.session import Session
from parlour.db.several import Several, among
from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.plugins.bookings.additions import Additions, gathered, left_alone
from parlour.plugins.bookings.engine import Chain, Chosen, Option, Step, busy_of
from parlour.plugins.bookings.models import MAX_MINUTES, MAX_SERVICES, GoesWith, Need, Service, Skill, as_done
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.catalog.models import Item
from parlour.plugins.catalog.services import price_parameters, prices_from, prices_query
from parlour.plugins.schedule.clocks import DAY, minutes, moment
from parlour.plugins.schedule.intervals import Interval
from parlour.plugins.schedule.models import Resource, Staff
from parlour.plugins.schedule.services import FreeTime, free_time
from parlour.records.defaults import defaults_of
from parlour.records.values import Money

By = Literal["client", "staff"]
# The most that is looked through at once, in days.
MAX_DAYS = 366
# So many days ahead other times are looked for, the more the longer there is none.
NEAR = (7, 35, 120)
_MOST_BUFFER = 480


class NotOffered(Refusal):
    """This time is not to be had. The message says why, as far as that is known."""


@dataclass(frozen=True)
class Wanted:
    """A service, and the specialist who is asked for, or None for anybody who does it.

    `item` is None for what is in no catalogue, as visits of another system bring it: its specialist does it in the minutes that
    were agreed on. `minutes` is how long staff want it to take this time; None as long as it usually does. `rooms` are those in
    which it is to be done, of the types that it needs; for the other types any room does.
    """

    item: int | None
    staff: int | None = None
    minutes: int | None = None
    rooms: tuple[int, ...] = ()


@dataclass(frozen=True)
class Offered:
    """A service as one specialist does it in a branch."""

    item: int | None
    name: str
    staff: int
    minutes: int
    before: int
    after: int
    gap_from: int | None
    gap: int | None
    price: Money | None


@dataclass
class Search:
    """What `search` found between two instants."""

    zone: str
    branch: int | None
    within: Interval
    # By step and specialist.
    offered: list[dict[int, Offered]]
    chain: Chain
    free: FreeTime
    step: int
    confirm: bool
    _place: Mapping[int, int] = field(default_factory=dict)

    def starts(self) -> dict[int, list[int]]:
        """The starts on the grid in the order of time, each with the specialists who can begin then."""
        found: dict[int, list[int]] = defaultdict(list)
        for start, staff in self.chain.grid(self.free.work, self.step, self.within):
            found[start].append(staff)
        return dict(sorted(found.items()))

    def on_grid(self, start: int) -> bool:
        """Whether clients are offered this start."""
        around = (max(start, self.within[0]), min(start + 1, self.within[1]))
        return any(at == start for at, _staff in self.chain.grid(self.free.work, self.step, around))

    def choose(self, start: int) -> list[Chosen] | None:
        """Who does what then: who has most free time left that day; of those alike, who stands first in the calendar."""
        return self.chain.choose(start, self._rank)

    def _rank(self, staff: int, start: int) -> tuple[int, ...]:
        begin, end = day_start(self.zone, start), day_start(self.zone, start, days=1)
        left = sum(
            max(0, min(last, end) - max(first, begin)) for first, last in self.free.staff.get(staff, ())
        )
        return -left, self._place.get(staff, 0), staff


def day_start(zone: str, instant: int, days: int = 0) -> int:
    """When the day of an instant began on the wall, or so many days later."""
    zoned = ZoneInfo(zone)
    day = moment(instant).astimezone(zoned).date() + timedelta(days=days)
    return minutes(datetime.combine(day, time(), zoned))


def zone_of(session: Session, branch_id: int | None) -> str:
    """The zone of a branch, of the organisation where there is none. Raises NotFound for a branch that is not there."""
    if branch_id is None:
        return defaults_of(session).zone
    zone = session.scalars(
        select(Branch.zone).where(Branch.id == branch_id, Branch.archived_at.is_(None))
    ).one_or_none()
    if zone is None:
        raise NotFound(_("There is no such branch."))
    return zone


def search(
    session: Session,
    wanted: Sequence[Wanted],
    start: int,
    end: int,
    *,
    by: By,
    branch_id: int | None = None,
    without: tuple[str, Collection[int]] | None = None,
    now_at: int | None = None,
) -> Search:
    """All ways in which these services can be done one after the other, beginning in [start, end).

    `by` "client" keeps to what is offered online: services and specialists that are, the lead time and the window. `without`
    names what is not in the way, such as the visit that is moved. A fixed number of queries, whatever the days and specialists.
    Raises Refusal and NotFound for what nobody can book, in words.
    """
    [found] = searches(
        session, [wanted], start, end, by=by, branch_id=branch_id, without=without, now_at=now_at
    )
    if not isinstance(found, Search):
        raise found
    return found


def searches(
    session: Session,
    chains: Sequence[Sequence[Wanted]],
    start: int,
    end: int,
    *,
    by: By,
    branch_id: int | None = None,
    without: tuple[str, Collection[int]] | None = None,
    now_at: int | None = None,
) -> list[Search | Refusal | NotFound]:
    """What `search` finds for each of several visits, every one as if it was alone, in as many queries as for one. Instead of
    what nobody can book stands why.
    """
    if end - start > MAX_DAYS * DAY:
        raise Refusal(_("Ask for at most ${n} days at once.", mapping={"n": MAX_DAYS}))
    zone = zone_of(session, branch_id)
    policy = policy_of(session)
    if by == "client":
        start, end = _open_to_clients(start, end, zone, policy.lead, policy.window, now_at)
    items = {one.item for wanted in chains for one in wanted if one.item is not None}
    today = moment(start).astimezone(ZoneInfo(zone)).date()
    facts = _questions(by, branch_id is not None).ask(session, **price_parameters(items, today, branch_id))
    services: dict[int | None, _Service] = {row[0]: _Service(*row) for row in facts["services"]}
    people = [_Skill(*row) for row in facts["people"]]
    needs, kinds = _needs(facts["needs"])
    # Staff know what they do.
    added = [one.id for one in services.values() if one.addition and by == "client"]
    additions = gathered(added, facts["goes_with"])
    read = _Read(services, people, prices_from(facts["prices"]), needs, kinds, additions)
    ways = [_ways(wanted, read) for wanted in chains]
    can = [way for way in ways if isinstance(way, _Ways)]
    # Whole days, so that who has most of the day left does not depend on how much of it is asked for.
    longest = max((way.longest for way in can), default=0)
    first, last = day_start(zone, start), day_start(zone, max(end, start) + longest, days=1)
    free = free_time(
        session,
        first - _MOST_BUFFER,
        last + _MOST_BUFFER,
        staff={staff for way in can for able in way.offered for staff in able},
        resources={one for some in kinds.values() for one in some},
        branch_id=branch_id,
        without=without,
    )
    room = cache(free.resource)
    places = {skill.staff_id: skill.position for skill in people}
    found: list[Search | Refusal | NotFound] = []
    for wanted, way in zip(chains, ways, strict=True):
        if not isinstance(way, _Ways):
            found.append(way)
            continue
        chain = Chain(way.steps, free.staff, way.kinds, room)
        first_one = services.get(wanted[0].item)
        step = (first_one.step if first_one else None) or policy.step
        confirm = any(services[one.item].confirm for one in wanted if one.item is not None)
        found.append(Search(zone, branch_id, (start, end), way.offered, chain, free, step, confirm, places))
    return found


@dataclass(frozen=True)
class _Read:
    """What was read of services: by item what is known, who does them, for how much, what they need and what must be added to
    another one.
    """

    services: Mapping[int | None, _Service]
    people: Sequence[_Skill]
    prices: Mapping[int, Money]
    needs: Mapping[int, Sequence[int]]
    kinds: Mapping[int, list[int]]
    additions: Additions


@dataclass(frozen=True)
class _Ways:
    """How one visit can be done: who does which step for how long, and in which rooms."""

    offered: list[dict[int, Offered]]
    steps: list[Step]
    kinds: dict[int, list[int]]
    longest: int


def _ways(wanted: Sequence[Wanted], read: _Read) -> _Ways | Refusal | NotFound:
    if not wanted:
        return Refusal(_("Choose a service."))
    if len(wanted) > MAX_SERVICES:
        return Refusal(_("A visit has at most ${n} services.", mapping={"n": MAX_SERVICES}))
    offered: list[dict[int, Offered]] = []
    steps: list[Step] = []
    kinds = dict(read.kinds)
    for one in wanted:
        able = _able(one, read)
        if not isinstance(able, dict):
            return able
        offered.append(able)
        where = _pinned(one, read.needs.get(one.item, ()) if one.item else (), kinds)
        if where is None:
            name = next(iter(able.values())).name
            return Refusal(_("“${name}” is not done there.", mapping={"name": name}))
        steps.append(Step(tuple(_option(each) for each in able.values()), where))
    names = {one.item: read.services[one.item].name for one in wanted if one.item is not None}
    alone = left_alone(names, read.additions)
    if alone is not None:
        return alone
    longest = sum(max(each.minutes for each in able.values()) for able in offered)
    if longest > MAX_MINUTES:
        return Refusal(_("These services together take more than a day."))
    return _Ways(offered, steps, kinds, longest)


def _able(one: Wanted, read: _Read) -> dict[int, Offered] | Refusal | NotFound:
    """Who does a service, and how; or why nobody does."""
    if one.item is None:
        if one.staff is None or one.minutes is None or one.rooms:
            return Refusal(_("This service cannot be booked."))
        return {one.staff: Offered(None, "", one.staff, one.minutes, 0, 0, None, None, None)}
    service = read.services.get(one.item)
    if service is None:
        return NotFound(_("This service cannot be booked."))
    able = {
        skill.staff_id: Offered(
            one.item,
            service.name,
            skill.staff_id,
            one.minutes or skill.minutes or service.minutes,
            service.before or 0,
            service.after or 0,
            service.gap_from,
            service.gap,
            Money.from_minor(skill.price_amount, skill.price_currency)
            if skill.price_amount is not None
            else read.prices.get(one.item),
        )
        for skill in read.people
        if skill.item_id == one.item and one.staff in (None, skill.staff_id)
    }
    return able or Refusal(_("Nobody does “${name}” here.", mapping={"name": service.name}))


def check(
    session: Session,
    wanted: Sequence[Wanted],
    start: int,
    *,
    by: By,
    branch_id: int | None = None,
    without: tuple[str, Collection[int]] | None = None,
) -> tuple[Search, list[Chosen]]:
    """Who would do what if the visit began then. Raises NotOffered in words for a time that is not to be had.

    Staff may begin at any minute; clients at the times that are offered to them, neither too soon nor too far ahead.
    """
    found = search(session, wanted, start, start + 1, by=by, branch_id=branch_id, without=without)
    if by == "client":
        if found.within[0] > start:
            raise NotOffered(_("This time is too soon or over; choose a later one."))
        if found.within[1] <= start:
            raise NotOffered(_("This time is too far ahead; choose an earlier one."))
        if found.chain.possible(start) and not found.on_grid(start):
            raise NotOffered(_("Visits do not begin at this time; choose one that is offered."))
    chosen = found.choose(start)
    if chosen is None:
        raise NotOffered(_("This time is taken, or nobody works then."))
    return found, chosen


def alternatives(
    session: Session,
    wanted: Sequence[Wanted],
    start: int,
    *,
    by: By = "client",
    branch_id: int | None = None,
    limit: int = 6,
    without: tuple[str, Collection[int]] | None = None,
) -> tuple[Search, dict[int, list[int]]]:
    """The offered starts nearest to one that was not to be had, in the order of time, as `Search.starts` gives them.

    None is over, unless the one asked for is. Where the next week has none, later ones are looked through. `without` is not in
    the way, as in `search`.
    """
    present = minutes(now())
    earliest = start - DAY if start < present else max(start - DAY, present)
    for days in NEAR:
        latest = start + days * DAY
        found = search(session, wanted, earliest, latest, by=by, branch_id=branch_id, without=without)
        starts = found.starts()
        if starts:
            break
        earliest = latest
    nearest = sorted(starts, key=lambda at: (abs(at - start), at))[:limit]
    return found, {at: starts[at] for at in sorted(nearest)}


def _open_to_clients(start: int, end: int, zone: str, lead: int, window: int, now_at: int | None) -> Interval:
    """The part of [start, end) that clients may book: not sooner than the lead time, whole days up to the window."""
    present = minutes(now()) if now_at is None else now_at
    return max(start, present + lead), min(end, day_start(zone, present, days=window + 1))


class _Service(NamedTuple):
    id: int
    name: str
    minutes: int
    before: int | None
    after: int | None
    gap_from: int | None
    gap: int | None
    step: int | None
    confirm: bool
    addition: bool


class _Skill(NamedTuple):
    staff_id: int
    item_id: int
    minutes: int | None
    price_amount: int | None
    price_currency: str
    position: int


@cache
def _questions(by: By, in_branch: bool) -> Several:
    """What has to be known of services: how long they take, who does them, for how much and where. Of `needs` each type of
    resource with those that are in the branch, in the order of the calendar.
    """
    services = (
        select(Item.id, Item.name, *(getattr(Service, name) for name in _Service._fields[2:]))
        .join(Service, Service.id == Item.id)
        .where(among(Item.id, "items"), Item.archived_at.is_(None), Service.minutes.is_not(None))
    )
    people = (
        as_done(Staff.position)
        .where(among(Skill.item_id, "items"), Staff.archived_at.is_(None))
        .order_by(Staff.position, Staff.id)
    )
    if by == "client":
        services, people = services.where(Service.online), people.where(Skill.online)
    there = and_(Resource.type_id == Need.type_id, Resource.archived_at.is_(None))
    if in_branch:
        there = and_(there, or_(Resource.branch == bindparam("branch"), Resource.branch.is_(None)))
    needs = (
        select(Need.item_id, Need.type_id, Resource.id)
        .outerjoin(Resource, there)
        .where(among(Need.item_id, "items"), Need.archived_at.is_(None))
        .order_by(Need.type_id, Resource.position, Resource.id)
    )
    goes_with = select(GoesWith.owner_id, GoesWith.target_id).where(among(GoesWith.owner_id, "items"))
    return Several(
        services=services, people=people, needs=needs, prices=prices_query(in_branch), goes_with=goes_with
    )


def _needs(rows: Iterable[Sequence[Any]]) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """The types that each service needs, and the resources of each type in this branch."""
    needs: dict[int, list[int]] = defaultdict(list)
    kinds: dict[int, list[int]] = {}
    for item, kind, resource in rows:
        if kind not in needs[item]:
            needs[item].append(kind)
        some = kinds.setdefault(kind, [])
        if resource is not None and resource not in some:
            some.append(resource)
    return needs, kinds


def _pinned(wanted: Wanted, needs: Sequence[int], kinds: dict[int, list[int]]) -> tuple[int, ...] | None:
    """What a service needs, with rooms that are asked for as types of their own, which no other room is of; None when one of them
    is of no type that it needs.
    """
    found = []
    left = set(wanted.rooms)
    for kind in needs:
        room = next((one for one in kinds[kind] if one in left), None)
        if room is not None:
            left.discard(room)
            kind = -room
            kinds[kind] = [room]
        found.append(kind)
    return None if left else tuple(found)


def _option(offered: Offered) -> Option:
    pieces = busy_of(offered.minutes, offered.before, offered.after, offered.gap_from, offered.gap)
    return Option(offered.staff, offered.minutes, pieces, (-offered.before, offered.minutes + offered.after))
