"""How a text reads with sample values, before anybody gets it."""

from __future__ import annotations

from typing import Any

from parlour.db.session import Session
from parlour.i18n import Localizer
from parlour.plugins.messages.channels import sms
from parlour.plugins.messages.channels.email import paragraphs
from parlour.plugins.messages.channels.sms_text import size_of
from parlour.plugins.messages.delivery import speaking
from parlour.plugins.messages.kinds import EMAIL, SMS, USUAL, MessageKind
from parlour.plugins.messages.options import options_of
from parlour.plugins.messages.people import salon_name
from parlour.plugins.messages.texts import fill
from parlour.records.defaults import defaults_of


def of(
    session: Session,
    kind: MessageKind,
    language: str,
    channel: str,
    subject: str,
    body: str,
    loc_of_reader: Localizer,
) -> dict[str, Any]:
    """The text filled with sample values, as somebody reads it in that language; `loc_of_reader` speaks to who looks."""
    defaults = defaults_of(session)
    loc = speaking(defaults, language, defaults.zone)
    values = {one.name: one.sample for one in (*USUAL, *kind.variables)} | {"salon": salon_name(session)}
    text = fill(body, values, loc)
    count = ""
    if channel == SMS:
        text = sms.text_of(text, options_of(session))
        size = size_of(text)
        count = loc_of_reader.plural(
            "${n} part of an SMS: ${characters} of ${most} characters",
            "${n} parts of an SMS: ${characters} characters, ${most} in each",
            size.parts,
            characters=loc_of_reader.number(size.characters),
            most=loc_of_reader.number(size.per_part),
        )
    return {
        "count": count,
        "language": loc.name,
        "subject": fill(subject, values, loc) if channel == EMAIL else "",
        "paragraphs": paragraphs(text),
    }
