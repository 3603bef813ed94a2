"""What an organisation lets out of its schedule."""

from __future__ import annotations

import colander

from parlour.i18n import _

SETTINGS = [
    colander.SchemaNode(
        colander.Boolean(),
        name="calendar_names",
        title=_("Names of clients in calendars outside"),
        description=_(
            "Whoever has the secret link of a specialist or a room sees them, and so does whoever runs that calendar."
        ),
        default=False,
        missing=False,
    ),
]
