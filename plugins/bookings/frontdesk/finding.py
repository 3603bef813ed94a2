"""Looking for free time by several wishes at once: services, by whom, where, on which days and at what time of day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.plugins.bookings.frontdesk.calendar_rows import bounds
from parlour.plugins.bookings.offers import MAX_DAYS, Wanted, search, zone_of
from parlour.plugins.schedule.clocks import DAY, minutes, moment


@dataclass(frozen=True)
class Wish:
    """On which days and at what time of day somebody would come. Times are minutes since midnight on the wall of the branch, both
    ends included; weekdays are those of `date.isoweekday`, none of them all.
    """

    first: date
    last: date
    weekdays: frozenset[int] = frozenset()
    earliest: int = 0
    latest: int = DAY

    def suits(self, day: date, clock: int) -> bool:
        return (
            self.first <= day <= self.last
            and (not self.weekdays or day.isoweekday() in self.weekdays)
            and self.earliest <= clock <= self.latest
        )


@dataclass(frozen=True)
class Start:
    """When it could begin: an instant, the minute of the day on the wall, and who could begin then."""

    at: int
    clock: int
    staff: Sequence[int]


def free_starts(
    session: Session, wanted: Sequence[Wanted], wish: Wish, *, branch_id: int | None = None
) -> dict[date, list[Start]]:
    """When these services can be had at the desk, by day, in the order of time; what is over is left out. Asks `offers.search`,
    as everything does that offers a time. Raises Refusal and NotFound in words.
    """
    if wish.last < wish.first:
        raise Refusal(_("The last day lies before the first."))
    days = (wish.last - wish.first).days + 1
    if days > MAX_DAYS:
        raise Refusal(_("Ask for at most ${n} days at once.", mapping={"n": MAX_DAYS}))
    zone = zone_of(session, branch_id)
    start, end = bounds(wish.first, zone, days)
    start = max(start, minutes(now()))
    found = search(session, wanted, start, max(start, end), by="staff", branch_id=branch_id)
    return suiting(found.starts(), zone, wish)


def suiting(starts: dict[int, list[int]], zone: str, wish: Wish) -> dict[date, list[Start]]:
    """Those of the starts, as `Search.starts` gives them, that somebody would like."""
    zoned = ZoneInfo(zone)
    by_day: dict[date, list[Start]] = defaultdict(list)
    for at, staff in starts.items():
        local = moment(at).astimezone(zoned)
        clock = local.hour * 60 + local.minute
        if wish.suits(local.date(), clock):
            by_day[local.date()].append(Start(at, clock, staff))
    return dict(by_day)
