"""The waiting list: a time that comes free is kept for the first in line and offered to them, then for the next.

An offer is a time that is held in the schedule, so nobody else can book it meanwhile; it ends by itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import exists, or_, select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.plugins.bookings.engine import Chosen
from parlour.plugins.bookings.models import Waiting, WaitingToken
from parlour.plugins.bookings.occupied import segments_of
from parlour.plugins.bookings.offers import MAX_DAYS, Search, Wanted, searches, zone_of
from parlour.plugins.bookings.services import Booked, book
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.bookings.tokens import hash_of
from parlour.plugins.contacts.models import Contact, ContactPhone
from parlour.plugins.schedule.clocks import minutes, moment
from parlour.plugins.schedule.services import Taken, occupy, release
from parlour.records.write import Change, write

OFFER = "bookings.offer"
# Entries that are looked at in one go, the oldest first.
MOST = 200


def anybody(session: Session) -> bool:
    """Whether somebody waits: asked whenever time comes free, so it costs one index."""
    return session.scalars(select(Waiting.id).where(Waiting.status == "waiting").limit(1)).first() is not None


def expire(session: Session) -> int:
    """End offers whose time is over; who did not answer does not wait any more. Returns how many."""
    ended = select(Waiting.id).where(Waiting.status == "offered", Waiting.offered_until <= now())
    # Whoever takes their offer at this moment has it: a locked row is looked at again before it is counted among these.
    over = list(session.scalars(ended.order_by(Waiting.id).with_for_update(key_share=True)))
    release(session, OFFER, over)
    changes = [Change({"status": "expired", "token_hash": None}, one) for one in over]
    write(session, Waiting, changes, label="offer", system=True)
    return len(over)


def line(session: Session, after: int = 0) -> Sequence[Any]:
    """The next who wait, in the order in which they came, behind the entry `after`; `MOST` at a time."""
    waits = (Waiting.status == "waiting", Waiting.until >= now().date() - timedelta(days=1))
    rows = _entries.where(*waits, ~_BLOCKED, Waiting.id > after)
    return session.execute(rows.order_by(Waiting.id).limit(MOST)).all()


def fill(session: Session, rows: Sequence[Any] | None = None) -> list[int]:
    """Offer what is free to those who wait, to the first of them where no `rows` of the line are given; returns who was offered
    something.

    Each is offered the earliest time that fits what they wait for: service, specialist, days and hours, and not sooner than
    clients may book. Free time is looked for once for all of a branch, and again after each offer, which takes of it.
    """
    rows = line(session) if rows is None else rows
    offered: list[int] = []
    found: dict[int, Search | None] = {}
    for place, row in enumerate(rows):
        if row.id not in found:
            found |= _look(session, [one for one in rows[place:] if one.branch == row.branch])
        looked = found[row.id]
        if looked is None or next(_suiting(row, looked), None) is None:
            continue
        if _waits(session, row) and _offer(session, row, looked):
            offered.append(row.id)
            found.clear()
    return offered


_entries = select(
    Waiting.id,
    Waiting.item_id,
    Waiting.staff_id,
    Waiting.branch,
    Waiting.since,
    Waiting.until,
    Waiting.earliest,
    Waiting.latest,
    Waiting.status,
).where(Waiting.archived_at.is_(None))

# Whoever may not book online any more is offered nothing.
_BLOCKED = or_(
    exists().where(Contact.id == Waiting.client_id, Contact.blocked),
    exists().where(
        ContactPhone.number_key == Waiting.phone_key, Contact.id == ContactPhone.owner_id, Contact.blocked
    ),
)


def _blocked(session: Session, waiting_id: int) -> bool:
    return session.scalars(select(Waiting.id).where(Waiting.id == waiting_id, _BLOCKED)).first() is not None


def _waits(session: Session, row: Any) -> bool:
    """Lock an entry, and whether it is still as it was read. Who is leaving or being served at this moment is passed by."""
    mine = _entries.where(Waiting.id == row.id).with_for_update(key_share=True, skip_locked=True)
    found = session.execute(mine).one_or_none()
    return found is not None and tuple(found) == tuple(row)


def offer_on(session: Session, waiting_id: int, day: date) -> tuple[datetime, int | None]:
    """Offer somebody on the list the first time of this day that suits them; returns it, on the wall of the branch, and what
    takes the offer back. Raises NotFound, Refusal when there is none or they do not wait.
    """
    row = session.execute(
        _entries.where(Waiting.id == waiting_id).with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise NotFound(_("There is no such entry on the waiting list."))
    if row.status == "offered":
        raise Refusal(_("A time is kept for them and offered to them already."))
    if row.status != "waiting":
        raise Refusal(_("They do not wait any more."))
    that_day = SimpleNamespace(**{**row._mapping, "since": day, "until": day})
    looked = _look(session, [that_day])[row.id]
    made = None if looked is None or _blocked(session, row.id) else _offer(session, that_day, looked)
    if made is None:
        raise Refusal(
            _("No time of that day that clients may book online suits them. Book the visit yourself.")
        )
    return made


def _look(session: Session, rows: Sequence[Any]) -> dict[int, Search | None]:
    """What is free for entries of one branch, at least for the first of them: one search for all whose days lie within a year.
    None for a service, a specialist or a branch that is gone, which is for the desk to see.
    """
    try:
        zone = ZoneInfo(zone_of(session, rows[0].branch))
    except NotFound:
        return dict.fromkeys([row.id for row in rows])
    today = now().astimezone(zone).date()
    year = timedelta(days=MAX_DAYS - 1)
    some = [row for row in rows if row.until <= today + year]
    if rows[0] not in some:
        some = [rows[0]]
    begin = max(today, min(row.since for row in some))
    until = min(max(row.until for row in some), begin + year)
    looked = searches(
        session,
        [[Wanted(row.item_id, row.staff_id)] for row in some],
        minutes(datetime.combine(begin, time(), zone)),
        minutes(datetime.combine(until + timedelta(days=1), time(), zone)),
        by="client",
        branch_id=rows[0].branch,
    )
    return {row.id: one if isinstance(one, Search) else None for row, one in zip(some, looked, strict=True)}


def _suiting(row: Any, found: Search) -> Iterator[tuple[datetime, list[Chosen]]]:
    """The times that suit an entry, on the wall of the branch, each with who would do it then."""
    zone = ZoneInfo(found.zone)
    for at in found.starts():
        local = moment(at).astimezone(zone)
        clock = local.hour * 60 + local.minute
        if not row.since <= local.date() <= row.until:
            continue
        if not (row.earliest or 0) <= clock <= (row.latest if row.latest is not None else 1440):
            continue
        chosen = found.choose(at)
        if chosen is not None:
            yield local, chosen


def _offer(session: Session, row: Any, found: Search) -> tuple[datetime, int | None] | None:
    for local, chosen in _suiting(row, found):
        ends = now() + timedelta(minutes=policy_of(session).offer)
        try:
            with session.begin_nested():
                occupy(session, OFFER, {row.id: segments_of(chosen)}, expires_at=ends)
        except Taken:
            continue
        values = {"status": "offered", "offered": local, "offered_until": ends}
        made = write(session, Waiting, [Change(values, row.id)], label="offer", system=True)
        return local, made.change_set
    return None


def take_off(session: Session, waiting_id: int, change_set: int) -> None:
    """Let somebody wait no more, because the desk books a visit for them; a time that was kept for them is free for it. Raises
    NotFound for who is not on the list.
    """
    row = session.execute(
        _entries.where(Waiting.id == waiting_id).with_for_update(key_share=True)
    ).one_or_none()
    if row is None or row.status not in ("waiting", "offered"):
        raise NotFound(_("There is no such entry on the waiting list."))
    if row.status == "offered":
        # Whoever undoes the booking finds them waiting: what was kept for them is not kept any more.
        values = {"status": "waiting", "offered": None, "offered_until": None, "token_hash": None}
        write(session, Waiting, [Change(values, waiting_id)], label="offer", system=True)
    write(session, Waiting, [Change({"status": "booked"}, waiting_id)], change_set=change_set, system=True)


def leave(session: Session, waiting_id: int) -> None:
    """Let somebody wait no more who says so; a time that was kept for them goes to the next. Twice changes nothing. Raises
    NotFound.
    """
    row = session.execute(
        _entries.where(Waiting.id == waiting_id).with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise NotFound(_("There is no such entry on the waiting list."))
    if row.status in ("waiting", "offered"):
        values = {"status": "closed", "offered": None, "offered_until": None, "token_hash": None}
        write(session, Waiting, [Change(values, row.id)], label="offer", system=True)


def new_token(session: Session, waiting_id: int) -> str:
    """A key with which the offer can be taken, for the message that tells of it; an older one ends."""
    token = secrets.token_urlsafe(24)
    write(session, Waiting, [Change({"token_hash": hash_of(token)}, waiting_id)], label="offer", system=True)
    return token


def accept(session: Session, token: str) -> Booked:
    """Take an offer, by its own code or by a key of the entry: the visit is booked at the time that was kept. Raises NotFound,
    Refusal when the offer is over, `Taken`.
    """
    hashed = hash_of(token)
    of_entry = select(WaitingToken.waiting_id).where(WaitingToken.token_hash == hashed)
    row = session.execute(
        select(
            Waiting.id,
            Waiting.status,
            Waiting.client_id,
            Waiting.visitor,
            Waiting.phone,
            Waiting.email,
            Waiting.item_id,
            Waiting.staff_id,
            Waiting.branch,
            Waiting.offered,
            Waiting.offered_until,
        )
        .where(or_(Waiting.token_hash == hashed, Waiting.id.in_(of_entry)), Waiting.archived_at.is_(None))
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise NotFound(_("There is no such offer."))
    if row.status != "offered" or row.offered_until <= now():
        raise Refusal(_("This offer is over; the time was offered to somebody else."))
    if _blocked(session, row.id):
        raise Refusal(_("This cannot be booked online; call us."))
    release(session, OFFER, [row.id])
    values = {
        "client": row.client_id,
        "visitor": row.visitor,
        "phone": row.phone,
        "email": row.email,
        "source": "online",
        "to_check": row.client_id is None,
    }
    booked = book(
        session,
        [Wanted(row.item_id, row.staff_id)],
        minutes(row.offered),
        by="staff",
        branch_id=row.branch,
        values=values,
    )
    done = {"status": "booked", "visit": booked.id, "token_hash": None}
    write(session, Waiting, [Change(done, row.id)], label="offer", system=True)
    return booked
