"""Wall clocks: which instants a time of day on a date stands for.

Instants and wall times are whole minutes since 1970-01-01 00:00, in UTC and on a wall. A wall time in the hour that is left out
in spring stands for no instant, one in the hour that comes twice in autumn for two. An interval of wall time is therefore all
instants at which the clock shows a time within it; nothing shifts, and nothing is counted twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from parlour.plugins.schedule.intervals import Interval, union

DAY = 1440
_FIRST = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Clocks are never changed twice within so many minutes.
_STEP = 12 * 60


@dataclass(frozen=True)
class Regime:
    """A stretch of instants during which a zone's clocks are `offset` minutes ahead of UTC."""

    start: int
    end: int
    offset: int


def minutes(moment: datetime) -> int:
    """An aware moment as minutes since 1970 in UTC; seconds are cut off."""
    return int((moment - _EPOCH).total_seconds() // 60)


def moment(instant: int) -> datetime:
    """Minutes since 1970 as a moment in UTC."""
    return _EPOCH + timedelta(minutes=instant)


def midnight(day: date) -> int:
    """When a day begins on the wall."""
    return (day.toordinal() - _FIRST) * DAY


def day_of(wall: int) -> date:
    """The date of a wall time."""
    return date.fromordinal(wall // DAY + _FIRST)


@lru_cache(maxsize=10_000)
def offset_at(zone: str, instant: int) -> int:
    """How many minutes the clocks of a zone are ahead of UTC at an instant."""
    offset = moment(instant).astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds() // 60)


def wall(zone: str, instant: int) -> int:
    """What the clock shows at an instant."""
    return instant + offset_at(zone, instant)


@lru_cache(maxsize=200)
def regimes(zone: str, start: int, end: int) -> tuple[Regime, ...]:
    """The stretches with one offset that together make up [start, end)."""
    found: list[Regime] = []
    since, offset = start, offset_at(zone, start)
    at = start
    while at < end:
        ahead = min(at + _STEP, end)
        then = offset_at(zone, ahead)
        if then != offset:
            low, high = at, ahead
            while high - low > 1:
                middle = (low + high) // 2
                if offset_at(zone, middle) == offset:
                    low = middle
                else:
                    high = middle
            if high < end:
                found.append(Regime(since, high, offset))
                since, offset = high, then
        at = ahead
    found.append(Regime(since, end, offset))
    return tuple(found)


def pieces(walls: Iterable[Interval], stretches: Sequence[Regime]) -> list[Interval]:
    """Each interval of wall time as instants, one after the other: none or two
    where clocks are changed within it."""
    if len(stretches) == 1:
        (only,) = stretches
        shifted = [(start - only.offset, end - only.offset) for start, end in walls]
        return [
            (max(start, only.start), min(end, only.end))
            for start, end in shifted
            if start < only.end and end > only.start
        ]
    return [
        piece
        for start, end in walls
        for piece in union(
            (max(start - each.offset, each.start), min(end - each.offset, each.end)) for each in stretches
        )
    ]


def instants(walls: Iterable[Interval], stretches: Sequence[Regime]) -> list[Interval]:
    """All instants of these stretches at which the clock shows a time in one of the intervals."""
    return union(pieces(walls, stretches))
