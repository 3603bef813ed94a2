"""What visits hold about people: for their copy of it, and for when they ask to be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.bookings.models import Appointment, Line, Review, Treatment, Waiting
from parlour.plugins.bookings.online import codes
from parlour.plugins.bookings.waiting import leave
from parlour.plugins.contacts.models import ContactEmail, ContactPhone
from parlour.records.files import remove_of
from parlour.records.models import ChangeSet
from parlour.records.persons import Section, forget_history
from parlour.records.registry import record_type
from parlour.records.write import Change, RowChange, write

# What tells who somebody is, or was written by them or about them.
_PERSONAL = ("visitor", "booked_by", "guests", "phone", "email", "comment", "note", "reason", "campaign")


def held_about(session: Session, ids: Sequence[int]) -> list[Section]:
    """The visits of these clients with their services, as plain values."""
    columns = (
        Appointment.id,
        Appointment.starts,
        Appointment.status,
        *(getattr(Appointment, name) for name in _PERSONAL),
    )
    visits = session.execute(
        select(*columns).where(Appointment.client_id.in_(ids)).order_by(Appointment.starts)
    ).all()
    if not visits:
        return _waited_for(session, ids)
    lines: dict[int, list[Any]] = {}
    for visit, name in session.execute(
        select(Line.appointment_id, Line.name)
        .where(Line.appointment_id.in_([row.id for row in visits]))
        .order_by(Line.position, Line.id)
    ):
        lines.setdefault(visit, []).append(name)
    found = [
        Section(
            _("Visits"),
            [
                {**row._mapping, "starts": row.starts.isoformat(), "services": lines.get(row.id, [])}
                for row in visits
            ],
        )
    ]
    notes = session.execute(
        select(Treatment.appointment_id, Treatment.text, Treatment.before, Treatment.after)
        .where(Treatment.appointment_id.in_([row.id for row in visits]))
        .order_by(Treatment.id)
    ).all()
    if notes:
        told = [{"visit": row[0], "text": row[1], "before": row[2], "after": row[3]} for row in notes]
        found.append(Section(_("Technical notes"), told))
    said = session.execute(
        select(Review.appointment_id, Review.rating, Review.text)
        .where(Review.appointment_id.in_([row.id for row in visits]))
        .order_by(Review.id)
    ).all()
    if said:
        told = [{"visit": row[0], "stars": row[1], "text": row[2]} for row in said]
        found.append(Section(_("Reviews"), told))
    return [*found, *_waited_for(session, ids)]


# What an entry of the waiting list says of somebody.
_WAITED = ("visitor", "phone", "email", "note")


def _waited_for(session: Session, ids: Sequence[int]) -> list[Section]:
    """What these clients wait for or have waited for."""
    columns = (Waiting.name, Waiting.status, *(getattr(Waiting, name) for name in _WAITED))
    rows = session.execute(select(*columns).where(Waiting.client_id.in_(ids)).order_by(Waiting.id)).all()
    return [Section(_("Waiting list"), [dict(row._mapping) for row in rows])] if rows else []


def erase(session: Session, ids: Sequence[int]) -> None:
    """Blank all that identifies these clients; that somebody came, when and for what, stays for the books."""
    record = record_type(Appointment)
    visits = list(
        session.scalars(select(Appointment.id).where(Appointment.client_id.in_(ids)).order_by(Appointment.id))
    )
    codes.erase(session, _addresses(session, ids))
    blank = dict.fromkeys(_PERSONAL)
    if visits:
        write(session, record, [Change(blank, one) for one in visits], label="erase", system=True)
        forget_history(session, record, visits)
    said = list(
        session.scalars(select(Review.id).where(Review.appointment_id.in_(visits)).order_by(Review.id))
    )
    if said:
        # The stars stay: they name nobody.
        write(session, Review, [Change({"text": None}, one) for one in said], label="erase", system=True)
        forget_history(session, record_type(Review), said)
    notes = list(
        session.scalars(
            select(Treatment.id).where(Treatment.appointment_id.in_(visits)).order_by(Treatment.id)
        )
    )
    if notes:
        gone = {"text": None, "before": None, "after": None}
        write(session, Treatment, [Change(gone, one) for one in notes], label="erase", system=True)
        remove_of(session, record_type(Treatment).name, notes)
        forget_history(session, record_type(Treatment), notes)
    waits = list(session.scalars(select(Waiting.id).where(Waiting.client_id.in_(ids)).order_by(Waiting.id)))
    if waits:
        # Nobody can be told of a time any more.
        for one in waits:
            leave(session, one)
        write(
            session,
            Waiting,
            [Change(dict.fromkeys(_WAITED), one) for one in waits],
            label="erase",
            system=True,
        )
        forget_history(session, record_type(Waiting), waits)


def _addresses(session: Session, ids: Sequence[int]) -> set[tuple[str, str]]:
    """Where these clients are reached: by their cards, and as they gave it with visits."""
    found: set[tuple[str, str]] = set()
    for way, on_card, owner, given in (
        (codes.PHONE, ContactPhone.number, ContactPhone.owner_id, Appointment.phone),
        (codes.EMAIL, ContactEmail.address, ContactEmail.owner_id, Appointment.email),
    ):
        found |= {(way, one) for one in session.scalars(select(on_card).where(owner.in_(ids)))}
        visits = select(given).where(Appointment.client_id.in_(ids), given.is_not(None)).distinct()
        found |= {(way, one) for one in session.scalars(visits)}
    return found


def only_merged(session: Session, rows: Sequence[RowChange]) -> bool:
    """Whether visits get another client only because two cards of one person become one."""
    made = {row.change_set for row in rows if row.kind == "update" and "client" in row.new}
    if not made:
        return False
    return session.scalars(select(ChangeSet.label).where(ChangeSet.id.in_(made))).first() == "merge"
