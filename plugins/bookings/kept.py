"""Who waits for a time, times that are kept for a while, and the keys with which clients come back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from parlour.db.base import BigId, Json, Moment, now, scoped_base, table_args
from parlour.i18n import _
from parlour.plugins.bookings.bookable import Record
from parlour.plugins.bookings.derived import heading_of_waiting, name_waiting
from parlour.plugins.bookings.kinds import wall_moment
from parlour.plugins.bookings.visit import Appointment
from parlour.plugins.catalog.models import Item
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.kinds import clock
from parlour.plugins.schedule.models import Staff
from parlour.records.declare import branch, choice, day, email, link, moment, phone, text

Base: Any = scoped_base("bookings")

WAITING = (
    ("waiting", _("Waits")),
    ("offered", _("Offered a time")),
    ("booked", _("Has a visit")),
    ("expired", _("Did not answer")),
    ("closed", _("Does not wait any more")),
)


class Waiting(
    Record,
    name="bookings.waiting",
    title=_("Waiting list entry"),
    plural=_("Waiting list"),
    new_title=_("New waiting list entry"),
    icon="hourglass",
    default_sort="since",
    compute=name_waiting,
    heading=heading_of_waiting,
):
    """Somebody who would come if there was a time: for a service, on some days, within some hours of the day.

    A time that comes free is kept for the first in line and offered to them for as long as the settings say, then for the next.
    """

    name: Mapped[str] = text(_("Title"), computed=True, search=True, sort=True, sequence=5)
    client: Mapped[Contact | None] = link(
        Contact,
        _("Client"),
        reverse="waiting",
        on_delete="CASCADE",
        search=True,
        listed=True,
        quick=True,
        sequence=10,
    )
    visitor: Mapped[str | None] = text(_("Who comes"), search=True, listed=True, quick=True, sequence=11)
    phone: Mapped[str | None] = phone(_("Phone given"), search=True, sequence=12)
    email: Mapped[str | None] = email(_("E-mail given"), sequence=13)
    item: Mapped[Item] = link(
        Item,
        _("Service"),
        reverse="waiting",
        on_delete="CASCADE",
        required=True,
        listed=True,
        quick=True,
        sequence=14,
    )
    staff: Mapped[Staff | None] = link(
        Staff,
        _("Specialist"),
        reverse="waiting",
        listed=True,
        quick=True,
        sequence=15,
        hint=_("Empty: anybody."),
    )
    branch: Mapped[int | None] = branch(_("Branch"), quick=True, sequence=16)
    since: Mapped[date] = day(_("First day"), required=True, sort=True, listed=True, quick=True, sequence=17)
    until: Mapped[date] = day(_("Last day"), required=True, listed=True, quick=True, sequence=18)
    earliest: Mapped[int | None] = clock(_("Not before"), quick=True, sequence=19)
    latest: Mapped[int | None] = clock(_("Begins at the latest"), quick=True, sequence=20)
    status: Mapped[str] = choice(
        _("Status"), WAITING, required=True, default="waiting", listed=True, sequence=21
    )
    offered: Mapped[datetime | None] = wall_moment(_("Offered time"), computed=True, sequence=22)
    offered_until: Mapped[datetime | None] = moment(_("Offered until"), computed=True, sequence=23)
    token_hash: Mapped[str | None] = text(
        _("Key of the offer"), max_length=64, computed=True, secret=True, sequence=24
    )
    visit: Mapped[Appointment | None] = link(
        Appointment, _("Visit"), reverse="waiting", computed=True, sequence=25
    )
    note: Mapped[str | None] = text(_("Note"), multiline=True, sequence=26)


class Hold(Base):  # type: ignore[misc]
    """A time that is kept for somebody who fills in the form; its segments lie in the schedule until it expires."""

    __tablename__ = "bookings_hold"
    __table_args__ = table_args(
        "bookings",
        "bookings_hold",
        UniqueConstraint("organisation_id", "token_hash", name="uq_bookings_hold_token"),
        Index("ix_bookings_hold_network", "organisation_id", "network", "expires_at"),
    )

    token_hash: Mapped[str] = mapped_column(String(64))
    network: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(Moment)
    # What was chosen: starts, services and who does them.
    chosen: Mapped[dict[str, Any]] = mapped_column(Json)


class Token(Base):  # type: ignore[misc]
    """What lets somebody without a log-in look at one visit, move and cancel it. Only its hash is kept."""

    __tablename__ = "bookings_token"
    __table_args__ = table_args(
        "bookings",
        "bookings_token",
        UniqueConstraint("organisation_id", "token_hash", name="uq_bookings_token_hash"),
        ForeignKeyConstraint(
            ["organisation_id", "appointment_id"],
            ["bookings_appointment.organisation_id", "bookings_appointment.id"],
            name="fk_bookings_token_appointment",
            ondelete="CASCADE",
        ),
        Index("ix_bookings_token_appointment", "organisation_id", "appointment_id"),
    )

    token_hash: Mapped[str] = mapped_column(String(64))
    appointment_id: Mapped[int] = mapped_column(BigId)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)


class WaitingToken(Base):  # type: ignore[misc]
    """What lets somebody without a log-in look at one entry of the waiting list, take what is offered to it and leave."""

    __tablename__ = "bookings_waiting_token"
    __table_args__ = table_args(
        "bookings",
        "bookings_waiting_token",
        UniqueConstraint("organisation_id", "token_hash", name="uq_bookings_waiting_token_hash"),
        ForeignKeyConstraint(
            ["organisation_id", "waiting_id"],
            ["bookings_waiting.organisation_id", "bookings_waiting.id"],
            name="fk_bookings_waiting_token_waiting",
            ondelete="CASCADE",
        ),
        Index("ix_bookings_waiting_token_waiting", "organisation_id", "waiting_id"),
    )

    token_hash: Mapped[str] = mapped_column(String(64))
    waiting_id: Mapped[int] = mapped_column(BigId)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)


class Code(Base):  # type: ignore[misc]
    """A code that was asked for, to tell whose a phone or an e-mail address is. Neither the code nor the address is kept.

    `token_hash` is of the key that whoever asked for it has; once the right code came with it, that key is the proof.
    """

    __tablename__ = "bookings_code"
    __table_args__ = table_args(
        "bookings",
        "bookings_code",
        UniqueConstraint("organisation_id", "token_hash", name="uq_bookings_code_token"),
        Index("ix_bookings_code_created", "organisation_id", "created_at"),
        Index("ix_bookings_code_address", "organisation_id", "address_hash"),
    )

    token_hash: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(20))
    way: Mapped[str] = mapped_column(String(20))
    address_hash: Mapped[str] = mapped_column(String(64))
    # Made when the message is written out, so that no queue holds a code.
    code_hash: Mapped[str | None] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    proved_at: Mapped[datetime | None] = mapped_column(Moment)
