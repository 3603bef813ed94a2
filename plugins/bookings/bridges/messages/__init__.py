"""What clients and staff are told about visits, where the plugin messages is on.

Nothing is sent because it was true once: each kind reads its visit again right before it goes. What comes from a file or
the command line tells nobody anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from parlour.access.models import Branch
from parlour.db.base import now
from parlour.db.session import Session
from parlour.hooks import hookimpl
from parlour.plugins.bookings import people, series
from parlour.plugins.bookings.bridges.messages import code, offers, reviews, undone
from parlour.plugins.bookings.bridges.messages.addressed import VISIT, whom
from parlour.plugins.bookings.bridges.messages.late_and_series import (
    LATE,
    ON_TIME,
    SERIES,
    SERIES_CANCELLED,
    SERIES_MOVED,
)
from parlour.plugins.bookings.bridges.messages.visits import AGREED, KINDS
from parlour.plugins.bookings.late import telling
from parlour.plugins.bookings.marks import COMING
from parlour.plugins.bookings.models import Appointment, Line, Waiting
from parlour.plugins.bookings.online.codes import CodeWay
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.bookings.statuses import CANCELLED
from parlour.plugins.messages import services
from parlour.plugins.messages.kinds import MessageKind
from parlour.plugins.schedule.clocks import minutes
from parlour.plugins.schedule.models import Staff
from parlour.records.history import undoing
from parlour.records.registry import RecordType
from parlour.records.write import RowChange
from parlour.settings import Settings

# What is said once of visits of a series that are written together.
_AS_ONE = {"booked": "series", "moved": "series_moved", "cancelled": "series_cancelled"}
# Ways in which visits come that nobody is told about: they have been agreed on elsewhere.
SILENT = ("import", "cli")


@hookimpl
def bookings_code_ways(session: Session, settings: Settings) -> Sequence[CodeWay]:
    return code.ways(session, settings)


@hookimpl
def messages_kinds(session: Session) -> Sequence[MessageKind]:
    several = (SERIES, SERIES_MOVED, SERIES_CANCELLED)
    return (*KINDS, *several, LATE, ON_TIME, offers.OFFER, code.CODE, reviews.REVIEW)


@hookimpl
def records_changed(session: Session, record: RecordType, rows: Sequence[RowChange]) -> None:
    """Ask for the messages of visits that were booked, moved or cancelled; they are sent when this is committed."""
    if session.scope.via in SILENT:
        return
    if record.cls is Appointment:
        reviews.ask(session, rows)
        late, undo = telling(session), undoing(session)
        if undo is not None:
            undone.tell(session, [row for row in rows if row.kind == "delete"])
        merging = undo == "merge" or people.only_merged(session, rows)
        as_one = series.as_one(session) or undo in series.FOLLOWING
        told = {}
        for row in rows:
            if undo == "late":
                what = _what_back(row)
            else:
                what = _what(row, merging) if late is None else _what_late(row, late)
            if what is not None:
                told[row.id] = (_AS_ONE.get(what, what) if as_one else what), row.change_set
        if told:
            for visit in _people(session, list(told)):
                _tell(session, visit, *told[visit.id])
    elif record.cls is Waiting:
        offers.tell(session, [row.id for row in rows if row.new.get("status") == "offered"])
    elif record.cls is Line:
        _tell_staff(session, [row for row in rows if row.kind == "create"])


def _what(row: RowChange, merging: bool) -> str | None:
    """Which message a change of a visit asks for. Nobody is told that a visit is booked which the salon has not agreed to yet."""
    status, was = row.value("status"), row.before.get("status")
    booked = "requested" if status == "requested" else "booked"
    if row.kind == "create":
        if status not in COMING or row.new.get("source") == "import":
            return None
        return "series" if row.new.get("series") else booked
    if row.kind != "update":
        return None
    if status in CANCELLED and was in COMING:
        return "cancelled"
    if status not in COMING:
        return None
    if row.new.get("client") is not None and not merging:
        return booked if row.old["client"] is not None else "linked"
    # Agreed to, or brought back: it holds again, and so does what was said about it.
    if was in CANCELLED or (was == "requested" and status in AGREED):
        return booked
    if "starts" in row.new:
        return "requested" if status == "requested" else "moved"
    return None


def _what_late(row: RowChange, tell: bool) -> str | None:
    """Which message a visit of a specialist who is late asks for; of one that moves, the reminder follows in each case."""
    if tell and row.value("status") in COMING and ("starts" in row.new or row.new.get("delay")):
        return "late"
    return "remind" if "starts" in row.new else None


def _what_back(row: RowChange) -> str | None:
    """Which message a visit asks for whose delay is taken back; it goes only to who was told of that."""
    return "on_time" if row.kind == "update" and {"starts", "delay"} & set(row.new) else None


def _people(session: Session, ids: Sequence[int]) -> Sequence[Any]:
    return session.execute(
        select(
            Appointment.id,
            Appointment.version,
            Appointment.status,
            Appointment.starts,
            Appointment.delay,
            Appointment.series,
            Appointment.client_id,
            Appointment.visitor,
            Appointment.phone,
            Appointment.email,
            Branch.zone,
        )
        .outerjoin(Branch, Branch.id == Appointment.branch)
        .where(Appointment.id.in_(ids), Appointment.ends > now())
    ).all()


def _tell(session: Session, visit: Any, what: str, change_set: int | None) -> None:
    reached = whom(visit)
    late = what in ("late", "on_time")
    expected = visit.starts + timedelta(minutes=visit.delay or 0) if late else visit.starts
    if reached is None or expected <= now():
        return
    if what == "linked":
        # Whoever booked with an address has been told there, before somebody put them to a card.
        told = bool(visit.email or visit.phone)
        what = "remind" if told else "requested" if visit.status == "requested" else "booked"
    common: dict[str, Any] = {**reached, "about": (VISIT, visit.id), "zone": visit.zone}
    start = minutes(visit.starts)
    if what in _AS_ONE.values():
        # One for all that are written together; it is read when it goes.
        services.send(
            session,
            f"bookings.{what}",
            dedupe_key=f"bookings.{what}:{visit.series}:{change_set}",
            version=minutes(now()),
            expires_at=visit.starts,
            **common | {"about": (VISIT, visit.series)},
        )
    elif what != "remind":
        services.send(
            session,
            f"bookings.{what}",
            # The version tells two moves to and fro apart, the change set what was undone and done again; when a client is
            # expected is read again in `told`.
            dedupe_key=f"bookings.{what}:{visit.id}:{visit.version}:{change_set}"
            + (f":{minutes(expected)}" if late else ""),
            version=None if what == "cancelled" else minutes(expected),
            expires_at=expected,
            **common,
        )
    ahead = timedelta(hours=policy_of(session).remind)
    due = visit.starts - ahead
    # Who has booked just now needs no reminder.
    if visit.status not in AGREED or not ahead or due < now() + timedelta(hours=1):
        return
    services.send(
        session,
        "bookings.reminder",
        dedupe_key=f"bookings.reminder:{visit.id}:{start}:{visit.client_id or ''}",
        version=start,
        at=due,
        expires_at=visit.starts - min(ahead / 2, timedelta(hours=1)),
        **common,
    )


def _tell_staff(session: Session, rows: Sequence[RowChange]) -> None:
    """Tell specialists who log in that somebody has booked them online."""
    found = session.execute(
        select(Appointment.id, Appointment.starts, Staff.user, Branch.zone)
        .join(Line, Line.appointment_id == Appointment.id)
        .join(Staff, Staff.id == Line.staff_id)
        .outerjoin(Branch, Branch.id == Appointment.branch)
        .where(
            Line.id.in_([row.id for row in rows]),
            Appointment.source == "online",
            Appointment.starts > now(),
            Staff.user.is_not(None),
        )
    ).all()
    for row in found:
        services.send(
            session,
            "bookings.online",
            user_id=row.user,
            about=(VISIT, row.id),
            version=minutes(row.starts),
            expires_at=row.starts,
            zone=row.zone,
            dedupe_key=f"bookings.online:{row.id}:{row.user}",
        )
