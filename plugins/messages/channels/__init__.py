"""The ways in which a message leaves, one module each.

Each has `ready(options, settings)`, whether the organisation can use it; `address_of(contact)`, where a client is reached;
and `prepare(out)`, which checks all that can be checked and returns the function that hands over. That function returns
the other side's number or "", raises `NotSent` when certainly nothing went out, `Refused` when the other side will
not take this message, and anything else when nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from parlour.i18n import Localizer
from parlour.jobs import NotSent
from parlour.mail import Attachment
from parlour.plugins.messages.kinds import EMAIL, SMS, TELEGRAM, WEBHOOK
from parlour.plugins.messages.options import Options
from parlour.settings import Settings

HandOver = Callable[[], str]


class Refused(NotSent):
    """The other side will not take this message, now or later. `dead` means that the address itself does not work."""

    def __init__(self, detail: str, *, dead: bool = False):
        super().__init__(detail)
        self.detail = detail
        self.dead = dead


@dataclass(frozen=True)
class Reach:
    """Where a client may be reached: phones in E.164 and addresses, the main ones first."""

    emails: Sequence[str] = ()
    phones: Sequence[str] = ()
    telegram: str = ""


@dataclass(frozen=True)
class Outgoing:
    """One message, written out for one reader."""

    settings: Settings
    options: Options
    # The same for every attempt at one message, so that the other side knows a second copy.
    key: str
    kind: str
    purpose: str
    loc: Localizer
    to: str
    to_name: str
    sender: str
    subject: str
    body: str
    values: Mapping[str, Any] = field(default_factory=dict)
    reach: Reach = field(default_factory=Reach)
    contact_id: int | None = None
    # Of an SMS, each of which costs.
    parts: int | None = None
    attachments: Sequence[Attachment] = ()
    unsubscribe: str = ""


class Channel(Protocol):
    """What a module of this package offers."""

    def ready(self, options: Options, settings: Settings) -> bool: ...

    def address_of(self, reach: Reach, options: Options) -> Sequence[str]: ...

    def prepare(self, out: Outgoing) -> HandOver: ...


def channels() -> dict[str, Channel]:
    """Every channel by its code."""
    from parlour.plugins.messages.channels import email, sms, telegram, webhook

    return {EMAIL: email, SMS: sms, TELEGRAM: telegram, WEBHOOK: webhook}
