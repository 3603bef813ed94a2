"""How a text reads with sample values, before anybody gets it."""

from __future__ import annotations

from typing import Any

from parlour.db.session import Session
from parlour.plugins.messages.channels.email import paragraphs
from parlour.plugins.messages.delivery import speaking
from parlour.plugins.messages.kinds import EMAIL, USUAL, MessageKind
from parlour.plugins.messages.people import salon_name
from parlour.plugins.messages.texts import fill
from parlour.records.defaults import defaults_of


def of(
    session: Session, kind: MessageKind, language: str, channel: str, subject: str, body: str
) -> dict[str, Any]:
    """The text filled with sample values, as somebody reads it in that language."""
    defaults = defaults_of(session)
    loc = speaking(defaults, language, defaults.zone)
    values = {one.name: one.sample for one in (*USUAL, *kind.variables)} | {"salon": salon_name(session)}
    return {
        "language": loc.name,
        "subject": fill(subject, values, loc) if channel == EMAIL else "",
        "paragraphs": paragraphs(fill(body, values, loc)),
    }
