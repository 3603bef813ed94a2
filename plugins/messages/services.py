"""Sending: what is wanted is written down in the caller's transaction, and a job does it (`delivery`)."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import Invalid, NotFound, Refusal
from parlour.i18n import _
from parlour.jobs import control, enqueue
from parlour.mail import Attachment
from parlour.plugins.messages.kinds import ADVERTISING, CHANNELS, CLIENT, MessageKind, kind_of
from parlour.plugins.messages.models import (
    BOUNCED,
    CANCELLED,
    FAILED,
    LATE,
    OPEN,
    SENDING,
    SENT,
    UNCERTAIN,
    WAITING,
    Message,
    Payload,
    Unreachable,
)
from parlour.plugins.messages.texts import pack
from parlour.records.values import key_of
from parlour.records.write import Change, write

JOB = "messages.send"
# Bytes of all files of one message: more than a calendar entry and a picture does not belong into each row.
MOST_ATTACHED = 2_000_000
AGAIN = (FAILED, BOUNCED, LATE)


@dataclass(frozen=True)
class Address:
    """Somebody who has no card: a channel and where it leads, with a name for greetings."""

    channel: str
    to: str
    name: str = ""


def send(
    session: Session,
    kind: str,
    *,
    dedupe_key: str,
    contact_id: int | None = None,
    user_id: int | None = None,
    address: Address | None = None,
    values: Mapping[str, Any] | None = None,
    about: tuple[str, int] | None = None,
    version: int | None = None,
    at: datetime | None = None,
    expires_at: datetime | None = None,
    zone: str | None = None,
    language: str | None = None,
    channel: str | None = None,
    attachments: Sequence[Attachment] = (),
    campaign: str | None = None,
) -> int:
    """Ask for a message to one client, member or address once this transaction is committed; returns its id.

    There is one message per `dedupe_key` in an organisation (told apart like names: case does not count): asking again
    returns the first. `at` is when it is due and `expires_at` when it is of no use any more (both with a time zone),
    `zone` the time zone in which the reader lives (default: the organisation's), `channel` one that must be taken.
    `about` and `version` are told to the kind's `still` right before sending. `campaign` marks those of one letter to
    many: an address gets it once. Raises NotFound for an unknown kind, ValueError for what makes no sense.
    """
    declared = kind_of(session, kind)
    _check(declared, values or {}, contact_id, user_id, address, (at, expires_at), channel, attachments)
    if not dedupe_key or len(dedupe_key) > 200:
        raise ValueError("A dedupe key has 1 to 200 characters.")
    fields = {
        "title": _spoken(session, declared),
        "contact": contact_id,
        "member": user_id,
        "kind": declared.code,
        "purpose": declared.purpose,
        "channel": channel or (address.channel if address else None),
        "address": address.to if address else None,
        "language": language,
        "state": WAITING,
        "send_at": at or now(),
        "expires_at": expires_at,
        "campaign": campaign,
        "key": dedupe_key,
    }
    try:
        made = write(session, Message, [Change(fields)], label="message", system=True).ids[0]
    except Invalid:
        # It has been asked for already, if only just now.
        known = _by_key(session, dedupe_key)
        if known is None:
            raise
        return known
    payload = Payload(
        message_id=made,
        job_id=queue(session, made, declared.code, contact_id, at),
        values=pack(values or {}),
        attachments=[_kept(one) for one in attachments],
        about_record=about[0] if about else None,
        about_id=about[1] if about else None,
        about_version=version,
        zone=zone,
        channel=channel,
        address=address.to if address else None,
        name=address.name if address else None,
    )
    session.add(payload)
    return made


def send_many(
    session: Session,
    kind: str,
    contact_ids: Sequence[int],
    *,
    campaign: str,
    values: Mapping[str, Any] | None = None,
    channel: str | None = None,
    at: datetime | None = None,
) -> int:
    """Ask for one message to each of some clients, in a few statements for all; returns how many were not asked for before.

    As `send` with the campaign and the client's number as key. Raises as `send`.
    """
    declared = kind_of(session, kind)
    keys = {contact_id: f"{campaign}:{contact_id}" for contact_id in contact_ids}
    folded = {contact_id: key_of(key) for contact_id, key in keys.items()}
    known = set(session.scalars(select(Message.key_key).where(Message.key_key.in_(folded.values()))))
    wanted = [contact_id for contact_id in contact_ids if folded[contact_id] not in known]
    title, moment = _spoken(session, declared), at or now()
    rows = [
        {
            "title": title,
            "contact": contact_id,
            "kind": declared.code,
            "purpose": declared.purpose,
            "channel": channel,
            "state": WAITING,
            "send_at": moment,
            "campaign": campaign,
            "key": keys[contact_id],
        }
        for contact_id in wanted
    ]
    try:
        made = write(session, Message, [Change(row) for row in rows], label="message", system=True).ids
    except Invalid:
        # Somebody asks for the same at this moment, or a client has gone: each by itself.
        for contact_id in wanted:
            send(
                session,
                kind,
                contact_id=contact_id,
                dedupe_key=keys[contact_id],
                campaign=campaign,
                values=values,
                channel=channel,
                at=at,
            )
        return len(wanted)
    packed = pack(values or {})
    with session.no_autoflush:
        for number, contact_id in zip(made, wanted, strict=True):
            job = queue(session, number, declared.code, contact_id, at)
            session.add(
                Payload(message_id=number, job_id=job, values=packed, attachments=[], channel=channel)
            )
    session.flush()
    return len(wanted)


def _check(
    kind: MessageKind,
    values: Mapping[str, Any],
    contact_id: int | None,
    user_id: int | None,
    address: Address | None,
    moments: Sequence[datetime | None],
    channel: str | None,
    attachments: Sequence[Attachment],
) -> None:
    if sum(one is not None for one in (contact_id, user_id, address)) != 1:
        raise ValueError("A message goes to a client, to a member or to an address.")
    if kind.purpose == ADVERTISING and contact_id is None:
        raise ValueError("Advertising goes to clients only: nobody else can have agreed to it.")
    if (user_id is not None) and kind.audience == CLIENT:
        raise ValueError(f"{kind.code} is for clients.")
    if any(moment is not None and moment.tzinfo is None for moment in moments):
        raise ValueError("A moment needs a time zone.")
    if strange := [name for name in values if kind.variable(name) is None]:
        raise ValueError(f"{kind.code} does not declare {', '.join(strange)}.")
    for wanted in (channel, address.channel if address else None):
        if wanted is not None and wanted not in dict(CHANNELS):
            raise ValueError(f"There is no channel {wanted!r}.")
    if sum(len(one.data) for one in attachments) > MOST_ATTACHED:
        raise ValueError(f"The files of a message have {MOST_ATTACHED} bytes at most.")


def _spoken(session: Session, kind: MessageKind) -> str:
    """What the message is called until it has a subject; in the language of the organisation, whose journal it is."""
    from parlour.i18n import localizer
    from parlour.records.defaults import defaults_of

    return localizer(defaults_of(session).locale).translate(kind.title)


def _kept(one: Attachment) -> dict[str, Any]:
    data = base64.b64encode(one.data).decode()
    return {"name": one.name, "type": one.content_type, "data": data, "inline": one.inline}


def _by_key(session: Session, dedupe_key: str) -> int | None:
    found: int | None = session.scalar(select(Message.id).where(Message.key_key == key_of(dedupe_key)))
    return found


def queue(session: Session, message_id: int, kind: str, contact_id: int | None, at: datetime | None) -> int:
    """Ask for the job that sends a message, and return its number. It is parked while the kind's plugin is off, and dies with
    the client's data.
    """
    plugin = kind.partition(".")[0]
    args: dict[str, Any] = {"message": message_id}
    if contact_id is not None:
        args |= {"record": "contacts.contact", "id": contact_id}
    owner = "messages" if plugin == "messages" else f"{plugin}:messages"
    return enqueue(session, JOB, args, run_at=at, plugin=owner)


# ---- what people and owners of kinds do afterwards


def cancel(session: Session, message_id: int, reason: str = "stopped") -> bool:
    """Take back a message that was not sent yet; False when it is too late. Raises NotFound."""
    row = _locked(session, message_id)
    if row.state not in OPEN:
        return False
    change(session, message_id, state=CANCELLED, reason=reason)
    return True


def cancel_about(session: Session, record: str, row_id: int, reason: str = "changed") -> int:
    """Take back everything about a row that was not sent yet; returns how many."""
    waiting = (
        select(Message.id)
        .join(Payload, Payload.message_id == Message.id)
        .where(Payload.about_record == record, Payload.about_id == row_id, Message.state.in_(OPEN))
        .order_by(Message.id)
    )
    return sum(cancel(session, message_id, reason) for message_id in session.scalars(waiting).all())


def resend(session: Session, message_id: int) -> None:
    """Send a message again that failed, came back or was too late, as somebody has decided. Raises NotFound, Refusal."""
    row = _locked(session, message_id)
    if row.state not in AGAIN:
        raise Refusal(_("Only a message that failed can be sent again."))
    _anew(session, row)


def leave(session: Session, message_id: int) -> None:
    """A failed message stays as it is, and nobody need look at it any more. Raises NotFound, Refusal."""
    if _locked(session, message_id).state not in AGAIN:
        raise Refusal(_("This message has not failed."))
    change(session, message_id, state=CANCELLED, reason="stopped")


def decide(session: Session, message_id: int, *, sent: bool) -> None:
    """A person found out about an uncertain message: it arrived, or it did not and is sent now. Raises NotFound, Refusal."""
    settle(session, [message_id])
    row = _locked(session, message_id)
    if row.state != UNCERTAIN:
        raise Refusal(_("It is already clear what became of this message."))
    payload = payload_of(session, message_id)
    if payload.job_id is not None and _job_state(session, payload.job_id) == UNCERTAIN:
        # Either way the job is over: what is sent now is sent by another, under a key of its own.
        control.decide(session, payload.job_id, sent=True)
    if sent:
        change(session, message_id, state=SENT, reason=None, sent_at=row.sent_at or now())
    else:
        _anew(session, row)


def _anew(session: Session, row: Message) -> None:
    payload = payload_of(session, row.id)
    payload.round += 1
    # Whoever sends it again has looked at the clock.
    # The channel of the last attempt may not work any more; one of a bare address is the only one.
    change(
        session,
        row.id,
        state=WAITING,
        reason=None,
        detail=None,
        send_at=now(),
        sent_at=None,
        expires_at=None,
        channel=row.channel if payload.address else payload.channel,
    )
    payload.job_id = queue(session, row.id, row.kind or "", row.contact_id, None)


def settle(session: Session, ids: Sequence[int]) -> int:
    """Let messages say what their jobs know: that a worker was lost, or that a person has decided. Returns how many changed."""
    rows = session.execute(
        select(Message.id, Message.state, Payload.job_id)
        .join(Payload, Payload.message_id == Message.id)
        .where(Message.id.in_(ids), Message.state.in_((SENDING, UNCERTAIN)))
    ).all()
    changed = 0
    for row in rows:
        job = _job_state(session, row.job_id) if row.job_id is not None else None
        if job == "done":
            change(session, row.id, state=SENT, reason=None, sent_at=now())
        elif row.state == SENDING and job in (UNCERTAIN, FAILED, CANCELLED, None):
            change(session, row.id, state=UNCERTAIN, reason="lost")
        else:
            continue
        changed += 1
    return changed


def _job_state(session: Session, job_id: int) -> str | None:
    try:
        return control.state_of(session, job_id)
    except NotFound:  # finished long ago
        return None


def reachable_again(session: Session, channel: str, address: str) -> None:
    """Somebody says that an address works: it is tried again."""
    for row in session.scalars(
        select(Unreachable).where(Unreachable.channel == channel, Unreachable.address == address)
    ):
        session.delete(row)
    session.flush()


def not_reachable(session: Session, channel: str, address: str, detail: str) -> None:
    """Note that an address does not work."""
    known = session.scalar(
        select(Unreachable.id).where(Unreachable.channel == channel, Unreachable.address == address)
    )
    if known is None:
        # Another message to the same address may be refused at this moment.
        with suppress(IntegrityError), session.begin_nested():
            session.add(Unreachable(channel=channel, address=address, detail=detail[:500]))


# ---- rows


def change(session: Session, message_id: int, version: int | None = None, **values: Any) -> None:
    """Write down what became of a message. Raises Conflict when it is not of this `version` any more."""
    write(session, Message, [Change(values, message_id, version)], label="message", system=True)


def payload_of(session: Session, message_id: int) -> Payload:
    """What a message needs to be sent. Raises NotFound."""
    found = session.scalars(select(Payload).where(Payload.message_id == message_id)).first()
    if found is None:
        raise NotFound(_("There is no such message."))
    return found


def _locked(session: Session, message_id: int) -> Message:
    """The message, which nobody else changes until the transaction ends. Raises NotFound."""
    found = session.scalars(
        select(Message)
        .where(Message.id == message_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        raise NotFound(_("There is no such message."))
    return found
