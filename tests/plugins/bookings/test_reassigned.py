"""A visit that another specialist does: what was agreed on stays where both ask the same, and the rest follows in the open."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from parlour.access.plugin_settings import save_plugin_settings
from parlour.plugins.bookings import deposits
from parlour.plugins.bookings.models import Appointment, GradePrice, Line, Skill
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.bookings.services import move, set_status
from parlour.plugins.catalog.models import Item
from parlour.plugins.schedule.clocks import moment
from parlour.plugins.schedule.models import Grade
from parlour.records.actions import run_action
from parlour.records.history import undo
from parlour.records.query import get
from parlour.records.registry import record_type
from parlour.records.values import Money
from parlour.records.write import save
from parlour.testing.site import Enter
from tests.plugins.bookings.conftest import Salon

VISIT = record_type(Appointment)


@pytest.fixture
def anna(salon: Salon) -> int:
    return salon.person("Anna")


@pytest.fixture
def boris(salon: Salon) -> int:
    return salon.person("Boris")


@pytest.fixture
def cut(salon: Salon, anna: int, boris: int) -> int:
    """Done by Anna for 1000, and by Boris for 1500."""
    made = salon.service("Haircut", 60, by=[anna, boris], price="1000")
    own = salon.session.scalar(select(Skill.id).where(Skill.staff_id == boris))
    save(salon.session, Skill, {"price": "1500"}, own)
    return made


def rules(salon: Salon, **values: Any) -> None:
    save_plugin_settings(salon.session, "bookings", {"deposit_desk": True, **values})
    salon.session.scope.cache.pop("bookings.policy", None)


def rub(amount: str) -> Money:
    return Money(Decimal(amount), "RUB")


def agreed(salon: Salon, visit: int) -> tuple[Any, ...]:
    row = get(salon.session, VISIT, visit)
    return tuple(row[name] for name in ("total", "late_fee", "missed_fee", "deposit", "deposit_state"))


def test_fees_stay_the_share_that_was_agreed_on_and_the_deposit_what_was_told(
    salon: Salon, anna: int, boris: int, cut: int
) -> None:
    rules(salon, free_hours=24, late_percent=50, missed_percent=100, deposit_percent=30)
    visit = salon.book(10, Wanted(cut, anna))
    # Later settings reach nothing, not by this way either.
    rules(salon, free_hours=1, late_percent=10, missed_percent=10, deposit_percent=90)
    moved = move(salon.session, visit, salon.at(12), by="staff", staff={0: boris})
    assert agreed(salon, visit) == (rub("1500"), rub("750"), rub("1500"), rub("300"), "asked")
    assert (moved.was, moved.total) == (rub("1000"), rub("1500"))
    assert get(salon.session, VISIT, visit)["free_until"] == moment(salon.at(12)) - timedelta(hours=24)
    undo(salon.session, moved.change_set)
    assert agreed(salon, visit) == (rub("1000"), rub("500"), rub("1000"), rub("300"), "asked")


def test_a_deposit_is_never_more_than_the_price_and_one_that_is_paid_stays(
    salon: Salon, anna: int, boris: int, cut: int
) -> None:
    rules(salon, deposit_percent=80)
    asked, paid = (salon.book(hour, Wanted(cut, boris)) for hour in (10, 12))
    deposits.receive(salon.session, paid)
    for visit, hour in ((asked, 10), (paid, 12)):
        move(salon.session, visit, salon.at(hour), by="staff", staff={0: anna})
    assert agreed(salon, asked)[3:] == (rub("1000"), "asked")
    assert agreed(salon, paid)[3:] == (rub("1200"), "paid")
    own = salon.session.scalar(select(Skill.id).where(Skill.staff_id == anna))
    save(salon.session, Skill, {"price": "0"}, own)
    move(salon.session, asked, salon.at(14), by="staff", staff={0: boris})
    move(salon.session, asked, salon.at(14), by="staff", staff={0: anna})
    assert agreed(salon, asked) == (rub("0"), None, None, None, None)


def test_who_asks_and_takes_the_same_changes_nothing_that_was_agreed_on(salon: Salon, anna: int) -> None:
    vera = salon.person("Vera")
    dry = salon.service("Blow-dry", 30, by=[anna, vera], price="500")
    visit = salon.book(10, Wanted(dry, anna))
    line = salon.session.scalar(select(Line.id).where(Line.appointment_id == visit))
    save(salon.session, Line, {"minutes": 45, "price": "400"}, line)
    save(salon.session, Item, {"prices": [{"price": "700"}]}, dry)
    moved = move(salon.session, visit, salon.at(11), by="staff", staff={0: vera})
    assert [tuple(row) for row in salon.lines(visit)] == [(vera, 0, 45, 40_000)] and moved.repriced is None
    # Also where anybody may do it.
    salon.book(12, Wanted(dry, vera))
    move(salon.session, visit, salon.at(12), by="staff", staff={0: None})
    assert [(row.staff_id, row.price_amount) for row in salon.lines(visit)] == [(anna, 40_000)]


def test_the_prices_of_grades_count_and_a_chain_follows_service_by_service(salon: Salon, anna: int) -> None:
    top = save(salon.session, Grade, {"name": "Top stylist"})
    vera = salon.person("Vera", grade=top)
    one, two = (salon.service(name, 30, by=[anna, vera], price="1000") for name in ("One", "Two"))
    save(salon.session, GradePrice, {"item": one, "grade": top, "price": "2000", "minutes": 60})
    rules(salon, missed_percent=50)
    visit = salon.book(10, Wanted(one, anna), Wanted(two, anna))
    move(salon.session, visit, salon.at(10), by="staff", staff={0: vera, 1: vera})
    assert [(row.minutes, row.price_amount) for row in salon.lines(visit)] == [(60, 200_000), (30, 100_000)]
    assert agreed(salon, visit)[:3] == (rub("3000"), None, rub("1500"))


def test_what_a_visit_that_is_over_has_cost_stays(salon: Salon, anna: int, boris: int, cut: int) -> None:
    visit = salon.book(10, Wanted(cut, anna))
    set_status(salon.session, visit, "done")
    run_action(
        salon.session, VISIT, [visit], "move", {"starts": moment(salon.at(10)), "staff": boris, "force": True}
    )
    assert agreed(salon, visit)[0] == rub("1000") and salon.lines(visit)[0].staff_id == boris


def test_whoever_moves_it_is_told_the_new_price(
    login: Enter, salon: Salon, anna: int, boris: int, cut: int
) -> None:
    visit = salon.book(10, Wanted(cut, anna))
    line = salon.session.scalar(select(Line.id).where(Line.appointment_id == visit))
    salon.session.commit()
    desk = login("receptionist")
    fields = {"line": line, "at": f"{salon.day}T11:00"}
    assert desk.post("/o/jasmine/bookings/landing", fields).json["text"] == "Moved to 11:00\u202fAM."
    # It is seen before the drop as well.
    asked = urlencode({**fields, "staff": boris})
    seen = desk.get(f"/o/jasmine/bookings/landing?{asked}").json
    assert seen == {"free": True, "text": "The price is ₽1,500 now, it was ₽1,000."}
    assert desk.get(f"/o/jasmine/bookings/landing?{urlencode(fields)}").json["text"] == ""
    told = desk.post("/o/jasmine/bookings/landing", {**fields, "staff": boris}).json
    assert told["text"] == "Moved to 11:00\u202fAM. The price is ₽1,500 now, it was ₽1,000."
    done = run_action(
        salon.session, VISIT, [visit], "move", {"starts": moment(salon.at(12)), "staff": anna, "force": None}
    )
    assert done.message.mapping["price"].mapping == {"total": rub("1000"), "was": rub("1500")}
