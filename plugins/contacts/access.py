"""Who may do what with clients. These are starting values; people change them in the settings of roles."""

from __future__ import annotations

from parlour.access.grants import Grant
from parlour.i18n import _

PERMISSIONS = {
    "contacts:contact:read": _("See clients"),
    "contacts:contact:create": _("Add clients"),
    "contacts:contact:write": _("Change clients"),
    "contacts:contact:delete": _("Delete clients"),
    "contacts:contact:export": _("Export clients"),
    "contacts:contact:merge": _("Merge clients that are there twice"),
    "contacts:contact:assign": _("Say who looks after clients, hand clients over"),
    "contacts:contact.health_notes:read": _("See health notes"),
    "contacts:contact.health_notes:write": _("Write health notes"),
    "contacts:contact.documents:read": _("See identity documents"),
    "contacts:contact.documents:write": _("Write identity documents"),
    "contacts:position:read": _("See contact persons of companies"),
    "contacts:position:create": _("Add contact persons of companies"),
    "contacts:position:write": _("Change contact persons of companies"),
    "contacts:position:delete": _("Delete contact persons of companies"),
    "contacts:position:export": _("Export contact persons of companies"),
    "contacts:consent:read": _("See consents"),
    "contacts:consent:create": _("Record consents"),
    "contacts:consent:export": _("Export consents"),
    "contacts:note:read": _("See notes in the timeline"),
    "contacts:note:create": _("Add notes to the timeline"),
    "contacts:note:write": _("Change notes in the timeline"),
    "contacts:note:delete": _("Delete notes from the timeline"),
    "contacts:note:export": _("Export notes of the timeline"),
    "contacts:tag:read": _("See tags"),
    "contacts:tag:create": _("Add tags"),
    "contacts:tag:write": _("Change tags"),
    "contacts:tag:delete": _("Delete tags"),
    "contacts:tag:merge": _("Merge tags"),
    "contacts:tag:export": _("Export tags"),
    "contacts:category:read": _("See categories"),
    "contacts:category:create": _("Add categories"),
    "contacts:category:write": _("Change categories"),
    "contacts:category:delete": _("Delete categories"),
    "contacts:category:merge": _("Merge categories"),
    "contacts:category:export": _("Export categories"),
    "contacts:source:read": _("See sources"),
    "contacts:source:create": _("Add sources"),
    "contacts:source:write": _("Change sources"),
    "contacts:source:delete": _("Delete sources"),
    "contacts:source:merge": _("Merge sources"),
    "contacts:source:export": _("Export sources"),
    "contacts:reason:read": _("See reasons of coming"),
    "contacts:reason:create": _("Add reasons of coming"),
    "contacts:reason:write": _("Change reasons of coming"),
    "contacts:reason:delete": _("Delete reasons of coming"),
    "contacts:reason:merge": _("Merge reasons of coming"),
    "contacts:reason:export": _("Export reasons of coming"),
}

_LISTS = ("tag", "category", "source", "reason")
_READ_LISTS = [f"contacts:{name}:read" for name in _LISTS]

# What a specialist does not see: how to reach clients past the salon, what they spend, how they pay.
_REACH = ("phones", "emails", "addresses", "website")
_MONEY = (
    "spent_before",
    "tax_number",
    "tax_reason_code",
    "registration_number",
    "bank_name",
    "bank_code",
    "bank_account",
    "correspondent_account",
)
_NOT_FOR_SPECIALISTS = (*_REACH, *_MONEY)
# A specialist writes down what concerns the work; who the client is remains with the desk.
_NOT_BY_SPECIALISTS = (
    *_NOT_FOR_SPECIALISTS,
    "kind",
    "name",
    "last_name",
    "first_name",
    "middle_name",
    "is_client",
    "is_supplier",
    "is_prospect",
    "blocked",
    "blocked_reason",
    "silent",
    "legal_name",
    "source",
    "reason",
    "responsible",
    "categories",
)
_DESK = [
    "contacts:contact:read",
    "contacts:contact:create",
    "contacts:contact:write",
    "contacts:position:read",
    "contacts:position:create",
    "contacts:position:write",
    "contacts:consent:read",
    "contacts:consent:create",
    "contacts:note:read",
    "contacts:note:create",
    "contacts:note:write",
    *_READ_LISTS,
    "contacts:tag:create",
]

GRANTS = {
    "manager": list(PERMISSIONS),
    "receptionist": [*_DESK, "contacts:contact:merge"],
    "specialist": [
        Grant("contacts:contact:read", fields_except=_NOT_FOR_SPECIALISTS),
        Grant("contacts:contact:write", fields_except=_NOT_BY_SPECIALISTS),
        "contacts:contact.health_notes:read",
        "contacts:contact.health_notes:write",
        "contacts:note:read",
        "contacts:note:create",
        *_READ_LISTS,
    ],
    "accountant": [
        "contacts:contact:read",
        "contacts:contact:export",
        "contacts:position:read",
        "contacts:position:export",
        "contacts:contact.documents:read",
        *_READ_LISTS,
    ],
    "organiser": [*_DESK, "contacts:contact:merge", "contacts:contact:export", "contacts:position:delete"],
}
