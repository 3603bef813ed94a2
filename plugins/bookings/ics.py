"""A visit as a file for the client's calendar (RFC 5545)."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

from sqlalchemy import select

from parlour.access.models import Branch
from parlour.access.roles import own_organisation
from parlour.db.base import now
from parlour.db.session import Session
from parlour.i18n import Localizer
from parlour.plugins.bookings.models import Appointment, Line
from parlour.plugins.bookings.statuses import CANCELLED


def visit_file(session: Session, visit_id: int, loc: Localizer) -> bytes:
    """The visit as an event: always under the same UID, with a SEQUENCE that grows whenever the visit changes, so that a calendar
    takes a later file for the newer state. A cancelled visit says so and takes no time any more.
    """
    from icalendar import Calendar, Event

    organisation = own_organisation(session)
    row = session.execute(
        select(
            Appointment.status,
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
    gone = row.status in CANCELLED
    zone = ZoneInfo(row.starts_zone)

    event = Event()
    event.add("uid", f"visit-{visit_id}@{organisation.slug}.parlour")
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
