"""Who came through the door, when, and what they paid for coming in.

A visitor may be a client of the salon. Then the client's card shows how often they came, and they can be given a badge.
"""

from parlour.i18n import _
from parlour.plugin.manifest import Plugin

plugin = Plugin(
    name="visitors",
    title=_("Visitors"),
    summary=_("A door list: who came, when, and the entrance fee."),
    version="1.0.0",
    requires=("contacts>=0.1",),
    core=">=0.1",
    icon="door-open",
    category=_("Clients"),
)
