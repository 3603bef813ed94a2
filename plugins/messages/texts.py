"""Texts with names in braces: what may stand in them, and what becomes of them for one reader.

    "{first_name}, we expect you on {start}."      {start.date}, {start.time}, {start.weekday} of a moment

There are names and nothing else: no conditions, no loops, no calls, so a text can neither fail nor reach anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from babel import dates
from translationstring import TranslationString

from parlour.i18n import Localizer
from parlour.jobs.messages import keep, restored
from parlour.records.values import Money

if TYPE_CHECKING:
    from parlour.plugins.messages.kinds import MessageKind

_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)?)\}")
MOMENT_FORMS = ("date", "time", "weekday")


def names_in(text: str) -> list[str]:
    """The names that a text has in braces, in their order, each once."""
    return list(dict.fromkeys(match[1] for match in _NAME.finditer(text)))


def unknown_names(kind: MessageKind, text: str) -> list[str]:
    """The names in a text that a kind does not give."""
    return [name for name in names_in(text) if not _known(kind, name)]


def _known(kind: MessageKind, name: str) -> bool:
    base, _dot, form = name.partition(".")
    variable = kind.variable(base)
    if variable is None:
        return False
    return not form or (isinstance(variable.sample, datetime) and form in MOMENT_FORMS)


def fill(text: str, values: Mapping[str, Any], loc: Localizer) -> str:
    """The text with every name replaced by its value as the reader writes it; what has no value is left out.

    What stands in a value is never looked at for names again.
    """

    def put(match: re.Match[str]) -> str:
        base, _dot, form = match[1].partition(".")
        return said(values.get(base), loc, form)

    return _NAME.sub(put, text)


def said(value: Any, loc: Localizer, form: str = "") -> str:
    """One value in words. Moments are told on the localizer's wall clock."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return _moment(value, loc, form)
    if isinstance(value, date):
        return loc.date(value, "long")
    if isinstance(value, Money):
        return loc.money(value.amount, value.currency)
    if isinstance(value, bool | str):
        return loc.translate(value) if isinstance(value, TranslationString) else str(value)
    if isinstance(value, int | Decimal):
        return loc.number(value)
    return str(value)


def _moment(value: datetime, loc: Localizer, form: str) -> str:
    local = loc.local(value)
    # "Tuesday, May 5" and "вторник, 5 мая": nobody reads the year of a visit.
    weekday = str(dates.format_date(local, "EEEE", locale=loc.babel))
    day = f"{weekday}, {loc.day_month(local.month, local.day)}"
    if form == "date":
        return day
    if form == "time":
        return loc.time(value)
    if form == "weekday":
        return weekday
    return f"{day}, {loc.time(value)}"


def pack(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as plain JSON that `unpack` makes the same of. Raises ValueError for what cannot be kept."""
    return {name: _packed(name, value) for name, value in values.items()}


def _packed(name: str, value: Any) -> Any:
    if isinstance(value, TranslationString):
        return {"text": keep(value)}
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{name}: a moment needs a time zone.")
        return {"moment": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, Money):
        return {"money": value.__json__()}
    if isinstance(value, Decimal):
        return {"number": str(value)}
    raise ValueError(f"{name}: a message cannot hold a {type(value).__name__}.")


def unpack(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was packed."""
    return {name: _unpacked(value) for name, value in values.items()}


def _unpacked(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    ((kind, inner),) = value.items()
    if kind == "moment":
        return datetime.fromisoformat(inner)
    if kind == "day":
        return date.fromisoformat(inner)
    if kind == "money":
        return Money(Decimal(inner["amount"]), inner["currency"])
    if kind == "number":
        return Decimal(inner)
    return restored(inner)
