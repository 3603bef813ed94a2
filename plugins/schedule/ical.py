"""When somebody is busy according to a calendar's file (RFC 5545), whoever wrote it.

Events that are cancelled or transparent take no time. Times without a zone, and whole days, are those of the clock in the branch.
"""

from __future__ import annotations

import re
import threading
import time as clock
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from parlour.errors import Refusal
from parlour.i18n import _
from parlour.plugins.schedule.clocks import minutes, moment
from parlour.plugins.schedule.intervals import Interval, union

# Repetitions of one event that are counted through, and seconds for all of them: a rule costs its writer nothing.
MOST = 20_000
PATIENCE = 20.0
# Stretches that one calendar may take.
STRETCHES = 5000
_UNTIL = re.compile(r"(^|;)UNTIL=[^;]*", re.IGNORECASE)
# What other people's files make the libraries raise.
_FAULTS = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, ArithmeticError)
# Zones that a file defines are kept by the library under their names, for the whole process.
_one_at_a_time = threading.Lock()


@dataclass
class Found:
    """Busy time as instants, and how many entries were not understood."""

    stretches: list[Interval] = field(default_factory=list)
    left_out: int = 0


def busy_times(text: str, zone: str, start: int, end: int, *, ours: str) -> Found:
    """The busy time of a calendar within [start, end). Events whose UID ends with `ours` are not counted.

    Raises Refusal, in words, for what is no calendar or too much of one.
    """
    from icalendar import use_zoneinfo

    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # What the last file called "Customized Time Zone" is not what this one means.
        use_zoneinfo()  # type: ignore[no-untyped-call]
        return _Calendar(text, ZoneInfo(zone), start, end, ours).read()


