"""What a visit is agreed on, as calls without a log-in tell it: before somebody books, and of the visit that they have."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.plugins.bookings.models import Appointment, Hold
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.bookings.terms import Sold, Terms, terms_of
from parlour.plugins.bookings.tokens import hash_of
from parlour.plugins.schedule.clocks import moment
from parlour.records.kinds import MoneyKind
from parlour.records.values import Money

MONEY = MoneyKind()


def of_hold(session: Session, token: str) -> dict[str, Any] | None:
    """What a visit at the time that is kept would be agreed on; None when it is not kept any more."""
    chosen = session.scalars(select(Hold.chosen).where(Hold.token_hash == hash_of(token))).one_or_none()
    if chosen is None:
        return None
    sold = [
        Sold(item, None if price is None else Money.from_minor(*price))
        for item, price in chosen.get("sold", ())
    ]
    terms = terms_of(session, sold, online=True)
    return before_booking(session, terms, moment(chosen["start"]), chosen["zone"])


def before_booking(session: Session, terms: Terms, starts: datetime, zone: str) -> dict[str, Any]:
    """Terms of a visit that is not there yet. `deposit_within` is in minutes, or null when the deposit has time."""
    values = terms.values(starts, policy_of(session))
    return {
        "deposit": MONEY.to_json(terms.deposit),
        "deposit_within": policy_of(session).deposit_within or None,
        "free_until": _on_wall(values["free_until"], zone),
        "late_fee": MONEY.to_json(terms.late),
        "missed_fee": MONEY.to_json(terms.missed),
    }


_AMOUNTS = ("deposit", "late_fee", "missed_fee", "fee")
# What `of_visit` needs of a visit.
COLUMNS = (
    *(getattr(Appointment, f"{name}_{part}") for name in _AMOUNTS for part in ("amount", "currency")),
    Appointment.deposit_state,
    Appointment.deposit_until,
    Appointment.free_until,
    Appointment.fee_state,
    Appointment.starts_zone,
)


def of_visit(row: Any) -> dict[str, Any]:
    """What a visit was agreed on, what became of the deposit, and what cancelling costs now (`fee_now`) or has cost (`fee`).

    `row` has `COLUMNS`.
    """
    amounts = {
        name: MONEY.to_json(
            MONEY.from_columns((getattr(row, f"{name}_amount"), getattr(row, f"{name}_currency")))
        )
        for name in _AMOUNTS
    }
    late = row.free_until is not None and row.free_until <= now()
    return {
        **amounts,
        "deposit_state": row.deposit_state,
        "deposit_until": _on_wall(row.deposit_until, row.starts_zone),
        "free_until": _on_wall(row.free_until, row.starts_zone),
        "fee_state": row.fee_state,
        "fee_now": amounts["late_fee"] if late else None,
    }


def _on_wall(at: datetime | None, zone: str) -> str | None:
    return None if at is None else at.astimezone(ZoneInfo(zone)).isoformat()
