"""What a visit is agreed on when it is booked: a deposit, until when cancelling is free, and what is owed after that.

They are written into the visit as amounts, so later settings do not reach it. All amounts are whole minor units (kopecks), each
service's share rounded half up by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.db.several import among, kept
from parlour.plugins.bookings.models import Service
from parlour.plugins.bookings.settings import Policy, policy_of
from parlour.records.defaults import defaults_of
from parlour.records.values import Money, minor_digits

# Rates are kept as millionths of the whole.
_WHOLE = 1_000_000


@dataclass(frozen=True)
class Terms:
    """What holds for one visit: amounts, or None for nothing, and the hours before which cancelling is free."""

    deposit: Money | None
    free_hours: int
    late: Money | None
    missed: Money | None

    def values(self, starts: datetime, policy: Policy) -> dict[str, Any]:
        """The fields of a visit that begins then."""
        due = now().replace(second=0, microsecond=0) + timedelta(minutes=policy.deposit_within + 1)
        asked = self.deposit is not None
        bound = self.late is not None or self.missed is not None
        return {
            "deposit": self.deposit,
            "deposit_state": "asked" if asked else None,
            "deposit_until": min(due, starts) if asked and policy.deposit_within else None,
            # Hours that pass, whatever becomes of the clock meanwhile.
            "free_until": starts.astimezone(UTC) - timedelta(hours=self.free_hours) if bound else None,
            "late_fee": self.late,
            "missed_fee": self.missed,
        }


@dataclass(frozen=True)
class Sold:
    """One service of a visit: what is paid for it in all, or None where that is not known, and for how many places."""

    item: int | None
    price: Money | None
    seats: int = 1


def share(price: Money, millionths: int) -> Money:
    """So much of a price, rounded half up to whole minor units."""
    return _whole(price.amount * millionths / _WHOLE, price.currency)


def _whole(amount: Decimal, currency: str) -> Money:
    minor = amount.scaleb(minor_digits(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return Money.from_minor(int(minor), currency)


def terms_of(session: Session, sold: Sequence[Sold], *, online: bool) -> Terms:
    """What a visit with these services, booked online or at the desk, would be agreed on now; one query."""
    policy = policy_of(session)
    rules = _rules(session, {one.item for one in sold if one.item is not None})
    deposits, late, missed, hours = [], [], [], []
    for one in sold:
        rule = rules.get(one.item or 0, _AS_SET)
        deposits.append(_deposit(session, rule, policy, one))
        late.append(_share(one.price, _rate(rule.late, policy.late_percent)))
        missed.append(_share(one.price, _rate(rule.missed, policy.missed_percent)))
        hours.append(policy.free_hours if rule.hours is None else rule.hours)
    asks = online or policy.deposit_desk
    return Terms(_sum(deposits) if asks else None, max(hours, default=0), _sum(late), _sum(missed))


def deposits_of(session: Session, prices: Mapping[int, Money | None]) -> dict[int, Money | None]:
    """The deposit of each service for whoever books it online at this price; one query."""
    policy = policy_of(session)
    rules = _rules(session, prices)
    return {
        item: _deposit(session, rules.get(item, _AS_SET), policy, Sold(item, price))
        for item, price in prices.items()
    }


@dataclass(frozen=True)
class _Rule:
    """What a service says for itself; None: as in the settings. Rates in millionths."""

    percent: int | None
    amount: Money | None
    hours: int | None
    late: int | None
    missed: int | None


_AS_SET = _Rule(None, None, None, None, None)


_SAID = kept(
    select(
        Service.id,
        Service.deposit_percent,
        Service.deposit_amount,
        Service.deposit_currency,
        Service.free_hours,
        Service.late_percent,
        Service.missed_percent,
    ).where(among(Service.id, "items"))
)


def _rules(session: Session, items: Collection[int]) -> dict[int, _Rule]:
    rows = session.execute(_SAID, {"items": sorted(items)})
    return {
        row.id: _Rule(
            row.deposit_percent,
            None
            if row.deposit_amount is None
            else Money.from_minor(row.deposit_amount, row.deposit_currency),
            row.free_hours,
            row.late_percent,
            row.missed_percent,
        )
        for row in rows
    }


def _rate(own: int | None, percent: int) -> int:
    return percent * _WHOLE // 100 if own is None else own


def _deposit(session: Session, rule: _Rule, policy: Policy, one: Sold) -> Money | None:
    """An amount goes before a percentage, and what the service says before the settings; never more than the price."""
    fixed = rule.amount
    if fixed is None and rule.percent is None and policy.deposit_amount:
        fixed = _whole(policy.deposit_amount, defaults_of(session).currency)
    if fixed is None:
        return _share(one.price, _rate(rule.percent, policy.deposit_percent))
    whole = Money(fixed.amount * one.seats, fixed.currency)
    if one.price is not None and one.price.currency == whole.currency:
        whole = min(whole, one.price)
    return whole if whole.amount else None


def _share(price: Money | None, rate: int) -> Money | None:
    found = share(price, rate) if price is not None else None
    return found if found is not None and found.amount else None


def _sum(parts: Sequence[Money | None]) -> Money | None:
    """The sum of what is asked for; None when that is nothing, or in different currencies."""
    known = [part for part in parts if part is not None]
    if not known or len({part.currency for part in known}) > 1:
        return None
    return Money(sum((part.amount for part in known[1:]), start=known[0].amount), known[0].currency)


def terms_after(agreed: Terms, state: str | None, was: Money | None, total: Money | None) -> dict[str, Any]:
    """The fields of a visit that follow when its total has changed since it was agreed on; `state` is that of its deposit.

    Fees stay the share of the price that they were. The deposit stays as the client was told, who may be paying it just now, but
    is not more than the price.
    """
    if was is None or total is None or was == total or was.currency != total.currency or not was.amount:
        return {}
    found: dict[str, Any] = {
        name: _whole(total.amount * fee.amount / was.amount, total.currency)
        for name, fee in (("late_fee", agreed.late), ("missed_fee", agreed.missed))
        if fee is not None and fee.currency == total.currency
    }
    held = agreed.deposit
    if state == "asked" and held is not None and held.currency == total.currency and held > total:
        found |= {"deposit": total} if total.amount else dict.fromkeys(_DEPOSIT)
    return found


_DEPOSIT = ("deposit", "deposit_state", "deposit_until")


# ---- what is owed


def fee_of(
    status: str, free_until: datetime | None, late: Money | None, missed: Money | None
) -> Money | None:
    """What a visit that has just become this owes, by what it was agreed on."""
    if status == "no_show":
        return missed
    if status == "cancelled_client" and free_until is not None and now() >= free_until:
        return late
    return None


@dataclass(frozen=True)
class Settlement:
    """What becomes of a paid deposit: so much is kept for the fee, the rest goes back; and what of the fee is still owed."""

    kept: Money | None
    back: Money | None
    owed: Money | None


def settle(deposit: Money | None, fee: Money | None) -> Settlement:
    """A paid deposit against a fee. A deposit in another currency than the fee covers nothing of it."""
    if deposit is None or fee is None or deposit.currency != fee.currency:
        return Settlement(None, deposit, fee)
    kept = min(deposit, fee)
    back, owed = (_less(whole, kept) for whole in (deposit, fee))
    return Settlement(kept if kept.amount else None, back, owed)


def _less(whole: Money, part: Money) -> Money | None:
    return Money(whole.amount - part.amount, whole.currency) if whole > part else None
