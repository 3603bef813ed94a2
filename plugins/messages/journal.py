"""What was sent to clients: for their timeline, for the copy of their data, and for forgetting them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, or_, select

from parlour.access.rules import allows
from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.contacts.models import ContactEmail, ContactPhone
from parlour.plugins.messages.access import READ
from parlour.plugins.messages.kinds import CHANNELS
from parlour.plugins.messages.models import (
    CANCELLED,
    FAILED,
    OPEN,
    REASONS,
    STATES,
    UNCERTAIN,
    ContactReach,
    Message,
    Payload,
    Unreachable,
)
from parlour.records.clean import to_json
from parlour.records.defaults import defaults_of
from parlour.records.persons import Section, forget_history
from parlour.records.query import read, visible
from parlour.records.registry import record_type
from parlour.records.timeline import Entry
from parlour.records.write import Change, write

STATE_TITLES, REASON_TITLES, CHANNEL_TITLES = dict(STATES), dict(REASONS), dict(CHANNELS)
# State -> icon and tone.
LOOKS = {
    "waiting": ("clock", ""),
    "postponed": ("moon", ""),
    "sending": ("send", "info"),
    "sent": ("check", "good"),
    "delivered": ("check-check", "good"),
    "failed": ("circle-alert", "bad"),
    "bounced": ("undo-2", "bad"),
    "uncertain": ("circle-question-mark", "warn"),
    "cancelled": ("x", ""),
    "late": ("clock-alert", "warn"),
}


def of_contacts(session: Session, ids: Sequence[int], before: datetime | None, limit: int) -> list[Entry]:
    """Messages to these clients that have gone or come to nothing, newest first; what still waits has not happened."""
    if not allows(session, READ):
        return []
    at = func.coalesce(Message.sent_at, Message.send_at, Message.created_at)
    columns = (Message.id, Message.title, Message.body, Message.state, Message.reason, Message.channel)
    names = defaults_of(session).names
    statement = (
        select(*columns, Message.created_by, at.label("at"))
        .where(
            Message.contact_id.in_(ids), Message.state.not_in(OPEN), *visible(session, record_type(Message))
        )
        .order_by(at.desc(), Message.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(at < before)
    return [
        Entry(
            at=row.at,
            kind="message",
            title=spoken(row),
            text=row.title or row.body or "",
            icon=LOOKS[row.state][0],
            who=names.get(row.created_by, ""),
        )
        for row in session.execute(statement)
    ]


def spoken(row: Any) -> Any:
    """What became of a message, over which channel, and why where there is a why."""
    state = STATE_TITLES[row.state]
    channel = CHANNEL_TITLES.get(row.channel or "", _("Message"))
    if row.reason:
        values = {"channel": channel, "state": state, "why": REASON_TITLES.get(row.reason, row.reason)}
        return _("${channel}: ${state} (${why})", mapping=values)
    return _("${channel}: ${state}", mapping={"channel": channel, "state": state})


def held_about(session: Session, ids: Sequence[int]) -> list[Section]:
    """Every message to these people, for the copy of their data."""
    record = record_type(Message)
    rows = read(
        session, record, record.fields, [Message.contact_id.in_(ids)], order_by=[Message.id], titled=True
    )
    return [
        Section(
            record.plural,
            [
                {
                    item.name: row[item.name] if item.target else to_json(item, row[item.name])
                    for item in record.fields
                }
                for row in rows
            ],
        )
    ]


def erase(session: Session, ids: Sequence[int]) -> None:
    """Blank what was sent to these people and forget what waits; that something was sent, and what became of it, stays."""
    known = _addresses(session, ids)
    # Codes, and what went to them before they had a card: nobody is named there but by the address.
    bare = and_(
        Message.contact_id.is_(None),
        Message.member.is_(None),
        func.lower(Message.address).in_({one.lower() for one in known}),
    )
    theirs = or_(Message.contact_id.in_(ids), bare)
    rows = session.execute(select(Message.id, Message.state).where(theirs)).all()
    if rows:
        blank = {"title": None, "address": None, "body": None, "detail": None, "provider_id": None}
        changes = [
            Change(
                {**blank, "state": CANCELLED, "reason": "gone"} if row.state in OPEN else blank,
                row.id,
            )
            for row in rows
        ]
        write(session, Message, changes, label="erase", system=True)
        numbers = [row.id for row in rows]
        session.execute(delete(Payload).where(Payload.message_id.in_(numbers)))
        forget_history(session, record_type(Message), numbers)
    # Addresses of theirs that do not work are theirs too.
    session.execute(delete(Unreachable).where(Unreachable.address.in_(known)))


def _addresses(session: Session, ids: Sequence[int]) -> set[str]:
    """Where they were written to, as long as it stands on their cards."""
    columns = (
        select(ContactEmail.address).where(ContactEmail.owner_id.in_(ids)),
        select(ContactPhone.number).where(ContactPhone.owner_id.in_(ids)),
        select(ContactReach.telegram).where(ContactReach.id.in_(ids)),
    )
    return {one for column in columns for one in session.scalars(column) if one}


def troubled(session: Session) -> int:
    """How many messages wait for a person: failed ones that nobody has sent again, and uncertain ones."""
    states = (FAILED, UNCERTAIN)
    counted = select(func.count(Message.id)).where(
        Message.state.in_(states), Message.archived_at.is_(None), *visible(session, record_type(Message))
    )
    return int(session.scalar(counted) or 0)
