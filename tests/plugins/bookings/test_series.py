"""Visits that repeat are all there or none, at the same time on the wall, and each can go its own way."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from parlour.access.organisations import save_branch
from parlour.errors import Refusal
from parlour.plugins.bookings.models import Appointment
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.bookings.series import SeriesTaken, book_series, cancel_following, preview, starts_of
from parlour.plugins.bookings.services import move
from parlour.plugins.schedule.clocks import DAY, moment
from tests.plugins.bookings.conftest import Salon


@pytest.fixture
def anna(salon: Salon) -> int:
    return salon.person("Anna")


@pytest.fixture
def cut(salon: Salon, anna: int) -> int:
    return salon.service("Haircut", 60, by=[anna])


def visits(salon: Salon) -> int:
    return salon.session.scalar(select(func.count()).select_from(Appointment)) or 0


def test_t_b17_a_series_is_whole_or_not_at_all(salon: Salon, anna: int, cut: int) -> None:
    weekly = starts_of(salon.at(10), salon.zone, 1, "week", 10)
    assert [later - one for one, later in pairwise(weekly)] == [7 * DAY] * 9
    salon.book(10.5, Wanted(cut, anna))
    moved = salon.session.scalars(select(Appointment.id)).one()
    move(salon.session, moved, weekly[2] + 30, by="staff")
    said = preview(salon.session, [Wanted(cut, anna)], weekly, by="staff")
    assert [one.free for one in said] == [True, True, False, *[True] * 7]
    with pytest.raises(SeriesTaken, match="1 of 10") as refused:
        book_series(salon.session, [Wanted(cut, anna)], weekly, by="staff")
    assert refused.value.planned == said and visits(salon) == 1 and len(salon.busy()) == 1
    made = book_series(salon.session, [Wanted(cut, anna)], weekly, by="staff", skip={2})
    assert len(made) == 9 and visits(salon) == 10
    series = set(salon.session.scalars(select(Appointment.series).where(Appointment.id.in_(made))))
    assert series == {made[0]}


def test_one_moves_and_the_others_stay(salon: Salon, anna: int, cut: int) -> None:
    weekly = starts_of(salon.at(10), salon.zone, 1, "week", 4)
    made = book_series(salon.session, [Wanted(cut, anna)], weekly, by="staff")
    move(salon.session, made[1], weekly[1] + 120, by="staff")
    assert {row[2] for row in salon.busy()} == {weekly[0], weekly[1] + 120, weekly[2], weekly[3]}


def test_this_and_following_are_exactly_those(salon: Salon, anna: int, cut: int) -> None:
    weekly = starts_of(salon.at(10), salon.zone, 1, "week", 5)
    made = book_series(salon.session, [Wanted(cut, anna)], weekly, by="staff")
    assert cancel_following(salon.session, made[2], by="staff") == made[2:]
    statuses = dict(salon.session.execute(select(Appointment.id, Appointment.status)).all())
    assert [statuses[one] for one in made] == ["booked", "booked", *["cancelled_salon"] * 3]
    assert len(salon.busy()) == 2
    alone = salon.book(15, Wanted(cut, anna))
    assert cancel_following(salon.session, alone, by="staff") == [alone]


def test_ten_oclock_stays_ten_oclock(salon: Salon) -> None:
    branch = save_branch(salon.session, None, {"name": "Berlin", "zone": "Europe/Berlin"}).id
    salon.zone, salon.day = "Europe/Berlin", date(2026, 10, 18)
    anna = salon.person("Anna", branch=branch)
    cut = salon.service("Haircut", 60, by=[anna])
    weekly = starts_of(salon.at(10), salon.zone, 1, "week", 3)
    assert weekly[1] - weekly[0] == 7 * DAY + 60 and weekly[2] - weekly[1] == 7 * DAY
    made = book_series(salon.session, [Wanted(cut)], weekly, by="staff", branch_id=branch)
    walls = salon.session.scalars(select(Appointment.starts_wall).where(Appointment.id.in_(made))).all()
    assert {wall[11:] for wall in walls} == {"10:00"}


@pytest.mark.parametrize(
    ("day", "every", "unit", "expected"),
    [
        (date(2031, 1, 31), 1, "month", ["01-31", "02-28", "03-31"]),
        (date(2031, 11, 30), 2, "month", ["11-30", "01-30", "03-30"]),
        (date(2031, 5, 5), 10, "day", ["05-05", "05-15", "05-25"]),
    ],
)
def test_days_of_a_series(salon: Salon, day: date, every: int, unit: str, expected: list[str]) -> None:
    starts = starts_of(salon.at(12, day), "UTC", every, unit, 3)  # type: ignore[arg-type]
    assert [f"{moment(start):%m-%d}" for start in starts] == expected


def test_a_series_has_an_end(salon: Salon) -> None:
    for count, every in ((0, 1), (1000, 1), (5, 0), (5, 1000)):
        with pytest.raises(Refusal):
            starts_of(salon.at(10), salon.zone, every, "week", count)
