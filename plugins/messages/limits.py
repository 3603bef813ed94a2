"""How many SMS may go: each one costs the salon money, and a fault or a joker must not cost more than a day's worth."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from parlour.access.roles import lock_organisation
from parlour.db.session import Session
from parlour.plugins.messages.kinds import SMS
from parlour.plugins.messages.models import DELIVERED, SENDING, SENT, UNCERTAIN, Message
from parlour.plugins.messages.options import Options

_SPENT = (SENDING, SENT, DELIVERED, UNCERTAIN)
HOUR = timedelta(hours=1)


def free_at(
    session: Session, options: Options, to: str, parts: int, at: datetime, zone: str
) -> datetime | None:
    """None when an SMS of so many parts may go now, else when to ask again (UTC).

    The organisation is locked until the transaction ends, in which the message is marked as sending: two workers that counted at
    once would both find room for the last one.
    """
    lock_organisation(session)
    place = ZoneInfo(zone)
    today = at.astimezone(place).date()
    midnight = datetime.combine(today, time(), place).astimezone(UTC)
    used = session.scalar(
        select(func.sum(func.coalesce(Message.parts, 1))).where(
            Message.channel == SMS, Message.state.in_(_SPENT), Message.sent_at >= midnight
        )
    )
    if int(used or 0) + parts > options.sms_per_day:
        return datetime.combine(today + timedelta(days=1), time(), place).astimezone(UTC)
    latest = session.scalars(
        select(Message.sent_at)
        .where(
            Message.channel == SMS,
            Message.address == to,
            Message.state.in_(_SPENT),
            Message.sent_at > at - HOUR,
        )
        .order_by(Message.sent_at.desc())
        .limit(options.sms_per_hour)
    ).all()
    if len(latest) >= options.sms_per_hour:
        oldest = latest[-1] if latest else at
        return (oldest or at) + HOUR
    return None
