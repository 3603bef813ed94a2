"""What becomes of the deposit and the fee of a visit. These are states that somebody declares; no money moves here.

Whatever takes payments (the desk, a provider's call) says so with `receive` and `give_back`; saying it twice is saying it once.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from parlour.access.roles import own_organisation
from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import NotFound, Refusal
from parlour.i18n import _, localizer
from parlour.plugins.bookings import services
from parlour.plugins.bookings.models import Appointment
from parlour.plugins.bookings.statuses import OPEN
from parlour.plugins.bookings.terms import Settlement, settle
from parlour.records.values import Money
from parlour.records.write import Change, open_change_set, write

# Visits that one run gives up, so that it never holds the lock for long.
MOST = 200


def _visit(session: Session, visit_id: int) -> Any:
    row = session.execute(
        select(Appointment.status, Appointment.deposit_state, Appointment.fee_state)
        .where(Appointment.id == visit_id, Appointment.archived_at.is_(None))
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise NotFound(_("There is no such visit."))
    return row


def _declare(
    session: Session, visit_id: int, label: str, change_set: int | None, **values: Any
) -> int | None:
    change = Change(values, visit_id)
    return write(session, Appointment, [change], label=label, change_set=change_set, system=True).change_set


def ask(session: Session, visit_id: int, deposit: Money, *, change_set: int | None = None) -> int | None:
    """Ask for a deposit, or for another one than before. Raises Refusal when one was paid already."""
    if _visit(session, visit_id).deposit_state in ("paid", "kept"):
        raise Refusal(_("The deposit has been paid already."))
    if not deposit.amount:
        raise Refusal(_("A deposit is more than nothing."))
    values = {"deposit": deposit, "deposit_state": "asked", "deposit_until": None}
    return _declare(session, visit_id, "deposit_asked", change_set, **values)


def receive(session: Session, visit_id: int, *, change_set: int | None = None) -> int | None:
    """The deposit was paid; returns what undoes it, None when that was known.

    A visit that was given up because it had not been paid comes back where its time or its place is still free. Where not, it
    stays cancelled with a deposit that is to be returned, and nobody is booked twice.
    """
    row = _visit(session, visit_id)
    if row.deposit_state not in ("asked", "lapsed"):
        return None
    done = change_set or open_change_set(session, label="deposit_paid")
    _declare(session, visit_id, "deposit_paid", done, deposit_state="paid")
    if row.deposit_state == "lapsed" and row.status == "cancelled_salon":
        try:
            with session.begin_nested():
                services.set_status(session, visit_id, "booked", change_set=done)
        except Refusal:  # the time is taken, the session full or cancelled
            pass
    return done


def give_back(session: Session, visit_id: int, *, change_set: int | None = None) -> int | None:
    """The deposit was returned, whole or what a fee left of it."""
    if _visit(session, visit_id).deposit_state != "paid":
        return None
    return _declare(session, visit_id, "deposit_returned", change_set, deposit_state="returned")


def keep(session: Session, visit_id: int, *, change_set: int | None = None) -> int | None:
    """The deposit is kept for the fee; a fee that it covers is paid with that. What is over goes back to the client."""
    row = _visit(session, visit_id)
    if row.deposit_state != "paid":
        return None
    values = {"deposit_state": "kept"}
    if row.fee_state == "owed" and not settlement(session, visit_id).owed:
        values["fee_state"] = "paid"
    return _declare(session, visit_id, "deposit_kept", change_set, **values)


def end_fee(session: Session, visit_id: int, state: str, *, change_set: int | None = None) -> int | None:
    """The fee was "paid", or "waived"."""
    if _visit(session, visit_id).fee_state != "owed":
        return None
    return _declare(session, visit_id, f"fee_{state}", change_set, fee_state=state)


def settlement(session: Session, visit_id: int) -> Settlement:
    """What is kept of a paid deposit, what goes back and what is still owed."""
    row = session.execute(
        select(
            Appointment.deposit_amount,
            Appointment.deposit_currency,
            Appointment.deposit_state,
            Appointment.fee_amount,
            Appointment.fee_currency,
            Appointment.fee_state,
        ).where(Appointment.id == visit_id)
    ).one()
    held = row.deposit_amount is not None and row.deposit_state in ("paid", "kept")
    due = row.fee_amount is not None and row.fee_state in ("owed", "paid")
    return settle(
        Money.from_minor(row.deposit_amount, row.deposit_currency) if held else None,
        Money.from_minor(row.fee_amount, row.fee_currency) if due else None,
    )


def give_up_unpaid(session: Session) -> int:
    """Cancel visits whose deposit was not paid in time, so that others may have it. Returns how many."""
    found = session.scalars(
        select(Appointment.id)
        .where(
            Appointment.deposit_state == "asked",
            Appointment.deposit_until <= now(),
            Appointment.starts > now(),
            Appointment.status.in_(set(OPEN) - {"arrived", "in_progress"}),
            Appointment.archived_at.is_(None),
        )
        .order_by(Appointment.id)
        .limit(MOST)
        # Who is just saying that it was paid is waited for, and then counts.
        .with_for_update(key_share=True)
    ).all()
    why = localizer(own_organisation(session).locale).translate(_("The deposit was not paid in time."))
    values = {"status": "cancelled_salon", "deposit_state": "lapsed", "reason": why}
    changes = [Change(values, one) for one in found]
    write(session, Appointment, changes, label="deposit_lapsed", system=True)
    return len(found)
