"""What is said about a visit beside its status: who is late, who waits, what is to be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from parlour.i18n import Localizer, _

COMING = ("requested", "booked", "confirmed")
# Whoever has not come half a day later is not late any more; somebody has forgotten to say what became of the visit.
_LATE = timedelta(hours=12)


_FLAGS = (
    ("to_check", "user-search", _("To be checked")),
    ("overlap", "layers", _("Put over another visit")),
)


@dataclass(frozen=True)
class Mark:
    """One of them in words, with its icon. `urgent` is what somebody at the desk should see to now."""

    icon: str
    title: str
    urgent: bool = False


def marks_of(visit: Mapping[str, Any], present: datetime, loc: Localizer) -> list[Mark]:
    """The marks of a visit, as far as the reader may see what they are about."""
    found = [*_waiting(visit, present, loc)]
    if visit.get("delay") and visit.get("status") in (*COMING, "arrived"):
        late = loc.plural("${n} minute", "${n} minutes", visit["delay"])
        found.append(Mark("timer", loc.translate(_("We are late: ${late}", mapping={"late": late}))))
    if visit.get("deposit_state") == "asked" and visit.get("status") in COMING:
        found.append(Mark("wallet", loc.translate(_("The deposit is not paid yet"))))
    for name, icon, title in _FLAGS:
        if visit.get(name):
            found.append(Mark(icon, loc.translate(title)))
    return found


def _waiting(visit: Mapping[str, Any], present: datetime, loc: Localizer) -> list[Mark]:
    starts, arrived = visit.get("starts"), visit.get("arrived_at")
    if visit.get("status") in COMING and starts is not None and starts <= present < starts + _LATE:
        text = _("Not here yet, late by ${late}", mapping={"late": _minutes(present - starts, loc)})
        return [Mark("clock-alert", loc.translate(text), urgent=True)]
    if visit.get("status") == "arrived" and arrived is not None and arrived <= present:
        since = loc.time(loc.local(arrived).time())
        text = _(
            "Waits since ${time}, ${minutes}",
            mapping={"time": since, "minutes": _minutes(present - arrived, loc)},
        )
        return [Mark("hourglass", loc.translate(text), urgent=True)]
    return []


def _minutes(span: timedelta, loc: Localizer) -> str:
    return loc.plural("${n} minute", "${n} minutes", int(span.total_seconds() // 60))
