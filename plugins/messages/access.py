"""Who may do what with messages. These are starting values; people change them in the settings of roles."""

from __future__ import annotations

from parlour.i18n import _

READ, SEND, RESEND = "messages:message:read", "messages:message:send", "messages:message:resend"
MANY, SETTINGS = "messages:message:many", "messages:settings:write"

PERMISSIONS = {
    READ: _("See messages"),
    SEND: _("Write to a client"),
    MANY: _("Write to many clients at once"),
    RESEND: _("Send failed messages again, decide about uncertain ones"),
    "messages:message:export": _("Export messages"),
    "messages:template:read": _("See texts of messages"),
    "messages:template:create": _("Add texts of messages"),
    "messages:template:write": _("Change texts of messages"),
    "messages:template:delete": _("Delete texts of messages"),
    "messages:template:export": _("Export texts of messages"),
    SETTINGS: _("Set up channels, quiet hours and limits"),
}

GRANTS = {
    "manager": list(PERMISSIONS),
    "receptionist": [READ, SEND, RESEND, "messages:template:read"],
    "organiser": [READ, SEND, RESEND, "messages:template:read"],
}
