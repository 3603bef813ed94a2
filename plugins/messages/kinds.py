"""What kinds of message there are: declared by plugins through the hook `messages_kinds`, with texts that salons may replace."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from parlour.db.session import Session
from parlour.errors import NotFound
from parlour.i18n import LANGUAGES, LOCALES, _
from parlour.plugin.calls import collect
from parlour.settings import Settings

SERVICE, ADVERTISING = "service", "advertising"
CLIENT, STAFF = "client", "staff"
EMAIL, SMS, TELEGRAM, WEBHOOK = "email", "sms", "telegram", "webhook"
PURPOSES = ((SERVICE, _("Service")), (ADVERTISING, _("Advertising")))
CHANNELS = ((EMAIL, _("E-mail")), (SMS, _("SMS")), (TELEGRAM, "Telegram"), (WEBHOOK, _("Own program")))
# Those with a text of their own; a program gets the values and makes its own.
WRITTEN = CHANNELS[:3]
LANGUAGE_CHOICES = tuple(LANGUAGES.items())
_CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")


@dataclass(frozen=True)
class Variable:
    """What a text may name in braces. `sample` is shown in previews, and its type says how values are written out."""

    name: str
    title: Any
    sample: Any


@dataclass(frozen=True)
class Shipped:
    """The texts of one language: an e-mail, which Telegram gets without its subject, and a short one for SMS."""

    subject: str
    body: str
    short: str


@dataclass(frozen=True)
class About:
    """What a message is about, when its owner is asked whether it still holds."""

    record: str
    id: int
    version: int | None
    message_id: int
    contact_id: int | None
    # Of the site, for links that people outside can follow (`parlour.mail.letters.site_address`).
    settings: Settings | None = field(default=None, compare=False)


@dataclass(frozen=True)
class MessageKind:
    """One kind of message.

    `still` is asked right before sending, within the transaction: it returns the values anew, or None when what the
    message says holds no more, and then it is not sent. `quiet` kinds wait for the end of quiet hours; what a client has
    just asked for (a code, a confirmation) does not. `once` kinds take no text of the salon's own: the person who sends
    writes it.
    """

    code: str
    title: Any
    texts: Mapping[str, Shipped]
    variables: Sequence[Variable] = ()
    purpose: str = SERVICE
    audience: str = CLIENT
    quiet: bool = True
    once: bool = False
    still: Callable[[Session, About], Mapping[str, Any] | None] | None = field(default=None, compare=False)
    hint: Any = ""
    sequence: int = 100
    # Variables that nobody but the reader is to know, such as a code: the journal keeps dots in their place.
    secret: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code) or len(self.code) > 80:
            raise ValueError(
                f"{self.code!r} is no code of a kind of message: plugin.name, at most 80 characters."
            )
        if self.purpose not in dict(PURPOSES) or self.audience not in (CLIENT, STAFF):
            raise ValueError(
                f"{self.code}: the purpose is service or advertising, the audience client or staff."
            )
        if not set(LOCALES) <= set(self.texts):
            raise ValueError(f"{self.code} lacks its text in one of {', '.join(LOCALES)}.")
        from parlour.plugins.messages.texts import unknown_names

        for shipped in self.texts.values():
            for text in (shipped.subject, shipped.body, shipped.short):
                if wrong := unknown_names(self, text):
                    raise ValueError(f"{self.code} names {', '.join(wrong)}, which it does not declare.")

    @property
    def plugin(self) -> str:
        return self.code.partition(".")[0]

    def variable(self, name: str) -> Variable | None:
        """One of its own or of the usual variables."""
        return next((one for one in (*self.variables, *USUAL) if one.name == name), None)


# What every text may name.
USUAL = (
    Variable("salon", _("Name of the salon"), "Jasmine"),
    Variable("client", _("Name of whom it goes to"), "Anna Orlova"),
    Variable("first_name", _("First name"), "Anna"),
)
# A Tuesday; samples of moments use it, so that previews of all kinds speak of one day.
SAMPLE_MOMENT = datetime(2026, 5, 5, 11, 30, tzinfo=UTC)


def kinds_of(session: Session) -> list[MessageKind]:
    """The kinds of all plugins that are on here, in order."""
    found: list[MessageKind] = collect(session, "messages_kinds")
    return found


def kind_of(session: Session, code: str) -> MessageKind:
    """A kind by its code. Raises NotFound."""
    for kind in kinds_of(session):
        if kind.code == code:
            return kind
    raise NotFound(_("There is no kind of message ${code}.", mapping={"code": code[:80]}))
