"""Group sessions: one time that several visits share, each with its own places, client and token.

How many fit is counted under a lock of the session whenever a visit of it was written, whatever wrote it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from parlour.access.roles import own_organisation
from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import NotFound
from parlour.i18n import _, localizer
from parlour.plugins.bookings.models import Appointment, Group, Line, Service
from parlour.plugins.bookings.offers import By, NotOffered
from parlour.plugins.bookings.services import Booked
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.bookings.statuses import BLOCKING, OPEN
from parlour.plugins.bookings.terms import Sold, terms_of
from parlour.plugins.bookings.tokens import make_token
from parlour.plugins.catalog.models import Item
from parlour.plugins.catalog.services import days_of_new_prices, prices_of
from parlour.plugins.schedule.clocks import minutes
from parlour.plugins.schedule.models import Staff
from parlour.plugins.schedule.services import Segment, occupy
from parlour.records.query import read
from parlour.records.registry import record_type
from parlour.records.values import Money
from parlour.records.write import Change, open_change_set, write

if TYPE_CHECKING:
    from parlour.records.write import RowChange

GROUP = "bookings.group"


class Full(NotOffered):
    """The session has not so many places left. `left` is how many it has."""

    def __init__(self, left: int):
        super().__init__(
            _("Only ${n} places are left.", mapping={"n": left}) if left > 0 else _("All places are taken.")
        )
        self.left = max(left, 0)


def follow_groups(session: Session, ids: Collection[int]) -> None:
    """Let sessions occupy their specialist and rooms, or nothing when they do not take place. Raises `Taken`, but within
    `put_over`.
    """
    record = record_type(Group)
    names = ("starts", "minutes", "staff", "resources", "cancelled")
    found = read(
        session,
        record,
        [record.field(name) for name in names],
        [Group.id.in_(ids), Group.archived_at.is_(None)],
    )
    segments: dict[int, list[Segment]] = {one: [] for one in ids}
    for row in found:
        if row["cancelled"]:
            continue
        begin = minutes(row["starts"])
        end = begin + row["minutes"]
        mine = segments[row["id"]]
        if row["staff"] is not None:
            mine.append(Segment(begin, end, staff=row["staff"]))
        mine += [Segment(begin, end, resource=resource) for resource in row["resources"]]
    occupy(session, GROUP, segments, force=_ANYHOW in session.scope.cache)


# While sessions may be put over others, in the session's cache.
_ANYHOW = "bookings.groups_anyhow"


@contextmanager
def put_over(session: Session) -> Iterator[None]:
    """Within it sessions are put over whatever stands where they go."""
    session.scope.cache[_ANYHOW] = True
    try:
        yield
    finally:
        del session.scope.cache[_ANYHOW]


def carry_along(session: Session, rows: Sequence[RowChange]) -> None:
    """Let the visits of sessions follow what was written of these: to another time, to another length, and cancelled when the
    session does not take place. Those that are over stay.
    """
    changed = {row.id: row for row in rows if row.kind == "update" and _CARRIED & set(row.new)}
    if not changed:
        return
    visits = session.execute(
        select(Appointment.id, Appointment.group_id).where(
            Appointment.group_id.in_(changed),
            Appointment.status.in_(OPEN),
            Appointment.archived_at.is_(None),
        )
    ).all()
    change_set = next(iter(changed.values())).change_set
    changes = []
    for visit in visits:
        row = changed[visit.group_id]
        values: dict[str, Any] = {}
        if "starts" in row.new:
            values["starts"] = row.new["starts"]
        if row.new.get("cancelled"):
            why = localizer(own_organisation(session).locale).translate(_("The session does not take place."))
            values |= {"status": "cancelled_salon", "reason": why}
        if values:
            changes.append(Change(values, visit.id))
    write(session, Appointment, changes, change_set=change_set, system=True)
    longer = {
        visit.id: changed[visit.group_id].new["minutes"]
        for visit in visits
        if "minutes" in changed[visit.group_id].new
    }
    lines = session.execute(
        select(Line.id, Line.appointment_id).where(
            Line.appointment_id.in_(longer), Line.archived_at.is_(None)
        )
    )
    lengths = [Change({"minutes": longer[line.appointment_id]}, line.id) for line in lines]
    write(session, Line, lengths, change_set=change_set, system=True)


_CARRIED = {"starts", "minutes", "cancelled"}


@dataclass(frozen=True)
class Standing:
    """How many places of a session are taken, and by how many minutes its visits are marked as late."""

    taken: int = 0
    delay: int | None = None


def standing(session: Session, ids: Collection[int]) -> dict[int, Standing]:
    """How sessions stand that anybody has booked; one query."""
    if not ids:
        return {}
    found = session.execute(
        select(Appointment.group_id, func.sum(Appointment.seats), func.max(Appointment.delay))
        .where(
            Appointment.group_id.in_(ids),
            Appointment.status.in_(BLOCKING),
            Appointment.archived_at.is_(None),
        )
        .group_by(Appointment.group_id)
    )
    return {group: Standing(int(count), delay) for group, count, delay in found}


def taken(session: Session, ids: Collection[int]) -> dict[int, int]:
    """How many places of each session are taken."""
    return {group: one.taken for group, one in standing(session, ids).items()}


def lock(session: Session, ids: Collection[int]) -> dict[int, Any]:
    """The sessions as they stand, locked in the order of their ids until the transaction ends."""
    rows = session.execute(
        select(
            Group.id,
            Group.item_id,
            Group.seats,
            Group.starts,
            Group.starts_zone,
            Group.minutes,
            Group.branch,
            Group.online,
            Group.cancelled,
        )
        .where(Group.id.in_(ids), Group.archived_at.is_(None))
        .order_by(Group.id)
        .with_for_update(key_share=True)
    )
    return {row.id: row for row in rows}


def check_seats(session: Session, ids: Collection[int]) -> None:
    """Refuse what takes more places than there are: called after visits of these sessions were written. Raises Full."""
    there = lock(session, ids)
    for group, count in taken(session, ids).items():
        if group in there and count > there[group].seats:
            raise Full(0)


def book_seats(
    session: Session,
    group_id: int,
    *,
    by: By,
    seats: int = 1,
    values: Mapping[str, Any] | None = None,
    change_set: int | None = None,
) -> Booked:
    """Book places in a session; `change_set` joins an earlier one. Raises Full, NotOffered in words, NotFound."""
    row = lock(session, [group_id]).get(group_id)
    if row is None or row.cancelled or (by == "client" and not row.online):
        raise NotFound(_("There is no such session."))
    policy = policy_of(session)
    if by == "client":
        if row.starts < now() + timedelta(minutes=policy.lead):
            raise NotOffered(_("This time is too soon or over; choose a later one."))
        if row.starts > now() + timedelta(days=policy.window + 1):
            raise NotOffered(_("This time is too far ahead; choose an earlier one."))
    left = row.seats - taken(session, [group_id]).get(group_id, 0)
    if seats > left:
        raise Full(left)
    what = session.execute(
        select(Item.name, Service.confirm)
        .outerjoin(Service, Service.id == Item.id)
        .where(Item.id == row.item_id)
    ).one()
    price = _prices(session, [row])[group_id]
    total = None if price is None else type(price)(price.amount * seats, price.currency)
    change_set = change_set or open_change_set(session, label="book")
    status = "requested" if by == "client" and what.confirm else "booked"
    agreed = terms_of(session, [Sold(row.item_id, total, seats)], online=by == "client")
    visit = {
        "source": "desk",
        **agreed.values(row.starts, policy),
        **(values or {}),
        "status": status,
        "starts": _wall(row),
        "ends": row.starts + timedelta(minutes=row.minutes),
        "branch": row.branch,
        "group": group_id,
        "seats": seats,
        "total": total,
    }
    made = write(session, Appointment, [Change(visit)], change_set=change_set, system=True).ids[0]
    line = {
        "appointment": made,
        "name": what.name,
        "item": row.item_id,
        "minutes": row.minutes,
        "price": total,
        "before": 0,
        "after": 0,
        "gap_from": None,
        "gap": None,
    }
    write(session, Line, [Change(line)], change_set=change_set, system=True)
    return Booked(made, make_token(session, made), status, change_set)


def _prices(session: Session, rows: Sequence[Any]) -> dict[int, Money | None]:
    """What a place costs in each of these sessions, on its own day; some queries for each branch, and one for each day on
    which prices begin.
    """
    found: dict[int, Money | None] = {}
    for branch in dict.fromkeys(row.branch for row in rows):
        days = {row: _wall(row).date() for row in rows if row.branch == branch}
        items = {row.item_id for row in days}
        first, last = min(days.values()), max(days.values())
        begin = days_of_new_prices(session, items, first, last, branch_id=branch) if first < last else []
        prices = [(day, prices_of(session, items, day, branch_id=branch)) for day in (first, *begin)]
        for row, day in days.items():
            holding = next(some for since, some in reversed(prices) if since <= day)
            found[row.id] = holding.get(row.item_id)
    return found


def _wall(row: Any) -> Any:
    return row.starts.astimezone(ZoneInfo(row.starts_zone))


def coming(
    session: Session, start: Any, end: Any, *, by: By, item_ids: Sequence[int] = ()
) -> list[dict[str, Any]]:
    """Sessions that begin in [start, end) (moments), with how many places are left and the price of one, in a few queries
    for each branch.
    """
    conditions = [
        Group.starts >= start,
        Group.starts < end,
        Group.cancelled.is_(False),
        Group.archived_at.is_(None),
    ]
    if by == "client":
        conditions += _for_clients(session)
    if item_ids:
        conditions.append(Group.item_id.in_(item_ids))
    rows = session.execute(
        select(
            Group.id,
            Group.item_id,
            Item.name,
            Group.staff_id,
            Staff.name.label("who"),
            Group.starts,
            Group.starts_zone,
            Group.minutes,
            Group.seats,
            Group.branch,
        )
        .join(Item, Item.id == Group.item_id)
        .outerjoin(Staff, Staff.id == Group.staff_id)
        .where(*conditions)
        .order_by(Group.starts, Group.id)
        .limit(500)
    ).all()
    counts = taken(session, [row.id for row in rows])
    prices = _prices(session, rows)
    return [
        {
            **row._mapping,
            "left": max(0, row.seats - counts.get(row.id, 0)),
            "price": prices[row.id],
        }
        for row in rows
    ]


def any_coming(session: Session) -> bool:
    """Whether there is a session that clients could book, were there a place left."""
    conditions = [Group.cancelled.is_(False), Group.archived_at.is_(None), *_for_clients(session)]
    return session.scalars(select(Group.id).where(*conditions).limit(1)).first() is not None


def _for_clients(session: Session) -> list[Any]:
    """Neither too soon nor too far ahead, as the settings say."""
    policy = policy_of(session)
    present = now()
    return [
        Group.online.is_(True),
        Group.starts >= present + timedelta(minutes=policy.lead),
        Group.starts <= present + timedelta(days=policy.window + 1),
    ]
