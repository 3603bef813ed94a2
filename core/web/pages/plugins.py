"""The Plugins page: what there is, what each does and needs, and the switch. Live with the next request."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from parlour.access.rules import allows
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.plugin import graph
from parlour.plugin.lifecycle import disable, enable, missing_requirements
from parlour.plugin.manifest import Fault, Plugin
from parlour.plugin.registry import Plugins, current
from parlour.web import flash
from parlour.web.contexts import OrganisationContext

max_queries = 15


@view_config(
    route_name="plugins", request_method="GET", renderer="plugins.jinja2", permission="core:plugins:write"
)
def plugins(context: OrganisationContext, request: Request) -> dict[str, Any]:
    known = current()
    shown = [_shown(request, known, manifest) for manifest in known.manifests.values()]
    # Faults of what has no readable manifest are shown by name alone.
    shown += [
        {
            "name": name,
            "title": name,
            "state": "quarantined",
            "summary": "",
            "reasons": _reasons(request, fault),
        }
        for name, fault in known.quarantined.items()
        if name not in known.manifests
    ]
    order = {"on": 0, "off": 1, "not_installed": 2, "quarantined": 3}
    shown.sort(key=lambda one: (order[one["state"]], request.loc.translate(one["title"]).casefold()))
    return {
        "title": _("Plugins"),
        "plugins": shown,
        "post_url": request.url_of("plugins"),
        "may_switch": allows(request.db, "core:plugins:write"),
    }


def _shown(request: Request, known: Plugins, manifest: Plugin) -> dict[str, Any]:
    on = request.enabled
    name = manifest.name
    if name in known.quarantined:
        state = "quarantined"
    elif name not in known.loaded:
        state = "not_installed"
    else:
        state = "on" if name in on else "off"
    standing = [other for other in graph.dependents(known.manifests, name) if other in on]
    missing = missing_requirements(request.db, name) if state == "off" else []
    return {
        "name": name,
        "title": manifest.title,
        "version": manifest.version,
        "icon": manifest.icon,
        "summary": manifest.summary,
        "description": manifest.description,
        "state": state,
        "needs": [{"title": known.title(one), "on": one in on} for one in sorted(manifest.requirements)],
        "needed_by": [request.loc.translate(known.title(one)) for one in standing] if state == "on" else [],
        "also": [request.loc.translate(known.title(one)) for one in missing],
        "reasons": _reasons(request, known.quarantined.get(name)),
        "settings_url": _settings_url(request, name),
    }


def _reasons(request: Request, fault: Fault | None) -> list[str]:
    if fault is None:
        return []
    return [text for text in (request.loc.translate(fault.message), fault.detail) if text]


def _settings_url(request: Request, name: str) -> str | None:
    from parlour.access.plugin_settings import has_settings

    if name not in current().loaded or not has_settings(name):
        return None
    return str(request.url_of("settings.plugin", plugin=name))


@view_config(route_name="plugins", request_method="POST", permission="core:plugins:write")
def switch(context: OrganisationContext, request: Request) -> HTTPSeeOther:
    """Switch one plugin on, with what it requires, or off. Raises Refusal where that cannot be."""
    name = str(request.POST.get("name", ""))
    known = current()
    if name not in known.manifests:
        raise NotFound(_("There is no such plugin."))
    loc, title = request.loc, known.title(name)
    if request.POST.get("switch") == "on":
        added = enable(request.db, name)
        others = ", ".join(loc.translate(known.title(one)) for one in added if one != name)
        if others:
            message = _("${name} is on, and with it: ${others}.", mapping={"name": title, "others": others})
        else:
            message = _("${name} is on.", mapping={"name": title})
    else:
        disable(request.db, name)
        message = _("${name} is off. Everything it knows is kept.", mapping={"name": title})
    flash.say(request, message)
    return HTTPSeeOther(request.url_of("plugins") + f"#plugin-{name}")
