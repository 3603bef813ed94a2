"""The card of a person or a company, and its parts.

A person and a company are one record with two kinds: both can be client, supplier or prospect, and both
have phones and addresses.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.orm import Mapped

from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.contacts.derived import ESSENTIAL, PART_LENGTH, derive
from parlour.plugins.contacts.headings import ALIASES
from parlour.plugins.contacts.lists import (
    ADDRESSES,
    CHANNELS,
    DOCUMENTS,
    KIND_SPELLINGS,
    KINDS,
    MARITAL,
    SEX_SPELLINGS,
    SEXES,
    Category,
    Reason,
    Record,
    Source,
    Tag,
)
from parlour.records.declare import (
    birthday,
    boolean,
    branch,
    choice,
    day,
    email,
    image,
    link,
    links,
    money,
    phone,
    text,
    user,
)
from parlour.records.tables import cards

# No name that a person bears is longer; longer ones come from broken files.
NAME_LENGTH = 320


def known(name: str) -> tuple[str, ...]:
    """The headings under which a field is met in files."""
    return tuple(ALIASES.get(name, ()))


def _matcher(record: Any) -> Any:
    from parlour.plugins.contacts.matching import ContactMatcher

    return ContactMatcher(record)


def _duplicates(session: Session, values: Any, exclude_id: int | None = None) -> Any:
    from parlour.plugins.contacts.duplicates import duplicates_of

    return duplicates_of(session, values, exclude_id)


class Contact(
    Record,
    name="contacts.contact",
    title=_("Client"),
    plural=_("Clients"),
    new_title=_("New client"),
    icon="users",
    person=True,
    compute=derive,
    matcher=_matcher,
    duplicates=_duplicates,
    essential=ESSENTIAL["person"],
    card={
        "name": cards.FULL,
        "last_name": cards.LAST,
        "first_name": cards.FIRST,
        "middle_name": cards.MIDDLE,
        "phones": cards.PHONES,
        "emails": cards.EMAILS,
        "addresses": cards.ADDRESSES,
        "birthday": cards.BIRTHDAY,
        "sex": cards.SEX,
        "workplace": cards.COMPANY,
        "profession": cards.POSITION,
        "website": cards.WEBSITE,
        "tags": cards.TAGS,
        "note": cards.NOTE,
    },
    groups={
        "main": _("Main"),
        "heed": _("What staff must know"),
        "reach": _("How to reach"),
        "person": _("About the person"),
        "origin": _("Where from"),
        "care": _("Who looks after"),
        "requisites": _("Requisites"),
        "documents": _("Documents"),
    },
):
    """A person or a company. A person's `name` is "Last First Middle": it follows its parts, and a new name is
    split into them.
    """

    kind: Mapped[str] = choice(
        _("Kind"),
        KINDS,
        spellings=KIND_SPELLINGS,
        required=True,
        default="person",
        sequence=10,
        aliases=known("kind"),
    )
    name: Mapped[str] = text(
        _("Name"),
        required=True,
        search=True,
        sort=True,
        listed=True,
        quick=True,
        max_length=NAME_LENGTH,
        sequence=11,
        hint=_("The whole name; or what the company is called."),
        shape="name",
        aliases=known("name"),
    )
    last_name: Mapped[str | None] = text(
        _("Last name"),
        sort=True,
        max_length=PART_LENGTH,
        sequence=12,
        shape="word",
        aliases=known("last_name"),
    )
    first_name: Mapped[str | None] = text(
        _("First name"),
        sort=True,
        max_length=PART_LENGTH,
        sequence=13,
        shape="word",
        aliases=known("first_name"),
    )
    middle_name: Mapped[str | None] = text(
        _("Middle name"), max_length=PART_LENGTH, sequence=14, shape="word", aliases=known("middle_name")
    )
    is_client: Mapped[bool] = boolean(_("Client"), default=True, sequence=16, aliases=known("is_client"))
    is_supplier: Mapped[bool] = boolean(_("Supplier"), sequence=17, aliases=known("is_supplier"))
    is_prospect: Mapped[bool] = boolean(
        _("Prospect"), sequence=18, hint=_("Has asked, has not come yet."), aliases=known("is_prospect")
    )
    photo: Mapped[int | None] = image(_("Photo"), sequence=19)

    must_know: Mapped[str | None] = text(
        _("Staff must know"),
        max_length=300,
        group="heed",
        sequence=30,
        hint=_("One line, shown loudly on the card and in the calendar."),
        aliases=known("must_know"),
    )
    health_notes: Mapped[str | None] = text(
        _("Health notes"),
        multiline=True,
        guarded=True,
        group="heed",
        sequence=31,
        hint=_("Allergies, contraindications. Shown to those only who have the right."),
        aliases=known("health_notes"),
    )
    blocked: Mapped[bool] = boolean(
        _("On the block-list"), group="heed", sequence=32, aliases=known("blocked")
    )
    blocked_reason: Mapped[str | None] = text(
        _("Why on the block-list"),
        max_length=300,
        group="heed",
        sequence=33,
        aliases=known("blocked_reason"),
    )
    note: Mapped[str | None] = text(
        _("Note"), multiline=True, group="heed", sequence=34, aliases=known("note")
    )

    preferred_channel: Mapped[str | None] = choice(
        _("Prefers"), CHANNELS, group="reach", sequence=44, aliases=known("preferred_channel")
    )
    silent: Mapped[bool] = boolean(
        _("No advertising"),
        group="reach",
        sequence=45,
        hint=_("Nothing but messages about own visits."),
        aliases=known("silent"),
    )
    website: Mapped[str | None] = text(
        _("Web site"), max_length=300, group="reach", sequence=46, aliases=known("website")
    )

    birthday: Mapped[str | None] = birthday(
        _("Birthday"), sort=True, group="person", sequence=50, listed=True, aliases=known("birthday")
    )
    sex: Mapped[str | None] = choice(
        _("Sex"),
        SEXES,
        spellings=SEX_SPELLINGS,
        group="person",
        sequence=51,
        shape="sex",
        aliases=known("sex"),
    )
    profession: Mapped[str | None] = text(
        _("Profession"), max_length=200, group="person", sequence=52, aliases=known("position")
    )
    workplace: Mapped[str | None] = text(
        _("Works at"), max_length=200, group="person", sequence=52, aliases=known("company")
    )
    marital_status: Mapped[str | None] = choice(
        _("Marital status"), MARITAL, group="person", sequence=53, aliases=known("marital_status")
    )
    household: Mapped[str | None] = text(
        _("Household"),
        max_length=300,
        group="person",
        sequence=54,
        hint=_("Partner, children, pets."),
        aliases=known("household"),
    )

    tags = links(
        Tag,
        _("Tags"),
        create=True,
        reverse="clients",
        search=True,
        listed=True,
        sequence=20,
        aliases=known("tags"),
    )
    categories = links(
        Category,
        _("Categories"),
        reverse="clients",
        group="origin",
        sequence=60,
        aliases=known("categories"),
    )
    source: Mapped[Source | None] = link(
        Source,
        _("Source"),
        reverse="clients",
        group="origin",
        listed=True,
        sequence=61,
        aliases=known("source"),
    )
    reason: Mapped[Reason | None] = link(
        Reason,
        _("Reason of coming"),
        reverse="clients",
        group="origin",
        sequence=62,
        aliases=known("reason"),
    )
    client_since: Mapped[date | None] = day(
        _("Client since"),
        group="origin",
        sequence=64,
        hint=_("Empty: since the card was made."),
        aliases=known("client_since"),
    )
    code: Mapped[str | None] = text(
        _("Code"),
        search=True,
        max_length=60,
        group="origin",
        sequence=65,
        hint=_(
            "The client's number in another system; a file that is imported again finds the card by that."
        ),
        aliases=("код клиента", "номер клиента", "id клиента", "client id", "customer id", "external id"),
    )
    spent_before = money(
        _("Spent before Parlour"),
        group="origin",
        sequence=63,
        hint=_("What the client had spent when the base was brought here."),
        aliases=known("spent_before"),
    )

    legal_name: Mapped[str | None] = text(
        _("Legal name"),
        max_length=300,
        search=True,
        group="requisites",
        sequence=80,
        aliases=known("legal_name"),
    )
    tax_number: Mapped[str | None] = text(
        _("Tax number"),
        max_length=40,
        search=True,
        group="requisites",
        sequence=81,
        aliases=known("tax_number"),
    )
    tax_reason_code: Mapped[str | None] = text(
        _("Tax registration code"),
        max_length=40,
        group="requisites",
        sequence=82,
        aliases=known("tax_reason_code"),
    )
    registration_number: Mapped[str | None] = text(
        _("Registration number"),
        max_length=40,
        group="requisites",
        sequence=83,
        aliases=known("registration_number"),
    )
    bank_name: Mapped[str | None] = text(
        _("Bank"), max_length=200, group="requisites", sequence=84, aliases=known("bank_name")
    )
    bank_code: Mapped[str | None] = text(
        _("Bank code"), max_length=40, group="requisites", sequence=85, aliases=known("bank_code")
    )
    bank_account: Mapped[str | None] = text(
        _("Account"), max_length=40, group="requisites", sequence=86, aliases=known("bank_account")
    )
    correspondent_account: Mapped[str | None] = text(
        _("Correspondent account"),
        max_length=40,
        group="requisites",
        sequence=87,
        aliases=known("correspondent_account"),
    )

    complete: Mapped[bool] = boolean(
        _("Complete"),
        computed=True,
        group="origin",
        sequence=95,
        hint=_("Name, phone and birthday or tax number are there."),
    )


class ContactPhone(
    Record,
    name="contacts.phone",
    part_of=Contact,
    field="phones",
    title=_("Phones"),
    options={
        "search": True,
        "listed": True,
        "quick": True,
        "group": "reach",
        "sequence": 40,
        "aliases": known("phones"),
    },
):
    """A phone of a contact; the first is the main one."""

    number: Mapped[str] = phone(_("Phone"), required=True, search=True)
    label: Mapped[str | None] = text(_("Label"), max_length=60)


class ContactEmail(
    Record,
    name="contacts.email",
    part_of=Contact,
    field="emails",
    title=_("E-mails"),
    options={"search": True, "group": "reach", "sequence": 41, "aliases": known("emails")},
):
    """An e-mail address of a contact; the first is the main one."""

    address: Mapped[str] = email(_("E-mail"), required=True, search=True)
    label: Mapped[str | None] = text(_("Label"), max_length=60)


class ContactAddress(
    Record,
    name="contacts.address",
    part_of=Contact,
    field="addresses",
    title=_("Addresses"),
    options={
        "search": True,
        "group": "reach",
        "sequence": 42,
        "repeats": True,
        "aliases": known("addresses"),
    },
):
    """An address of a contact. `street` is the line with street and house; what came in one piece stands there."""

    street: Mapped[str | None] = text(_("Street and house"), max_length=500, search=True)
    city: Mapped[str | None] = text(_("City"), max_length=100, search=True)
    region: Mapped[str | None] = text(_("Region"), max_length=100)
    postcode: Mapped[str | None] = text(_("Postcode"), max_length=20)
    country: Mapped[str | None] = text(_("Country"), max_length=100)
    kind: Mapped[str | None] = choice(_("Kind"), ADDRESSES)
    label: Mapped[str | None] = text(_("Label"), max_length=60)


class ContactResponsible(
    Record,
    name="contacts.responsible",
    part_of=Contact,
    field="responsible",
    title=_("Responsible"),
    options={
        "listed": True,
        "group": "care",
        "sequence": 70,
        "repeats": True,
        "aliases": known("responsible"),
    },
):
    """Who looks after a contact: one person per branch, or one everywhere when the branch is empty."""

    user: Mapped[int] = user(_("Who"), required=True)
    branch: Mapped[int | None] = branch(_("Branch"))


class ContactDocument(
    Record,
    name="contacts.document",
    part_of=Contact,
    field="documents",
    title=_("Identity documents"),
    options={
        "guarded": True,
        "group": "documents",
        "sequence": 90,
        "repeats": True,
        "aliases": known("documents"),
    },
):
    """A passport or another paper that says who somebody is."""

    number: Mapped[str] = text(_("Series and number"), required=True, max_length=60)
    kind: Mapped[str | None] = choice(_("Kind"), DOCUMENTS)
    issued_by: Mapped[str | None] = text(_("Issued by"), max_length=300)
    issued_on: Mapped[date | None] = day(_("Issued on"))
    expires_on: Mapped[date | None] = day(_("Valid until"))
