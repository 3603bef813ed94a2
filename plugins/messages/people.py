"""Whom a message is for: how they are called, which language they read, where they can be reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from parlour.access.roles import own_organisation
from parlour.access.users import user_by_id
from parlour.db.session import Session
from parlour.plugins.contacts.models import Contact, ContactEmail, ContactPhone
from parlour.plugins.messages.channels import Reach
from parlour.plugins.messages.kinds import CHANNELS, EMAIL, SMS, TELEGRAM
from parlour.plugins.messages.models import ContactReach, Message, Payload, Unreachable
from parlour.records.defaults import defaults_of


@dataclass(frozen=True)
class Reader:
    """Who reads a message. `language` is theirs, None where nobody knows; `prefers` a channel of ours."""

    name: str = ""
    first_name: str = ""
    language: str | None = None
    prefers: str | None = None
    reach: Reach = field(default_factory=Reach)
    contact_id: int | None = None


def reader_of(session: Session, message: Message, payload: Payload) -> Reader | None:
    """Whom a message is for; None when they are not there any more."""
    if message.contact_id is not None:
        return client(session, message.contact_id)
    if message.member is not None:
        user = user_by_id(session, message.member)
        if user is None or str(user.id) not in dict(defaults_of(session).working):
            return None
        return Reader(user.name, user.name.split(" ")[0], user.locale, reach=Reach(emails=(user.email,)))
    to = (payload.address or "",)
    reach = {EMAIL: Reach(emails=to), TELEGRAM: Reach(telegram=to[0])}.get(
        message.channel or "", Reach(phones=to)
    )
    name = payload.name or ""
    return Reader(name, name.split(" ")[0], reach=reach)


def client(session: Session, contact_id: int) -> Reader | None:
    """A client with every address that works; None for one who is gone or in the archive."""
    columns: list[Any] = [
        Contact.name,
        Contact.first_name,
        Contact.kind,
        Contact.preferred_channel,
        ContactReach.language,
        ContactReach.telegram,
    ]
    row = session.execute(
        select(*columns)
        .outerjoin(ContactReach, ContactReach.id == Contact.id)
        .where(Contact.id == contact_id, Contact.archived_at.is_(None))
    ).first()
    if row is None:
        return None
    emails = session.scalars(
        select(ContactEmail.address)
        .where(ContactEmail.owner_id == contact_id)
        .order_by(ContactEmail.position)
    ).all()
    phones = session.scalars(
        select(ContactPhone.number).where(ContactPhone.owner_id == contact_id).order_by(ContactPhone.position)
    ).all()
    reach = Reach(emails, [phone for phone in phones if _takes_sms(phone)], row.telegram or "")
    return Reader(
        row.name,
        row.first_name or row.name,
        row.language,
        row.preferred_channel if row.preferred_channel in dict(CHANNELS) else None,
        without_dead(session, reach),
        contact_id,
    )


def _takes_sms(phone: str) -> bool:
    """Whether a number may be a mobile one: an SMS to a fixed line is money for nothing."""
    import phonenumbers  # 1 MB, loaded with the first number

    try:
        kind = phonenumbers.number_type(phonenumbers.parse(phone, None))
    except phonenumbers.NumberParseException:
        return False
    return bool(kind != phonenumbers.PhoneNumberType.FIXED_LINE)


def without_dead(session: Session, reach: Reach) -> Reach:
    """The same without addresses that are known not to work."""
    wanted = [*reach.emails, *reach.phones, *([reach.telegram] if reach.telegram else [])]
    rows = session.execute(
        select(Unreachable.channel, Unreachable.address).where(Unreachable.address.in_(wanted))
    )
    dead = {(row.channel, row.address) for row in rows}

    def alive(channel: str, addresses: Sequence[str]) -> list[str]:
        return [one for one in addresses if (channel, one) not in dead]

    telegram = "" if (TELEGRAM, reach.telegram) in dead else reach.telegram
    return replace(
        reach, emails=alive(EMAIL, reach.emails), phones=alive(SMS, reach.phones), telegram=telegram
    )


def salon_name(session: Session) -> str:
    return str(own_organisation(session).name)
