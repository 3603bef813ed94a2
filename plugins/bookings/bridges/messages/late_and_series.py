"""What clients are told of a specialist who is late, and of visits that repeat."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.bookings.bridges.messages.addressed import GONE, still_gone
from parlour.plugins.bookings.marks import COMING
from parlour.plugins.bookings.models import Appointment
from parlour.plugins.bookings.statuses import CANCELLED
from parlour.plugins.messages.kinds import SAMPLE_MOMENT, About, MessageKind, Shipped, Variable
from parlour.plugins.messages.models import DELIVERED, SENDING, SENT, UNCERTAIN, Message
from parlour.plugins.schedule.clocks import minutes, moment


def _late(session: Session, about: About) -> Mapping[str, Any] | None:
    """When the visit is expected to begin; None once that has changed, or the client is here. `version` is what was spoken of."""
    row = session.execute(
        select(Appointment.starts, Appointment.delay, Appointment.status, Appointment.visitor).where(
            Appointment.id == about.id,
            Appointment.client_id == about.contact_id,
            Appointment.archived_at.is_(None),
        )
    ).one_or_none()
    if row is None or row.status not in COMING:
        return None
    expected = row.starts + timedelta(minutes=row.delay or 0)
    if minutes(expected) != about.version or expected <= now():
        return None
    return {"start": row.starts, "expected": expected, "who": row.visitor or "—"}


def told(session: Session, visit_id: int) -> int | None:
    """When a client who was told of a delay was last told to come, in minutes since 1970; None where nobody was told."""
    # The keys of these messages end with it; see `key`.
    begins = [Message.key.startswith(f"{kind.code}:{visit_id}:") for kind in (LATE, ON_TIME)]
    last = select(Message.key).where(
        Message.kind.in_((LATE.code, ON_TIME.code)),
        Message.state.in_((SENDING, SENT, DELIVERED, UNCERTAIN)),
        or_(*begins),
    )
    found = session.scalars(last.order_by(Message.id.desc()).limit(1)).first()
    return None if found is None else int(found.rpartition(":")[2])


def _on_time(session: Session, about: About) -> Mapping[str, Any] | None:
    """As `_late`; None as well for whoever was told of no delay, or knows already when to come."""
    last = told(session, about.id)
    return None if last is None or last == about.version else _late(session, about)


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


ON_TIME = MessageKind(
    code="bookings.on_time",
    title=_("The delay is off"),
    variables=LATE.variables,
    texts={
        "en": Shipped(
            "The delay is off: {expected.time}",
            "{first_name}, the delay that we wrote of is off: we expect you at {expected.time} today.\n\n{salon}",
            "{salon}: the delay is off, come at {expected.time}",
        ),
        "ru": Shipped(
            "Задержка отменяется: {expected.time}",
            "{first_name}, задержки, о которой мы писали, не будет: ждём вас сегодня в {expected.time}.\n\n{salon}",
            "{salon}: задержки не будет, ждём вас в {expected.time}",
        ),
    },
    still=_on_time,
    quiet=False,
    sequence=13,
)


def _series(session: Session, about: About) -> Mapping[str, Any] | None:
    """The coming visits of a series as they are now; None when there are none any more."""
    return _those(session, about, Appointment.status.in_(COMING))


def _series_off(session: Session, about: About) -> Mapping[str, Any] | None:
    """The visits of a series that were cancelled together; None when all have come back. `version` is when, in minutes."""
    if about.version == GONE:
        return still_gone(session, about)
    since = Appointment.cancelled_at >= moment(about.version or 0)
    return _those(session, about, Appointment.status.in_(CANCELLED), since)


def _those(session: Session, about: About, *conditions: ColumnElement[bool]) -> Mapping[str, Any] | None:
    """How many visits of a series that are not over yet these are, the first and the last; None where there are none."""
    row = session.execute(
        select(
            func.count(),
            func.min(Appointment.starts).label("first"),
            func.max(Appointment.starts).label("last"),
        ).where(
            Appointment.series == about.id,
            Appointment.client_id == about.contact_id,
            Appointment.starts > now(),
            Appointment.archived_at.is_(None),
            *conditions,
        )
    ).one()
    return {"count": row[0], "start": row.first, "last": row.last} if row[0] else None


SERIES = MessageKind(
    code="bookings.series",
    title=_("Visits that repeat, booked"),
    variables=(
        Variable("count", _("How many visits"), 8),
        Variable("start", _("The first of them"), SAMPLE_MOMENT),
        Variable("last", _("The last of them"), SAMPLE_MOMENT + timedelta(weeks=8)),
    ),
    texts={
        "en": Shipped(
            "Your visits are booked, the next: {start}",
            "{first_name}, your coming visits are booked: {count}.\n"
            "The first: {start}\nThe last: {last}\n\nWe remind you of each.\n\n{salon}",
            "{salon}: {count} visits, the next {start.date} {start.time}",
        ),
        "ru": Shipped(
            "Вы записаны, ближайший визит: {start}",
            "{first_name}, вы записаны, визитов: {count}.\n"
            "Первый: {start}\nПоследний: {last}\n\nО каждом мы напомним.\n\n{salon}",
            "{salon}: визитов {count}, ближайший {start.date} {start.time}",
        ),
    },
    still=_series,
    quiet=False,
    sequence=11,
)


SERIES_MOVED = MessageKind(
    code="bookings.series_moved",
    title=_("Visits that repeat, moved"),
    variables=SERIES.variables,
    texts={
        "en": Shipped(
            "Your visits were moved, the next: {start}",
            "{first_name}, we have moved visits of yours. These are coming: {count}.\n"
            "The first: {start}\nThe last: {last}\n\nWe remind you of each.\n\n{salon}",
            "{salon}: your visits were moved, the next {start.date} {start.time}",
        ),
        "ru": Shipped(
            "Визиты перенесены, ближайший: {start}",
            "{first_name}, мы перенесли ваши визиты. Предстоит визитов: {count}.\n"
            "Первый: {start}\nПоследний: {last}\n\nО каждом мы напомним.\n\n{salon}",
            "{salon}: визиты перенесены, ближайший {start.date} {start.time}",
        ),
    },
    still=_series,
    quiet=False,
    sequence=11,
)


SERIES_CANCELLED = MessageKind(
    code="bookings.series_cancelled",
    title=_("Visits that repeat, cancelled"),
    variables=SERIES.variables,
    texts={
        "en": Shipped(
            "Your visits were cancelled",
            "{first_name}, visits of yours were cancelled: {count}.\n"
            "The first: {start}\nThe last: {last}\n\n{salon}",
            "{salon}: {count} visits are cancelled, from {start.date} {start.time} on",
        ),
        "ru": Shipped(
            "Визиты отменены",
            "{first_name}, отменено ваших визитов: {count}.\nПервый: {start}\nПоследний: {last}\n\n{salon}",
            "{salon}: отменено визитов: {count}, первый {start.date} {start.time}",
        ),
    },
    still=_series_off,
    quiet=False,
    sequence=12,
)
