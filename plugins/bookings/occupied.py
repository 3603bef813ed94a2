"""The time that visits and holds occupy in the schedule: it follows from the services of a visit, and from what was chosen.

Who loses a race gets `Taken`. Instants are whole minutes since 1970 in UTC.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.plugins.bookings.engine import Chosen, busy_of
from parlour.plugins.bookings.models import Appointment, Hold, Line
from parlour.plugins.bookings.offers import Wanted, check
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.bookings.statuses import STATUSES
from parlour.plugins.bookings.tokens import hash_of
from parlour.plugins.schedule.clocks import minutes
from parlour.plugins.schedule.models import Busy
from parlour.plugins.schedule.services import Segment, occupy, release
from parlour.records.query import read
from parlour.records.registry import record_type
from parlour.records.values import Money
from parlour.records.write import Change, write

VISIT, HOLD = "bookings.appointment", "bookings.hold"
# Visits of which only a half is written yet, in the session's cache.
_MOVING = "bookings.moving"


def follow(
    session: Session,
    ids: Collection[int],
    *,
    settle: bool = False,
    anyhow: bool = False,
    change_set: int | None = None,
    over: Collection[int] | None = None,
) -> None:
    """Let visits occupy what they need now: nothing when they are cancelled. Called whenever a visit or a service of one
    was written.

    With `settle` their services follow each other first, and each visit ends and costs what they say. Raises `Taken` when
    somebody else has the time; with `anyhow` such a visit is put over what stands there, and says so. Those in `over` may be put
    over others (all that have been, unless it is given); the rest are over others only as far as they stand there already.
    `change_set` joins an earlier one.
    """
    moving = session.scope.cache.get(_MOVING, ())
    ids = [one for one in ids if one not in moving]
    if not ids:
        return
    kind, record = record_type(Appointment), record_type(Line)
    known = [kind.field(name) for name in ("starts", "ends", "total", "status", "overlap")]
    there = [Appointment.id.in_(ids), Appointment.archived_at.is_(None)]
    # Whoever writes a service of a visit that is just being moved waits here, and sees where it went.
    visits = {
        row["id"]: row for row in read(session, kind, known, there, order_by=[Appointment.id], lock=True)
    }
    lines = read(
        session,
        record,
        [record.field(name) for name in _NEEDED],
        [Line.appointment_id.in_(list(visits)), Line.archived_at.is_(None)],
        order_by=[Line.position, Line.id],
    )
    if settle:
        _settle(session, visits, lines, change_set)
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
    if anyhow:
        _put_over(session, segments, visits, change_set)
        return
    marked = [visit for visit in segments if visits[visit]["overlap"]]
    allowed = set(marked) & set(marked if over is None else over)
    changed: set[int] = set()
    for force in (False, True):
        some = {visit: found for visit, found in segments.items() if (visit in allowed) == force}
        if some:
            changed |= occupy(session, VISIT, some, force=force)
    _mark(session, sorted((set(marked) - allowed) & changed), visits, change_set)


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


def _put_over(
    session: Session,
    segments: Mapping[int, list[Segment]],
    visits: Mapping[int, dict[str, Any]],
    change_set: int | None,
) -> None:
    """Occupy whatever stands there, and mark those visits that had to be put over something."""
    occupy(session, VISIT, segments, force=True)
    _mark(session, list(segments), visits, change_set)


def _mark(
    session: Session, ids: Sequence[int], visits: Mapping[int, dict[str, Any]], change_set: int | None
) -> None:
    """Let visits say whether they stand over others."""
    if not ids:
        return
    over = select(Busy.source_id).where(Busy.source == VISIT, Busy.source_id.in_(ids), Busy.lane > 0)
    beside = set(session.scalars(over))
    marks = [
        Change({"overlap": visit in beside}, visit)
        for visit in ids
        if visits[visit]["overlap"] != (visit in beside)
    ]
    if marks:
        with half_written(session, *ids):
            write(session, Appointment, marks, label="settle", change_set=change_set, system=True)


def _settle(
    session: Session,
    visits: Mapping[int, dict[str, Any]],
    lines: Sequence[dict[str, Any]],
    change_set: int | None = None,
) -> None:
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
        said = {"ends": ends, "total": total_of(prices[visit])}
        if any(row[name] != value for name, value in said.items()):
            changes.append(Change(said, visit))
    if changes:
        write(session, Appointment, changes, label="settle", change_set=change_set, system=True)
    if later:
        write(session, Line, later, label="settle", change_set=change_set, system=True)


def total_of(prices: Sequence[Money | None]) -> Money | None:
    """The sum of the prices; None when one is not known or they are in different currencies."""
    known = [price for price in prices if price is not None]
    if not known or len(known) < len(prices) or len({price.currency for price in known}) > 1:
        return None
    return Money(sum((price.amount for price in known[1:]), start=known[0].amount), known[0].currency)


@contextmanager
def half_written(session: Session, *ids: int) -> Iterator[None]:
    """Within it these visits occupy nothing more, whatever is written: neither the new specialist at the old time nor the
    old one at the new time is asked for."""
    moving = session.scope.cache.setdefault(_MOVING, set())
    moving.update(ids)
    try:
        yield
    finally:
        moving.difference_update(ids)


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
    _one_at_a_time(session, secret)
    present = now()
    _remove(session, session.scalars(select(Hold.id).where(Hold.expires_at <= present)).all())
    kept = session.scalar(select(func.count()).select_from(Hold).where(Hold.network == secret)) or 0
    if kept >= policy.holds_per_network:
        raise Refusal(_("Too many times are being chosen from your network. Try again in some minutes."))
    found, chosen = check(session, wanted, start, by="client", branch_id=branch_id)
    prices = [found.offered[place][one.option.staff].price for place, one in enumerate(chosen)]
    token = secrets.token_urlsafe(24)
    until = present + timedelta(minutes=policy.hold)
    row = Hold(
        token_hash=hash_of(token),
        network=secret,
        expires_at=until,
        chosen={
            "start": start,
            "zone": found.zone,
            "services": [[one.item, one.staff] for one in wanted],
            "branch": branch_id,
            "sold": [
                [one.item, None if price is None else [price.minor, price.currency]]
                for one, price in zip(wanted, prices, strict=True)
            ],
        },
    )
    session.add(row)
    session.flush()
    occupy(session, HOLD, {row.id: segments_of(chosen)}, expires_at=until, fresh=True)
    return token, until


def _one_at_a_time(session: Session, network: str) -> None:
    """Count the times of a network after whoever else is just keeping one; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        number = int(hash_of(f"{session.scope.organisation_id} {network}")[:15], 16)
        session.raw(select(func.pg_advisory_xact_lock(number)))


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
    held = session.scalars(select(Hold.id).where(Hold.token_hash == hash_of(token))).all()
    _remove(session, held)
    return bool(held)


def _remove(session: Session, holds: Sequence[int]) -> None:
    if holds:
        release(session, HOLD, holds)
        session.execute(
            delete(Hold).where(Hold.id.in_(holds)), execution_options={"synchronize_session": False}
        )
