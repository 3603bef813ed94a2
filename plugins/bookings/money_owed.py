"""What staff must not miss about money: a fee that is owed, a deposit that is to be paid or to go back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, func, select

from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.bookings.models import Appointment
from parlour.plugins.bookings.statuses import CANCELLED, OPEN
from parlour.plugins.bookings.terms import settle
from parlour.records.query import visible
from parlour.records.registry import record_type
from parlour.records.values import Money
from parlour.web.slots import CardContext, LoudLine, SlotItem

_NEEDED = ("status", "deposit", "deposit_state", "fee", "fee_state")


def of_visit(context: CardContext) -> list[SlotItem]:
    """Lines of a visit's own card. What the reader may not see is not in the row."""
    row = context.row
    if not all(name in row for name in _NEEDED):
        return []
    state = row["deposit_state"]
    if state == "asked" and row["status"] in OPEN:
        until = row.get("deposit_until")
        if until is None:
            return [_line(context, _("Deposit to be paid: ${amount}"), row["deposit"], "wallet")]
        local = context.loc.local(until)
        when = f"{context.loc.date(local.date())}, {context.loc.time(local.time())}"
        text = _("Deposit to be paid until ${when}: ${amount}", mapping={"when": when})
        return [_line(context, text, row["deposit"], "wallet")]
    found = settle(
        row["deposit"] if state in ("paid", "kept") else None,
        row["fee"] if row["fee_state"] == "owed" else None,
    )
    lines = []
    if found.owed is not None:
        lines.append(_line(context, _("Fee owed: ${amount}"), found.owed, "receipt"))
    if state == "paid" and found.kept is not None:
        lines.append(
            _line(context, _("Of the deposit ${amount} can be kept for the fee"), found.kept, "wallet")
        )
    if found.back is not None and row["status"] in (*CANCELLED, "no_show"):
        lines.append(_line(context, _("Of the deposit ${amount} go back"), found.back, "undo-2"))
    return lines


def _line(context: CardContext, text: Any, amount: Money, icon: str) -> SlotItem:
    said = context.loc.money(amount.amount, amount.currency)
    return LoudLine(text=text % {"amount": said}, icon=icon, sequence=40)


def of_client(session: Session, context: CardContext) -> list[SlotItem]:
    """What the client owes for visits that were missed or cancelled late; one query."""
    kept = case((Appointment.deposit_state == "kept", func.coalesce(Appointment.deposit_amount, 0)), else_=0)
    rows = session.execute(
        select(Appointment.fee_currency, func.sum(Appointment.fee_amount - kept))
        .where(
            Appointment.client_id == context.id,
            Appointment.fee_state == "owed",
            *visible(session, record_type(Appointment)),
        )
        .group_by(Appointment.fee_currency)
        .order_by(Appointment.fee_currency)
    )
    owed = [Money.from_minor(int(amount), currency) for currency, amount in rows if amount]
    if not owed:
        return []
    said = ", ".join(context.loc.money(one.amount, one.currency) for one in owed)
    text = _("Owes for visits missed or cancelled late: ${amount}", mapping={"amount": said})
    return [LoudLine(text=text, icon="receipt", sequence=35)]
