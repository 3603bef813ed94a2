"""Deposits and fees: agreed on when a visit is booked, and held to whatever the settings say later."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from parlour.access.organisations import save_branch
from parlour.access.plugin_settings import save_plugin_settings
from parlour.errors import Refusal
from parlour.plugins.bookings import deposits
from parlour.plugins.bookings.groups import book_seats
from parlour.plugins.bookings.models import Appointment, Group
from parlour.plugins.bookings.occupied import hold
from parlour.plugins.bookings.offers import NotOffered, Wanted
from parlour.plugins.bookings.online import conditions, public
from parlour.plugins.bookings.services import cancel, move, set_status
from parlour.plugins.bookings.terms import settle, share
from parlour.plugins.catalog.models import Item
from parlour.plugins.schedule.clocks import moment
from parlour.records.actions import run_action
from parlour.records.history import undo
from parlour.records.query import get
from parlour.records.registry import record_type
from parlour.records.values import Money
from parlour.records.write import save
from tests.plugins.bookings.conftest import Salon

VISIT = record_type(Appointment)
HOUR = timedelta(hours=1)


@pytest.fixture
def anna(salon: Salon) -> int:
    return salon.person("Anna")


@pytest.fixture
def cut(salon: Salon, anna: int) -> int:
    return salon.service("Haircut", 60, by=[anna], price="999.99")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, salon: Salon) -> Any:
    """Sets what time it is, in hours from the beginning of the salon's day."""

    def sets(hour: float) -> datetime:
        present = moment(salon.at(0)) + timedelta(hours=hour)
        for module in (
            "offers",
            "services",
            "occupied",
            "groups",
            "terms",
            "deposits",
            "derived",
            "online.conditions",
        ):
            monkeypatch.setattr(f"parlour.plugins.bookings.{module}.now", lambda: present)
        monkeypatch.setattr("parlour.plugins.schedule.services.now", lambda: present)
        return present

    sets(-72)
    return sets


def rules(salon: Salon, **values: Any) -> None:
    save_plugin_settings(salon.session, "bookings", values)
    salon.session.scope.cache.pop("bookings.policy", None)


def fields(salon: Salon, visit: int) -> dict[str, Any]:
    return get(salon.session, VISIT, visit)


def rub(amount: str) -> Money:
    return Money(Decimal(amount), "RUB")


def test_what_is_agreed_on_is_kept_when_the_settings_change(
    salon: Salon, anna: int, cut: int, clock: Any
) -> None:
    rules(salon, deposit_percent=30, free_hours=24, late_percent=50, missed_percent=100)
    visit = salon.book(10, Wanted(cut), by="client")
    rules(salon, deposit_percent=0, free_hours=1, late_percent=0, missed_percent=10)
    save(salon.session, Item, {"prices": [{"price": "5000"}]}, cut)
    row = fields(salon, visit)
    # Half a kopeck goes up: 30 % of 999.99 are 299.997, 50 % are 499.995.
    assert (row["deposit"], row["late_fee"], row["missed_fee"]) == (rub("300"), rub("500"), rub("999.99"))
    assert row["deposit_state"] == "asked" and row["free_until"] == moment(salon.at(10)) - 24 * HOUR
    clock(9)
    set_status(salon.session, visit, "no_show")
    row = fields(salon, visit)
    assert row["fee"] == rub("999.99") and row["fee_state"] == "owed"
    set_status(salon.session, visit, "arrived")
    row = fields(salon, visit)
    assert row["fee"] is None and row["fee_state"] is None and row["arrived_at"] is not None


def test_cancelling_costs_from_the_minute_on_that_was_agreed_on(salon: Salon, cut: int, clock: Any) -> None:
    rules(salon, free_hours=24, late_percent=50, cancel_until=0)
    early, late, ours = (salon.book(hour, Wanted(cut)) for hour in (10, 12, 14))
    clock(-14 - 1 / 60)
    cancel(salon.session, early, by="client")
    assert fields(salon, early)["fee"] is None
    clock(-12)
    cancel(salon.session, late, by="client")
    row = fields(salon, late)
    assert row["fee"] == rub("500") and row["cancelled_at"] is not None
    cancel(salon.session, ours, by="staff")
    assert fields(salon, ours)["fee"] is None


