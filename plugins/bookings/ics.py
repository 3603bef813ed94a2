"""Visits in calendars: one as a file for its client, all of a specialist or a room behind a secret link (RFC 5545)."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select

from parlour.access.models import Branch
from parlour.access.roles import own_organisation
from parlour.db.base import now
from parlour.db.session import Session
from parlour.i18n import Localizer
from parlour.plugins.bookings.models import Appointment, Group, Line
from parlour.plugins.bookings.statuses import BLOCKING, CANCELLED, status_told
from parlour.plugins.catalog.models import Item
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule import feeds
from parlour.records.registry import record_type


def visit_file(session: Session, visit_id: int, loc: Localizer) -> bytes:
    """The visit as an event: always under the same UID, with a SEQUENCE that grows whenever the visit changes, so that a calendar
    takes a later file for the newer state. A cancelled visit says so and takes no time any more.
    """
    from icalendar import Calendar, Event

    organisation = own_organisation(session)
    row = session.execute(
        select(
            Appointment.status,
            Appointment.archived_at,
            Appointment.starts,
            Appointment.starts_zone,
            Appointment.ends,
            Appointment.branch,
            Appointment.version,
        ).where(Appointment.id == visit_id)
    ).one()
    names = session.scalars(
        select(Line.name)
        .where(Line.appointment_id == visit_id, Line.archived_at.is_(None))
        .order_by(Line.position, Line.id)
    ).all()
    places = select(Branch).where(Branch.archived_at.is_(None)).order_by(Branch.id)
    if row.branch is not None:
        places = select(Branch).where(Branch.id == row.branch)
    found = session.scalars(places.limit(2)).all()
    branch = found[0] if len(found) == 1 else None
    gone = status_told(row.status, row.archived_at is not None) in CANCELLED
    zone = ZoneInfo(row.starts_zone)

    event = Event()
    event.add("uid", feeds.uid(session, f"visit-{visit_id}"))
    event.add("sequence", row.version)
    event.add("dtstamp", now().astimezone(UTC))
    # Instants, so that a calendar needs no description of the zone; it shows them on its own clock.
    event.add("dtstart", row.starts.astimezone(UTC))
    event.add("dtend", row.ends.astimezone(UTC))
    event.add("summary", f"{organisation.name}: {', '.join(filter(None, names))}")
    told = [f"{loc.date(row.starts.astimezone(zone).date(), 'long')}, {row.starts.astimezone(zone):%H:%M}"]
    if branch is not None:
        event.add("location", ", ".join(filter(None, [branch.name, branch.address])))
        if branch.phone:
            told.append(loc.phone(branch.phone))
    event.add("description", "\n".join(told))
    event.add("status", "CANCELLED" if gone else "TENTATIVE" if row.status == "requested" else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if gone else "OPAQUE")
    calendar = Calendar()
    calendar.add("prodid", "-//Parlour//Bookings//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if gone else "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


# ---- what is booked of one specialist or room


def events_of(
    session: Session, kind: str, row_id: int, start: datetime, end: datetime, names: bool
) -> list[feeds.Event]:
    """Visits and group sessions of a specialist or a room that begin in [start, end), cancelled ones too. Three queries.

    A visit is one event, from the first service that is theirs to the end of the last.
    """
    return [*_visits(session, kind, row_id, start, end, names), *_groups(session, kind, row_id, start, end)]


def _theirs(cls: Any, kind: str, row_id: int) -> Any:
    """The condition that a service or a session is by this specialist, or in this room."""
    if kind == "staff":
        return cls.staff_id == row_id
    pairs = record_type(cls).field("resources").cls
    return cls.id.in_(select(pairs.owner_id).where(pairs.target_id == row_id))


def _visits(
    session: Session, kind: str, row_id: int, start: datetime, end: datetime, names: bool
) -> list[feeds.Event]:
    rows = session.execute(
        select(
            Appointment.id,
            Appointment.status,
            Appointment.starts,
            Appointment.version,
            Appointment.updated_at,
            Appointment.visitor,
            Contact.name.label("client"),
            Line.name,
            Line.offset,
            Line.minutes,
            Line.version.label("line_version"),
            Line.updated_at.label("line_updated_at"),
        )
        .join(Line, Line.appointment_id == Appointment.id)
        .outerjoin(Contact, Contact.id == Appointment.client_id)
        .where(
            Appointment.starts >= start,
            Appointment.starts < end,
            Appointment.archived_at.is_(None),
            Line.archived_at.is_(None),
            _theirs(Line, kind, row_id),
        )
        .order_by(Line.appointment_id, Line.position, Line.id)
    )
    visits: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        visits[row.id].append(row)
    found = []
    for visit_id, lines in visits.items():
        first = lines[0]
        who = " / ".join(filter(None, [first.visitor, first.client])) if names else ""
        what = ", ".join(dict.fromkeys(line.name for line in lines if line.name))
        found.append(
            feeds.Event(
                uid=feeds.uid(session, f"visit-{visit_id}-{kind}-{row_id}"),
                # A service that goes takes its own count along; what the visit counts then weighs more.
                sequence=1000 * first.version + sum(line.line_version for line in lines),
                starts=first.starts + timedelta(minutes=min(line.offset for line in lines)),
                ends=first.starts + timedelta(minutes=max(line.offset + line.minutes for line in lines)),
                title=" · ".join(filter(None, [what, who])),
                changed=max(first.updated_at, *(line.line_updated_at for line in lines)),
                status="CANCELLED"
                if first.status in CANCELLED
                else "TENTATIVE"
                if first.status == "requested"
                else "CONFIRMED",
            )
        )
    return found


def _groups(session: Session, kind: str, row_id: int, start: datetime, end: datetime) -> list[feeds.Event]:
    rows = session.execute(
        select(
            Group.id,
            Group.starts,
            Group.minutes,
            Group.seats,
            Group.cancelled,
            Group.version,
            Group.updated_at,
            Item.name,
        )
        .join(Item, Item.id == Group.item_id)
        .where(
            Group.starts >= start,
            Group.starts < end,
            Group.archived_at.is_(None),
            _theirs(Group, kind, row_id),
        )
    ).all()
    counted = select(
        Appointment.group_id,
        func.sum(case((Appointment.status.in_(BLOCKING), Appointment.seats), else_=0)).label("seats"),
        func.sum(Appointment.version).label("version"),
        func.max(Appointment.updated_at).label("changed"),
    ).where(Appointment.group_id.in_([row.id for row in rows]), Appointment.archived_at.is_(None))
    taken = {row.group_id: row for row in session.execute(counted.group_by(Appointment.group_id))}
    found = []
    for row in rows:
        visits = taken.get(row.id)
        found.append(
            feeds.Event(
                uid=feeds.uid(session, f"group-{row.id}-{kind}-{row_id}"),
                sequence=1000 * row.version + (int(visits.version) if visits else 0),
                starts=row.starts,
                ends=row.starts + timedelta(minutes=row.minutes),
                title=f"{row.name} ({visits.seats if visits else 0}/{row.seats})",
                changed=max(row.updated_at, visits.changed) if visits else row.updated_at,
                status="CANCELLED" if row.cancelled else "CONFIRMED",
            )
        )
    return found
