"""Small values that records are made of: money, keys for sorting and searching, and the faults of a single value."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from parlour.i18n import Localizer, _


class Fault(ValueError):
    """One value that cannot be saved; `message` is a translation string shown at its field."""

    def __init__(self, message: Any):
        super().__init__(str(message))
        self.message = message


@lru_cache(maxsize=64)
def minor_digits(currency: str) -> int:
    """How many decimal digits a currency has (ISO 4217, from the locale data): 2 for RUB, 0 for JPY."""
    from babel.numbers import get_currency_precision

    return get_currency_precision(currency)


@dataclass(frozen=True, order=True, slots=True)
class Money:
    """An exact amount in major units with its currency. The database keeps integer minor units."""

    amount: Decimal
    currency: str

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> Money:
        return cls(Decimal(minor).scaleb(-minor_digits(currency)), currency)

    @property
    def minor(self) -> int:
        """Whole minor units (kopecks). Raises Fault when the amount is finer than that: it is never rounded here."""
        scaled = self.amount.scaleb(minor_digits(self.currency))
        if scaled != scaled.to_integral_value():
            raise Fault(_("The amount has more decimal places than the currency."))
        return int(scaled)

    def in_words(self, loc: Localizer) -> str:
        """As it is written in a text for people."""
        return loc.money(self.amount, self.currency)

    def __json__(self) -> dict[str, str]:
        digits = minor_digits(self.currency)
        return {"amount": f"{self.amount:.{digits}f}", "currency": self.currency}


_SPACE = re.compile(r"\s+")
# Control characters and halves of surrogate pairs: no database keeps them and nobody means them.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def key_of(text: str | None) -> str:
    """The form in which text is sorted, searched and compared: case folded, ё as е, accents composed, blanks collapsed.

    Made in Python because SQLite does not fold Cyrillic and a C collation misplaces ё.
    """
    if not text:
        return ""
    if text.isprintable():
        # Neither control characters nor blanks other than U+0020; nearly all text is like that.
        folded = text if text.isascii() else unicodedata.normalize("NFC", text)
        return " ".join(folded.casefold().replace("ё", "е").split())
    folded = unicodedata.normalize("NFC", UNPRINTABLE.sub("", text)).casefold().replace("ё", "е")
    return _SPACE.sub(" ", folded).strip()


def digits_of(text: str | None) -> str:
    """Only the digits, which is how phones are searched."""
    if not text:
        return ""
    if text.isascii() and text[text[0] == "+" :].isdigit():
        return text[text[0] == "+" :]
    return "".join(char for char in text if char.isascii() and char.isdigit())


def like_pattern(term: str) -> str:
    """A LIKE pattern that contains the term literally; the escape character is a backslash."""
    escaped = term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
