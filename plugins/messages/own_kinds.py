"""The kinds that need no other plugin: what somebody writes to one client, to many, or to try a channel out."""

from __future__ import annotations

from parlour.i18n import _
from parlour.plugins.messages.kinds import ADVERTISING, STAFF, MessageKind, Shipped, Variable

WRITTEN_BY_HAND = MessageKind(
    code="messages.letter",
    title=_("Message to a client"),
    hint=_("What somebody writes from the card of a client."),
    variables=(
        Variable("subject", _("Subject"), "Your scarf is with us"),
        Variable("text", _("Text"), "You left a blue scarf with us yesterday. It waits for you at the desk."),
    ),
    texts={
        "en": Shipped("{subject}", "{text}", "{text}"),
        "ru": Shipped("{subject}", "{text}", "{text}"),
    },
    quiet=False,
    once=True,
    sequence=500,
)
LETTER_TO_MANY = MessageKind(
    code="messages.news",
    title=_("Letter to many"),
    hint=_("News and offers to the clients of a list. Goes to those only who have agreed to advertising."),
    variables=WRITTEN_BY_HAND.variables,
    texts={
        "en": Shipped("{subject}", "{text}", "{salon}: {text}"),
        "ru": Shipped("{subject}", "{text}", "{salon}: {text}"),
    },
    purpose=ADVERTISING,
    once=True,
    sequence=510,
)
TRIAL = MessageKind(
    code="messages.trial",
    title=_("Trial message"),
    hint=_("What the button sends that tries a channel out."),
    texts={
        "en": Shipped("A trial from {salon}", "This channel works.", "{salon}: this channel works."),
        "ru": Shipped("Проба от {salon}", "Этот канал работает.", "{salon}: этот канал работает."),
    },
    audience=STAFF,
    quiet=False,
    once=True,
    sequence=520,
)
KINDS = (WRITTEN_BY_HAND, LETTER_TO_MANY, TRIAL)
