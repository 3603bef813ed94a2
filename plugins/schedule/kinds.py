"""Kinds of field for times of day and for addresses of calendars."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from parlour.errors import Refusal
from parlour.i18n import Localizer, _
from parlour.outgoing import check
from parlour.records.declare import Spec
from parlour.records.defaults import Defaults
from parlour.records.kinds import IntegerKind, TextKind
from parlour.records.values import Fault

_CLOCK = re.compile(r"(\d{1,2})(?:[:.\-h ]?(\d\d))?(?::00)?")


@dataclass(frozen=True, kw_only=True)
class ClockKind(IntegerKind):
    """A time of day on the wall, kept as minutes since midnight: 0 to 1439. "24:00" is midnight too."""

    name: str = "clock"
    shape: str = "text"
    span: bool = True
    minimum: int = 0
    maximum: int = 1439

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "description": "time of day, 09:30", "maxLength": 40}

    def clean(self, value: Any, defaults: Defaults) -> int | None:
        if value is None or value == "":
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            return super().clean(value, defaults)
        if isinstance(value, datetime | time):
            return value.hour * 60 + value.minute
        if isinstance(value, timedelta):  # spreadsheets know no other time than how long it is since midnight
            return int(value.total_seconds() // 60) % 1440
        found = _CLOCK.fullmatch(str(value).strip())
        hour, minute = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
        if hour * 60 + minute > 1440 or minute > 59:
            raise Fault(_("${text} is no time of day; write it as 09:30.", mapping={"text": str(value)[:80]}))
        return (hour * 60 + minute) % 1440

    def to_json(self, value: Any) -> Any:
        return None if value is None else f"{value // 60:02}:{value % 60:02}"

    def show(self, value: Any, loc: Localizer) -> str:
        return "" if value is None else loc.time(time(value // 60, value % 60))

    def sample(self, number: int) -> int:
        return (540 + number) % 1440


def clock(title: Any, **options: Any) -> Any:
    """A time of day on the wall."""
    return Spec(ClockKind(), title, options)


@dataclass(frozen=True, kw_only=True)
class AddressKind(TextKind):
    """A web address from which a calendar is read, as it is called: "webcal:" only tells browsers whom to ask."""

    name: str = "calendar_address"
    max_length: int = 2000
    indexed: bool = False

    def clean(self, value: Any, defaults: Defaults) -> str | None:
        text = super().clean(value, defaults)
        if text is None:
            return None
        kind, colon, rest = text.partition(":")
        if colon and kind.lower() in ("webcal", "webcals"):
            text = f"https:{rest}"
        try:
            check(text)
        except Refusal as refused:
            raise Fault(refused.message) from refused
        return text

    def sample(self, number: int) -> str:
        return f"https://calendar.example/{number}.ics"


def calendar_address(title: Any, **options: Any) -> Any:
    """The web address of a calendar."""
    return Spec(AddressKind(), title, options)
