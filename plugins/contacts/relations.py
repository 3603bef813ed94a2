"""What stands between contacts: places in companies, consents, and what is known about look-alikes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from parlour.db.base import BigId, Moment, now, scoped_base
from parlour.i18n import _
from parlour.plugins.contacts.contact import Contact
from parlour.plugins.contacts.lists import CONSENT_CHANNELS, CONSENT_SOURCES, PLACES, PURPOSES, Record
from parlour.records.declare import boolean, choice, day, email, link, moment, phone, text

Base: Any = scoped_base("contacts")


class Position(
    Record,
    name="contacts.position",
    title=_("Contact person"),
    plural=_("Contact persons"),
    new_title=_("New contact person"),
    icon="briefcase",
    menu=False,
    title_field="title",
):
    """A person's place in a company. It ends with `until` and stays: who moves on keeps the history."""

    person: Mapped[Contact] = link(
        Contact,
        _("Person"),
        reverse="positions",
        on_delete="CASCADE",
        required=True,
        listed=True,
        quick=True,
        sequence=10,
    )
    company: Mapped[Contact] = link(
        Contact,
        _("Company"),
        reverse="persons",
        on_delete="CASCADE",
        required=True,
        listed=True,
        quick=True,
        sequence=11,
    )
    title: Mapped[str | None] = text(
        _("Position"), search=True, sort=True, listed=True, quick=True, max_length=200, sequence=12
    )
    category: Mapped[str | None] = choice(_("Category"), PLACES, listed=True, quick=True, sequence=13)
    work_phone: Mapped[str | None] = phone(_("Work phone"), search=True, listed=True, sequence=14)
    work_email: Mapped[str | None] = email(_("Work e-mail"), search=True, sequence=15)
    since: Mapped[date | None] = day(_("Since"), sequence=16)
    until: Mapped[date | None] = day(_("Until"), sequence=17)
    note: Mapped[str | None] = text(_("Note"), multiline=True, sequence=18)


class Consent(
    Record,
    name="contacts.consent",
    title=_("Consent"),
    plural=_("Consents"),
    icon="shield-check",
    menu=False,
    title_field="version_of_text",
    default_sort="-at",
):
    """What a person agreed to or withdrew. Never changed: the latest row of a purpose and channel holds."""

    contact: Mapped[Contact] = link(
        Contact,
        _("Client"),
        reverse="consents",
        on_delete="CASCADE",
        required=True,
        listed=True,
        sequence=10,
    )
    purpose: Mapped[str] = choice(_("Purpose"), PURPOSES, required=True, listed=True, quick=True, sequence=11)
    channel: Mapped[str] = choice(
        _("Channel"), CONSENT_CHANNELS, required=True, default="any", listed=True, quick=True, sequence=12
    )
    given: Mapped[bool] = boolean(
        _("Given"), default=True, listed=True, quick=True, sequence=13, hint=_("Empty when it is withdrawn.")
    )
    version_of_text: Mapped[str] = text(
        _("Version of the text"),
        required=True,
        sort=True,
        listed=True,
        quick=True,
        max_length=100,
        sequence=14,
        hint=_("Which wording the person read: its date or number."),
    )
    source: Mapped[str] = choice(
        _("How"), CONSENT_SOURCES, required=True, listed=True, quick=True, sequence=15
    )
    at: Mapped[datetime] = moment(_("When"), required=True, listed=True, default=now, sequence=16)


class Note(
    Record,
    name="contacts.note",
    title=_("Note"),
    plural=_("Notes"),
    icon="sticky-note",
    menu=False,
    title_field="text",
    default_sort="-at",
):
    """A dated note in the timeline of a contact; the lasting one is the field `note` of the contact itself."""

    contact: Mapped[Contact] = link(
        Contact, _("Client"), reverse="notes", on_delete="CASCADE", required=True, listed=True, sequence=10
    )
    text: Mapped[str] = text(_("Text"), multiline=True, required=True, listed=True, quick=True, sequence=11)
    at: Mapped[datetime] = moment(_("When"), required=True, listed=True, default=now, sequence=12)


class Distinct(Base):  # type: ignore[misc]
    """Two contacts that somebody has looked at and found to be two people; `first_id` is the smaller id."""

    __tablename__ = "contacts_distinct"
    __table_args__ = (
        UniqueConstraint("organisation_id", "first_id", "second_id", name="uq_contacts_distinct_pair"),
        ForeignKeyConstraint(
            ["organisation_id", "first_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_contacts_distinct_first",
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["organisation_id", "second_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_contacts_distinct_second",
            ondelete="CASCADE",
        ),
        Index("ix_contacts_distinct_second", "organisation_id", "second_id"),
        {"info": {"owner": "contacts", "scoped": True}},
    )

    first_id: Mapped[int] = mapped_column(BigId)
    second_id: Mapped[int] = mapped_column(BigId)
    user_id: Mapped[int | None] = mapped_column(BigId)
    at: Mapped[datetime] = mapped_column(Moment, default=now)


class NameKey(Base):  # type: ignore[misc]
    """The forms of a name under which near-identical names meet, kept by the hook `records_changed`."""

    __tablename__ = "contacts_name_key"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "contact_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_contacts_name_key_contact",
            ondelete="CASCADE",
        ),
        Index("ix_contacts_name_key_key", "organisation_id", "key", "contact_id"),
        Index("ix_contacts_name_key_contact", "organisation_id", "contact_id"),
        {"info": {"owner": "contacts", "scoped": True}},
    )

    contact_id: Mapped[int] = mapped_column(BigId)
    key: Mapped[str] = mapped_column(String(120))
