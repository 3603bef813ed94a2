"""Booking, moving and cancelling visits. Each of these is one transaction of the caller's; who loses a race gets `Taken`.

Moments are aware; a visit begins on the wall of its branch.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.plugins.bookings.engine import Chosen, busy_of
from parlour.plugins.bookings.models import Appointment, Hold, Line, Token
from parlour.plugins.bookings.offers import By, Offered, Search, Wanted, search
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.bookings.statuses import CANCELLED, OPEN, STATUSES
from parlour.plugins.schedule.clocks import DAY, minutes, moment
from parlour.plugins.schedule.services import Segment, Taken, occupy, release
from parlour.records.query import read
from parlour.records.registry import record_type
from parlour.records.values import Money
from parlour.records.write import Change, open_change_set, write

VISIT, HOLD = "bookings.appointment", "bookings.hold"
# Visits of which only a half is written yet, in the session's cache.
_MOVING = "bookings.moving"
# How often a time is looked for anew when somebody else was faster.
ATTEMPTS = 10


class NotOffered(Refusal):
    """This time is not to be had. The message says why, as far as that is known."""


@dataclass(frozen=True)
class Booked:
    """A new visit: its number, the token with which its client comes back, which is kept nowhere, and what undoes it."""

    id: int
    token: str
    status: str
    change_set: int | None = None


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


# ---- looking


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
) -> tuple[Search, dict[int, list[int]]]:
    """The offered starts nearest to one that was not to be had, in the order of time, as `Search.starts` gives them."""
    found = search(session, wanted, start - DAY, start + 7 * DAY, by=by, branch_id=branch_id)
    starts = found.starts()
    nearest = sorted(starts, key=lambda at: (abs(at - start), at))[:limit]
    return found, {at: starts[at] for at in sorted(nearest)}


# ---- booking


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
) -> Booked:
    """Book a visit that begins at `start` (minutes since 1970, UTC). `values` are further fields of it, such as its client.

    `hold` is the token of a time that was kept; it is given up in the same transaction. With `force`, which the caller must
    have allowed, staff put it where nobody is free. `change_set` joins an earlier one. Raises NotOffered, `Taken` from the
    schedule, NotFound.
    """
    if hold is not None:
        release_hold(session, hold)
    for left in reversed(range(ATTEMPTS)):
        if force:
            found = search(session, wanted, start, start + 1, by="staff", branch_id=branch_id)
            chosen = found.choose(start) or _regardless(found, start)
        else:
            found, chosen = check(session, wanted, start, by=by, branch_id=branch_id)
        lines = [found.offered[at][one.option.staff] for at, one in enumerate(chosen)]
        status = "requested" if by == "client" and found.confirm else "booked"
        try:
            with session.begin_nested():
                return _write(
                    session,
                    lines,
                    chosen,
                    start,
                    found.zone,
                    branch_id,
                    {**(values or {}), "status": status, "overlap": force},
                    change_set,
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
        chosen.append(Chosen(option, (), at))
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
    change_set: int | None,
) -> Booked:
    change_set = change_set or open_change_set(session, label="book")
    begin = moment(start).astimezone(ZoneInfo(zone))
    visit = write(
        session,
        Appointment,
        [
            Change(
                {
                    "source": "desk",
                    **values,
                    "starts": begin,
                    "ends": begin + timedelta(minutes=sum(one.minutes for one in lines)),
                    "branch": branch_id,
                    "total": _total([one.price for one in lines]),
                }
            )
        ],
        change_set=change_set,
        system=True,
    ).ids[0]
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
    return Booked(visit, make_token(session, visit), values["status"], change_set)


def make_token(session: Session, visit_id: int) -> str:
    """A new key with which a client comes back to a visit; only its hash is kept."""
    token = secrets.token_urlsafe(24)
    session.add(Token(token_hash=hash_of(token), appointment_id=visit_id))
    session.flush()
    return token


def _total(prices: Sequence[Money | None]) -> Money | None:
    """The sum of the prices; None when one is not known or they are in different currencies."""
    known = [price for price in prices if price is not None]
    if not known or len(known) < len(prices) or len({price.currency for price in known}) > 1:
        return None
    return Money(sum((price.amount for price in known[1:]), start=known[0].amount), known[0].currency)


# ---- what follows from its services


def follow(session: Session, ids: Collection[int], *, settle: bool = False) -> None:
    """Let visits occupy what they need now: nothing when they are cancelled. Called whenever a visit or a service of one
    was written.

    With `settle` their services follow each other first, and each visit ends and costs what they say. Raises `Taken` when
    somebody else has the time.
    """
    moving = session.scope.cache.get(_MOVING, ())
    ids = [one for one in ids if one not in moving]
    if not ids:
        return
    kind, record = record_type(Appointment), record_type(Line)
    known = [kind.field(name) for name in ("starts", "ends", "total", "status", "overlap")]
    visits = {
        row["id"]: row
        for row in read(session, kind, known, [Appointment.id.in_(ids), Appointment.archived_at.is_(None)])
    }
    lines = read(
        session,
        record,
        [record.field(name) for name in _NEEDED],
        [Line.appointment_id.in_(list(visits)), Line.archived_at.is_(None)],
        order_by=[Line.position, Line.id],
    )
    if settle:
        _settle(session, visits, lines)
    segments: dict[int, list[Segment]] = {
        visit: [] for visit, row in visits.items() if STATUSES[row["status"]].blocks
    }
    for line in lines:
        mine = segments.get(line["appointment"])
        if mine is None:
            continue
        begin = minutes(visits[line["appointment"]]["starts"]) + line["offset"]
        if line["staff"] is not None:
            mine += [
                Segment(begin + first, begin + last, staff=line["staff"])
                for first, last in busy_of(
                    line["minutes"], line["before"], line["after"], line["gap_from"], line["gap"]
                )
            ]
        mine += [
            Segment(begin - line["before"], begin + line["minutes"] + line["after"], resource=resource)
            for resource in line["resources"]
        ]
    release(session, VISIT, [one for one in ids if one not in segments])
    for force in (False, True):
        some = {visit: found for visit, found in segments.items() if visits[visit]["overlap"] == force}
        if some:
            occupy(session, VISIT, some, force=force)


_NEEDED = (
    "appointment",
    "position",
    "offset",
    "minutes",
    "price",
    "staff",
    "before",
    "after",
    "gap_from",
    "gap",
    "resources",
)


def _settle(session: Session, visits: Mapping[int, dict[str, Any]], lines: Sequence[dict[str, Any]]) -> None:
    """Write what follows from the services where it is not so yet, into the rows that were read as well."""
    lengths: dict[int, int] = defaultdict(int)
    prices: dict[int, list[Money | None]] = defaultdict(list)
    later: list[Change] = []
    for line in lines:
        visit = line["appointment"]
        if line["offset"] != lengths[visit]:
            line["offset"] = lengths[visit]
            later.append(Change({"offset": lengths[visit]}, line["id"]))
        lengths[visit] += line["minutes"]
        prices[visit].append(line["price"])
    changes = []
    for visit, row in visits.items():
        if visit not in lengths:  # its last service went, as while a booking is undone
            continue
        ends = row["starts"].astimezone(UTC) + timedelta(minutes=lengths[visit])
        said = {"ends": ends, "total": _total(prices[visit])}
        if any(row[name] != value for name, value in said.items()):
            changes.append(Change(said, visit))
    if changes:
        write(session, Appointment, changes, label="settle", system=True)
    if later:
        write(session, Line, later, label="settle", system=True)


# ---- what becomes of a visit


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
    values: dict[str, Any] = {"status": status, "cancelled_at": now() if status in CANCELLED else None}
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


def wanted_of(session: Session, visit_id: int) -> list[Wanted]:
    """The services of a visit with their specialists, in order."""
    rows = session.execute(
        select(Line.item_id, Line.staff_id)
        .where(Line.appointment_id == visit_id, Line.archived_at.is_(None))
        .order_by(Line.position, Line.id)
    ).all()
    return [Wanted(row.item_id, row.staff_id) for row in rows]


def move(
    session: Session,
    visit_id: int,
    start: int,
    *,
    by: By,
    staff: Mapping[int, int | None] | None = None,
    force: bool = False,
) -> int:
    """Let a visit begin at `start`, by the same specialists or, for the places in `staff`, by others (None: by anybody). Returns
    the change set that undoes it.

    Durations and prices stay as they were agreed on, unless another specialist does it. The visit is not in its own way; when it
    cannot be moved it stays where it was. Raises NotOffered, `Taken`, Refusal.
    """
    row = _visit(session, visit_id)
    if by == "client":
        _still_time(session, row, policy_of(session).move_until)
    if row.group_id is not None:
        raise Refusal(_("This is a place in a group session. Cancel it and book another session."))
    lines = session.execute(
        select(Line.id, Line.item_id, Line.staff_id, Line.minutes, Line.position)
        .where(Line.appointment_id == visit_id, Line.archived_at.is_(None))
        .order_by(Line.position, Line.id)
    ).all()
    wanted = [
        Wanted(line.item_id, (staff or {}).get(place, line.staff_id)) for place, line in enumerate(lines)
    ]
    own = (VISIT, [visit_id])
    if force:
        found = search(session, wanted, start, start + 1, by="staff", branch_id=row.branch, without=own)
        chosen = found.choose(start) or _regardless(found, start)
    else:
        found, chosen = check(session, wanted, start, by=by, branch_id=row.branch, without=own)
    change_set = open_change_set(session, label="move")
    changes = []
    for place, (line, one) in enumerate(zip(lines, chosen, strict=True)):
        values: dict[str, Any] = {"offset": one.starts - start, "resources": list(one.resources)}
        if one.option.staff != line.staff_id:
            offered = found.offered[place][one.option.staff]
            values |= {"staff": one.option.staff, "minutes": offered.minutes, "price": offered.price}
        changes.append(Change(values, line.id))
    begin = moment(start).astimezone(ZoneInfo(found.zone))
    length = sum(one.option.minutes for one in chosen)
    values = {"starts": begin, "ends": begin + timedelta(minutes=length), "overlap": force}
    # The old time is given up first: the new place of one part may be the old place of another.
    release(session, VISIT, [visit_id])
    # Neither the new specialist at the old time nor the old one at the new time is asked for: half of a move occupies nothing.
    moving = session.scope.cache.setdefault(_MOVING, set())
    moving.add(visit_id)
    try:
        write(session, Line, changes, change_set=change_set, system=True)
        write(session, Appointment, [Change(values, visit_id)], change_set=change_set, system=True)
    finally:
        moving.discard(visit_id)
    follow(session, [visit_id], settle=True)
    return change_set


# ---- times that are kept for a while


def hold(
    session: Session,
    wanted: Sequence[Wanted],
    start: int,
    *,
    network: str,
    branch_id: int | None = None,
    instead_of: str | None = None,
) -> tuple[str, datetime]:
    """Keep a time for somebody who fills in the form; returns the token and when it ends (UTC).

    A visitor has one hold: `instead_of` is given up. `network` says where they are, so that one cannot keep the whole day.
    Raises NotOffered, `Taken`, Refusal when too many are kept for one network.
    """
    if instead_of is not None:
        release_hold(session, instead_of)
    policy = policy_of(session)
    secret = hash_of(network)
    present = now()
    session.execute(
        delete(Hold).where(Hold.expires_at <= present), execution_options={"synchronize_session": False}
    )
    kept = session.scalar(select(func.count()).select_from(Hold).where(Hold.network == secret)) or 0
    if kept >= policy.holds_per_network:
        raise Refusal(_("Too many times are being chosen from your network. Try again in some minutes."))
    _found, chosen = check(session, wanted, start, by="client", branch_id=branch_id)
    token = secrets.token_urlsafe(24)
    until = present + timedelta(minutes=policy.hold)
    row = Hold(
        token_hash=hash_of(token),
        network=secret,
        expires_at=until,
        chosen={"start": start, "services": [[one.item, one.staff] for one in wanted], "branch": branch_id},
    )
    session.add(row)
    session.flush()
    occupy(session, HOLD, {row.id: segments_of(chosen)}, expires_at=until)
    return token, until


def segments_of(chosen: Sequence[Chosen]) -> list[Segment]:
    """The time that a chain takes, of specialists without their gaps and of rooms with the buffers."""
    people = [
        Segment(one.starts + first, one.starts + last, staff=one.option.staff)
        for one in chosen
        for first, last in one.option.busy
    ]
    rooms = [
        Segment(one.starts + one.option.whole[0], one.starts + one.option.whole[1], resource=resource)
        for one in chosen
        for resource in one.resources
    ]
    return people + rooms


def release_hold(session: Session, token: str) -> bool:
    """Give up a time that was kept; False when there is none of this token any more."""
    held = session.scalars(select(Hold.id).where(Hold.token_hash == hash_of(token))).one_or_none()
    if held is None:
        return False
    release(session, HOLD, [held])
    session.execute(delete(Hold).where(Hold.id == held), execution_options={"synchronize_session": False})
    return True


# ---- clients who come back


def visit_of_token(session: Session, token: str) -> int:
    """The visit that a token opens. Raises NotFound."""
    found = session.scalars(
        select(Token.appointment_id).where(Token.token_hash == hash_of(token))
    ).one_or_none()
    if found is None:
        raise NotFound(_("There is no such visit."))
    return found