class _Calendar:
    def __init__(self, text: str, zone: tzinfo, start: int, end: int, ours: str):
        from icalendar import Calendar

        try:
            self.calendars = Calendar.from_ical(text.removeprefix("\ufeff"), multiple=True)
        except _FAULTS as error:
            raise Refusal(_("There is no calendar at this address.")) from error
        if not any(one.name == "VCALENDAR" for one in self.calendars):
            raise Refusal(_("There is no calendar at this address."))
        self.zone = zone
        self.start, self.end = start, end
        self.ours = ours

    def read(self) -> Found:
        found = Found()
        events = [
            event for event in self._walk("VEVENT") if not str(event.get("UID", "")).endswith(self.ours)
        ]
        moved = self._moved(events)
        until = clock.monotonic() + PATIENCE
        stretches: list[Interval] = []
        for event in events:
            if clock.monotonic() > until:
                raise Refusal(_("This calendar has more repetitions than can be worked out."))
            try:
                if self._counts(event):
                    stretches += self._of(event, moved)
            except _FAULTS:
                found.left_out += 1
        for listed in self._walk("VFREEBUSY"):
            try:
                stretches += self._listed(listed)
            except _FAULTS:
                found.left_out += 1
        found.stretches = union(
            (max(first, self.start), min(last, self.end))
            for first, last in stretches
            if first < self.end and last > self.start and first < last
        )
        if len(found.stretches) > STRETCHES:
            raise Refusal(
                _("More than ${n} stretches of time are busy in this calendar.", mapping={"n": STRETCHES})
            )
        return found

    def _walk(self, name: str) -> list[Any]:
        return [one for calendar in self.calendars for one in calendar.walk(name)]

    def _counts(self, event: Any) -> bool:
        """Whether an event keeps anybody busy."""
        return (
            str(event.get("STATUS", "")).upper() != "CANCELLED"
            and str(event.get("TRANSP", "")).upper() != "TRANSPARENT"
            and str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() != "FREE"
        )

    def _moved(self, events: Iterable[Any]) -> dict[str, set[Any]]:
        """By UID, the repetitions that have an entry of their own, which says when they are or that they are not."""
        found: dict[str, set[Any]] = defaultdict(set)
        for event in events:
            if "RECURRENCE-ID" in event:
                try:
                    found[str(event.get("UID", ""))].add(self._mark(event["RECURRENCE-ID"].dt))
                except _FAULTS:
                    continue
        return found

    def _mark(self, at: Any) -> Any:
        """What a repetition is known by: its day, or its instant."""
        return self._instant(at) if isinstance(at, datetime) else at

    def _instant(self, at: datetime) -> int:
        return minutes(at if at.tzinfo else at.replace(tzinfo=self.zone))

    def _of(self, event: Any, moved: dict[str, set[Any]]) -> Iterator[Interval]:
        begin = event["DTSTART"].dt
        left = {self._mark(at) for at in _dates(event, "EXDATE")}
        single = "RECURRENCE-ID" in event
        if not single:
            left |= moved.get(str(event.get("UID", "")), set())
        if not isinstance(begin, datetime):
            days = max(1, self._days(event, begin))
            for at in self._repeated(event, datetime.combine(begin, time()), self.zone, days * 1440, single):
                if at.date() not in left:
                    last = datetime.combine(at.date() + timedelta(days=days), time(), self.zone)
                    yield self._instant(at), minutes(last)
            return
        length = self._minutes(event, begin)
        place = begin.tzinfo or self.zone
        for at in self._repeated(event, begin.replace(tzinfo=None), place, length, single):
            first = minutes(at.replace(tzinfo=place))
            if first not in left and at.date() not in left:
                yield first, first + length

    def _days(self, event: Any, begin: date) -> int:
        if "DTEND" in event:
            return int((event["DTEND"].dt - begin).days)
        return int(event["DURATION"].dt.days) if "DURATION" in event else 1

    def _minutes(self, event: Any, begin: datetime) -> int:
        """How long an event lasts, begun minutes whole."""
        if "DTEND" in event:
            last = event["DTEND"].dt
            if not isinstance(last, datetime):
                last = datetime.combine(last, time())
            start, end = (at if at.tzinfo else at.replace(tzinfo=self.zone) for at in (begin, last))
            seconds = end.timestamp() - start.timestamp()
        else:
            seconds = event["DURATION"].dt.total_seconds() if "DURATION" in event else 0
        return int(-(-(seconds + begin.second) // 60))

    def _repeated(
        self, event: Any, begin: datetime, place: tzinfo, length: int, single: bool
    ) -> Iterator[datetime]:
        """When an event begins, on the wall of its zone, as far as it matters here."""
        from dateutil.rrule import rrulestr  # type: ignore[import-untyped]

        earliest = moment(self.start - length - 1440).astimezone(place).replace(tzinfo=None)
        latest = moment(self.end + 1440).astimezone(place).replace(tzinfo=None)
        rules = [] if single else _listed(event.get("RRULE"))
        if not rules or begin >= earliest:
            yield begin
        for extra in [] if single else _dates(event, "RDATE"):
            if isinstance(extra, datetime):
                extra = extra.astimezone(place).replace(tzinfo=None) if extra.tzinfo else extra
                yield extra
            else:
                yield datetime.combine(extra, begin.time())
        for recur in rules:
            text = recur.to_ical().decode()
            if re.search(r"FREQ=(SECONDLY|MINUTELY|HOURLY)", text, re.IGNORECASE):
                raise ValueError("nobody meets every hour")
            last = latest
            for until in recur.get("UNTIL", ()):
                if not isinstance(until, datetime):
                    until = datetime.combine(until, time(23, 59, 59))
                elif until.tzinfo:
                    until = until.astimezone(place).replace(tzinfo=None)
                last = min(last, until)
            rule = rrulestr(_UNTIL.sub("", text).lstrip(";"), dtstart=begin).replace(until=last)
            for number, at in enumerate(rule):
                if number >= MOST:
                    raise ValueError("too many repetitions")
                if at >= earliest and at != begin:
                    yield at

    def _listed(self, listed: Any) -> Iterator[Interval]:
        for one in _listed(listed.get("FREEBUSY")):
            if str(one.params.get("FBTYPE", "BUSY")).upper() == "FREE":
                continue
            first, last = one.dt
            last = first + last if isinstance(last, timedelta) else last
            yield self._instant(first), self._instant(last)


def _listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _dates(event: Any, name: str) -> list[Any]:
    """The dates and moments of a property that may come several times, of periods their beginnings."""
    found = [one.dt for some in _listed(event.get(name)) for one in some.dts]
    return [one[0] if isinstance(one, tuple) else one for one in found]
