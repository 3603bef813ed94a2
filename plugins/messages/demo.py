"""A journal to look around in: what a salon has written to its clients in the last weeks, the same on every run.

SMS go into the journal alone, so that nobody's telephone rings.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from sqlalchemy import select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.i18n import localizer
from parlour.plugins.contacts.models import Contact, ContactEmail, ContactPhone
from parlour.plugins.messages.models import Message
from parlour.plugins.messages.options import save_options
from parlour.plugins.messages.own_kinds import LETTER_TO_MANY, WRITTEN_BY_HAND
from parlour.plugins.messages.services import not_reachable
from parlour.records.defaults import defaults_of
from parlour.records.write import Change, write
from parlour.settings import Settings

SEED = 20_260_302
MESSAGES = 60
FAILED_ONES = (4, 16)
_WORDS = {
    "en": (
        ("Your scarf is with us", "You left a blue scarf with us. It waits for you at the desk."),
        (
            "The shade that you asked for",
            "The shade that you asked for has come. Shall we put a tube aside for you?",
        ),
        ("About your question", "Yes, the master can take you a quarter of an hour later. See you then."),
    ),
    "ru": (
        ("Ваш шарф у нас", "Вы оставили у нас синий шарф. Он ждёт вас на стойке."),
        (
            "Оттенок, о котором вы спрашивали",
            "Оттенок, о котором вы спрашивали, пришёл. Отложить тюбик для вас?",
        ),
        ("О вашем вопросе", "Да, мастер примет вас на четверть часа позже. До встречи."),
    ),
}
_NEWS = {
    "en": ("Spring at Jasmine", "Ten percent off every colouring until the end of the month."),
    "ru": ("Весна в «Жасмине»", "Десять процентов скидки на любое окрашивание до конца месяца."),
}


def furnish(session: Session, settings: Settings | None = None) -> None:
    """Write the demo's messages into the session's organisation."""
    save_options(session, {"sms": "log"})
    random = Random(SEED)
    defaults = defaults_of(session)
    language = "ru" if defaults.locale.startswith("ru") else "en"
    people = session.execute(
        select(Contact.id, ContactEmail.address, ContactPhone.number)
        .join(ContactEmail, ContactEmail.owner_id == Contact.id)
        .join(ContactPhone, ContactPhone.owner_id == Contact.id)
        .where(Contact.kind == "person", ContactEmail.position == 0, ContactPhone.position == 0)
        .order_by(Contact.id)
        .limit(MESSAGES)
    ).all()
    rows = []
    for number, person in enumerate(people):
        news = number % 3 == 0
        kind = LETTER_TO_MANY if news else WRITTEN_BY_HAND
        subject, text = _NEWS[language] if news else random.choice(_WORDS[language])
        at = now() - timedelta(days=random.randrange(1, 25), minutes=random.randrange(600))
        email = news or number in FAILED_ONES or random.random() < 0.4
        row: dict[str, Any] = {
            "title": subject if email else text[:80],
            "contact": person.id,
            "kind": kind.code,
            "purpose": kind.purpose,
            "channel": "email" if email else "sms",
            "address": person.address if email else person.number,
            "language": language,
            "body": text,
            "send_at": at,
            "campaign": "demo" if news else None,
            "key": f"demo:{number}",
            **_ended(number, at),
        }
        if row["state"] == "sent" and not email:
            row["parts"] = 1 if language == "en" else 2
        if row["reason"] == "no_consent":
            row |= {
                "channel": None,
                "address": None,
                "title": localizer(language).translate(kind.title),
                "body": None,
            }
        if row["state"] == "failed":
            not_reachable(session, "email", row["address"], row["detail"])
        rows.append(row)
    write(session, Message, [Change(row) for row in rows], label="demo", system=True)


def _ended(number: int, at: Any) -> dict[str, Any]:
    """What became of the message: nearly all arrived."""
    if number in FAILED_ONES:
        return {"state": "failed", "reason": "refused", "detail": "550 5.1.1 no such user"}
    if number % 9 == 0:
        return {"state": "cancelled", "reason": "no_consent"}
    return {"state": "sent", "reason": None, "sent_at": at + timedelta(seconds=4)}
