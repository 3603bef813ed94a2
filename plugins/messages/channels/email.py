"""E-mail over the mail server of the site, as HTML and as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from parlour.errors import Refusal
from parlour.mail import Letter, is_on
from parlour.mail.letters import ascii_domain, compose, sender_address, verbatim
from parlour.mail.server import Rejected, deliver, server_of
from parlour.plugins.messages.channels import HandOver, Outgoing, Reach, Refused
from parlour.plugins.messages.options import Options
from parlour.settings import Settings


def ready(options: Options, settings: Settings) -> bool:
    """Whether the site has a mail server and the salon wants to use it."""
    return options.email and is_on(settings)


def address_of(reach: Reach, options: Options) -> Sequence[str]:
    return reach.emails


def prepare(out: Outgoing) -> HandOver:
    """Raises Refused for an address or settings that make no letter."""
    letter = Letter(
        to=out.to,
        to_name=out.to_name,
        sender=out.sender,
        subject=verbatim(out.subject),
        lines=[verbatim(paragraph) for paragraph in paragraphs(out.body)],
        locale=out.loc.name,
        reply_to=out.options.reply_to,
        attachments=out.attachments,
        unsubscribe=out.unsubscribe,
    )
    try:
        server, sender = server_of(out.settings), sender_address(out.settings)
        message = compose(letter, out.settings, out.key)
        to = ascii_domain(out.to)
    except (Refusal, ValueError) as error:
        raise Refused(str(error)) from error

    def hand_over() -> str:
        try:
            deliver(server, message, sender, to)
        except Rejected as error:
            raise Refused(out.loc.translate(error.message), dead=error.recipient) from error
        return str(message["Message-ID"])

    return hand_over


def paragraphs(text: str) -> list[str]:
    """What empty lines part."""
    lines = [line.rstrip() for line in text.strip().split("\n")]
    return ["\n".join(some) for filled, some in groupby(lines, bool) if filled]
