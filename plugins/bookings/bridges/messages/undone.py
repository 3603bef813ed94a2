"""What clients are told whose visits an undo has taken out: only where it has been said already that they are booked.

The visits are gone by the time their messages go, so what these say comes with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import or_, select

from parlour.access.models import Branch
from parlour.db.base import now
from parlour.db.session import Session
from parlour.plugins.bookings.bridges.messages.addressed import GONE, VISIT, whom
from parlour.plugins.bookings.marks import COMING
from parlour.plugins.bookings.statuses import STATUSES
from parlour.plugins.messages import services
from parlour.plugins.messages.models import DELIVERED, SENDING, SENT, UNCERTAIN, Message
from parlour.plugins.schedule.models import Staff
from parlour.records.models import Change, ChangeSet
from parlour.records.write import RowChange


def tell(session: Session, rows: Sequence[RowChange]) -> None:
    """Ask for the messages of visits that were taken out."""
    for row in rows:
        visit = row.before
        if visit["status"] not in COMING or visit["starts"] <= now():
            continue
        reached = whom(SimpleNamespace(**visit, client_id=visit["client"]))
        if reached is None:
            continue
        if _told(session, f"bookings.booked:{row.id}:", f"bookings.requested:{row.id}:"):
            what, of, values = "cancelled", row.id, _details(session, row)
        elif visit["series"] and _told(session, f"bookings.series:{visit['series']}:"):
            what, of, values = "series_cancelled", visit["series"], _all_of_them(session, row)
        else:
            continue
        zone = session.scalar(select(Branch.zone).where(Branch.id == visit["branch"]))
        services.send(
            session,
            f"bookings.{what}",
            **reached,
            about=(VISIT, row.id),
            version=GONE,
            values=values,
            expires_at=visit["starts"],
            zone=zone,
            dedupe_key=f"bookings.{what}:{of}:undo:{row.change_set}",
        )


def _told(session: Session, *begins: str) -> bool:
    """Whether a message has gone whose key begins like one of these."""
    gone = select(Message.id).where(
        Message.state.in_((SENDING, SENT, DELIVERED, UNCERTAIN)),
        or_(*(Message.key.startswith(one) for one in begins)),
    )
    return session.scalars(gone.limit(1)).first() is not None


def _made(session: Session, row: RowChange, record: str) -> list[Mapping[str, Any]]:
    """The rows of a record as they were written first, by what is undone now."""
    undone = select(ChangeSet.undoes).where(ChangeSet.id == row.change_set).scalar_subquery()
    found = session.scalars(
        select(Change.values)
        .where(Change.change_set_id == undone, Change.record == record, Change.kind == "create")
        .order_by(Change.id)
    )
    return [{name: pair[1] for name, pair in values.items()} for values in found]


def _details(session: Session, row: RowChange) -> dict[str, Any]:
    visit = row.before
    lines = [one for one in _made(session, row, "bookings.line") if one.get("appointment") == row.id]
    people = select(Staff.name).where(Staff.id.in_({one.get("staff") for one in lines} - {None}))
    branch = session.execute(select(Branch.name, Branch.address).where(Branch.id == visit["branch"])).first()
    return {
        "start": visit["starts"],
        "services": ", ".join(one["name"] for one in lines if one.get("name")) or "—",
        "specialist": ", ".join(session.scalars(people.order_by(Staff.name))) or "—",
        "place": ", ".join(filter(None, branch or ())) or "—",
        "status": STATUSES["cancelled_salon"].title,
        "who": visit["visitor"] or "—",
    }


def _all_of_them(session: Session, row: RowChange) -> dict[str, Any]:
    starts = [
        datetime.fromisoformat(one["starts"])
        for one in _made(session, row, VISIT)
        if one.get("client") == row.before["client"]
    ]
    return {"count": len(starts), "start": min(starts), "last": max(starts)}
