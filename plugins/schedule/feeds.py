"""Secret links under which calendar apps read what is booked of one specialist or resource (RFC 5545).

The link is shown once and only the hash of its token is kept. Whoever has it sees the times, and names of clients where the
settings say so; rules of access do not count there.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import delete, select

from parlour.access.plugin_settings import settings_of
from parlour.access.roles import own_organisation
from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.plugin.calls import collect
from parlour.plugins.schedule.models import Feed, Resource, Staff
from parlour.plugins.schedule.services import RESOURCE, STAFF, Subject

# What a calendar is told of: from so many days ago to so many days ahead. What was cancelled is told of as long as its time
# lies therein.
PAST, AHEAD = 30, 400
Status = Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]


@dataclass(frozen=True)
class Event:
    """A stretch of time as a calendar shows it. Moments are aware.

    `uid` is the same for ever, and `sequence` grows with each change, so that a calendar takes what it reads later for newer.
    """

    uid: str
    sequence: int
    starts: datetime
    ends: datetime
    title: str
    changed: datetime
    status: Status = "CONFIRMED"
    place: str = ""


def uid(session: Session, name: str) -> str:
    """A name of a plugin's own ("visit-5") as it is the same in no other salon."""
    return f"{name}{mark(session)}"


def mark(session: Session) -> str:
    """What all names of this salon's events end with: read back from outside they must not keep anybody busy."""
    return f"@{own_organisation(session).slug}.parlour"


def make(session: Session, subject: Subject) -> str:
    """A new link to the calendar of a specialist or resource; the one before ends. Returns its token, which is kept nowhere."""
    kind, row_id = subject
    cls: Any = Staff if kind == STAFF else Resource
    # Who asks twice at once waits here, and the second link ends the first.
    session.execute(select(cls.id).where(cls.id == row_id).with_for_update(key_share=True))
    revoke(session, subject)
    token = secrets.token_urlsafe(24)
    session.add(Feed(**{f"{kind}_id": row_id}, token_hash=_hash(token)))
    session.flush()
    return token


def revoke(session: Session, subject: Subject) -> bool:
    """End the link; False when there was none."""
    found = session.execute(
        delete(Feed).where(_of(subject)).returning(Feed.id), execution_options={"synchronize_session": False}
    )
    return found.first() is not None


def made_at(session: Session, subject: Subject) -> datetime | None:
    """Since when there is a link (UTC)."""
    return session.scalar(select(Feed.created_at).where(_of(subject)))


def subject_of(session: Session, token: str) -> Subject:
    """Whose calendar a token opens. Raises NotFound."""
    row = session.execute(
        select(Feed.staff_id, Feed.resource_id).where(Feed.token_hash == _hash(token))
    ).one_or_none()
    if row is None:
        raise NotFound(_("There is no such calendar. Ask the salon for a new link."))
    return (STAFF, row.staff_id) if row.staff_id is not None else (RESOURCE, row.resource_id)


def _of(subject: Subject) -> Any:
    return (Feed.staff_id if subject[0] == STAFF else Feed.resource_id) == subject[1]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def calendar_file(session: Session, subject: Subject) -> bytes:
    """All that plugins know of a specialist's or resource's time, as iCalendar. Raises NotFound for one who is archived.

    The same bytes as long as nothing changes and no day ends: an entity tag is made of them.
    """
    kind, row_id = subject
    cls: Any = Staff if kind == STAFF else Resource
    name = session.scalar(select(cls.name).where(cls.id == row_id, cls.archived_at.is_(None)))
    if name is None:
        raise NotFound(_("There is no such calendar. Ask the salon for a new link."))
    today = datetime.combine(now().date(), time(), UTC)
    events: list[Event] = collect(
        session,
        "schedule_events",
        kind=kind,
        row_id=row_id,
        start=today - timedelta(days=PAST),
        end=today + timedelta(days=AHEAD),
        names=bool(settings_of(session, "schedule")["calendar_names"]),
    )
    return written(f"{name} · {own_organisation(session).name}", events)


def written(title: str, events: Sequence[Event]) -> bytes:
    """Events as a calendar's file. Times are instants, so that it needs no description of a zone."""
    from icalendar import Calendar
    from icalendar import Event as Component

    calendar = Calendar()
    calendar.add("prodid", "-//Parlour//Schedule//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", title)
    for each in sorted(events, key=lambda one: (one.starts, one.uid)):
        gone = each.status == "CANCELLED"
        event = Component()
        event.add("uid", each.uid)
        event.add("sequence", each.sequence)
        # Without METHOD it says when the event was last changed.
        event.add("dtstamp", each.changed.astimezone(UTC))
        event.add("dtstart", each.starts.astimezone(UTC))
        event.add("dtend", each.ends.astimezone(UTC))
        event.add("summary", each.title)
        if each.place:
            event.add("location", each.place)
        event.add("status", each.status)
        event.add("transp", "TRANSPARENT" if gone else "OPAQUE")
        calendar.add_component(event)
    return bytes(calendar.to_ical())
