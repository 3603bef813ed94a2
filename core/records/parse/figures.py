"""Amounts of money and whole numbers."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from decimal import Decimal

from parlour.records.parse.cells import Cell, Parsed, only_marks, text_of, tidy
from parlour.records.values import minor_digits

_SIGNS = {
    "₽": "RUB", "руб": "RUB", "рублей": "RUB", "рубля": "RUB", "рубль": "RUB", "р": "RUB", "rub": "RUB",
    "rur": "RUB",
    "€": "EUR", "eur": "EUR", "euro": "EUR", "евро": "EUR",
    "$": "USD", "usd": "USD", "долл": "USD", "us$": "USD",
    "£": "GBP", "gbp": "GBP", "₸": "KZT", "kzt": "KZT", "тг": "KZT", "тенге": "KZT",
    "₴": "UAH", "uah": "UAH", "грн": "UAH", "byn": "BYN", "br": "BYN",
    "₾": "GEL", "gel": "GEL", "֏": "AMD", "amd": "AMD",
    "¥": "JPY", "jpy": "JPY", "chf": "CHF", "zł": "PLN", "pln": "PLN",
}  # fmt: skip
_MINOR = re.compile(r"(?i)^(.+?)(?:руб(?:лей|ля|ль)?|р|₽)\.?\s*(\d{1,2})\s*(?:коп(?:еек|ейки|ейка)?|к)\.?$")
_UNIT = re.compile(r"[^\W\d_]+|[$€£₽₸₴₾֏¥]")
_POWER = re.compile(r"\d(?:[.,]\d+)?e[+-]?\d{1,2}", re.IGNORECASE)
_SPACED = re.compile(r"\d{1,3}(?:[ '’]\d{3})+(?=[.,]|$)")
_KOPECKS_AFTER_DASH = re.compile(r"(\d)-(\d\d)$")


def money(cell: Cell, currency: str) -> Parsed[Decimal]:
    """An amount in major units of `currency`, exact: finer than its smallest coin is not understood, never
    rounded.

    Blanks, apostrophes, dots and commas may part thousands. The rule for a single dot or comma: with exactly
    three digits behind and one to three before it (the first not 0), it parts thousands ("1,250" and "12.500"
    are 1250 and 12500) unless the currency has three decimals; anything else makes it the decimal sign. Where
    both occur, the last one is the decimal sign. A cell that names another currency, or carries words ("12
    тыс."), is not understood.
    """
    if isinstance(cell, dict):
        named = text_of(cell.get("currency")).upper()
        if named and named != currency:
            return Parsed(None, f"{text_of(cell.get('amount'))} {named}")
        cell = cell.get("amount")
    text = text_of(cell)
    if only_marks(text) and not isinstance(cell, list):
        return Parsed(None)
    if isinstance(cell, bool | date | time | timedelta | list):
        return Parsed(None, text.strip())
    digits = minor_digits(currency)
    if isinstance(cell, float | int | Decimal):
        return _exact(_settled(cell, digits), digits, text)
    read = tidy(text).replace("\n", " ").lstrip("'")
    minor = _MINOR.match(read) if currency == "RUB" else None
    if minor:
        read = f"{minor.group(1).strip()},{int(minor.group(2)):02d}" if "," not in minor.group(1) else read
    if not _POWER.fullmatch(read):
        for unit in _UNIT.findall(read):
            if _SIGNS.get(unit.casefold()) != currency and unit.upper() != currency:
                return Parsed(None, text.strip())
        read = re.sub(r"(?:[^\W\d_]+|[$€£₽₸₴₾֏¥])\.?", " ", read).strip()
    return _exact(_number(read, digits), digits, text.strip())


def whole(cell: Cell) -> Parsed[int]:
    """A whole number; "1 250" and "1,250" are 1250, "12.5" is not understood."""
    text = text_of(cell).strip()
    if isinstance(cell, bool | date | time | timedelta | list | dict) or not text:
        return Parsed(None, text)
    number = Decimal(repr(cell)) if isinstance(cell, float) else _number(tidy(text), 0)
    if number is None or not number.is_finite() or number != number.to_integral_value():
        return Parsed(None, text)
    return Parsed(int(number))


def _exact(number: Decimal | None, digits: int, text: str) -> Parsed[Decimal]:
    if number is None or not number.is_finite() or abs(number) >= Decimal(10) ** 18:
        return Parsed(None, text)
    rounded = number.quantize(Decimal(1).scaleb(-digits))
    return Parsed(rounded) if rounded == number else Parsed(None, text)


def _settled(cell: float | int | Decimal, digits: int) -> Decimal | None:
    """A number from a spreadsheet; the noise of binary fractions (1234.5600000000002) is not part of the
    amount.
    """
    number = Decimal(repr(cell)) if isinstance(cell, float) else Decimal(cell)
    if isinstance(cell, float) and number.is_finite() and abs(number) < Decimal(10) ** 12:
        near = round(number, digits)
        if abs(near - number) <= max(abs(number), Decimal(1)) * Decimal("1e-12"):
            return near
    return number


def _number(text: str, digits: int) -> Decimal | None:
    """The number in a text that holds digits, separators and a sign; None for anything else."""
    text = text.strip()
    if _POWER.fullmatch(text):
        return Decimal(text.replace(",", "."))
    negative = False
    if text.startswith("(") and text.endswith(")"):
        negative, text = True, text[1:-1].strip()
    for sign in ("-", "+"):
        if text.startswith(sign):
            negative, text = sign == "-" and not negative, text[1:].strip()
            break
    else:
        if text.endswith("-") and not text.endswith("--"):
            negative, text = not negative, text[:-1].strip()
    text = _KOPECKS_AFTER_DASH.sub(r"\1,\2", text)
    spaced = _SPACED.match(text)
    if spaced:
        # Blanks part the thousands, so the sign that follows can only be the decimal one.
        whole, fraction = re.sub(r"[ '’]", "", spaced.group()), text[spaced.end() :]
        if fraction and not re.fullmatch(r"[.,]\d*", fraction):
            return None
        plain = f"{whole}.{fraction[1:]}" if fraction else whole
    else:
        plain = _separated(text, digits) or ""
    if not re.fullmatch(r"\d+\.?\d*|\.\d+", plain) or len(plain) > 40:
        return None
    number = Decimal(plain.rstrip(".") if plain != "." else "0")
    return -number if negative else number


def _separated(text: str, digits: int) -> str | None:
    """Digits with at most one dot from digits with dots and commas, by the rule that `money` states."""
    if not re.fullmatch(r"[\d.,]+", text) or not any(char.isdigit() for char in text):
        return None
    dots, commas = text.count("."), text.count(",")
    if dots and commas:
        decimal = "." if text.rindex(".") > text.rindex(",") else ","
        grouping = "," if decimal == "." else "."
        whole, _mark, fraction = text.rpartition(decimal)
        if decimal in whole or not re.fullmatch(rf"\d{{1,3}}(?:\{grouping}\d{{3}})+", whole):
            return None
        return f"{whole.replace(grouping, '')}.{fraction}"
    mark = "." if dots else ","
    if dots + commas > 1:
        grouped = re.fullmatch(rf"\d{{1,3}}(?:\{mark}\d{{3}})+", text)
        return text.replace(mark, "") if grouped else None
    if dots + commas == 1 and digits != 3 and re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", text):
        return text.replace(mark, "")
    return text.replace(",", ".")
