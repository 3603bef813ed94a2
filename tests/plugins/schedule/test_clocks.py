"""Wall time becomes instants exactly as the clock on the wall shows it, on the days on which clocks are changed too."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from parlour.plugins.schedule.clocks import DAY, instants, midnight, minutes, moment, regimes

# A day in the middle of each, and what is odd about it.
ODD_DAYS = {
    ("Europe/Berlin", date(2026, 3, 29)): "02:00 to 03:00 is left out",
    ("Europe/Berlin", date(2026, 10, 25)): "02:00 to 03:00 comes twice",
    ("America/New_York", date(2026, 3, 8)): "02:00 to 03:00 is left out",
    ("Africa/Cairo", date(2026, 4, 24)): "midnight is left out",
    ("America/Havana", date(2026, 3, 8)): "midnight is left out",
    ("Australia/Lord_Howe", date(2026, 4, 5)): "half an hour comes twice",
    ("America/Santiago", date(2026, 4, 5)): "the hour before midnight came twice",
    ("Europe/Moscow", date(2026, 3, 29)): "nothing",
    ("Pacific/Apia", date(2011, 12, 30)): "the day is left out",
}


@cache
def shown(zone: str, instant: int) -> int:
    """What the clock shows, as minutes of its own since 1970: the long way."""
    local = moment(instant).astimezone(ZoneInfo(zone)).replace(tzinfo=UTC)
    return minutes(local)


@pytest.mark.parametrize(("zone", "day"), list(ODD_DAYS))
@given(hours=some.lists(some.tuples(some.integers(-120, DAY), some.integers(0, 800)), max_size=3))
@settings(max_examples=20, deadline=None)
def test_an_interval_is_what_the_clock_shows_within_it(
    zone: str, day: date, hours: list[tuple[int, int]]
) -> None:
    walls = [(midnight(day) + start, midnight(day) + start + length) for start, length in hours]
    middle = minutes(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    start, end = middle - 2 * DAY, middle + 2 * DAY
    found = {
        instant
        for first, last in instants(walls, regimes(zone, start, end))
        for instant in range(first, last)
    }
    assert found == {
        instant
        for instant in range(start, end)
        if any(first <= shown(zone, instant) < last for first, last in walls)
    }


def test_a_day_has_as_many_minutes_as_it_has() -> None:
    def length(zone: str, day: date) -> int:
        whole = [(midnight(day), midnight(day + timedelta(days=1)))]
        around = minutes(datetime(day.year, day.month, day.day, tzinfo=UTC))
        found = instants(whole, regimes(zone, around - 2 * DAY, around + 2 * DAY))
        return sum(end - start for start, end in found)

    assert length("Europe/Berlin", date(2026, 3, 29)) == 23 * 60
    assert length("Europe/Berlin", date(2026, 10, 25)) == 25 * 60
    assert length("Australia/Lord_Howe", date(2026, 4, 5)) == 24 * 60 + 30
    assert length("Europe/Moscow", date(2026, 3, 29)) == 24 * 60
    assert length("Pacific/Apia", date(2011, 12, 30)) == 0
