"""Texts of the salon's own, the journal of all messages, and what a message needs until it is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from parlour.db.base import BigId, Json, Moment, now, scoped_base
from parlour.i18n import _
from parlour.plugins.contacts.models import Contact
from parlour.plugins.messages.kinds import CHANNELS, LANGUAGE_CHOICES, PURPOSES, WRITTEN
from parlour.records.declare import choice, integer, link, moment, record_base, text, user

Record = record_base("messages")
Base: Any = scoped_base("messages")

# waiting     its moment has not come, or it is tried again
# postponed   waits for the end of quiet hours, or until a limit lets it through
# sending     handed over right now
# sent        taken by the server, the provider, the program
# delivered   the other side says that it has arrived
# failed      refused, or away for too long; a person may send it again
# bounced     taken and sent back later
# uncertain   the worker or the connection was lost while sending; a person decides
# cancelled   what it said holds no more, or it may not go to this person; `reason` says why
# late        its moment passed before it could be sent
WAITING, POSTPONED, SENDING, SENT, DELIVERED = "waiting", "postponed", "sending", "sent", "delivered"
FAILED, BOUNCED, UNCERTAIN, CANCELLED, LATE = "failed", "bounced", "uncertain", "cancelled", "late"
STATES = (
    (WAITING, _("waiting")),
    (POSTPONED, _("postponed")),
    (SENDING, _("sending")),
    (SENT, _("sent")),
    (DELIVERED, _("delivered")),
    (FAILED, _("failed")),
    (BOUNCED, _("bounced")),
    (UNCERTAIN, _("uncertain")),
    (CANCELLED, _("cancelled")),
    (LATE, _("too late")),
)
OPEN = (WAITING, POSTPONED)
REASONS = (
    ("changed", _("What it says holds no more")),
    ("stopped", _("Somebody has stopped it")),
    ("off", _("This kind of message is switched off")),
    ("gone", _("Whom it was for is not there any more")),
    ("no_consent", _("The client has not agreed to advertising")),
    ("no_way", _("There is no channel over which the client can be reached")),
    ("quiet", _("Quiet hours")),
    ("limit", _("The limit of SMS is reached")),
    ("passed", _("Its moment has passed")),
    ("again", _("The other side is away; it is tried again")),
    ("away", _("The other side was away for too long")),
    ("refused", _("The other side refused it")),
    ("twin", _("Somebody at the same address has got it already")),
    ("lost", _("The connection was lost while sending")),
)


class Template(
    Record,
    name="messages.template",
    title=_("Text of a message"),
    plural=_("Texts of messages"),
    icon="file-text",
    menu=False,
    title_field="kind",
    unique_together=(("kind", "language", "channel"),),
):
    """A text of the salon's own for a kind, a language and a channel; the shipped one holds where there is none."""

    kind: Mapped[str] = text(
        _("Kind of message"), required=True, sort=True, listed=True, max_length=80, sequence=10
    )
    language: Mapped[str] = choice(_("Language"), LANGUAGE_CHOICES, required=True, listed=True, sequence=11)
    channel: Mapped[str] = choice(_("Channel"), WRITTEN, required=True, listed=True, sequence=12)
    subject: Mapped[str | None] = text(_("Subject"), max_length=300, listed=True, sequence=13)
    body: Mapped[str] = text(_("Text"), multiline=True, max_length=10_000, required=True, sequence=14)


