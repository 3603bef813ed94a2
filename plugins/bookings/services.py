"""Booking, moving and cancelling visits. Each of these is one transaction of the caller's; who loses a race gets `Taken`.

Moments are aware; a visit begins on the wall of its branch.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.plugins.bookings.engine import Chosen
from parlour.plugins.bookings.models import Appointment, Group, Line
from parlour.plugins.bookings.occupied import VISIT, follow, half_written, release_hold, segments_of, total_of
from parlour.plugins.bookings.offers import By, Offered, Search, Wanted, check, search
from parlour.plugins.bookings.reassigned import minutes_by, money_in, prices_by, repriced_in_words
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.bookings.statuses import BLOCKING, CANCELLED, OPEN, STATUSES
from parlour.plugins.bookings.terms import Sold, Terms, terms_after, terms_of
from parlour.plugins.bookings.tokens import make_token
from parlour.plugins.schedule.clocks import moment
from parlour.plugins.schedule.services import Taken, occupy, refused, release
from parlour.records.models import ChangeSet
from parlour.records.values import Money
from parlour.records.write import Change, as_one, next_number, open_change_set, write

# How often a time is looked for anew when somebody else was faster.
ATTEMPTS = 10


@dataclass(frozen=True)
class Booked:
    """A new visit: its number, the token with which its client comes back, which is kept nowhere, and what undoes it."""

    id: int
    token: str
    status: str
    change_set: int | None = None


# ---- booking


@dataclass(frozen=True)
class Beside:
    """What is written together with a visit, such as a new client: `write` gets the change set and returns further fields of the
    visit; `numbers` says how many rows of which classes that makes.
    """

    numbers: Mapping[type, int]
    write: Callable[[int], Mapping[str, Any]]


def book(
    session: Session,
    wanted: Sequence[Wanted],
    start: int,
    *,
    by: By,
    branch_id: int | None = None,
    values: Mapping[str, Any] | None = None,
    hold: str | None = None,
    force: bool = False,
    change_set: int | None = None,
    beside: Beside | None = None,
) -> Booked:
    """Book a visit that begins at `start` (minutes since 1970, UTC). `values` are further fields of it, such as its client.

    `hold` is the token of a time that was kept; it is given up in the same transaction. With `force`, which the caller must
    have allowed, staff put it where nobody is free. `change_set` joins an earlier one. `beside` writes what goes in together
    with the visit. Raises NotOffered, `Taken` from the schedule, NotFound.
    """
    if any(one.item is None for one in wanted):
        raise Refusal(_("This service cannot be booked."))
    if hold is not None:
        release_hold(session, hold)
    for left in reversed(range(ATTEMPTS)):
        if force:
            found = search(session, wanted, start, start + 1, by="staff", branch_id=branch_id)
            free = found.choose(start)
            over, chosen = free is None, free or _regardless(found, start)
        else:
            over = False
            found, chosen = check(session, wanted, start, by=by, branch_id=branch_id)
        lines = [found.offered[at][one.option.staff] for at, one in enumerate(chosen)]
        numbers: dict[type, int] = {Appointment: 1, Line: len(lines), ChangeSet: int(change_set is None)}
        numbers |= beside.numbers if beside is not None else {}
        given = {**(values or {}), "overlap": over}
        given["status"] = "requested" if by == "client" and found.confirm else "booked"
        try:
            online = by == "client" or given.get("source") == "online"
            with as_one(session, numbers, refused):
                return _write(
                    session, lines, chosen, start, found.zone, branch_id, given, online, change_set, beside
                )
        except Taken:
            # Whoever was faster may have left another specialist or room; looking again finds out.
            if not left:
                raise
    raise AssertionError("unreachable")


def _regardless(found: Search, start: int) -> list[Chosen]:
    """Who does what though not everybody is free: the first who was asked for, in the first room."""
    chosen = []
    at = start
    for step in found.chain.steps:
        option = step.options[0]
        chosen.append(Chosen(option, found.chain.first_rooms(step), at))
        at += option.minutes
    return chosen


def _write(
    session: Session,
    lines: Sequence[Offered],
    chosen: Sequence[Chosen],
    start: int,
    zone: str,
    branch_id: int | None,
    values: Mapping[str, Any],
    online: bool,
    change_set: int | None,
    beside: Beside | None,
) -> Booked:
    agreed = terms_of(session, [Sold(line.item, line.price) for line in lines], online=online)
    visit = next_number(session, Appointment)
    # First the time, which somebody else may have: nothing is written then.
    occupy(session, VISIT, {visit: segments_of(chosen)}, force=bool(values["overlap"]), fresh=True)
    change_set = change_set or open_change_set(session, label="book")
    begin = moment(start).astimezone(ZoneInfo(zone))
    given = {
        "source": "desk",
        **agreed.values(begin, policy_of(session)),
        **values,
        **(beside.write(change_set) if beside is not None else {}),
        "starts": begin,
        "ends": moment(start + sum(one.minutes for one in lines)),
        "branch": branch_id,
        "total": total_of([one.price for one in lines]),
    }
    with half_written(session, visit):
        write(session, Appointment, [Change(given, assign_id=visit)], change_set=change_set, system=True)
        _write_lines(session, visit, lines, chosen, start, change_set)
    return Booked(visit, make_token(session, visit), values["status"], change_set)


def _write_lines(
    session: Session,
    visit: int,
    lines: Sequence[Offered],
    chosen: Sequence[Chosen],
    start: int,
    change_set: int,
) -> None:
    write(
        session,
        Line,
        [
            Change(
                {
                    "appointment": visit,
                    "position": place,
                    "name": line.name,
                    "item": line.item,
                    "staff": line.staff,
                    "resources": list(one.resources),
                    "offset": one.starts - start,
                    "minutes": line.minutes,
                    "before": line.before,
                    "after": line.after,
                    "gap_from": line.gap_from,
                    "gap": line.gap,
                    "price": line.price,
                }
            )
            for place, (line, one) in enumerate(zip(lines, chosen, strict=True))
        ],
        change_set=change_set,
        system=True,
    )


# ---- what becomes of a visit


_AMOUNTS = ("total", "deposit", "late_fee", "missed_fee")


def _visit(session: Session, visit_id: int) -> Any:
    """A visit as it stands, locked until the transaction ends. Raises NotFound."""
    row = session.execute(
        select(
            Appointment.id,
            Appointment.status,
            Appointment.starts,
            Appointment.ends,
            Appointment.branch,
            Appointment.overlap,
            Appointment.version,
            Appointment.group_id,
            Appointment.free_until,
            Appointment.deposit_state,
            *(getattr(Appointment, f"{name}_{part}") for name in _AMOUNTS for part in ("amount", "currency")),
        )
        .where(Appointment.id == visit_id, Appointment.archived_at.is_(None))
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise NotFound(_("There is no such visit."))
    return row


def set_status(
    session: Session,
    visit_id: int,
    status: str,
    *,
    reason: str | None = None,
    change_set: int | None = None,
) -> int | None:
    """Let a visit become something else; returns the change set that undoes it. Doing it twice changes nothing.

    Raises Refusal for a step that makes no sense, `Taken` when a cancelled visit comes back and its time is gone.
    """
    row = _visit(session, visit_id)
    if row.status == status:
        return change_set
    if status not in STATUSES[row.status].then:
        raise Refusal(
            _(
                "A visit that is “${now}” cannot become “${wanted}”.",
                mapping={"now": STATUSES[row.status].title, "wanted": STATUSES[status].title},
            )
        )
    if row.group_id is not None and status in BLOCKING and row.status not in BLOCKING:
        takes_place = (
            Group.id == row.group_id,
            Group.cancelled.is_(False),
            Group.archived_at.is_(None),
        )
        if session.scalars(select(Group.id).where(*takes_place)).first() is None:
            raise Refusal(_("The session does not take place."))
    values: dict[str, Any] = {"status": status}
    if reason is not None:
        values["reason"] = reason
    change = Change(values, visit_id)
    return write(session, Appointment, [change], label=status, change_set=change_set, system=True).change_set


def cancel(session: Session, visit_id: int, *, by: By, reason: str | None = None) -> None:
    """Cancel a visit and free its time. Cancelling twice changes nothing.

    Clients may until so long before as the settings say; after that, and once it has begun, they are told to call.
    """
    row = _visit(session, visit_id)
    if row.status in CANCELLED:
        return
    if by == "client":
        _still_time(session, row, policy_of(session).cancel_until)
    set_status(session, visit_id, "cancelled_client" if by == "client" else "cancelled_salon", reason=reason)


def _still_time(session: Session, row: Any, least: int) -> None:
    if row.status not in OPEN or row.status in ("arrived", "in_progress"):
        raise Refusal(_("This visit cannot be changed any more; call us."))
    if row.starts - now() < timedelta(minutes=least):
        raise Refusal(_("It is too late to change this visit online; call us."))


def wanted_of(
    session: Session,
    visit_id: int,
    *,
    staff: Mapping[int, int | None] | None = None,
    rooms: Mapping[int, Collection[int]] | None = None,
) -> list[Wanted]:
    """The services of a visit in order, as long as they were agreed on; by others at the places in `staff` (None: by anybody), in
    the `rooms` of these places.

    Another specialist takes as long as they usually do, where that is not what the one before usually takes.
    """
    lines = _lines(session, visit_id)
    people = [(staff or {}).get(place, line.staff_id) for place, line in enumerate(lines)]
    lengths = minutes_by(session, lines, people)
    return [
        Wanted(line.item_id, who, length, tuple((rooms or {}).get(place, ())))
        for place, (line, who, length) in enumerate(zip(lines, people, lengths, strict=True))
    ]


def _lines(session: Session, visit_id: int) -> Sequence[Any]:
    return session.execute(
        select(
            Line.id,
            Line.item_id,
            Line.staff_id,
            Line.minutes,
            Line.price_amount,
            Line.price_currency,
        )
        .where(Line.appointment_id == visit_id, Line.archived_at.is_(None))
        .order_by(Line.position, Line.id)
    ).all()


@dataclass(frozen=True)
class Moved:
    """A visit that was moved: what undoes it, and what it costs since and cost before."""

    change_set: int
    total: Money | None
    was: Money | None

    @property
    def repriced(self) -> Any:
        """That it costs something else now, in words; nothing where it does not."""
        return repriced_in_words(self.was, self.total)

    @property
    def said(self) -> Any:
        """What was done, in words."""
        if self.repriced is None:
            return _("The visit is moved.")
        return _("The visit is moved. ${price}", mapping={"price": self.repriced})


def _prices(
    session: Session, row: Any, lines: Sequence[Any], chosen: Sequence[Chosen], on: date
) -> list[Money | None]:
    """What the services of a visit cost once it is done so; what one that is over has cost stays."""
    if row.status not in OPEN:
        return [money_in(line, "price") for line in lines]
    return prices_by(session, lines, [one.option.staff for one in chosen], on, row.branch)


def would_reprice(session: Session, visit_id: int, chosen: Sequence[Chosen], on: date) -> Any:
    """That a visit would cost something else if it was done so on that day, in words; nothing where it would not."""
    row = session.execute(
        select(
            Appointment.status, Appointment.branch, Appointment.total_amount, Appointment.total_currency
        ).where(Appointment.id == visit_id)
    ).one()
    prices = _prices(session, row, _lines(session, visit_id), chosen, on)
    return repriced_in_words(money_in(row, "total"), total_of(prices))


def move(
    session: Session,
    visit_id: int,
    start: int,
    *,
    by: By,
    staff: Mapping[int, int | None] | None = None,
    rooms: Mapping[int, Collection[int]] | None = None,
    force: bool = False,
    change_set: int | None = None,
) -> Moved:
    """Let a visit begin at `start`, by the same specialists or, for the places in `staff`, by others (None: by anybody), in the
    `rooms` of these places, elsewhere in any.

    Durations and prices stay as they were agreed on, unless another specialist does it who usually takes or asks something else;
    fees follow the price, see `terms_after`. What a visit that is over has cost stays. Where we confirm each booking, a client's
    move is a request again. The visit is not in its own way; when it cannot be moved it stays where it was. Raises NotOffered,
    `Taken`, Refusal.
    """
    row = _visit(session, visit_id)
    kept: dict[str, Any] = {}
    if by == "client":
        _still_time(session, row, policy_of(session).move_until)
        if row.free_until is not None and row.free_until <= now():
            # What is owed for cancelling late is not got rid of by moving first.
            kept["free_until"] = row.free_until
    if row.group_id is not None:
        raise Refusal(_("This is a place in a group session. Cancel it and book another session."))
    lines = _lines(session, visit_id)
    wanted = wanted_of(session, visit_id, staff=staff, rooms=rooms)
    own = (VISIT, [visit_id])
    if force:
        found = search(session, wanted, start, start + 1, by="staff", branch_id=row.branch, without=own)
        free = found.choose(start)
        over, chosen = free is None, free or _regardless(found, start)
    else:
        over = False
        found, chosen = check(session, wanted, start, by=by, branch_id=row.branch, without=own)
    change_set = change_set or open_change_set(session, label="move")
    begin = moment(start).astimezone(ZoneInfo(found.zone))
    prices = _prices(session, row, lines, chosen, begin.date())
    if by == "client" and found.confirm and row.status in ("booked", "confirmed"):
        kept["status"] = "requested"
    changes = []
    for line, one, price in zip(lines, chosen, prices, strict=True):
        values: dict[str, Any] = {"offset": one.starts - start}
        if line.item_id is not None:
            values["resources"] = list(one.resources)
        if one.option.staff != line.staff_id:
            values |= {"staff": one.option.staff, "minutes": one.option.minutes, "price": price}
        changes.append(Change(values, line.id))
    was, total = money_in(row, "total"), total_of(prices)
    agreed = Terms(money_in(row, "deposit"), 0, money_in(row, "late_fee"), money_in(row, "missed_fee"))
    kept |= terms_after(agreed, row.deposit_state, was, total)
    length = sum(one.option.minutes for one in chosen)
    values = {"starts": begin, "ends": moment(start + length), "overlap": over, **kept}
    # The old time is given up first: the new place of one part may be the old place of another.
    release(session, VISIT, [visit_id])
    with half_written(session, visit_id):
        write(session, Line, changes, change_set=change_set, system=True)
        write(session, Appointment, [Change(values, visit_id)], change_set=change_set, system=True)
    follow(session, [visit_id], settle=True)
    return Moved(change_set, total, was)
