"""One page: the public holidays of a country in a year, each to be chosen, and one button that closes on them."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from parlour.access.countries import country_choices
from parlour.access.organisations import branches
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.plugins.schedule import public_holidays
from parlour.records.defaults import defaults_of
from parlour.records.pages.undoing import done
from parlour.web.contexts import OrganisationContext

max_queries = 30
ADD = "schedule:absence:create"


class _Asked:
    """Which country, part of it, year and branch somebody asks about; what makes no sense is the usual."""

    def __init__(self, request: Request):
        given = {**request.GET, **request.POST}
        known = public_holidays.countries()
        home, today = request.organisation.country, defaults_of(request.db).today()
        country = given.get("country", "")
        self.country: str = country if country in known else home
        self.regions = public_holidays.regions().get(self.country, ())
        self.region = given.get("region") if given.get("region") in self.regions else None
        year = given.get("year", "")
        # In autumn people ask about the next year.
        usual = today.year + (today.month >= 10)
        self.year = int(year) if year.isascii() and year.isdecimal() and len(year) == 4 else usual
        self.branches = branches(request.db)
        open_ones = {str(one.id): one.id for one in self.branches}
        self.branch = open_ones.get(given.get("branch", ""))

    @property
    def query(self) -> dict[str, Any]:
        asked = {"country": self.country, "region": self.region, "year": self.year, "branch": self.branch}
        return {name: value for name, value in asked.items() if value is not None}


@view_config(
    route_name="schedule.holidays",
    request_method="GET",
    permission=ADD,
    renderer="schedule/holidays.jinja2",
)
def page(context: OrganisationContext, request: Request) -> dict[str, Any]:
    """The holidays of a year; those on which the salon is closed already say so."""
    asked, loc = _Asked(request), request.loc
    problem, found = None, []
    try:
        found = public_holidays.holidays_of(asked.country, asked.year, loc.name, asked.region)
    except Refusal as refused:
        problem = refused.message
    there = public_holidays.closed_on(request.db, asked.year, asked.branch) if found else set()
    known = public_holidays.countries()
    return {
        "asked": asked,
        "countries": [one for one in country_choices(loc.name) if one[0] in known],
        "days": [
            {
                "value": one.day.isoformat(),
                "day": loc.date(one.day, "full"),
                "name": one.name,
                "closed": one.day in there,
            }
            for one in found
        ],
        "left": sum(one.day not in there for one in found),
        "problem": problem,
    }


@view_config(route_name="schedule.holidays", request_method="POST", permission=ADD)
def close(context: OrganisationContext, request: Request) -> HTTPSeeOther:
    """Close on the days that were chosen."""
    asked = _Asked(request)
    chosen = set(request.POST.getall("day"))
    found = [
        one
        for one in public_holidays.holidays_of(asked.country, asked.year, request.loc.name, asked.region)
        if one.day.isoformat() in chosen
    ]
    written = public_holidays.close(request.db, found, asked.year, branch_id=asked.branch)
    count = len(written.ids)
    said = request.loc.plural("Closed on ${n} day.", "Closed on ${n} days.", count)
    if not count:
        said = _("Nothing to add: you are closed on these days already.")
    return done(
        request,
        said,
        written.change_set if count else None,
        request.url_of("schedule.holidays", query=asked.query),
    )
