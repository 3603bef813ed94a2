"""Messages to clients and to who works here, by e-mail, SMS, Telegram or a program of one's own.

Other plugins declare kinds of message with a text in every language; a salon replaces the texts, switches kinds off, and
sees on each card what was sent and what became of it. Nothing is sent twice, at night, or as advertising to somebody who
has not agreed to it.
"""

from parlour.i18n import _
from parlour.plugin.manifest import Plugin

plugin = Plugin(
    name="messages",
    title=_("Messages"),
    summary=_("Letters, SMS and Telegram to clients: texts, channels, quiet hours, what became of each."),
    description=_(
        "Confirmations, reminders and letters go out by e-mail, SMS, Telegram or to a program of your own, in the client's"
        " language, never twice and never at night. You replace the texts, switch kinds off, and see on each card what was"
        " sent and what became of it. Advertising goes to those only who have agreed to it."
    ),
    version="0.1.0",
    requires=("contacts>=0.1",),
    icon="message-square",
    category="clients",
)
