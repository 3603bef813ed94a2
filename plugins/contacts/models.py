"""Everything that the plugin declares: other plugins link to these classes."""

from parlour.plugins.contacts.contact import (
    Contact,
    ContactAddress,
    ContactDocument,
    ContactEmail,
    ContactPhone,
    ContactResponsible,
)
from parlour.plugins.contacts.lists import Category, Reason, Source, Tag
from parlour.plugins.contacts.relations import Consent, Distinct, NameKey, Note, Position

__all__ = [
    "Category",
    "Consent",
    "Contact",
    "ContactAddress",
    "ContactDocument",
    "ContactEmail",
    "ContactPhone",
    "ContactResponsible",
    "Distinct",
    "NameKey",
    "Note",
    "Position",
    "Reason",
    "Source",
    "Tag",
]
