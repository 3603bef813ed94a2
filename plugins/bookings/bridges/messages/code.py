"""The codes that tell whose a phone or an e-mail address is, as messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.bookings.models import Code
from parlour.plugins.bookings.online import codes
from parlour.plugins.messages import services
from parlour.plugins.messages.channels import channels
from parlour.plugins.messages.kinds import EMAIL, SMS, About, MessageKind, Shipped, Variable
from parlour.plugins.messages.options import options_of
from parlour.plugins.messages.services import Address
from parlour.settings import Settings


def _code(session: Session, about: About) -> Mapping[str, Any] | None:
    """New digits; None once the code is over or was given."""
    digits = codes.make(session, about.id)
    return None if digits is None else {"code": digits, "minutes": int(codes.VALID.total_seconds() // 60)}


CODE = MessageKind(
    code="bookings.code",
    title=_("Code for online booking"),
    variables=(
        Variable("code", _("The code"), "493 027"),
        Variable("minutes", _("Minutes for which it is good"), 10),
    ),
    texts={
        "en": Shipped(
            "{code} is your code",
            "{code} is your code for booking online. It is good for {minutes} minutes.\n\n"
            "If you did not ask for it, there is nothing to do.\n\n{salon}",
            "{salon}: code {code}. Tell it to nobody.",
        ),
        "ru": Shipped(
            "{code} — ваш код",
            "{code} — ваш код для онлайн-записи. Он действует {minutes} минут.\n\n"
            "Если вы его не запрашивали, ничего делать не нужно.\n\n{salon}",
            "{salon}: код {code}. Никому его не сообщайте.",
        ),
    },
    still=_code,
    quiet=False,
    secret=("code",),
    sequence=16,
)


def ways(session: Session, settings: Settings) -> Sequence[codes.CodeWay]:
    """By SMS and by e-mail, as far as the salon has them and has not switched the message off."""
    options = options_of(session)
    if CODE.code in options.off:
        return []
    known = channels()
    return [
        codes.CodeWay(way, partial(_send, channel), place)
        for place, (way, channel) in enumerate(((codes.PHONE, SMS), (codes.EMAIL, EMAIL)))
        if known[channel].ready(options, settings) and f"{CODE.code}:{channel}" not in options.off_by
    ]


def _send(channel: str, session: Session, code_id: int, address: str, language: str) -> None:
    # Numbers of codes that were thrown away are given again; this never is.
    once = session.scalars(select(Code.token_hash).where(Code.id == code_id)).one()
    services.send(
        session,
        CODE.code,
        address=Address(channel, address),
        about=("bookings.code", code_id),
        expires_at=now() + codes.VALID,
        language=language,
        dedupe_key=f"{CODE.code}:{once}",
    )
