"""Quiet hours: when nobody is written to who has not asked for it. On the wall clock of whom the message is for."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def quiet_until(moment: datetime, begins: time | None, ends: time | None, zone: str) -> datetime | None:
    """When the quiet hours end in which a moment lies (UTC), or None when it lies in none.

    They begin at `begins` and end before `ends`, the next day where that is earlier; the same time twice, or none at all,
    means that there are none. An end that summer time skips comes an hour later, one that comes twice counts the first time.
    """
    if begins is None or ends is None or begins == ends:
        return None
    place = ZoneInfo(zone)
    local = moment.astimezone(place)
    clock = local.time()
    across = begins > ends
    if not (clock >= begins or clock < ends if across else begins <= clock < ends):
        return None
    day = local.date() + timedelta(days=1 if across and clock >= begins else 0)
    end = datetime.combine(day, ends, place).astimezone(UTC)
    # In the doubled hour the end may have been already: what is quiet now is so until it comes again.
    if end <= moment:
        end = datetime.combine(day, ends, place).replace(fold=1).astimezone(UTC)
    return end
