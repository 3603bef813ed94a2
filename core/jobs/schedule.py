"""What recurring work a plugin declares, and when it comes round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Schedule:
    """Recurring work: `every` so often, or `at` a local time ("06:30") of each day.

    `weekdays` are numbers from 0 (Monday). It runs once for every organisation that has the plugin on, in the
    organisation's time zone, or once for the `installation` in UTC. Occurrences missed while nothing ran are
    made up for by one.
    """

    job: str
    every: timedelta | None = None
    at: str | None = None
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    args: Mapping[str, Any] = field(default_factory=dict)
    installation: bool = False

    def __post_init__(self) -> None:
        if (self.every is None) == (self.at is None):
            raise ValueError("A schedule has either `every` or `at`.")
        if self.every is not None and self.every < timedelta(minutes=1):
            raise ValueError("A schedule comes round once a minute at most.")
        if self.at is not None:
            time.fromisoformat(self.at)
        if not self.weekdays or not set(self.weekdays) <= set(range(7)):
            raise ValueError("Weekdays are numbers from 0 (Monday) to 6.")

    def timing(self, zone: str) -> str:
        """All that decides about the moments, as text that changes when they do."""
        if self.every is not None:
            return f"every {int(self.every.total_seconds())} s"
        return f"{self.at} on {''.join(map(str, self.weekdays))} in {zone}"

    @property
    def longest(self) -> timedelta:
        """No occurrence is further away than this, and a little for clocks that differ."""
        days = 2 if len(set(self.weekdays)) == 7 else 8
        return (self.every or timedelta(days=days)) + timedelta(minutes=10)

    def next(self, after: datetime, zone: str, previous: datetime | None = None) -> datetime:
        """The first moment later than `after` (both UTC).

        Intervals count from `previous`, the occurrence before. A wall time that the change to summer time
        skips counts as one hour later, one that comes twice counts once, the first time.
        """
        if self.every is not None:
            start = previous or after
            return start + self.every * ((after - start) // self.every + 1)
        assert self.at is not None
        wall, place = time.fromisoformat(self.at), ZoneInfo(zone)
        day = after.astimezone(place).date() - timedelta(days=1)
        while True:
            moment = datetime.combine(day, wall, place).astimezone(after.tzinfo)
            if moment > after and day.weekday() in self.weekdays:
                return moment
            day += timedelta(days=1)
