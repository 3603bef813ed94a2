"""Value lists: those fixed in code, and those that salons shape for themselves (tags, sources, ...)."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from parlour.i18n import _
from parlour.records.declare import choice, record_base, spelt, text
from parlour.records.parse import SPELLINGS_OF_SEX

Record = record_base("contacts")

KINDS = (("person", _("Person")), ("company", _("Company")))
# How files say it besides.
KIND_SPELLINGS = spelt(
    {
        "person": "физ. лицо, физлицо, физ лицо, физическое лицо, частное лицо, физ, фл, individual, private, natural person",
        "company": "юр. лицо, юрлицо, юр лицо, юридическое лицо, юр, юл, организация, фирма, organization, organisation, "
        "business, legal entity, corporate",
    }
)
SEXES = (("female", _("Female")), ("male", _("Male")))
# How files say it besides; "ж" and "F" are the commonest.
SEX_SPELLINGS = {word: code for code, words in SPELLINGS_OF_SEX.items() for word in words}
CHANNELS = (
    ("phone", _("Phone call")),
    ("sms", _("SMS")),
    ("email", _("E-mail")),
    ("whatsapp", "WhatsApp"),
    ("telegram", "Telegram"),
    ("viber", "Viber"),
    ("vk", _("VK")),
)
MARITAL = (
    ("single", _("Single")),
    ("married", _("Married")),
    ("partner", _("Lives with a partner")),
    ("divorced", _("Divorced")),
    ("widowed", _("Widowed")),
)
ADDRESSES = (("physical", _("Actual")), ("legal", _("Legal")), ("postal", _("Postal")))
DOCUMENTS = (
    ("passport", _("Passport")),
    ("foreign_passport", _("Passport for travel")),
    ("birth_certificate", _("Birth certificate")),
    ("driving_licence", _("Driving licence")),
    ("other", _("Other document")),
)
PLACES = (
    ("decision_maker", _("Decision maker")),
    ("main", _("Main contact")),
    ("accountant", _("Accountant")),
    ("user", _("Ordinary contact")),
    ("other", _("Other")),
)
PURPOSES = (
    ("data", _("Processing of personal data")),
    ("advertising", _("Advertising")),
    ("photos", _("Photos and videos")),
    ("health", _("Processing of health data")),
)
CONSENT_CHANNELS = (("any", _("Any channel")), *CHANNELS)
CONSENT_SOURCES = (
    ("paper", _("On paper")),
    ("spoken", _("Spoken")),
    ("booking", _("Online booking")),
    ("website", _("Web site")),
    ("message", _("In a message")),
    ("import", _("Brought along from another system")),
)
COLOURS = (
    ("plum", _("Plum")),
    ("green", _("Green")),
    ("amber", _("Amber")),
    ("red", _("Red")),
    ("blue", _("Blue")),
    ("grey", _("Grey")),
)


class Tag(
    Record,
    name="contacts.tag",
    title=_("Tag"),
    plural=_("Tags"),
    new_title=_("New tag"),
    icon="tag",
    lookup=True,
):
    """A free word on a client; a new word makes a new tag."""

    name: Mapped[str] = text(
        _("Tag"), required=True, unique="organisation", search=True, sort=True, max_length=100
    )
    colour: Mapped[str | None] = choice(_("Colour"), COLOURS)


class Category(
    Record,
    name="contacts.category",
    title=_("Category"),
    plural=_("Categories"),
    new_title=_("New category"),
    icon="shapes",
    lookup=True,
):
    """A fixed group of clients; unlike tags, categories are made by those who may shape the lists."""

    name: Mapped[str] = text(
        _("Category"), required=True, unique="organisation", search=True, sort=True, max_length=100
    )


class Source(
    Record,
    name="contacts.source",
    title=_("Source"),
    plural=_("Sources"),
    new_title=_("New source"),
    icon="megaphone",
    lookup=True,
):
    """Where clients learned of the salon."""

    name: Mapped[str] = text(
        _("Source"), required=True, unique="organisation", search=True, sort=True, max_length=100
    )


class Reason(
    Record,
    name="contacts.reason",
    title=_("Reason of coming"),
    plural=_("Reasons of coming"),
    new_title=_("New reason of coming"),
    icon="circle-question-mark",
    lookup=True,
):
    """What a client came for the first time."""

    name: Mapped[str] = text(
        _("Reason of coming"), required=True, unique="organisation", search=True, sort=True, max_length=100
    )
