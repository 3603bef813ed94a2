"""Visits that repeat are all there or none, at the same time on the wall, and each can go its own way."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import Engine, func, select

from parlour.access.organisations import save_branch
from parlour.errors import Invalid, Refusal
from parlour.plugins.bookings.models import Appointment
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.bookings.series import (
    SeriesTaken,
    Unit,
    cancel_following,
    following,
    move_following,
    preview,
    repeat,
    starts_of,
)
from parlour.plugins.bookings.services import cancel, move
from parlour.plugins.schedule.clocks import DAY, moment
from parlour.records.actions import run_action
from parlour.records.history import undo
from parlour.testing.site import Enter, statements
from tests.plugins.bookings.conftest import Salon


@pytest.fixture
def anna(salon: Salon) -> int:
    return salon.person("Anna")


@pytest.fixture
def cut(salon: Salon, anna: int) -> int:
    return salon.service("Haircut", 60, by=[anna])


def visits(salon: Salon) -> int:
    return salon.session.scalar(select(func.count()).select_from(Appointment)) or 0


def test_a_season_is_looked_through_at_once(salon: Salon, engine: Engine, anna: int, cut: int) -> None:
    def cost(count: int) -> int:
        weekly = starts_of(salon.at(10), salon.zone, 1, "week", count)
        with statements(engine) as seen:
            preview(salon.session, [Wanted(cut, anna)], weekly, by="staff", near=2)
        return len(seen)

    cost(1)
    assert cost(13) == cost(1) and cost(26) <= 2 * cost(1)


def test_t_b17_a_series_is_whole_or_not_at_all(salon: Salon, anna: int, cut: int) -> None:
    weekly = starts_of(salon.at(10), salon.zone, 1, "week", 10)
    assert [later - one for one, later in pairwise(weekly)] == [7 * DAY] * 9
    salon.book(10.5, Wanted(cut, anna))
    moved = salon.session.scalars(select(Appointment.id)).one()
    move(salon.session, moved, weekly[2] + 30, by="staff")
    said = preview(salon.session, [Wanted(cut, anna)], weekly, by="staff")
    assert [one.free for one in said] == [True, True, False, *[True] * 7]
    first = salon.book(10, Wanted(cut, anna))
    with pytest.raises(SeriesTaken, match="1 of 9") as refused:
        repeat(salon.session, first, weekly[1:])
    assert refused.value.planned == said[1:] and visits(salon) == 2 and len(salon.busy()) == 2
    more, _change_set = repeat(salon.session, first, [weekly[1], *weekly[3:]])
    made = [first, *more]
    assert len(made) == 9 and visits(salon) == 10
    series = set(salon.session.scalars(select(Appointment.series).where(Appointment.id.in_(made))))
    assert series == {made[0]}


def test_one_moves_and_the_others_stay(salon: Salon, anna: int, cut: int) -> None:
    weekly = starts_of(salon.at(10), salon.zone, 1, "week", 4)
    made = salon.series(weekly, Wanted(cut, anna))
    move(salon.session, made[1], weekly[1] + 120, by="staff")
    assert {row[2] for row in salon.busy()} == {weekly[0], weekly[1] + 120, weekly[2], weekly[3]}


def test_this_and_following_are_exactly_those(salon: Salon, anna: int, cut: int) -> None:
    weekly = starts_of(salon.at(10), salon.zone, 1, "week", 5)
    made = salon.series(weekly, Wanted(cut, anna))
    assert cancel_following(salon.session, made[2], "cancelled_salon")[0] == made[2:]
    statuses = dict(salon.session.execute(select(Appointment.id, Appointment.status)).all())
    assert [statuses[one] for one in made] == ["booked", "booked", *["cancelled_salon"] * 3]
    assert len(salon.busy()) == 2
    alone = salon.book(15, Wanted(cut, anna))
    assert cancel_following(salon.session, alone, "cancelled_salon")[0] == [alone]


def test_ten_oclock_stays_ten_oclock(salon: Salon) -> None:
    branch = save_branch(salon.session, None, {"name": "Berlin", "zone": "Europe/Berlin"}).id
    salon.zone, salon.day = "Europe/Berlin", date(2026, 10, 18)
    anna = salon.person("Anna", branch=branch)
    cut = salon.service("Haircut", 60, by=[anna])
    weekly = starts_of(salon.at(10), salon.zone, 1, "week", 3)
    assert weekly[1] - weekly[0] == 7 * DAY + 60 and weekly[2] - weekly[1] == 7 * DAY
    made = salon.series(weekly, Wanted(cut), branch_id=branch)
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


@pytest.mark.parametrize(
    ("first", "unit", "count", "days"),
    [
        (date(2026, 1, 31), "month", 4, ["31.01", "28.02", "31.03", "30.04"]),
        (date(2026, 1, 16), "weekday", 4, ["16.01", "20.02", "20.03", "17.04"]),
        # There is no fifth Friday in February and March: their last one.
        (date(2026, 1, 30), "weekday", 4, ["30.01", "27.02", "27.03", "24.04"]),
        (date(2026, 1, 5), "week", 3, ["05.01", "12.01", "19.01"]),
    ],
)
def test_a_rule_comes_to_these_days(
    salon: Salon, first: date, unit: Unit, count: int, days: list[str]
) -> None:
    starts = starts_of(salon.at(10, first), salon.zone, 1, unit, count)
    assert [f"{moment(at):%d.%m}" for at in starts] == days
    until = starts_of(salon.at(10, first), salon.zone, 1, unit, count, until=first + timedelta(days=13))
    assert len(until) == (2 if unit == "week" else 1)
    with pytest.raises(Refusal, match="1 to 60"):
        starts_of(salon.at(10, first), salon.zone, 1, unit, 61)


def test_a_visit_is_repeated_whole_or_not_at_all_and_undone_at_once(
    salon: Salon, anna: int, cut: int
) -> None:
    visit = salon.book(10, Wanted(cut, anna), values={"visitor": "Olga"})
    later = [salon.at(10) + week * 7 * DAY for week in (1, 2, 3)]
    moved = salon.book(12, Wanted(cut, anna))
    move(salon.session, moved, later[1], by="staff")
    with pytest.raises(SeriesTaken, match="1 of 3"):
        repeat(salon.session, visit, later)
    assert visits(salon) == 2
    said = preview(salon.session, [Wanted(cut, anna)], later, by="staff", near=2)
    assert [one.free for one in said] == [True, False, True]
    assert said[1].near == (later[1] - 60, later[1] + 60) and said[0].near == ()
    made, change_set = repeat(salon.session, visit, [later[0], said[1].near[1]])
    rows = salon.session.execute(
        select(Appointment.visitor, Appointment.series).order_by(Appointment.id)
    ).all()
    assert [tuple(row) for row in rows if row.series] == [("Olga", visit)] * 3 and len(made) == 2
    # A series goes on from any of its visits.
    repeat(salon.session, made[1], [later[2]])
    assert following(salon.session, made[0])[1:] == [made[1], made[1] + 1]
    undo(salon.session, change_set)
    assert following(salon.session, visit) == [visit]


def test_what_repeats_takes_as_long_as_it_was_agreed_on(salon: Salon, anna: int, cut: int) -> None:
    salon.person("Boris")
    long = salon.book(10, Wanted(cut, anna, 90))
    weekly = starts_of(salon.at(10), salon.zone, 1, "week", 3)[1:]
    for start, anybody in zip(weekly, (False, True), strict=True):
        [made], _change_set = repeat(salon.session, long, [start], anybody=anybody)
        assert [line.minutes for line in salon.lines(made)] == [90]


def test_this_and_following_move_all_or_none(salon: Salon, anna: int, cut: int) -> None:
    weekly = starts_of(salon.at(10), salon.zone, 1, "week", 4)
    made = salon.series(weekly, Wanted(cut, anna))
    # A week on: each into the place that the next one leaves.
    ids, change_set = move_following(salon.session, made[1], weekly[2] + 30)
    assert ids == made[1:]
    assert sorted(row[2] for row in salon.busy()) == [weekly[0], *(at + 30 + 7 * DAY for at in weekly[1:])]
    undo(salon.session, change_set)
    assert sorted(row[2] for row in salon.busy()) == weekly
    other = salon.book(12, Wanted(cut, anna))
    move(salon.session, other, weekly[3] + 120, by="staff")
    with pytest.raises(SeriesTaken, match="1 of 3"):
        move_following(salon.session, made[1], weekly[1] + 90)
    assert sorted(row[2] for row in salon.busy())[:4] == weekly
    with pytest.raises(Invalid):
        run_action(
            salon.session,
            "bookings.appointment",
            [made[1]],
            "move_following",
            {"starts": moment(weekly[1] + 90).isoformat()},
        )
    done = run_action(salon.session, "bookings.appointment", [made[2]], "cancel_following", {"by": "client"})
    assert done.message.mapping == {"n": 2} and done.change_set is not None
    assert len(salon.busy()) == 3
    undo(salon.session, done.change_set)
    assert len(salon.busy()) == 5


def test_the_page_shows_the_days_and_books_what_was_chosen(
    login: Enter, salon: Salon, anna: int, cut: int
) -> None:
    visit = salon.book(10, Wanted(cut, anna))
    taken = salon.book(12, Wanted(cut, anna))
    move(salon.session, taken, salon.at(10) + 14 * DAY, by="staff")
    salon.session.commit()
    desk = login("receptionist")
    page = desk.get(f"/o/jasmine/r/bookings.appointment/{visit}").click("Repeat", href="/repeat")
    form = next(one for one in page.forms.values() if "every" in one.fields)
    form["count"] = "3"
    page = form.submit()
    chosen = next(one for one in page.forms.values() if "at" in one.fields)
    assert [box.value for box in chosen.fields["at"]] == [
        str(salon.at(10) + 7 * DAY),
        "",
        str(salon.at(10) + 21 * DAY),
    ]
    # Somebody takes one of the days meanwhile: what was chosen for the others stays.
    chosen.fields["at"][2].value = ""
    fast = salon.book(14, Wanted(cut, anna))
    move(salon.session, fast, salon.at(10) + 7 * DAY, by="staff")
    salon.session.commit()
    again = chosen.submit(status=409)
    left = next(one for one in again.forms.values() if "at" in one.fields)
    assert [box.value for box in left.fields["at"]] == ["", "", ""]
    cancel(salon.session, fast, by="staff")
    salon.session.commit()
    chosen.fields["at"][2].value = str(salon.at(10) + 21 * DAY)
    desk.post(chosen.action, {"at": "9" * 11, "csrf_token": chosen["csrf_token"].value}, status=409)
    page = chosen.submit().follow()
    assert "Booked visits: 2." in page and "The series" in page
    salon.session.rollback()
    assert len(following(salon.session, visit)) == 3
    salon.session.rollback()
    assert "A series has 1 to 60 visits." in desk.get(f"/o/jasmine/bookings/visits/{visit}/repeat?count=999")
    login(None).get(f"/o/jasmine/bookings/visits/{visit}/repeat", status=(302, 303, 401, 403))
