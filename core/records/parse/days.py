"""Calendar days and birthdays, with or without a year."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from functools import lru_cache

from parlour.records.parse.cells import Cell, Parsed, only_marks, text_of, tidy

_MONTHS = (
    ("янв", "jan"), ("фев", "feb"), ("мар", "mar"), ("апр", "apr"), ("май", "мая", "мае", "may"),
    ("июн", "jun"), ("июл", "jul"), ("авг", "aug"), ("сен", "sep"), ("окт", "oct"), ("ноя", "nov"), ("дек", "dec"),
)  # fmt: skip
_MONTH_OF = {stem: number for number, stems in enumerate(_MONTHS, 1) for stem in stems}
_WORDS = frozenset({"г", "год", "года", "гр", "р", "of", "th", "st", "nd", "rd", "the", "го", "ого", "е"})
_WEEKDAYS = re.compile(
    r"(?i)\b(?:понедельник|вторник|среда|четверг|пятница|суббота|воскресенье|(?:mon|tues?|wednes|thurs?|fri|satur|sun)(?:day)?)\b,?"
)
# Years that stand for "no year" in address books (vCard, Apple, and zeros of databases).
_NO_YEAR = frozenset({0, 1604})
_TIME = re.compile(
    r"(?:[T ]|,\s*)(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*(Z|UTC|[AaPp][Mm]|[+-]\d\d:?\d\d)?$"
)
_YEAR_FIRST = re.compile(r"(\d{4})[-./ ](\d{1,2})[-./ ](\d{1,2})\.?")
_YEAR_LAST = re.compile(r"(\d{1,2})\s?[-./ ,]\s?(\d{1,2})\s?[-./ ,]\s?(\d{4}|\d{2})")
_NO_YEAR_TEXT = re.compile(r"--(\d\d)-?(\d\d)")
_SHORT = re.compile(r"(\d{1,2})[./-](\d{1,2})\.?")
_COMPACT = re.compile(r"\d{8}")
_SERIAL = re.compile(r"(\d{5})(?:[.,]\d+)?")
_EMPTY = re.compile(r"0{1,4}[-./]0{1,2}[-./]0{1,4}")
_EXCEL_EPOCH = date(1899, 12, 30)
_OLDEST = 120


def day(cell: Cell, today: date | None = None, order: str = "dmy") -> Parsed[str]:
    """A day as "1956-04-08", or "--04-08" without a year.

    With `today` the day is a birthday: it lies neither in the future nor more than 120 years back, and a year
    of two digits is the latest that has passed. Without it, years of two digits reach ten years ahead. Days
    come before months unless `order` is "mdy" (see `day_order`) or only that order makes a date. Numbers of
    five digits are the days that spreadsheets count from 1900. A time of day other than midnight stays in
    `rest`.
    """
    if isinstance(cell, str):
        return _of_text(cell, today, order)
    if isinstance(cell, datetime):
        found = _checked(cell.year, cell.month, cell.day, today)
        return Parsed(found, "" if found and cell.time() == clock() else text_of(cell))
    if isinstance(cell, date):
        found = _checked(cell.year, cell.month, cell.day, today)
        return Parsed(found, "" if found else text_of(cell))
    if isinstance(cell, bool | list | dict):
        return Parsed(None, text_of(cell))
    return _of_text(text_of(cell), today, order)


# The same days stand in many rows of a file, and each is read when it is found and again when it is written.
@lru_cache(maxsize=4096)
def _of_text(cell: str, today: date | None, order: str) -> Parsed[str]:
    original = cell.strip()
    text = tidy(original).replace("\n", " ")
    if not text or _EMPTY.fullmatch(text) or only_marks(text):
        return Parsed(None)
    text, odd_time = _without_time(text)
    found = _read(text, today, order)
    return Parsed(found, original if found is None or odd_time else "")


def moment(cell: Cell, order: str = "dmy") -> Parsed[str]:
    """A moment as ISO 8601 says it, on the wall clock unless the cell brings an offset: "2026-05-04T18:30:00".

    A day alone is its midnight. Days are read as `day` reads them.
    """
    if isinstance(cell, datetime):
        return Parsed(cell.isoformat())
    text = tidy(text_of(cell)).replace("\n", " ")
    match = _TIME.search(text)
    found = day(text[: match.start()].strip() if match else cell, None, order)
    if found.value is None or found.rest or found.value.startswith("--"):
        return Parsed(None, text_of(cell).strip())
    if match is None:
        return Parsed(f"{found.value}T00:00:00")
    hour, minute, second = (int(part or 0) for part in match.groups()[:3])
    zone = (match.group(4) or "").upper()
    if zone in ("AM", "PM"):
        hour = hour % 12 + (12 if zone == "PM" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return Parsed(None, text_of(cell).strip())
    offset = "+00:00" if zone in ("Z", "UTC") else "" if zone in ("AM", "PM") else zone
    return Parsed(f"{found.value}T{hour:02}:{minute:02}:{second:02}{offset}")


def day_order(cells: Iterable[Cell]) -> str:
    """Whether a column writes days or months first: "mdy" when some cell allows only that and none allows
    only "dmy".
    """
    months_first = False
    for cell in cells:
        match = _YEAR_LAST.fullmatch(_without_time(tidy(cell))[0]) if isinstance(cell, str) else None
        if match:
            first, second = int(match.group(1)), int(match.group(2))
            if first > 12:
                return "dmy"
            months_first = months_first or second > 12
    return "mdy" if months_first else "dmy"


def _without_time(text: str) -> tuple[str, bool]:
    """The text without its time of day, and whether that time says something (is not midnight)."""
    match = _TIME.search(text)
    if not match:
        return text, False
    half = (match.group(4) or "").lower()
    hour = int(match.group(1)) % 12 if half in ("am", "pm") else int(match.group(1))
    says = bool(hour or int(match.group(2)) or int(match.group(3) or 0) or half == "pm")
    return text[: match.start()].strip(), says


def _read(text: str, today: date | None, order: str) -> str | None:
    match = _NO_YEAR_TEXT.fullmatch(text)
    if match:
        return _checked(None, int(match.group(1)), int(match.group(2)), today)
    match = _YEAR_FIRST.fullmatch(text)
    if match:
        return _checked(int(match.group(1)), int(match.group(2)), int(match.group(3)), today)
    match = _YEAR_LAST.fullmatch(text)
    if match:
        return _either(int(match.group(1)), int(match.group(2)), match.group(3), today, order)
    worded = _worded(text, today)
    if worded:
        return worded
    text = re.sub(r"(?i)\s*(?:г\.?\s?р?\.?|года? рождения|года?)$", "", text).strip()
    match = _YEAR_LAST.fullmatch(text.rstrip("."))
    if match:
        return _either(int(match.group(1)), int(match.group(2)), match.group(3), today, order)
    match = _SHORT.fullmatch(text)
    if match:
        return _either(int(match.group(1)), int(match.group(2)), None, today, order)
    if _COMPACT.fullmatch(text):
        return _checked(int(text[:4]), int(text[4:6]), int(text[6:]), today, oldest=1850) or _checked(
            int(text[4:]), int(text[2:4]), int(text[:2]), today, oldest=1850
        )
    match = _SERIAL.fullmatch(text)
    if match:
        counted = _EXCEL_EPOCH + timedelta(days=int(match.group(1)))
        return _checked(counted.year, counted.month, counted.day, today)
    return None


def _either(first: int, second: int, year: str | None, today: date | None, order: str) -> str | None:
    """The two orders of day and month, the more likely one first."""
    orders = [(first, second), (second, first)] if order == "mdy" else [(second, first), (first, second)]
    for month, number in orders:
        if 1 <= month <= 12:
            # Only a day above 12 makes the other order the only one: "31.02." is a mistake, not the second of
            # the 31st.
            return _dated(year, month, number, today)
    return None


def _dated(year: str | None, month: int, number: int, today: date | None) -> str | None:
    if year is None:
        return _checked(None, month, number, today)
    if len(year) == 4:
        return _checked(int(year), month, number, today)
    latest = today or date(datetime.now(UTC).year + 10, 12, 31)
    # The nearest century in which the day exists and has passed: 29.02.00 was in 2000, not in 1900.
    for century in range(latest.year // 100, latest.year // 100 - 2, -1):
        found = _checked(century * 100 + int(year), month, number, latest)
        if found:
            return found
    return None


def _checked(year: int | None, month: int, number: int, today: date | None, oldest: int = 0) -> str | None:
    """The canonical text of a day that exists and, for a birthday, is a possible one."""
    if year is None or year in _NO_YEAR:
        try:
            return f"--{date(2000, month, number):%m-%d}"
        except ValueError:
            return None
    try:
        found = date(year, month, number)
    except ValueError:
        return None
    if year < oldest or (today and (found > today or found.year < today.year - _OLDEST)):
        return None
    return found.isoformat()


def _worded(text: str, today: date | None) -> str | None:
    """ "8 апреля 1956 г.", "8-апр-56", "April 8, 1956"."""
    parts = re.findall(r"[^\W\d_]+|\d+", _WEEKDAYS.sub("", text).casefold())
    months = [_MONTH_OF[part[:3]] for part in parts if part[:3] in _MONTH_OF and part not in _WORDS]
    numbers = [part for part in parts if part.isdigit()]
    other = [
        part for part in parts if not part.isdigit() and part[:3] not in _MONTH_OF and part not in _WORDS
    ]
    if len(months) != 1 or other or not 1 <= len(numbers) <= 2:
        return None
    if len(numbers) == 2 and len(numbers[0]) == 4:
        numbers.reverse()
    if len(numbers[0]) > 2 or (len(numbers) == 2 and len(numbers[1]) not in (2, 4)):
        return None
    return _dated(numbers[1] if len(numbers) == 2 else None, months[0], int(numbers[0]), today)