def test_moving_late_does_not_get_rid_of_the_fee(salon: Salon, cut: int, clock: Any) -> None:
    rules(salon, free_hours=24, late_percent=50, cancel_until=0, move_until=0)
    visit = salon.book(10, Wanted(cut))
    move(salon.session, visit, salon.at(12), by="client")
    assert fields(salon, visit)["free_until"] == moment(salon.at(12)) - 24 * HOUR
    clock(-10)
    assert public.visit(salon.session, visit)["conditions"]["fee_now"] == {
        "amount": "500.00",
        "currency": "RUB",
    }
    move(salon.session, visit, salon.at(10) + 7 * 1440, by="client")
    cancel(salon.session, visit, by="client")
    assert fields(salon, visit)["fee"] == rub("500")
    # Whoever is moved by the salon has time again.
    other = salon.book(14, Wanted(cut))
    move(salon.session, other, salon.at(14) + 7 * 1440, by="staff")
    cancel(salon.session, other, by="client")
    assert fields(salon, other)["fee"] is None


def test_a_service_goes_before_the_settings(salon: Salon, anna: int, cut: int, clock: Any) -> None:
    rules(salon, deposit_percent=10, free_hours=24, late_percent=10)
    own = salon.service(
        "Colouring", 60, by=[anna], price="400", deposit="500", free_hours=48, late_percent=100
    )
    free = salon.service("Advice", 60, by=[anna], price="100", deposit_percent=0, late_percent=0)
    row = fields(salon, salon.book(9, Wanted(cut), Wanted(own), Wanted(free), by="client"))
    # No more than the price is asked for; of several services the longest time holds.
    assert row["deposit"] == rub("500.00") and row["late_fee"] == rub("500.00")
    assert row["free_until"] == moment(salon.at(9)) - 48 * HOUR
    assert fields(salon, salon.book(14, Wanted(free), by="client"))["deposit"] is None
    rules(salon, deposit_amount="150.50")
    assert fields(salon, salon.book(15, Wanted(cut), by="client"))["deposit"] == rub("150.50")
    # At the desk nobody is asked unless the settings say so.
    assert fields(salon, salon.book(16, Wanted(cut)))["deposit"] is None
    rules(salon, deposit_desk=True)
    assert fields(salon, salon.book(17, Wanted(cut)))["deposit_state"] == "asked"


def test_places_in_a_session_are_agreed_on_together(salon: Salon, cut: int, clock: Any) -> None:
    rules(salon, deposit_percent=50, missed_percent=100)
    values = {"item": cut, "starts": moment(salon.at(12)), "seats": 6}
    group = save(salon.session, Group, values)
    row = fields(salon, book_seats(salon.session, group, by="client", seats=3).id)
    assert row["deposit"] == rub("1499.99") and row["missed_fee"] == rub("2999.97")


def test_the_terms_are_told_before_booking_as_they_will_be_after(salon: Salon, cut: int, clock: Any) -> None:
    rules(salon, deposit_percent=30, late_percent=50, missed_percent=100, deposit_within=60)
    token, _until = hold(salon.session, [Wanted(cut)], salon.at(10), network="192.0.2.7")
    told = conditions.of_hold(salon.session, token)
    assert told is not None and told["deposit"] == {"amount": "300.00", "currency": "RUB"}
    visit = salon.book(10, Wanted(cut), by="client", hold=token)
    later = public.visit(salon.session, visit)["conditions"]
    assert {key: later[key] for key in ("deposit", "free_until", "late_fee", "missed_fee")} == {
        key: told[key] for key in ("deposit", "free_until", "late_fee", "missed_fee")
    }
    assert told["deposit_within"] == 60 and conditions.of_hold(salon.session, token) is None


def test_hours_pass_though_the_clock_is_changed_meanwhile(salon: Salon, clock: Any) -> None:
    """The clock of Berlin goes back an hour in the night before, at three."""
    branch = save_branch(salon.session, None, {"name": "Berlin", "zone": "Europe/Berlin"}).id
    salon.zone, salon.day = "Europe/Berlin", date(2030, 10, 27)
    cut = salon.service("Haircut", 60, by=[salon.person("Anna", "0:00", "20:00", branch=branch)])
    clock(-72)
    rules(salon, free_hours=24, late_percent=50)
    token, _until = hold(salon.session, [Wanted(cut)], salon.at(18), network="192.0.2.7", branch_id=branch)
    told = conditions.of_hold(salon.session, token)
    assert told is not None and told["free_until"] == "2030-10-26T19:00:00+02:00"
    visit = salon.book(18, Wanted(cut), by="client", hold=token, branch_id=branch)
    assert fields(salon, visit)["free_until"] == moment(salon.at(18)) - 24 * HOUR


