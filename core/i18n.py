"""Languages: message catalogues, and dates, numbers, money and phones as a person of that locale writes them.

English is the source language. The catalogues of the core and of every loaded plugin are merged into one per locale, so
that `_("Save")` finds its translation wherever it was declared; the core's own messages win over a plugin's.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from string import Template
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from translationstring import TranslationString, TranslationStringFactory

# What each language calls itself.
LANGUAGES = {"en": "English", "ru": "Русский"}
LOCALES = tuple(LANGUAGES)
_ = TranslationStringFactory("parlour")
# Unicode's narrow currency symbols (CLDR, "narrow"), where a locale's own data have none and nothing else is called so.
NARROW_SYMBOLS = {
    "RUB": "₽", "UAH": "₴", "KZT": "₸", "AZN": "₼", "AMD": "֏", "GEL": "₾", "MNT": "₮",
    "TRY": "₺", "INR": "₹", "ILS": "₪", "VND": "₫", "KRW": "₩", "PHP": "₱", "NGN": "₦", "PLN": "zł",
    "CZK": "Kč", "HUF": "Ft", "BYN": "Br", "RON": "lei",
}  # fmt: skip

# Folders that hold <locale>/LC_MESSAGES/<domain>.po, in the order in which their messages win.
_folders: list[Path] = [Path(__file__).parent / "locale"]


def add_catalogue_folder(folder: Path) -> None:
    """Register the `locale` folder of a package; plugins get theirs registered when they load."""
    if folder not in _folders:
        _folders.append(folder)
        catalogue.cache_clear()
        localizer.cache_clear()


def _messages(po: Path) -> gettext.GNUTranslations:
    """The messages of one `.po` file, from its compiled `.mo` where that is up to date.

    Compiling in memory otherwise means that no build step can be forgotten; it costs about 0.1 s for a thousand messages.
    """
    mo = po.with_suffix(".mo")
    if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
        return gettext.GNUTranslations(io.BytesIO(mo.read_bytes()))
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with po.open("rb") as source:
        write_mo(compiled, read_po(source))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@lru_cache(maxsize=16)
def catalogue(locale: str) -> gettext.NullTranslations:
    """All messages of one locale; English is the source and has none."""
    merged: gettext.NullTranslations = gettext.NullTranslations()
    for folder in _folders:
        for po in sorted(folder.glob(f"{locale}/LC_MESSAGES/*.po")):
            messages = _messages(po)
            if type(merged) is gettext.NullTranslations:
                merged = messages
            else:
                merged.add_fallback(messages)
    return merged


class Localizer:
    """Speaks one locale in one time zone. Moments come in as UTC and are shown in `zone`."""

    def __init__(
        self, locale: str = "en", zone: str = "UTC", currency: str = "EUR", region: str | None = None
    ):
        self.name = locale if locale in LOCALES else "en"
        self.babel = Locale.parse(self.name)
        self.zone = ZoneInfo(zone)
        self.currency = currency
        self.region = region
        self.catalogue = catalogue(self.name)

    # ---- words

    def translate(self, message: Any, mapping: Mapping[str, Any] | None = None) -> str:
        """The message in this language. A lazy string brings its own parameters, which are translated too."""
        if message is None:
            return ""
        values: dict[str, Any] = {}
        source = str(message)
        if isinstance(message, TranslationString):
            values.update(message.mapping or {})
            text = (
                self.catalogue.pgettext(message.context, source)
                if message.context
                else self.catalogue.gettext(source)
                if source
                else ""
            )
            if text == source and message.default:
                text = str(message.default)
        else:
            text = self.catalogue.gettext(source) if source else ""
        values.update(mapping or {})
        return self._fill(text, values)

    def plural(self, one: str, many: str, count: int, **values: Any) -> str:
        """The right plural form for `count`, which the message may name as `${n}`."""
        text = self.catalogue.ngettext(one, many, count)
        return self._fill(text, {"n": self.number(count), **values})

    def _fill(self, text: str, values: Mapping[str, Any]) -> str:
        if not values:
            return text
        shown = {key: self._shown(value) for key, value in values.items()}
        return Template(text).safe_substitute(shown)

    def _shown(self, value: Any) -> Any:
        """A parameter of a message; of one that knows how it is written, such as an amount, what it says of itself."""
        if isinstance(value, TranslationString):
            return self.translate(value)
        # Asked of the class: what is not there in a template has every attribute.
        return value.in_words(self) if hasattr(type(value), "in_words") else value

    # ---- figures

    def number(self, value: int | float | Decimal) -> str:
        return numbers.format_decimal(value, locale=self.babel)

    def percent(self, rate: Decimal) -> str:
        """A rate given in percent, with as many decimals as it has."""
        return numbers.format_percent(rate / 100, locale=self.babel, decimal_quantization=False)

    def money(self, amount: Decimal, currency: str | None = None) -> str:
        """An amount in major units; the kopecks are left out when there are none, as price lists do."""
        code = currency or self.currency
        symbol = NARROW_SYMBOLS.get(code) or numbers.get_currency_symbol(code, self.babel)
        pattern: str = self.babel.currency_formats["standard"].pattern
        if symbol[-1].isalpha():  # "22,050 CHF", for letters glued to figures cannot be read
            pattern = "#,##0.00\xa0¤"
        whole = amount == amount.to_integral_value()
        return numbers.format_currency(
            amount,
            code,
            locale=self.babel,
            format=(pattern.replace(".00", "") if whole else pattern).replace("¤", symbol),
            currency_digits=not whole,
        )

    # ---- time

    def local(self, moment: datetime) -> datetime:
        """A UTC moment on this localizer's wall clock."""
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(self.zone)

    def date(self, value: date, style: str = "medium") -> str:
        if isinstance(value, datetime):
            value = self.local(value).date()
        return dates.format_date(value, style, locale=self.babel)

    def moment(self, value: datetime, style: str = "medium") -> str:
        return dates.format_datetime(self.local(value), style, locale=self.babel)

    def time(self, value: datetime | time) -> str:
        if isinstance(value, datetime):
            value = self.local(value).time()
        return dates.format_time(value, "short", locale=self.babel)

    def day_month(self, month: int, day: int) -> str:
        """A birthday without a year."""
        pattern = "d MMMM" if self.name == "ru" else "MMMM d"
        return dates.format_date(date(2000, month, day), pattern, locale=self.babel)

    def ago(self, value: datetime, now: datetime | None = None) -> str:
        """How long ago, up to a week; the date after that."""
        now = now or datetime.now(UTC)
        if value.tzinfo is None:
            value = value.replace(tzinfo=UTC)
        gone = now - value
        if abs(gone.total_seconds()) < 45:
            return self.translate(_("just now"))
        if abs(gone.days) >= 7:
            return self.date(value)
        return dates.format_timedelta(-gone, add_direction=True, locale=self.babel)

    # ---- phones

    def phone(self, e164: str) -> str:
        """National form for a number of the organisation's own country, international for any other."""
        return _phone(e164, self.region)


@lru_cache(maxsize=4096)
def _phone(e164: str, region: str | None) -> str:
    """Reading a number takes longer than the rest of a table's cell, and the same ones come again and again."""
    import phonenumbers

    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    home = region and phonenumbers.region_code_for_number(number) == region
    style = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(number, style))


@lru_cache(maxsize=256)
def localizer(
    locale: str = "en", zone: str = "UTC", currency: str = "EUR", region: str | None = None
) -> Localizer:
    """The shared localizer of these four; it keeps no state of its own."""
    return Localizer(locale, zone, currency, region)
