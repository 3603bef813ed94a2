"""What a country implies: time zones, currency, how phone numbers are read, and which of our languages is
spoken there.

Everything comes from the data of babel (CLDR), phonenumbers and tzdata; only the zone where most people of a
country with several zones live is written down here, because no table says it.
"""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from babel import Locale, languages, numbers
from babel.core import get_global

from parlour.i18n import LOCALES

_MAIN_ZONE = {
    "AR": "America/Argentina/Buenos_Aires",
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CD": "Africa/Kinshasa",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin",
    "EC": "America/Guayaquil",
    "ES": "Europe/Madrid",
    "ID": "Asia/Jakarta",
    "KZ": "Asia/Almaty",
    "MN": "Asia/Ulaanbaatar",
    "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "US": "America/New_York",
    "UZ": "Asia/Tashkent",
}


@dataclass(frozen=True)
class Country:
    """What a form is filled in with once the country is chosen; all of it can be changed."""

    code: str
    zone: str
    zones: tuple[str, ...]
    currency: str
    region: str
    locale: str


@lru_cache(maxsize=1)
def _zones() -> dict[str, tuple[str, ...]]:
    """Zones by country as tzdata lists them."""
    found: dict[str, list[str]] = {}
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    for line in table.splitlines():
        if line and not line.startswith("#"):
            code, _place, zone, *_comment = line.split("\t")
            found.setdefault(code, []).append(zone)
    return {code: tuple(zones) for code, zones in found.items()}


@lru_cache(maxsize=1)
def all_countries() -> dict[str, Country]:
    """Every country that has a zone, a currency and a phone region, by its ISO 3166 code."""
    from phonenumbers import SUPPORTED_REGIONS

    found = {}
    for code, zones in sorted(_zones().items()):
        currencies = numbers.get_territory_currencies(code, tender=True)
        if code not in SUPPORTED_REGIONS or not currencies:
            continue
        main = _MAIN_ZONE.get(code, zones[0])
        spoken = languages.get_official_languages(code, de_facto=True)
        found[code] = Country(
            code=code,
            zone=main,
            zones=(main, *(zone for zone in zones if zone != main)),
            currency=currencies[0],
            region=code,
            locale=next((name for name in spoken if name in LOCALES and name != "en"), "en"),
        )
    return found


def country_choices(locale: str) -> list[tuple[str, str]]:
    """Code and name of every country, by name in that language."""
    names = Locale.parse(locale).territories
    return sorted(
        ((code, names.get(code, code)) for code in all_countries()), key=lambda item: item[1].casefold()
    )


def currency_choices(locale: str) -> list[tuple[str, str]]:
    """Code and name of every currency that some country uses today, by code."""
    names = Locale.parse(locale).currencies
    used = {
        code
        for territory in get_global("territory_currencies")
        for code in numbers.get_territory_currencies(territory, tender=True)
    }
    return [(code, names.get(code, code)) for code in sorted(used)]


@lru_cache(maxsize=1)
def zone_choices() -> tuple[str, ...]:
    """Every place of tzdata, by name."""
    return tuple(sorted(zone for zones in _zones().values() for zone in zones))


def known_zone(zone: str) -> bool:
    """Whether clocks can be computed for the zone."""
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return "/" in zone or zone == "UTC"
