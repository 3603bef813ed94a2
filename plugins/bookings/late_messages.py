"""What clients are told when a specialist is late. Used by the bridge to the plugin messages alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.bookings.marks import COMING
from parlour.plugins.bookings.models import Appointment
from parlour.plugins.messages.kinds import SAMPLE_MOMENT, About, MessageKind, Shipped, Variable
from parlour.plugins.schedule.clocks import minutes


def _late(session: Session, about: About) -> Mapping[str, Any] | None:
    """When the visit is expected to begin; None once that has changed, or the client is here. `version` is what was spoken of."""
    row = session.execute(
        select(Appointment.starts, Appointment.delay, Appointment.status, Appointment.visitor).where(
            Appointment.id == about.id, Appointment.archived_at.is_(None)
        )
    ).one_or_none()
    if row is None or row.status not in COMING:
        return None
    expected = row.starts + timedelta(minutes=row.delay or 0)
    if minutes(expected) != about.version or expected <= now():
        return None
    return {"start": row.starts, "expected": expected, "who": row.visitor or "—"}


LATE = MessageKind(
    code="bookings.late",
    title=_("We are late"),
    variables=(
        Variable("start", _("Begins"), SAMPLE_MOMENT),
        Variable("expected", _("When we expect the client"), SAMPLE_MOMENT + timedelta(minutes=20)),
        Variable("who", _("Who comes"), "Anna Orlova"),
    ),
    texts={
        "en": Shipped(
            "We are running late: {expected.time}",
            "{first_name}, we are running late and expect you at {expected.time} today. We are sorry.\n\n{salon}",
            "{salon}: we are running late, come at {expected.time}",
        ),
        "ru": Shipped(
            "Задерживаемся: {expected.time}",
            "{first_name}, мы задерживаемся и ждём вас сегодня в {expected.time}. Просим прощения.\n\n{salon}",
            "{salon}: задерживаемся, ждём вас в {expected.time}",
        ),
    },
    still=_late,
    quiet=False,
    sequence=13,
)
