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


@dataclass(frozen=True)
class _Way:
    """How the repetitions `since` one of them are, if they are: so much later on the wall, for so many minutes or `days`."""

    since: datetime
    shift: timedelta
    length: int
    days: int
    counts: bool

    @property
    def reach(self) -> int:
        """So many minutes a repetition may end later, or begin earlier, than the series says."""
        return int(abs(self.shift).total_seconds() // 60) + self.length


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
        moved, later = self._moved(events), _later(events)
        until = clock.monotonic() + PATIENCE
        stretches: list[Interval] = []
        for event in events:
            if clock.monotonic() > until:
                raise Refusal(_("This calendar has more repetitions than can be worked out."))
            try:
                if self._counts(event) or str(event.get("UID", "")) in later:
                    stretches += self._of(event, moved, later)
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

    def _of(self, event: Any, moved: dict[str, set[Any]], later: dict[str, list[Any]]) -> Iterator[Interval]:
        begin = event["DTSTART"].dt
        uid = str(event.get("UID", ""))
        left = {self._mark(at) for at in _dates(event, "EXDATE")}
        single = "RECURRENCE-ID" in event
        if not single:
            left |= moved.get(uid, set())
        whole = not isinstance(begin, datetime)
        place = (None if whole else begin.tzinfo) or self.zone
        own = self._way(event, self._wall(begin, place), place)
        ways = [] if single else [self._later_way(each, place) for each in later.get(uid, ())]
        ways.sort(key=lambda way: way.since)
        margin = max((way.reach for way in ways), default=0)
        for at in self._repeated(event, own.since, place, own.length + margin, single):
            if at.date() in left or (not whole and minutes(at.replace(tzinfo=place)) in left):
                continue
            way = next((way for way in reversed(ways) if way.since <= at), own)
            first = at + way.shift
            if not way.counts:
                continue
            if way.days:
                last = datetime.combine(first.date() + timedelta(days=way.days), time(), self.zone)
                yield self._instant(datetime.combine(first.date(), time())), minutes(last)
            else:
                start = minutes(first.replace(tzinfo=place))
                yield start, start + way.length

    def _way(self, event: Any, since: datetime, place: tzinfo) -> _Way:
        begin = event["DTSTART"].dt
        shift = self._wall(begin, place) - since
        if isinstance(begin, datetime):
            return _Way(since, shift, self._minutes(event, begin), 0, self._counts(event))
        days = max(1, self._days(event, begin))
        return _Way(since, shift, days * 1440, days, self._counts(event))

    def _later_way(self, event: Any, place: tzinfo) -> _Way:
        return self._way(event, self._wall(event["RECURRENCE-ID"].dt, place), place)

    def _wall(self, at: Any, place: tzinfo) -> datetime:
        """A day or a moment as the clock of a zone shows it."""
        if not isinstance(at, datetime):
            return datetime.combine(at, time())
        return (at if at.tzinfo else at.replace(tzinfo=self.zone)).astimezone(place).replace(tzinfo=None)

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
        latest = moment(self.end + length + 1440).astimezone(place).replace(tzinfo=None)
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


def _later(events: Iterable[Any]) -> dict[str, list[Any]]:
    """By UID, the entries of one repetition that hold for all after it as well (RFC 5545, 3.2.13)."""
    found: dict[str, list[Any]] = defaultdict(list)
    for event in events:
        if "RECURRENCE-ID" in event and "DTSTART" in event:
            if str(event["RECURRENCE-ID"].params.get("RANGE", "")).upper() == "THISANDFUTURE":
                found[str(event.get("UID", ""))].append(event)
    return found


def _listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _dates(event: Any, name: str) -> list[Any]:
    """The dates and moments of a property that may come several times, of periods their beginnings."""
    found = [one.dt for some in _listed(event.get(name)) for one in some.dts]
    return [one[0] if isinstance(one, tuple) else one for one in found]
