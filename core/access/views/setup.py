"""The page of the first run."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.security import NO_PERMISSION_REQUIRED

from parlour.access import countries
from parlour.access.firstrun import Opening, is_set_up, open_salon
from parlour.access.models import Organisation
from parlour.access.views.declare import view
from parlour.access.views.forms import posted
from parlour.access.views.inout import let_in
from parlour.errors import Invalid, Refusal
from parlour.plugin import graph
from parlour.plugin.registry import current
from parlour.records.registry import enabled_records

FALLBACK = "GB"
_INPUTS = ("organisation", "country", "zone", "currency", "region", "language", "name", "email")


@view(route_name="setup", request_method="GET", permission=NO_PERMISSION_REQUIRED, renderer="setup.jinja2")
def setup_page(request: Request) -> Any:
    if is_set_up(request):
        return HTTPFound(request.url_of("home"))
    return _page(request, _first_values(request), {})


@view(route_name="setup", request_method="POST", permission=NO_PERMISSION_REQUIRED, renderer="setup.jinja2")
def set_up(request: Request) -> Any:
    values = {name: posted(request, name) for name in _INPUTS}
    chosen = [name for name in request.POST.getall("plugins") if name in current().loaded]
    try:
        wanted = Opening(**values, password=posted(request, "password"), plugins=chosen)
        organisation, user = open_salon(request.db, wanted)
    except Invalid as error:
        request.response.status_code = 422
        return _page(request, {**values, "plugins": chosen}, error.fields)
    except Refusal:
        return HTTPSeeOther(request.url_of("home"))
    return let_in(request, user, _next(request, organisation, posted(request, "then")))


def _next(request: Request, organisation: Organisation, then: str) -> str:
    """Where the new owner goes: to the import of people where some plugin keeps people, else to the first
    page.
    """
    if then == "import":
        for record in enabled_records(request.db):
            if record.person:
                return str(
                    request.url_of("record.import", organisation=organisation.slug, record=record.name)
                )
    return str(request.url_of("today", organisation=organisation.slug))


def _first_values(request: Request) -> dict[str, Any]:
    known = countries.all_countries()
    country = known[_guess(request, known)]
    return {
        "country": country.code,
        "zone": country.zone,
        "currency": country.currency,
        "region": country.region,
        "language": request.loc.name,
        "plugins": [name for name, item in current().loaded.items() if item.manifest.enabled_by_default],
    }


def _guess(request: Request, known: dict[str, countries.Country]) -> str:
    """The country that this browser's languages speak of: "ru-KZ", or where a bare "ru" is at home."""
    for header in request.accept_language.parsed or ():
        language, _dash, territory = header[0].partition("-")
        if territory.upper() in known:
            return str(territory.upper())
        if language == "ru":
            return "RU"
    return FALLBACK


def _page(request: Request, values: dict[str, Any], errors: dict[str, Any]) -> dict[str, Any]:
    locale = request.loc.name
    titles = dict(countries.country_choices(locale))
    manifests = {name: item.manifest for name, item in current().loaded.items()}
    return {
        "values": values,
        "errors": {name: request.loc.translate(message) for name, message in errors.items()},
        "countries": [
            {
                "code": code,
                "title": title,
                "zone": country.zone,
                "currency": country.currency,
                "region": country.region,
                "language": country.locale,
            }
            for code, title in titles.items()
            for country in (countries.all_countries()[code],)
        ],
        "zones": countries.zone_choices(),
        "currencies": [(code, f"{code}, {title}") for code, title in countries.currency_choices(locale)],
        "regions": list(titles.items()),
        "plugins": [
            {
                "name": name,
                "title": manifest.title,
                "summary": manifest.summary,
                "icon": manifest.icon,
                "needs": [
                    request.loc.translate(manifests[other].title)
                    for other in graph.requirements(manifests, name)
                    if other in manifests
                ],
                "fixed": manifest.enabled_by_default,
            }
            for name, manifest in manifests.items()
        ],
    }
