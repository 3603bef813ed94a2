"""Clients, suppliers, companies and the people who work there.

One card holds a person or a company: how to reach them, what staff must know, what they agreed to, who looks
after them. The plugin finds people who are in the base twice, before saving and afterwards, and merges them
without losing anything.
"""

from parlour.i18n import _
from parlour.plugin.manifest import Plugin

plugin = Plugin(
    name="contacts",
    title=_("Clients"),
    summary=_("People and companies: cards, duplicates, birthdays, consents, who looks after whom."),
    description=_(
        "One card holds a person or a company: how to reach them, what staff must know, what they agreed to, who looks"
        " after them. Clients who are in the base twice are found before saving and afterwards, and merged without"
        " losing anything."
    ),
    version="0.1.0",
    icon="users",
    category="clients",
    enabled_by_default=True,
)
