"""Settings of the organisation, its branches and its plugins."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from pyramid.httpexceptions import HTTPFound, HTTPSeeOther
from pyramid.request import Request

from parlour.access import countries, organisations, plugin_settings, settings_nav
from parlour.access.models import Branch
from parlour.access.policy import MEMBER
from parlour.access.rules import allows
from parlour.access.views import forms
from parlour.access.views.colour import samples
from parlour.access.views.declare import view
from parlour.errors import Invalid, NotAllowed, NotFound, Refusal
from parlour.i18n import LANGUAGES, LOCALES, _
from parlour.mail.letters import site_address
from parlour.plugin.gate import enabled
from parlour.plugin.registry import current
from parlour.web.assets import OWN_COLOUR
from parlour.web.flash import say
from parlour.web.rendering import slot, template
from parlour.web.slots import SETTINGS, SettingsContext

READ, WRITE = "core:settings:read", "core:settings:write"


def page(request: Request, title: Any, **values: Any) -> dict[str, Any]:
    """A page of Settings, for the theme."""
    return {"title": title, **values}


@view(route_name="settings", permission=MEMBER)
def settings(request: Request) -> Any:
    """The first page of Settings that this person may open."""
    found = settings_nav.pages(request)
    if not found:
        raise NotAllowed(_("There is nothing in the settings that you may see."))
    return HTTPFound(request.url_of(found[0].route, **found[0].parts))


def _form(request: Request) -> forms.Form:
    locale = request.loc.name
    chosen = request.organisation.settings.get("colour")
    preview = template(request, "_colour.jinja2", {"samples": samples(request, chosen or OWN_COLOUR)})
    here = list(countries.country_choices(locale))
    zones = [(zone, zone) for zone in countries.zone_choices()]
    if request.organisation.zone not in countries.zone_choices():
        zones.insert(0, (request.organisation.zone, request.organisation.zone))
    currencies = [(code, f"{code}, {title}") for code, title in countries.currency_choices(locale)]
    return forms.Form(
        request,
        forms.text("name", _("Name of the salon"), required=True),
        forms.choice("country", _("Country"), here),
        forms.choice("zone", _("Time zone"), zones, hint=_("What is written already keeps its time.")),
        forms.choice(
            "currency", _("Currency"), currencies, hint=_("Amounts that are written already keep theirs.")
        ),
        forms.choice("region", _("Phones without a country code are from"), here),
        forms.choice("locale", _("Language"), [(name, LANGUAGES[name]) for name in LOCALES]),
        forms.colour(
            "colour",
            _("Colour of the salon"),
            otherwise=OWN_COLOUR,
            preview=preview,
            preview_url=request.url_of("settings.colour"),
            hint=_("Of buttons, links and what is chosen. Empty: the colour of Parlour."),
        ),
        action=request.url_of("settings.organisation"),
        readonly=not allows(request.db, WRITE),
    )


@view(route_name="settings.organisation", request_method="GET", permission=READ, renderer="settings.jinja2")
def organisation_page(request: Request) -> Any:
    names = ("name", "country", "zone", "currency", "region", "locale")
    values = {name: getattr(request.organisation, name) for name in names}
    values["colour"] = request.organisation.settings.get("colour")
    return page(request, _("Organisation"), form=_form(request).show(values))


@view(route_name="settings.organisation", request_method="POST", permission=WRITE, renderer="settings.jinja2")
def save_organisation(request: Request) -> Any:
    form = _form(request)
    try:
        organisations.update_organisation(request.db, form.read())
    except Invalid as error:
        return page(request, _("Organisation"), form=form.again(error))
    say(request, _("Saved."))
    return HTTPSeeOther(request.url_of("settings.organisation"))


# ---- branches


@view(route_name="settings.branches", request_method="GET", permission=READ, renderer="settings.jinja2")
def branches_page(request: Request) -> Any:
    may = allows(request.db, WRITE)
    rows = []
    for branch in organisations.branches(request.db, archived=None):
        closed = branch.archived_at is not None
        rows.append(
            {
                "title": branch.name,
                "sub": " · ".join(
                    part for part in (branch.address, _phone(request, branch), branch.zone) if part
                ),
                "icon": "store",
                "url": request.url_of("settings.branch", id=branch.id) if may else None,
                "badges": [{"kind": "badge", "text": _("closed")}] if closed else [],
                "actions": [_switch(request, branch)] if may else [],
            }
        )
    add = {"title": _("Add a branch"), "url": request.url_of("settings.branch.new"), "icon": "plus"}
    return page(request, _("Branches"), rows=rows, primary=add if may else None)


def _phone(request: Request, branch: Branch) -> str:
    return request.loc.phone(branch.phone) if branch.phone else ""


def _switch(request: Request, branch: Branch) -> dict[str, Any]:
    closed = branch.archived_at is not None
    sure = forms.confirm(
        request,
        _("Close ${name}", mapping={"name": branch.name}),
        _("Nothing is lost; the branch can be opened again."),
        _("Close the branch"),
    )
    return {
        "title": _("Open again") if closed else _("Close"),
        "url": request.url_of("settings.branch.archive", id=branch.id),
        "method": "post",
        "fields": {"archived": "" if closed else "1"},
        "confirm": None if closed else sure,
    }


def _to_branches(request: Request) -> list[dict[str, Any]]:
    return [{"title": _("Branches"), "url": request.url_of("settings.branches")}]


def _branch_form(request: Request, action: str) -> forms.Form:
    zones = [(zone, zone) for zone in countries.zone_choices()]
    return forms.Form(
        request,
        forms.text("name", _("Name of the branch"), required=True),
        forms.choice("zone", _("Time zone"), zones),
        forms.lines("address", _("Address")),
        forms.phone("phone", _("Phone")),
        action=action,
    )


@view(route_name="settings.branch.new", request_method="GET", permission=WRITE, renderer="settings.jinja2")
def new_branch(request: Request) -> Any:
    form = _branch_form(request, request.url_of("settings.branch.new"))
    values = {"zone": request.organisation.zone}
    return page(request, _("New branch"), crumbs=_to_branches(request), form=form.show(values))


@view(route_name="settings.branch.new", request_method="POST", permission=WRITE, renderer="settings.jinja2")
def add_branch(request: Request) -> Any:
    return _save_branch(request, None, _("New branch"), request.url_of("settings.branch.new"))


@view(route_name="settings.branch", request_method="GET", permission=WRITE, renderer="settings.jinja2")
def branch_page(request: Request) -> Any:
    branch = organisations.branch_by_id(request.db, int(request.matchdict["id"]))
    form = _branch_form(request, request.url_of("settings.branch", id=branch.id))
    values = {name: getattr(branch, name) for name in ("name", "zone", "address")}
    shown = form.show({**values, "phone": _phone(request, branch)})
    return page(request, branch.name, crumbs=_to_branches(request), form=shown)


@view(route_name="settings.branch", request_method="POST", permission=WRITE, renderer="settings.jinja2")
def save_branch(request: Request) -> Any:
    branch = organisations.branch_by_id(request.db, int(request.matchdict["id"]))
    return _save_branch(request, branch, branch.name, request.url_of("settings.branch", id=branch.id))


def _save_branch(request: Request, branch: Branch | None, title: Any, action: str) -> Any:
    form = _branch_form(request, action)
    try:
        organisations.save_branch(request.db, branch, form.read())
    except Invalid as error:
        return page(request, title, crumbs=_to_branches(request), form=form.again(error))
    say(request, _("Saved."))
    return HTTPSeeOther(request.url_of("settings.branches"))


@view(route_name="settings.branch.archive", request_method="POST", permission=WRITE)
def archive_branch(request: Request) -> Any:
    archived = forms.posted(request, "archived") == "1"
    try:
        organisations.archive_branch(request.db, int(request.matchdict["id"]), archived=archived)
    except Refusal as refused:
        say(request, refused.message, "bad")
    return HTTPSeeOther(request.url_of("settings.branches"))


# ---- plugins


def _plugin_form(request: Request) -> tuple[str, Any, forms.Form]:
    name = request.matchdict["plugin"]
    if name not in enabled(request.db) or name not in current().loaded:
        raise NotFound(_("There is no such page."))
    action = request.url_of("settings.plugin", plugin=name)
    return name, current().title(name), forms.Form(request, *plugin_settings.schema_of(name), action=action)


@view(route_name="settings.plugin", request_method="GET", permission=WRITE, renderer="settings.jinja2")
def plugin_page(request: Request) -> Any:
    name, title, form = _plugin_form(request)
    shown = form.show(plugin_settings.settings_of(request.db, name))
    return page(request, title, form=shown, above=_above(request, name))


def _above(request: Request, plugin: str) -> list[Markup]:
    """What plugins say above the settings of one."""
    site = site_address(request.settings, "")
    return slot(request, SETTINGS, SettingsContext(request.loc, request.url_of, plugin, site))


@view(route_name="settings.plugin", request_method="POST", permission=WRITE, renderer="settings.jinja2")
def save_plugin(request: Request) -> Any:
    name, title, form = _plugin_form(request)
    try:
        plugin_settings.save_plugin_settings(request.db, name, form.read())
    except Invalid as error:
        return page(request, title, form=form.again(error), above=_above(request, name))
    say(request, _("Saved."))
    return HTTPSeeOther(request.url_of("settings.plugin", plugin=name))
