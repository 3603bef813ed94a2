"""Who may do what at the door."""

from parlour.i18n import _

PERMISSIONS = {
    "visitors:visitor:read": _("See the door list"),
    "visitors:visitor:create": _("Write visitors down"),
    "visitors:visitor:write": _("Change visitors"),
    "visitors:visitor:delete": _("Delete visitors"),
    "visitors:visitor:merge": _("Merge visitors"),
    "visitors:visitor:export": _("Export the door list"),
}

GRANTS = {
    "manager": [*PERMISSIONS],
    "receptionist": ["visitors:visitor:read", "visitors:visitor:create", "visitors:visitor:write"],
    "specialist": ["visitors:visitor:read"],
}