class Message(
    Record,
    name="messages.message",
    title=_("Message"),
    plural=_("Messages"),
    icon="message-square",
    menu=False,
    journal=True,
    title_field="title",
    default_sort="-send_at",
):
    """One message to one person, from the wish to what became of it. What was sent stands here as it was sent."""

    title: Mapped[str | None] = text(
        _("Message"), max_length=300, search=True, sort=True, listed=True, quick=True, sequence=10
    )
    contact: Mapped[Contact | None] = link(
        Contact, _("Client"), reverse="messages", on_delete="CASCADE", listed=True, quick=True, sequence=11
    )
    member: Mapped[int | None] = user(_("Who works here"), sequence=12)
    state: Mapped[str] = choice(
        _("State"), STATES, required=True, default=WAITING, listed=True, quick=True, sequence=13
    )
    channel: Mapped[str | None] = choice(_("Channel"), CHANNELS, listed=True, quick=True, sequence=14)
    send_at: Mapped[datetime | None] = moment(_("When it is due"), listed=True, sequence=15)
    reason: Mapped[str | None] = choice(_("Why"), REASONS, listed=True, quick=True, sequence=16)
    detail: Mapped[str | None] = text(_("Answer of the other side"), max_length=500, sequence=17)
    address: Mapped[str | None] = text(_("To"), max_length=320, search=True, quick=True, sequence=18)
    body: Mapped[str | None] = text(_("Text"), multiline=True, max_length=20_000, quick=True, sequence=19)
    sent_at: Mapped[datetime | None] = moment(_("Sent"), quick=True, sequence=20)
    expires_at: Mapped[datetime | None] = moment(_("Of use until"), sequence=21)
    kind: Mapped[str | None] = text(_("Kind of message"), max_length=80, sort=True, sequence=22)
    purpose: Mapped[str | None] = choice(_("Purpose"), PURPOSES, sequence=23)
    language: Mapped[str | None] = choice(_("Language"), LANGUAGE_CHOICES, sequence=24)
    parts: Mapped[int | None] = integer(_("Parts of the SMS"), minimum=0, maximum=100, sequence=25)
    campaign: Mapped[str | None] = text(_("Letter to many"), max_length=120, sequence=26)
    provider_id: Mapped[str | None] = text(_("Number at the other side"), max_length=200, sequence=27)
    key: Mapped[str | None] = text(_("Key"), max_length=200, unique="organisation", sequence=28)


_columns = Message.__table__.c  # type: ignore[attr-defined]
Index("ix_messages_message_state", _columns.organisation_id, _columns.state, _columns.send_at)
Index("ix_messages_message_provider", _columns.organisation_id, _columns.provider_id)
Index("ix_messages_message_sent", _columns.organisation_id, _columns.channel, _columns.sent_at)


class ContactReach(Record, extends=Contact):
    """How a client is written to, beside phones and addresses."""

    language: Mapped[str | None] = choice(
        _("Language of messages"),
        LANGUAGE_CHOICES,
        group="reach",
        sequence=47,
        hint=_("Empty: the language of the salon."),
    )
    telegram: Mapped[str | None] = text(
        _("Telegram chat"),
        max_length=40,
        group="reach",
        sequence=48,
        hint=_("The number of the chat with the salon's bot."),
    )


class Payload(Base):  # type: ignore[misc]
    """What a message needs until nothing is left to be done: who waits for it, about what, with which values."""

    __tablename__ = "messages_payload"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "message_id"],
            ["messages_message.organisation_id", "messages_message.id"],
            name="fk_messages_payload_message",
            ondelete="CASCADE",
        ),
        UniqueConstraint("organisation_id", "message_id", name="uq_messages_payload_message"),
        Index("ix_messages_payload_about", "organisation_id", "about_record", "about_id"),
        {"info": {"owner": "messages", "scoped": True}},
    )

    message_id: Mapped[int] = mapped_column(BigId)
    values: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    attachments: Mapped[list[dict[str, Any]]] = mapped_column(Json, nullable=False)
    about_record: Mapped[str | None] = mapped_column(String(80))
    about_id: Mapped[int | None] = mapped_column(BigId)
    about_version: Mapped[int | None] = mapped_column(BigId)
    zone: Mapped[str | None] = mapped_column(String(64))
    # The channel that was asked for, and the address where no card has one.
    channel: Mapped[str | None] = mapped_column(String(16))
    address: Mapped[str | None] = mapped_column(String(320))
    name: Mapped[str | None] = mapped_column(String(320))
    # How often a person has asked for it to be sent; part of the key under which it is handed over once.
    round: Mapped[int] = mapped_column(BigId, default=1)
    job_id: Mapped[int | None] = mapped_column(BigId)


class Unreachable(Base):  # type: ignore[misc]
    """An address that does not work: nothing goes there until somebody says otherwise."""

    __tablename__ = "messages_unreachable"
    __table_args__ = (
        UniqueConstraint("organisation_id", "channel", "address", name="uq_messages_unreachable_address"),
        {"info": {"owner": "messages", "scoped": True}},
    )

    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(320))
    detail: Mapped[str] = mapped_column(String(500), default="")
    at: Mapped[datetime] = mapped_column(Moment, default=now)
