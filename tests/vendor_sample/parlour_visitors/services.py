"""What the door list works out, from a session and plain values."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.plugins.contacts.models import Contact
from parlour.records.write import Change, write
from parlour_visitors.models import Arrival, Visitor


def visits_of(session: Session, contact_ids: Collection[int]) -> dict[int, int]:
    """How often each of these clients came; archived lines do not count."""
    counted = session.execute(
        select(Visitor.contact_id, func.count().label("visits"))
        .where(Visitor.contact_id.in_(contact_ids), Visitor.archived_at.is_(None))
        .group_by(Visitor.contact_id)
    )
    return dict.fromkeys(contact_ids, 0) | {row.contact_id: row.visits for row in counted}


def came_since(session: Session, contact_ids: Collection[int], moment: datetime) -> bool:
    """Whether one of these clients has come in since a moment (UTC)."""
    came = select(Visitor.id).where(Visitor.contact_id.in_(contact_ids), Visitor.arrived_at >= moment)
    return session.scalars(came.limit(1)).first() is not None


def recount(session: Session, contact_ids: Collection[int]) -> None:
    """Bring the figure on these clients' cards up to date."""
    changes = [
        Change({"visitors_visits": count}, contact_id)
        for contact_id, count in sorted(visits_of(session, contact_ids).items())
    ]
    write(session, Contact, changes, label="visits", system=True)


def today(session: Session, zone: ZoneInfo) -> list[tuple[int, str, datetime]]:
    """Id, name and moment of arrival (UTC) of who came since midnight in `zone`, latest first."""
    midnight = datetime.combine(now().astimezone(zone).date(), time(), zone).astimezone(UTC)
    came = session.execute(
        select(Visitor.id, Visitor.name, Visitor.arrived_at)
        .where(Visitor.arrived_at >= midnight, Visitor.archived_at.is_(None))
        .order_by(Visitor.arrived_at.desc(), Visitor.id)
    )
    return [(row.id, row.name, row.arrived_at) for row in came]


def note_arrivals(session: Session, visitor_ids: Collection[int]) -> int:
    """Log these visitors once each; returns how many were new in the log."""
    known = set(session.scalars(select(Arrival.visitor_id).where(Arrival.visitor_id.in_(visitor_ids))))
    there = session.scalars(select(Visitor.id).where(Visitor.id.in_(visitor_ids)))
    new = [Arrival(visitor_id=visitor_id, noted_at=now()) for visitor_id in there if visitor_id not in known]
    session.add_all(new)
    session.flush()
    return len(new)
