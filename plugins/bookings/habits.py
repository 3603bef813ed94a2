"""Counting how clients come: how often, how regularly, to whom, and when they are due again.

every = the median of the days between their visits, of the last ten; from the third visit on
due   = the last visit + every, while no visit is coming
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update

from parlour.db.base import now
from parlour.db.session import Session, insert_rows
from parlour.plugins.bookings.marks import COMING
from parlour.plugins.bookings.models import Appointment, Habit, Line
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.catalog.models import Item
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.models import Staff
from parlour.records.values import key_of

# Fewer visits are no habit, and what was long ago is none any more.
LEAST = 3
GAPS = 10
CHUNK = 500


def usual_days(days: Sequence[date]) -> int | None:
    """After how many days somebody usually comes who came on these days, in order; None before there is a habit."""
    if len(days) < LEAST:
        return None
    gaps = [(later - one).days for one, later in pairwise(days)]
    return max(1, round(median(gaps[-GAPS:])))


def count(session: Session, clients: Sequence[int]) -> None:
    """Count the visits of these clients anew; a fixed number of statements for every 500."""
    for start in range(0, len(clients), CHUNK):
        some = sorted(set(clients[start : start + CHUNK]))
        # Two jobs may count the same client: the second one waits, and counts what the first one saw and more.
        session.execute(
            select(Contact.id)
            .where(Contact.id.in_(some))
            .order_by(Contact.id)
            .with_for_update(key_share=True)
        )
        found = _found(session, some)
        session.execute(delete(Habit).where(Habit.id.in_(some)), execution_options=_PLAIN)
        insert_rows(session, Habit, found)


def nothing_due(session: Session, clients: Sequence[int]) -> None:
    """Say of clients for whom a visit has just been booked that they are not due."""
    if clients:
        due = update(Habit).where(Habit.id.in_(clients), Habit.due.is_not(None)).values(due=None)
        session.execute(due, execution_options=_PLAIN)


_PLAIN = {"synchronize_session": False}


def _found(session: Session, clients: Sequence[int]) -> list[dict[str, Any]]:
    present = now()
    late_by = timedelta(hours=policy_of(session).free_hours)
    rows = session.execute(
        select(
            Appointment.id,
            Appointment.client_id,
            Appointment.starts,
            Appointment.starts_zone,
            Appointment.status,
            Appointment.visitor,
            Appointment.cancelled_at,
            Appointment.free_until,
        )
        # One who has been deleted meanwhile has no card to keep it beside.
        .join(Contact, Contact.id == Appointment.client_id)
        .where(Appointment.client_id.in_(clients), Appointment.archived_at.is_(None))
        .order_by(Appointment.client_id, Appointment.starts, Appointment.id)
    ).all()
    whose: dict[int, int] = {}
    days: dict[int, list[date]] = defaultdict(list)
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for row in rows:
        mine = counts[row.client_id]
        if row.status == "done" or (row.status in ("arrived", "in_progress") and row.starts <= present):
            mine["visits"] += 1
            if row.visitor is not None:
                # A child or a friend came: that says nothing of when the client themselves are due.
                continue
            whose[row.id] = row.client_id
            on = row.starts.astimezone(ZoneInfo(row.starts_zone)).date()
            if on not in days[row.client_id][-1:]:
                days[row.client_id].append(on)
        elif row.status == "no_show":
            mine["missed"] += 1
        elif row.status == "cancelled_client":
            free = row.free_until or row.starts - late_by
            mine["late"] += row.cancelled_at is not None and row.cancelled_at >= free
        elif row.status in COMING and row.starts > present:
            mine["coming"] += 1
    favourites = _favourites(session, whose)
    return [
        {
            "id": client,
            "visits": mine["visits"],
            "missed": mine["missed"],
            "late": mine["late"],
            **_rhythm(days[client], bool(mine["coming"])),
            **favourites.get(client, _NOBODY),
        }
        for client, mine in counts.items()
    ]


def _rhythm(days: Sequence[date], coming: bool) -> dict[str, Any]:
    last = days[-1] if days else None
    every = usual_days(days)
    due = last + timedelta(days=every) if last and every and not coming else None
    return {"last": last, "every": every, "due": due}


def _favourites(session: Session, whose: dict[int, int]) -> dict[int, dict[str, str | None]]:
    """Who does most of a client's services and which is done most; of several alike, the latest."""
    staff: dict[int, Counter[str]] = defaultdict(Counter)
    items: dict[int, Counter[str]] = defaultdict(Counter)
    visits = sorted(whose)
    for start in range(0, len(visits), CHUNK):
        lines = session.execute(
            select(Line.appointment_id, Staff.name, Item.name)
            .join(Appointment, Appointment.id == Line.appointment_id)
            .outerjoin(Staff, Staff.id == Line.staff_id)
            .outerjoin(Item, Item.id == Line.item_id)
            .where(Line.appointment_id.in_(visits[start : start + CHUNK]), Line.archived_at.is_(None))
            .order_by(Appointment.starts.desc(), Line.position)
        )
        for visit, who, what in lines:
            client = whose[visit]
            if who is not None:
                staff[client][who] += 1
            if what is not None:
                items[client][what] += 1
    return {
        client: _named("staff", staff[client]) | _named("item", items[client])
        for client in set(whose.values())
    }


def _named(field: str, counted: Counter[str]) -> dict[str, str | None]:
    # Of those alike the first that was met.
    name = counted.most_common(1)[0][0] if counted else None
    return {field: name, f"{field}_key": key_of(name) if name else None}


_NOBODY = _named("staff", Counter()) | _named("item", Counter())


def next_clients(session: Session, after: int) -> list[int]:
    """The next clients with visits or with counts of them, in the order of their numbers."""
    visited = select(Appointment.id).where(Appointment.client_id == Contact.id).exists()
    counted = select(Habit.id).where(Habit.id == Contact.id).exists()
    found = select(Contact.id).where(Contact.id > after, visited | counted).order_by(Contact.id).limit(CHUNK)
    return list(session.scalars(found))
