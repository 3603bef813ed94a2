"""Days and birthdays as people write them."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.records.parse import day, day_order, moment

TODAY = date(2026, 3, 1)
BIRTHDAYS = st.dates(date(1930, 1, 1), date(2025, 12, 31))
RUSSIAN = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря".split()  # noqa: SIM905
ENGLISH = "January February March April May June July August September October November December".split()  # noqa: SIM905


def spellings(born: date) -> list[object]:
    """The same day in all the ways in which a column may hold it."""
    d, m, y = born.day, born.month, born.year
    serial = (born - date(1899, 12, 30)).days
    return [
        born,
        datetime(y, m, d),  # noqa: DTZ001 - cells have no zone
        born.isoformat(),
        f"{born:%d.%m.%Y}",
        f"{d}.{m}.{y}",
        f"{born:%d/%m/%Y}",
        f"{born:%d-%m-%Y}",
        f"{born:%d %m %Y}",
        f"{born:%Y/%m/%d}",
        f"{born:%Y.%m.%d}",
        f"{born:%Y%m%d}",
        f"{born:%d%m%Y}",
        f"{d} {RUSSIAN[m - 1]} {y}",
        f"{d} {RUSSIAN[m - 1]} {y} г.",
        f"{d} {RUSSIAN[m - 1][:3].upper()} {y}",
        f"{d}-{RUSSIAN[m - 1][:3]}-{y}",
        f"{ENGLISH[m - 1]} {d}, {y}",
        f"{d} {ENGLISH[m - 1][:3]} {y}",
        f"{born:%d.%m.%Y} 0:00:00",
        f"{born.isoformat()} 00:00:00",
        f"{born.isoformat()}T00:00:00.000Z",
        f"{born:%d.%m.%Y} г.р.",
        f"\u00a0{born:%d.%m.%Y}\u200b",
        float(serial),
        serial,
        str(serial),
    ]


@given(BIRTHDAYS)
def test_a_day_is_the_same_in_every_spelling(born: date) -> None:
    for cell in spellings(born):
        found = day(cell, TODAY)  # type: ignore[arg-type]
        assert (found.value, found.rest) == (born.isoformat(), ""), cell


@given(BIRTHDAYS)
def test_a_day_without_a_year_is_the_same_in_every_spelling(born: date) -> None:
    d, m = born.day, born.month
    wanted = f"--{m:02d}-{d:02d}"
    for cell in (
        wanted,
        f"--{m:02d}{d:02d}",
        f"{d:02d}.{m:02d}",
        f"{d}.{m}.",
        f"{d} {RUSSIAN[m - 1]}",
        f"{d} {RUSSIAN[m - 1][:3]}.",
        f"{ENGLISH[m - 1]} {d}",
        f"1604-{m:02d}-{d:02d}",
        f"0000-{m:02d}-{d:02d}",
    ):
        assert day(cell, TODAY).value == wanted, cell


@given(st.dates(date(1927, 1, 1), date(2026, 3, 1)))
def test_a_year_of_two_digits_is_the_latest_that_has_passed(born: date) -> None:
    for cell in (
        f"{born:%d.%m.%y}",
        f"{born:%d/%m/%y}",
        f"{born:%d-%m-%y}",
        f"{born.day} {RUSSIAN[born.month - 1]} {born:%y}",
    ):
        assert day(cell, TODAY).value == born.isoformat(), cell


@given(st.text(max_size=30))
def test_no_text_is_lost(text: str) -> None:
    found = day(text, TODAY)
    if any(char.isalpha() for char in text):
        assert found.value or found.rest


@pytest.mark.parametrize(
    "text",
    [
        "31.02.1990",
        "2057-04-08",
        "01.01.1900",
        "1956",
        "13.13.1990",
        "29.02.57",
        "в мае",
        "32 мая",
        "апрель 1956",
    ],
)
def test_what_is_no_birthday_stays_as_it_is_written(text: str) -> None:
    found = day(text, TODAY)
    assert (found.value, found.rest) == (None, text)


def test_empty_dates_of_other_programs_are_nothing() -> None:
    for text in ("", "00.00.0000", "0000-00-00", "0/0/00", "-", "—"):
        assert day(text, TODAY) == day("", TODAY)


def test_days_come_first_unless_only_the_other_order_makes_a_date() -> None:
    assert day("04/08/1956", TODAY).value == "1956-08-04"
    assert day("04/18/1956", TODAY).value == "1956-04-18"
    assert day("04/08/1956", TODAY, "mdy").value == "1956-04-08"
    assert day("18/04/1956", TODAY, "mdy").value == "1956-04-18"


def test_a_column_shows_its_order() -> None:
    assert day_order(["04/08/1956", "09/24/1989", None]) == "mdy"
    assert day_order(["04/08/1956", "24/09/1989", "09/24/1989"]) == "dmy"
    assert day_order(["04/08/1956"]) == "dmy"


def test_a_day_that_is_no_birthday_may_lie_ahead() -> None:
    assert day("31.12.2030").value == "2030-12-31"
    assert day("31.12.2030", TODAY).value is None


def test_a_time_of_day_is_kept() -> None:
    found = day("1956-04-08 14:30", TODAY)
    assert (found.value, found.rest) == ("1956-04-08", "1956-04-08 14:30")


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("2026-05-04T09:30:00Z", "2026-05-04T09:30:00+00:00"),
        ("2026-05-04 09:30:15+03:00", "2026-05-04T09:30:15+03:00"),
        ("04.05.2026 18:30", "2026-05-04T18:30:00"),
        ("4 мая 2026, 9:05", "2026-05-04T09:05:00"),
        ("May 4, 2026 12:15 AM", "2026-05-04T00:15:00"),
        ("4.5.26", "2026-05-04T00:00:00"),
        (datetime(2026, 5, 4, 9, 30), "2026-05-04T09:30:00"),  # noqa: DTZ001
        ("25:00", None),
        ("04.05.2026 25:00", None),
        ("04.05", None),
        ("tomorrow", None),
    ],
)
def test_a_moment_is_a_day_and_a_time(cell: object, wanted: str | None) -> None:
    found = moment(cell)  # type: ignore[arg-type]
    assert (found.value, found.rest) == (wanted, "" if wanted else str(cell))
