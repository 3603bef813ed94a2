"""What stands keeps standing: over another visit, in a session with fewer places, with a deposit that comes late."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from parlour.db.base import now
from parlour.errors import Refusal
from parlour.plugins.bookings import deposits, occupied
from parlour.plugins.bookings.groups import Full, book_seats
from parlour.plugins.bookings.models import Appointment, Group, Line
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.bookings.services import cancel, set_status
from parlour.plugins.schedule.clocks import moment
from parlour.plugins.schedule.services import Segment, Taken, mirror
from parlour.records.history import undo
from parlour.records.values import Money
from parlour.records.write import Change, save, write
from tests.plugins.bookings.conftest import Salon


@pytest.fixture
def anna(salon: Salon) -> int:
    return salon.person("Anna")


@pytest.fixture
def cut(salon: Salon, anna: int) -> int:
    return salon.service("Haircut", 60, by=[anna])


def on_wall(salon: Salon, hour: float) -> datetime:
    return moment(salon.at(hour)).astimezone(ZoneInfo("Europe/Moscow"))


def sessions_of(salon: Salon, item: int, seats: int = 3, **more: Any) -> int:
    values = {"item": item, "starts": on_wall(salon, 10), "seats": seats, **more}
    return save(salon.session, Group, values)


def over(salon: Salon, visit: int) -> bool:
    return bool(salon.session.scalar(select(Appointment.overlap).where(Appointment.id == visit)))


def test_a_visit_that_another_was_put_over_goes_on(salon: Salon, anna: int, cut: int) -> None:
    below = salon.book(10, Wanted(cut, anna))
    salon.book(10.5, Wanted(cut, anna), force=True)
    mirror(salon.session, "outside", 1, [Segment(salon.at(10), salon.at(11), staff=anna)], since=0)
    before = salon.busy()
    for status in ("arrived", "in_progress", "done"):
        set_status(salon.session, below, status)
    assert salon.busy() == before


def test_a_session_below_a_visit_can_be_written_to(salon: Salon, anna: int, cut: int) -> None:
    group = sessions_of(salon, cut, staff=anna)
    salon.book(10.5, Wanted(cut, anna), force=True)
    save(salon.session, Group, {"note": "Bring mats"}, group)
    with pytest.raises(Taken):
        save(salon.session, Group, {"minutes": 90}, group)


def test_who_was_put_over_one_visit_is_not_put_over_all(salon: Salon, anna: int, cut: int) -> None:
    salon.book(10, Wanted(cut, anna))
    forced = salon.book(10.5, Wanted(cut, anna), force=True)
    salon.book(14, Wanted(cut, anna))
    at = {hour: on_wall(salon, hour) for hour in (10.5, 12, 14.5)}
    with pytest.raises(Taken), salon.session.begin_nested():
        save(salon.session, Appointment, {"starts": at[14.5]}, forced)
    written = write(salon.session, Appointment, [Change({"starts": at[12]}, forced)])
    # In free time it stands over nobody any more.
    assert not over(salon, forced)
    assert written.change_set is not None
    undo(salon.session, written.change_set)
    assert salon.visit(forced).starts == at[10.5] and over(salon, forced)
    line = salon.session.scalars(select(Line.id).where(Line.appointment_id == forced)).one()
    with pytest.raises(Taken), salon.session.begin_nested():
        save(salon.session, Line, {"minutes": 240}, line)


def test_fewer_places_than_are_booked_keep_nobody_from_leaving(salon: Salon, cut: int) -> None:
    group = sessions_of(salon, cut, 6)
    visits = [book_seats(salon.session, group, by="staff").id for _one in range(5)]
    save(salon.session, Group, {"seats": 3}, group)
    for visit in visits[:2]:
        cancel(salon.session, visit, by="staff")
    set_status(salon.session, visits[2], "arrived")
    with pytest.raises(Full), salon.session.begin_nested():
        set_status(salon.session, visits[0], "booked")
    with pytest.raises(Full):
        book_seats(salon.session, group, by="staff")


def test_a_deposit_that_comes_late_is_noted_whatever_became_of_the_session(salon: Salon, cut: int) -> None:
    session = salon.session
    group = sessions_of(salon, cut, 1)
    late, gone = (_given_up(salon, group) for _one in range(2))
    book_seats(session, group, by="staff")
    deposits.receive(session, late)
    assert state(salon, late) == ("cancelled_salon", "paid")
    save(session, Group, {"cancelled": True}, group)
    deposits.receive(session, gone)
    assert state(salon, gone) == ("cancelled_salon", "paid")
    with pytest.raises(Refusal, match="does not take place"):
        set_status(session, gone, "booked")


def state(salon: Salon, visit: int) -> tuple[str, str]:
    columns = (Appointment.status, Appointment.deposit_state)
    return tuple(salon.session.execute(select(*columns).where(Appointment.id == visit)).one())


def _given_up(salon: Salon, group: int) -> int:
    visit = book_seats(salon.session, group, by="staff").id
    deposits.ask(salon.session, visit, Money(Decimal(500), "RUB"))
    values = {
        "status": "cancelled_salon",
        "deposit_state": "lapsed",
        "deposit_until": now() - timedelta(hours=1),
    }
    write(salon.session, Appointment, [Change(values, visit)], system=True)
    return visit


def test_control_a_change_of_time_asks_who_stands_there(salon: Salon, anna: int, cut: int) -> None:
    one, other = (salon.book(hour, Wanted(cut, anna)) for hour in (10, 12))
    with pytest.raises(Taken), salon.session.begin_nested():
        save(salon.session, Appointment, {"starts": on_wall(salon, 12)}, one)
    with occupied.half_written(salon.session, one):
        save(salon.session, Appointment, {"starts": on_wall(salon, 12)}, one)
    occupied.follow(salon.session, [one], anyhow=True)
    assert over(salon, one) and not over(salon, other)
