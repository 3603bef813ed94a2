"""Whom messages about visits go to, and the addresses in them that open what is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from parlour.access.roles import own_organisation
from parlour.db.session import Session
from parlour.mail.letters import site_address
from parlour.plugins.bookings.models import Appointment
from parlour.plugins.messages.kinds import EMAIL, SMS, About
from parlour.plugins.messages.services import Address

VISIT = "bookings.appointment"
# In place of a version: the visit itself was taken out, and what the message says comes with it.
GONE = 0


def link(session: Session, about: About, what: str) -> str:
    """Where the widget's own page opens something that one person has the key of."""
    assert about.settings is not None
    page = f"/widget/{own_organisation(session).slug}/bookings#{what}"
    return site_address(about.settings, page)


def whom(visit: Any) -> dict[str, Any] | None:
    """The client's card, else what the visitor left: an e-mail address costs nothing, so it goes first."""
    if visit.client_id is not None:
        return {"contact_id": visit.client_id}
    if visit.email:
        return {"address": Address(EMAIL, visit.email, visit.visitor or "")}
    if visit.phone:
        return {"address": Address(SMS, visit.phone, visit.visitor or "")}
    return None


def still_gone(session: Session, about: About) -> Mapping[str, Any] | None:
    """Nothing to be said anew of a visit that was taken out; None where it is back."""
    there = session.scalars(select(Appointment.id).where(Appointment.id == about.id)).first()
    return {} if there is None else None
