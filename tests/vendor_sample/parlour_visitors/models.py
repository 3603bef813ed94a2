"""The door list, what it adds to clients, and a log of arrivals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from parlour.db.base import BigId, Moment, scoped_base
from parlour.i18n import _
from parlour.plugins.contacts.models import Contact
from parlour.records.declare import integer, link, moment, money, phone, record_base, text

Record = record_base("visitors")
Base: Any = scoped_base("visitors")


class Visitor(
    Record,
    name="visitors.visitor",
    title=_("Visitor"),
    plural=_("Visitors"),
    icon="door-open",
    person=True,
    # Nobody comes in twice at one moment: a second line is a slip of the door.
    unique_together=(("contact", "arrived_at"),),
):
    """Somebody who came in, client or not."""

    name: Mapped[str] = text(
        _("Name"), required=True, search=True, sort=True, listed=True, quick=True, sequence=10
    )
    phone: Mapped[str | None] = phone(
        _("Phone"), unique=True, search=True, listed=True, quick=True, sequence=20
    )
    contact: Mapped[Contact | None] = link(Contact, _("Client"), reverse="visitors", listed=True, sequence=30)
    arrived_at: Mapped[datetime | None] = moment(_("Arrived"), sort=True, listed=True, sequence=40)
    fee = money(_("Fee"), listed=True, sequence=50)


class VisitorClient(Record, extends=Contact):
    """What the door knows about a client."""

    badge: Mapped[str | None] = text(_("Badge"), max_length=40, group="person", sequence=200)
    # Kept by the hook `records_changed`, so that a card and a list of clients need not count.
    visits: Mapped[int | None] = integer(_("Visits"), computed=True, group="person", sequence=201)


class Arrival(Base):
    """One line per visitor who was written down; kept by the hook `records_happened`."""

    __tablename__ = "visitors_arrival"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "visitor_id"],
            ["visitors_visitor.organisation_id", "visitors_visitor.id"],
            name="fk_visitors_arrival_visitor",
            ondelete="CASCADE",
        ),
        UniqueConstraint("organisation_id", "visitor_id", name="uq_visitors_arrival_visitor"),
        UniqueConstraint("organisation_id", "id", name="uq_visitors_arrival_scope"),
        {"info": {"owner": "visitors", "scoped": True}},
    )

    visitor_id: Mapped[int] = mapped_column(BigId)
    noted_at: Mapped[datetime] = mapped_column(Moment)
