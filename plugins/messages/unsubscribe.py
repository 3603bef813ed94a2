"""Wanting no more advertising, without logging in: a link that is one person's and one purpose's, and a POST that withdraws.

Mail programs and filters fetch every link of a letter, so GET only shows a page (RFC 8058 asks for the POST).
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from parlour.access.roles import own_organisation
from parlour.access.seal import digest
from parlour.db.session import Session
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.mail.letters import site_address
from parlour.plugins.contacts.services import Agreed, consented, consents_of, give_consent
from parlour.plugins.messages.kinds import ADVERTISING
from parlour.plugins.messages.models import Message
from parlour.settings import Settings
from parlour.web.api import PUBLIC

_PURPOSE = "messages:unsubscribe"
LENGTH = 40


@dataclass(frozen=True)
class Subscription:
    """Whose letter a link was in, and over which channel it came. The client may be gone."""

    contact_id: int | None
    channel: str


def address(session: Session, settings: Settings, message_id: int) -> str:
    """The link of a message, for people outside."""
    organisation = own_organisation(session)
    place = PUBLIC.format(organisation=organisation.slug)
    return site_address(
        settings, f"{place}/messages/unsubscribe/{token(settings, organisation.id, message_id)}"
    )


def token(settings: Settings, organisation_id: int, message_id: int) -> str:
    """The message's number and a mark that nobody makes without PARLOUR_SECRET; good for nothing but this."""
    return f"{message_id}-{digest(settings.secret, _PURPOSE, f'{organisation_id}:{message_id}')[:LENGTH]}"


def subscription_of(session: Session, settings: Settings, given: str) -> Subscription:
    """What a token is about. Raises NotFound for one that is not ours."""
    number, _dash, _mark = given.partition("-")
    if not (number.isascii() and number.isdecimal() and len(number) <= 18):
        raise NotFound(_("This link is damaged."))
    right = token(settings, session.scope.organisation_id, int(number))
    if not hmac.compare_digest(right.encode(), given.encode("utf-8", "replace")):
        raise NotFound(_("This link is damaged."))
    row = session.execute(
        select(Message.contact_id, Message.channel).where(Message.id == int(number))
    ).first()
    return Subscription(row.contact_id if row else None, (row.channel if row else None) or "email")


def withdraw(session: Session, found: Subscription, *, everything: bool = False) -> None:
    """Write down that the client wants no more advertising over this channel, or over any. Twice is once."""
    if found.contact_id is None:
        return
    # Nobody is logged in: the link has said who it is.
    session.enter(replace(session.scope, trusted=True, cache={}))
    said = [one for one in consents_of(session, found.contact_id) if one.purpose == ADVERTISING]
    channels = {found.channel}
    if everything:
        # A word about one channel counts more than one about any, so each that was said is taken back.
        channels |= {"any", *(one.channel for one in said)}
    version = max(said, key=lambda one: one.at).version_of_text if said else "List-Unsubscribe"
    for channel in sorted(channels):
        agreed = consented(session, [found.contact_id], ADVERTISING, channel)
        if agreed or (everything and channel == "any" and not _withdrawn(said, channel)):
            give_consent(
                session,
                found.contact_id,
                ADVERTISING,
                channel=channel,
                given=False,
                version_of_text=version,
                source="message",
            )


def _withdrawn(said: Sequence[Agreed], channel: str) -> bool:
    return any(one.channel == channel and not one.given for one in said)
