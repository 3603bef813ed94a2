"""Public holidays of a country as days on which nobody works, from the tables of the library `holidays`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import import_module
from typing import Any

from sqlalchemy import select

from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.plugins.schedule.models import Absence
from parlour.records.write import Change, Written, write

YEARS = range(2000, 2101)


@dataclass(frozen=True)
class Holiday:
    """A day, and what it is called."""

    day: date
    name: str


def _library() -> Any:
    # Two megabytes that only this page needs.
    return import_module("holidays")


@lru_cache(maxsize=1)
def countries() -> frozenset[str]:
    """Codes of the countries whose holidays are known."""
    return frozenset(_library().list_supported_countries(include_aliases=False))


@lru_cache(maxsize=1)
def regions() -> dict[str, tuple[str, ...]]:
    """By country the codes of parts that have holidays of their own."""
    found = _library().list_supported_countries(include_aliases=False)
    return {country: tuple(parts) for country, parts in found.items() if parts}


def holidays_of(country: str, year: int, locale: str, region: str | None = None) -> list[Holiday]:
    """The public holidays of a year in the order of time, named in a language where the library knows it, else in the country's.

    Raises Refusal for a country, a region or a year that is not known.
    """
    if country not in countries():
        raise Refusal(_("The holidays of this country are not known. Add them as absences."))
    if region is not None and region not in regions().get(country, ()):
        raise Refusal(_("There is no such region."))
    if year not in YEARS:
        raise Refusal(
            _("Choose a year from ${first} to ${last}.", mapping={"first": YEARS[0], "last": YEARS[-1]})
        )
    library = _library()
    languages = library.list_localized_countries().get(country, [])
    language = next((one for one in languages if one.partition("_")[0] == locale.partition("_")[0]), None)
    found = library.country_holidays(country, subdiv=region, years=year, language=language)
    # A day off that falls into another year is that year's.
    return [Holiday(day, str(name)[:200]) for day, name in sorted(found.items()) if day.year == year]


def closed_on(session: Session, year: int, branch_id: int | None) -> set[date]:
    """The days of a year that are whole holidays already, of this branch or of all."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    rows = session.execute(
        select(Absence.since, Absence.until).where(
            Absence.since <= last,
            Absence.until >= first,
            Absence.since_time.is_(None),
            Absence.until_time.is_(None),
            Absence.staff_id.is_(None),
            Absence.resource_id.is_(None),
            Absence.branch.is_(None) | (Absence.branch == branch_id),
            Absence.archived_at.is_(None),
        )
    )
    return {
        date.fromordinal(number)
        for row in rows
        for number in range(max(row.since, first).toordinal(), min(row.until, last).toordinal() + 1)
    }


def close(
    session: Session, found: Collection[Holiday], year: int, *, branch_id: int | None = None
) -> Written:
    """Let nobody work on these days, in one branch or in all. Days that are closed already stay as they are, so doing it twice
    changes nothing.
    """
    there = closed_on(session, year, branch_id)
    days = [
        Change(
            {"reason": "holiday", "branch": branch_id, "since": one.day, "until": one.day, "note": one.name}
        )
        for one in sorted(found, key=lambda one: one.day)
        if one.day not in there
    ]
    return write(session, Absence, days, label="holidays")