def test_staff_say_what_became_of_a_deposit(salon: Salon, cut: int, clock: Any) -> None:
    rules(salon, deposit_percent=80, missed_percent=50)
    visit = salon.book(10, Wanted(cut), by="client")
    paid = run_action(salon.session, VISIT, [visit], "deposit_paid")
    assert fields(salon, visit)["deposit_state"] == "paid"
    assert paid.change_set is not None
    undo(salon.session, paid.change_set)
    assert fields(salon, visit)["deposit_state"] == "asked"
    run_action(salon.session, VISIT, [visit], "deposit_paid")
    set_status(salon.session, visit, "no_show")
    found = deposits.settlement(salon.session, visit)
    assert (found.kept, found.back, found.owed) == (rub("500"), rub("299.99"), None)
    run_action(salon.session, VISIT, [visit], "deposit_kept")
    row = fields(salon, visit)
    assert (row["deposit_state"], row["fee_state"]) == ("kept", "paid")
    with pytest.raises(Refusal, match="paid already"):
        deposits.ask(salon.session, visit, rub("1"))


def test_a_fee_above_the_deposit_stays_owed(salon: Salon, cut: int, clock: Any) -> None:
    rules(salon, deposit_percent=10, missed_percent=100)
    visit = salon.book(10, Wanted(cut), by="client")
    deposits.receive(salon.session, visit)
    set_status(salon.session, visit, "no_show")
    deposits.keep(salon.session, visit)
    assert fields(salon, visit)["fee_state"] == "owed"
    assert deposits.settlement(salon.session, visit).owed == rub("899.99")
    run_action(salon.session, VISIT, [visit], "fee_waived")
    assert fields(salon, visit)["fee_state"] == "waived"
    assert deposits.settlement(salon.session, visit).owed is None


def test_t_b19_a_deposit_that_comes_too_late_books_nobody_twice(salon: Salon, cut: int, clock: Any) -> None:
    """What was kept runs out, somebody else takes the time, then the payment is reported: it goes back, and twice is once."""
    rules(salon, deposit_percent=30, deposit_within=10)
    token, _until = hold(salon.session, [Wanted(cut)], salon.at(10), network="192.0.2.7")
    first = salon.book(10, Wanted(cut), by="client", hold=token)
    clock(-72 + 10 / 60)
    assert deposits.give_up_unpaid(salon.session) == 0
    clock(-72 + 11 / 60)
    assert deposits.give_up_unpaid(salon.session) == 1 and salon.busy() == []
    other = salon.book(10.5, Wanted(cut), by="client")
    assert deposits.receive(salon.session, first) is not None
    assert deposits.receive(salon.session, first) is None
    row = fields(salon, first)
    assert (row["status"], row["deposit_state"]) == ("cancelled_salon", "paid")
    assert deposits.settlement(salon.session, first).back == rub("300")
    assert len(salon.busy()) == 1
    # Where nobody has taken the time, who paid late has the visit again.
    cancel(salon.session, other, by="staff")
    second = salon.book(12, Wanted(cut), by="client")
    clock(-72 + 1)
    deposits.give_up_unpaid(salon.session)
    deposits.receive(salon.session, second)
    assert fields(salon, second)["status"] == "booked" and len(salon.busy()) == 1


def test_t_b19_a_time_that_is_no_longer_kept_is_refused(salon: Salon, cut: int, clock: Any) -> None:
    token, until = hold(salon.session, [Wanted(cut)], salon.at(10), network="192.0.2.7")
    clock((until - moment(salon.at(0))) / HOUR + 1 / 60)
    salon.book(10, Wanted(cut), by="client")
    with pytest.raises(NotOffered):
        salon.book(10, Wanted(cut), by="client", hold=token)
    assert len(salon.busy()) == 1


AMOUNT = some.integers(0, 10**12)


@given(price=AMOUNT, rate=some.integers(0, 1_000_000), currency=some.sampled_from(["RUB", "JPY", "KWD"]))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_share_is_right_to_the_kopeck(price: int, rate: int, currency: str) -> None:
    found = share(Money.from_minor(price, currency), rate).minor
    assert 0 <= found <= price
    # Half up, in whole numbers alone.
    assert found == (price * rate * 2 + 1_000_000) // 2_000_000


@given(deposit=AMOUNT, fee=AMOUNT)
def test_nothing_gets_lost_between_deposit_and_fee(deposit: int, fee: int) -> None:
    found = settle(Money.from_minor(deposit, "RUB"), Money.from_minor(fee, "RUB"))
    kept, back, owed = ((part.minor if part else 0) for part in (found.kept, found.back, found.owed))
    assert kept + back == deposit and kept + owed == fee and min(kept, back, owed) >= 0
    assert not (back and owed)
