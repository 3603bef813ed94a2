"""The waiting list for those who are on it and do not log in: how they join it, and what they see of their own entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import Invalid, Refusal
from parlour.i18n import _
from parlour.plugins.bookings.models import Waiting
from parlour.plugins.bookings.offers import Wanted, search, zone_of
from parlour.plugins.bookings.online.visitors import Visitor, booker
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.catalog.services import names_of
from parlour.plugins.schedule.clocks import minutes
from parlour.plugins.schedule.models import Staff
from parlour.records.values import digits_of
from parlour.records.write import Change, open_change_set, write

# When a part of the day begins and how late a visit may begin in it, in minutes; as the widget divides the day.
PARTS = {"morning": (None, 719), "day": (720, 1019), "evening": (1020, None)}
# What is shown: who got a visit sees that instead, and who does not wait any more knows it.
SHOWN = ("waiting", "offered", "expired")


def wait_online(
    session: Session,
    wanted: Wanted,
    since: date,
    until: date,
    visitor: Visitor,
    *,
    part: str | None = None,
    branch_id: int | None = None,
) -> int:
    """Put somebody on the waiting list who is not logged in; returns the entry's number.

    Raises Invalid by field, NotFound for a service that cannot be booked online, Refusal.
    """
    zone = ZoneInfo(zone_of(session, branch_id))
    today = now().astimezone(zone).date()
    last = today + timedelta(days=policy_of(session).window)
    if not today <= since <= until <= last:
        ahead = policy_of(session).window
        wrong = _("Choose days at most ${n} days ahead, the first one first.", mapping={"n": ahead})
        raise Invalid(wrong, {0: {"until": wrong}})
    # What cannot be booked cannot be waited for; asking about one minute finds that out.
    start = minutes(datetime.combine(since, time(), zone))
    search(session, [wanted], start, start + 1, by="client", branch_id=branch_id)
    values, beside = booker(session, visitor)
    waits = session.scalar(
        select(func.count())
        .select_from(Waiting)
        .where(
            Waiting.phone_key == digits_of(values["phone"]),
            Waiting.status.in_(("waiting", "offered")),
            Waiting.archived_at.is_(None),
        )
    )
    if (waits or 0) >= policy_of(session).visits_per_client:
        raise Refusal(_("There are enough wishes for this phone already; call us for more."))
    change_set = open_change_set(session, label="book")
    values |= beside.write(change_set)
    earliest, latest = PARTS.get(part or "", (None, None))
    entry = {
        **{name: values.get(name) for name in ("client", "visitor", "phone", "email")},
        "item": wanted.item,
        "staff": wanted.staff,
        "branch": branch_id,
        "since": since,
        "until": until,
        "earliest": earliest,
        "latest": latest,
        "note": visitor.comment,
    }
    return write(session, Waiting, [Change(entry)], change_set=change_set, system=True).ids[0]


def entries(session: Session, ids: Sequence[int], language: str) -> dict[int, dict[str, Any]]:
    """Entries of the waiting list as those see them who wait: what for, when, and what is offered. No name, phone or note.

    Left out are those whose days are over, and those that wait no more because they have a visit or wish so.
    """
    rows = session.execute(
        select(
            Waiting.id,
            Waiting.status,
            Waiting.item_id,
            Waiting.staff_id,
            Staff.name.label("who"),
            Waiting.branch,
            Waiting.since,
            Waiting.until,
            Waiting.earliest,
            Waiting.latest,
            Waiting.offered,
            Waiting.offered_zone,
            Waiting.offered_until,
        )
        .outerjoin(Staff, Staff.id == Waiting.staff_id)
        .where(
            Waiting.id.in_(ids),
            Waiting.status.in_(SHOWN),
            Waiting.until >= now().date() - timedelta(days=1),
            Waiting.archived_at.is_(None),
        )
        .order_by(Waiting.since, Waiting.id)
    ).all()
    names = names_of(session, {row.item_id for row in rows}, language)
    return {row.id: _entry(row, names[row.item_id]) for row in rows}


def _entry(row: Any, name: str) -> dict[str, Any]:
    # An offer is over when its time is, not when somebody comes along to write that down.
    offered = row.status == "offered" and row.offered_until > now()
    zone = ZoneInfo(row.offered_zone) if offered else None
    part = next((one for one, hours in PARTS.items() if hours == (row.earliest, row.latest)), None)
    return {
        "status": "expired" if row.status == "offered" and not offered else row.status,
        "service": row.item_id,
        "name": name,
        "staff": None if row.staff_id is None else {"id": row.staff_id, "name": row.who},
        "branch": row.branch,
        "since": row.since.isoformat(),
        "until": row.until.isoformat(),
        "part": part,
        "earliest": _clock(row.earliest),
        "latest": _clock(row.latest),
        "offered": row.offered.astimezone(zone).isoformat() if offered else None,
        "offered_until": row.offered_until.astimezone(zone).isoformat() if offered else None,
        "can": {"leave": row.status in ("waiting", "offered"), "take": offered},
    }


def _clock(at: int | None) -> str | None:
    return None if at is None else f"{at // 60:02}:{at % 60:02}"
