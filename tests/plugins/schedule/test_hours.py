"""When specialists are there: what a person would read from their hours, minute by minute."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import Engine

from parlour.access.organisations import save_branch
from parlour.db.session import Session
from parlour.errors import Invalid
from parlour.plugins.schedule.clocks import DAY, minutes, moment
from parlour.plugins.schedule.hours import plans
from parlour.plugins.schedule.intervals import Interval
from parlour.plugins.schedule.models import Absence, Resource, Shift, Staff
from parlour.plugins.schedule.services import free_time
from parlour.records.actions import run_action
from parlour.records.write import Change, save, write
from parlour.testing.site import Enter, statements

# Berlin puts its clocks forward on 29 March 2026, back on 25 October; the fixture's organisation is in Moscow.
BERLIN, MOSCOW = "Europe/Berlin", "Europe/Moscow"
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def at(zone: str, day: date, hour: int, minute: int = 0) -> int:
    return minutes(datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone)))


def said(intervals: list[Interval], zone: str) -> list[str]:
    zoned = ZoneInfo(zone)
    return [
        "–".join(f"{moment(edge).astimezone(zoned):%d %H:%M}" for edge in interval) for interval in intervals
    ]


@pytest.fixture
def berlin(session: Session) -> int:
    return save_branch(session, None, {"name": "Berlin", "zone": BERLIN}).id


def present(
    session: Session, staff: int, day: date, days: int = 1, zone: str = MOSCOW, **more: Any
) -> list[str]:
    start, end = at(zone, day, 0), at(zone, day + timedelta(days=days), 0)
    return said(plans(session, start, end, staff=[staff], **more).staff[staff].present, zone)


def line(weekday: int, opens: str, closes: str, **more: Any) -> dict[str, Any]:
    return {"weekday": str(weekday), "opens": opens, "closes": closes, **more}


def test_the_week_repeats_and_breaks_are_gaps_between_lines(session: Session) -> None:
    hours = [line(1, "9:00", "13:00"), line(1, "14", "18.30"), line(3, "09:00", "12:00")]
    anna = save(session, Staff, {"name": "Anna", "hours": hours})
    monday = date(2026, 5, 4)
    assert present(session, anna, monday, 9) == [
        "04 09:00–04 13:00",
        "04 14:00–04 18:30",
        "06 09:00–06 12:00",
        "11 09:00–11 13:00",
        "11 14:00–11 18:30",
    ]


def test_hours_over_midnight_belong_to_the_day_on_which_they_begin(session: Session) -> None:
    anna = save(session, Staff, {"name": "Anna", "hours": [line(6, "22:00", "2:00")]})
    assert present(session, anna, date(2026, 5, 10)) == ["10 00:00–10 02:00"]
    save(session, Absence, {"staff": anna, "since": date(2026, 5, 10), "until": date(2026, 5, 10)})
    assert present(session, anna, date(2026, 5, 9), 2) == ["09 22:00–10 00:00"]


def test_lines_that_begin_later_and_end_earlier(session: Session) -> None:
    hours = [
        line(1, "9:00", "12:00", until=date(2026, 5, 4)),
        line(1, "15:00", "18:00", since=date(2026, 5, 11)),
    ]
    anna = save(session, Staff, {"name": "Anna", "hours": hours, "until": date(2026, 5, 17)})
    assert present(session, anna, date(2026, 5, 4), 21) == ["04 09:00–04 12:00", "11 15:00–11 18:00"]


def test_a_shift_stands_instead_of_the_weeks_lines(session: Session) -> None:
    anna = save(session, Staff, {"name": "Anna", "hours": [line(1, "9:00", "18:00")]})
    for opens, closes in (("8:00", "10:00"), ("20:00", "0:00")):
        save(session, Shift, {"staff": anna, "day": date(2026, 5, 4), "opens": opens, "closes": closes})
    assert present(session, anna, date(2026, 5, 4), 8) == [
        "04 08:00–04 10:00",
        "04 20:00–05 00:00",
        "11 09:00–11 18:00",
    ]


def test_absences_of_one_of_a_branch_and_of_all(session: Session, berlin: int) -> None:
    every_day = [line(weekday, "9:00", "18:00") for weekday in range(1, 8)]
    anna = save(session, Staff, {"name": "Anna", "hours": every_day, "branch": berlin})
    boris = save(session, Staff, {"name": "Boris", "hours": every_day})
    may = [date(2026, 5, number) for number in range(3, 8)]
    save(
        session,
        Absence,
        {"staff": anna, "since": may[0], "until": may[0], "since_time": "12:00", "until_time": "13:30"},
    )
    save(session, Absence, {"branch": berlin, "since": may[1], "until": may[1]})
    save(session, Absence, {"since": may[2], "since_time": "15:00", "until": may[3], "until_time": "10:00"})
    gone = save(session, Absence, {"since": may[4], "until": may[4]})
    write(session, Absence, [Change(id=gone, act="archive")])
    assert present(session, anna, may[0], 4, BERLIN) == [
        "03 09:00–03 12:00",
        "03 13:30–03 18:00",
        "05 09:00–05 15:00",
        "06 10:00–06 18:00",
    ]
    assert present(session, boris, may[1], 4) == [
        "04 09:00–04 18:00",
        "05 09:00–05 15:00",
        "06 10:00–06 18:00",
        "07 09:00–07 18:00",
    ]


def test_hours_are_on_the_wall_of_their_branch(session: Session, berlin: int) -> None:
    hours = [line(1, "9:00", "12:00", branch=berlin), line(1, "15:00", "18:00")]
    anna = save(session, Staff, {"name": "Anna", "hours": hours})
    monday = date(2026, 5, 4)
    assert present(session, anna, monday) == ["04 10:00–04 13:00", "04 15:00–04 18:00"]
    assert present(session, anna, monday, branch_id=berlin) == ["04 10:00–04 13:00", "04 16:00–04 19:00"]


@pytest.mark.parametrize(
    ("opens", "closes", "spring", "autumn"),
    [
        ("1:00", "5:00", ["29 01:00–29 05:00"], ["25 01:00–25 05:00"]),
        ("9:00", "17:00", ["29 09:00–29 17:00"], ["25 09:00–25 17:00"]),
        ("13:00", "18:00", ["29 13:00–29 18:00"], ["25 13:00–25 18:00"]),
        ("22:00", "2:00", ["29 22:00–30 02:00"], ["25 22:00–26 02:00"]),
        ("2:15", "2:45", [], ["25 02:15–25 02:45", "25 02:15–25 02:45"]),
    ],
)
def test_hours_on_days_with_another_clock(
    session: Session, berlin: int, opens: str, closes: str, spring: list[str], autumn: list[str]
) -> None:
    anna = save(session, Staff, {"name": "Anna", "branch": berlin, "hours": [line(7, opens, closes)]})
    assert present(session, anna, SPRING, 2, BERLIN) == spring
    assert present(session, anna, AUTUMN, 2, BERLIN) == autumn


def test_a_resource_without_hours_is_always_there(session: Session) -> None:
    room = save(session, Resource, {"name": "Room"})
    chair = save(session, Resource, {"name": "Chair", "hours": [line(1, "9:00", "18:00")]})
    start, end = at(MOSCOW, date(2026, 5, 4), 0), at(MOSCOW, date(2026, 5, 5), 0)
    found = free_time(session, start, end, resources=[room, chair])
    assert found.resource(room) == [(start, end)]
    assert said(found.resource(chair), MOSCOW) == ["04 09:00–04 18:00"]
    save(session, Absence, {"resource": room, "since": date(2026, 5, 4), "until": date(2026, 5, 4)})
    assert free_time(session, start, end, resources=[room]).resource(room) == []


def test_who_is_archived_is_not_offered(session: Session) -> None:
    anna = save(session, Staff, {"name": "Anna", "hours": [line(1, "9:00", "18:00")]})
    write(session, Staff, [Change(id=anna, act="archive")])
    assert free_time(session, 0, DAY, staff=[anna]).staff == {}


@pytest.mark.parametrize(
    "lines",
    [
        [line(1, "9:00", "13:00"), line(1, "12:00", "18:00")],
        [line(7, "22:00", "2:00"), line(1, "1:00", "5:00")],
        [line(2, "9:00", "9:00"), line(2, "12:00", "13:00")],
        [line(1, "9:00", "13:00", since=date(2026, 5, 4), until=date(2026, 5, 1))],
    ],
)
def test_lines_that_cannot_be(session: Session, lines: list[dict[str, Any]]) -> None:
    with pytest.raises(Invalid) as refused:
        save(session, Staff, {"name": "Anna", "hours": lines})
    assert set(refused.value.fields) == {"hours"}


def test_lines_of_different_seasons_may_be_the_same_hours(session: Session) -> None:
    lines = [
        line(1, "9:00", "13:00", until=date(2026, 5, 31)),
        line(1, "10:00", "14:00", since=date(2026, 6, 1)),
    ]
    assert save(session, Staff, {"name": "Anna", "hours": lines})


def test_shifts_and_absences_that_cannot_be(session: Session) -> None:
    anna = save(session, Staff, {"name": "Anna"})
    day = date(2026, 5, 4)
    save(session, Shift, {"staff": anna, "day": day, "opens": "9:00", "closes": "13:00"})
    for record, values, field in (
        (Shift, {"staff": anna, "day": day, "opens": "12:00", "closes": "18:00"}, "opens"),
        (Absence, {"staff": anna, "since": day, "until": day - timedelta(days=1)}, "until"),
        (Absence, {"since": day, "until": day, "since_time": "12:00", "until_time": "11:00"}, "until"),
        (
            Absence,
            {
                "staff": anna,
                "resource": save(session, Resource, {"name": "Room"}),
                "since": day,
                "until": day,
            },
            "branch",
        ),
        (Shift, {"staff": anna, "day": day, "opens": "25:00", "closes": "18:00"}, "opens"),
    ):
        with pytest.raises(Invalid) as refused:
            save(session, record, values)
        assert set(refused.value.fields) == {field}


def test_queries_do_not_grow_with_staff_and_days(session: Session, engine: Engine) -> None:
    def cost(people: int, days: int) -> int:
        ids = [
            save(session, Staff, {"name": "Anna", "hours": [line(1, "9:00", "18:00")]})
            for _n in range(people)
        ]
        rooms = [save(session, Resource, {"name": "Room"}) for _n in range(people)]
        start = at(MOSCOW, date(2026, 5, 4), 0)
        with statements(engine) as seen:
            free_time(session, start, start + days * DAY, staff=ids, resources=rooms)
        return len(seen)

    cost(1, 1)
    assert cost(1, 1) == cost(6, 60) == 1


WEEK = some.lists(
    some.tuples(some.integers(1, 7), some.integers(0, 47), some.integers(0, 47)),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one[0],
)
DATES = some.integers(-2, 3)


@given(
    weekly=WEEK,
    shifts=some.lists(
        some.tuples(DATES, some.integers(0, 47), some.integers(0, 47)),
        max_size=3,
        unique_by=lambda one: one[0],
    ),
    away=some.lists(
        some.tuples(DATES, some.integers(0, 47), some.integers(0, 2), some.integers(1, 47)), max_size=2
    ),
    odd=some.sampled_from([SPRING, AUTUMN, date(2026, 5, 6)]),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_presence_is_what_the_wall_clock_says_each_minute(
    session: Session,
    berlin: int,
    weekly: list[tuple[int, int, int]],
    shifts: list[tuple[int, int, int]],
    away: list[tuple[int, int, int, int]],
    odd: date,
) -> None:
    """The oracle asks for each quarter of an hour what the clock in Berlin shows, and reads the lines as a person does."""

    def clock(half_hour: int) -> str:
        return f"{half_hour // 2}:{half_hour % 2 * 30:02}"

    with session.begin_nested() as kept:
        try:
            hours = [line(weekday, clock(opens), clock(closes)) for weekday, opens, closes in weekly]
            anna = save(session, Staff, {"name": "Anna", "branch": berlin, "hours": hours})
            for days, opens, closes in shifts:
                day = odd + timedelta(days=days)
                save(
                    session,
                    Shift,
                    {"staff": anna, "day": day, "opens": clock(opens), "closes": clock(closes)},
                )
            for days, begin, longer, finish in away:
                since = odd + timedelta(days=days)
                until = since + timedelta(days=longer)
                values = {
                    "since": since,
                    "until": until,
                    "since_time": clock(begin),
                    "until_time": clock(finish),
                }
                save(session, Absence, {"staff": anna, **values})
        except Invalid:  # overlapping lines, an absence that ends before it begins
            kept.rollback()
            return
        start, end = at(BERLIN, odd - timedelta(days=1), 0), at(BERLIN, odd + timedelta(days=2), 0)
        found = plans(session, start, end, staff=[anna]).staff[anna].present
        kept.rollback()
    quarters = {instant for first, last in found for instant in range(first, last, 15)}
    zone = ZoneInfo(BERLIN)

    def works(instant: int) -> bool:
        local = moment(instant).astimezone(zone).replace(tzinfo=None)
        for days, begin, longer, finish in away:
            since = datetime.combine(odd, time()) + timedelta(days=days)
            if (
                since + timedelta(minutes=30 * begin)
                <= local
                < since + timedelta(days=longer, minutes=30 * finish)
            ):
                return False
        for back in (0, 1):
            day = local.date() - timedelta(days=back)
            dated = [(opens, closes) for days, opens, closes in shifts if odd + timedelta(days=days) == day]
            usual = [(opens, closes) for weekday, opens, closes in weekly if weekday == day.isoweekday()]
            for opens, closes in dated or usual:
                begins = datetime.combine(day, time()) + timedelta(minutes=30 * opens)
                length = (closes - opens) % 48 or 48
                if begins <= local < begins + timedelta(minutes=30 * length):
                    return True
        return False

    assert quarters == {instant for instant in range(start, end, 15) if works(instant)}


def test_several_days_get_the_same_hours_at_once(session: Session, berlin: int) -> None:
    there = [line(1, "12:00", "13:00"), line(2, "7:00", "8:00", branch=berlin), line(6, "10:00", "11:00")]
    anna = save(session, Staff, {"name": "Anna", "hours": there})
    boris = save(session, Staff, {"name": "Boris"})
    asked = {"days": "12345", "opens": "9:00", "closes": "18:00"}
    for _again in range(2):
        run_action(session, "schedule.staff", [anna, boris], "same_hours", asked)
        assert present(session, anna, date(2026, 5, 11), 7) == [
            "11 09:00–11 18:00",
            # Seven in Berlin is eight in Moscow.
            "12 08:00–12 18:00",
            "13 09:00–13 18:00",
            "14 09:00–14 18:00",
            "15 09:00–15 18:00",
            "16 10:00–16 11:00",
        ]
        assert len(present(session, boris, date(2026, 5, 11), 7)) == 5


def test_a_line_of_hours_reads_from_until(session: Session, login: Enter) -> None:
    anna = save(session, Staff, {"name": "Anna", "hours": [line(1, "9:00", "18:00")]})
    session.commit()
    card = login("owner").get(f"/o/jasmine/r/schedule.staff/{anna}")
    assert "9:00\u202fAM–6:00\u202fPM" in card.html.get_text()
