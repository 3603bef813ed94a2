"""What can become of a visit, and what each state means for the time that it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from parlour.i18n import _
from parlour.records.declare import spelt


@dataclass(frozen=True)
class Status:
    """`blocks` says whether its time is taken, `open` whether the visit is still to come or under way."""

    title: Any
    blocks: bool
    open: bool
    # Where it may go from here by an act of staff.
    then: tuple[str, ...] = ()


_AFTER = ("confirmed", "arrived", "in_progress", "done", "no_show", "cancelled_client", "cancelled_salon")
STATUSES: dict[str, Status] = {
    "requested": Status(_("Requested"), blocks=True, open=True, then=("booked", *_AFTER)),
    "booked": Status(_("Booked"), blocks=True, open=True, then=_AFTER),
    "confirmed": Status(_("Confirmed"), blocks=True, open=True, then=("booked", *_AFTER)),
    "arrived": Status(_("Has arrived"), blocks=True, open=True, then=("booked", *_AFTER)),
    "in_progress": Status(_("In progress"), blocks=True, open=True, then=("arrived", *_AFTER)),
    "done": Status(_("Done"), blocks=True, open=False, then=("in_progress", "arrived", "no_show")),
    # Who did not come has had the time all the same.
    "no_show": Status(_("Did not come"), blocks=True, open=False, then=("booked", "arrived", "done")),
    "cancelled_client": Status(_("Cancelled by the client"), blocks=False, open=False, then=("booked",)),
    "cancelled_salon": Status(_("Cancelled by us"), blocks=False, open=False, then=("booked",)),
}


@dataclass(frozen=True)
class Look:
    """How a status is drawn: never by its colour alone."""

    icon: str
    tone: str


LOOKS: dict[str, Look] = {
    "requested": Look("circle-question-mark", "warn"),
    "booked": Look("calendar", "info"),
    "confirmed": Look("calendar-check", "accent"),
    "arrived": Look("door-open", "good"),
    "in_progress": Look("scissors", "good"),
    "done": Look("check-check", "quiet"),
    "no_show": Look("user-x", "bad"),
    "cancelled_client": Look("calendar-x", "quiet"),
    "cancelled_salon": Look("calendar-x", "quiet"),
}
CHOICES = tuple((code, status.title) for code, status in STATUSES.items())
BLOCKING = tuple(code for code, status in STATUSES.items() if status.blocks)
OPEN = tuple(code for code, status in STATUSES.items() if status.open)
CANCELLED = ("cancelled_client", "cancelled_salon")
CAME = ("arrived", "in_progress", "done")
SPELLINGS = spelt(
    {
        "requested": "заявка, ожидает подтверждения, new, pending",
        "booked": "записан, запланирован, scheduled, ожидание клиента",
        "confirmed": "подтверждён, подтвержден, клиент подтвердил",
        "arrived": "пришёл, пришел, клиент пришёл, came",
        "in_progress": "в работе, обслуживается, started",
        "done": "оказан, завершён, завершен, выполнен, completed, finished, closed",
        "no_show": "не пришёл, не пришел, клиент не пришёл, no show, missed",
        "cancelled_client": "отменён клиентом, отменен, отменён, cancelled, canceled",
        "cancelled_salon": "отменён салоном",
    }
)


def status_told(status: str, archived: bool) -> str:
    """What the client of a visit is told of it: one that was put away before it took place does not."""
    return "cancelled_salon" if archived and status in OPEN else status
