"""The gate of views: everything that a plugin registered answers 404 where the plugin is off, static files too.

A view deriver knows the package that registered a view, so plugins need not remember anything. It also looks
at the declaration itself: a view without a permission, or of a package that is no plugin, is refused when the
site starts. The generic pages of records are the core's; their context asks for the record's own plugin.
"""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.httpexceptions import HTTPForbidden
from pyramid.request import Request
from pyramid.viewderivers import INGRESS

from parlour.errors import NotFound
from parlour.i18n import _
from parlour.plugin.gate import CORE, plugin_of


def includeme(config: Configurator) -> None:
    config.add_view_deriver(gate, "parlour_gate", under=INGRESS, over="secured_view")


def gate(view: Any, info: Any) -> Any:
    """Wrap a view of a plugin so that it is there only where the plugin is on. Raises ConfigurationError."""
    if info.exception_only:
        return view
    package = info.package.__name__
    plugin = plugin_of(package)
    if plugin is None:
        raise ConfigurationError(f"{package} belongs to no plugin and may not register views")
    if not info.options.get("permission"):
        raise ConfigurationError(f"A view of {package} states no permission: {info.original_view!r}")
    if plugin == CORE:
        return view

    def gated(context: Any, request: Request) -> Any:
        if request.organisation is None and "organisation" in (request.matchdict or {}):
            raise HTTPForbidden()
        if plugin not in request.enabled:
            raise NotFound(_("There is no such page."))
        return view(context, request)

    return gated


gate.options = ()  # type: ignore[attr-defined]  # Pyramid reads it: the deriver takes no options of its own
