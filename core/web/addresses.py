"""Addresses: pages by the name of their route, files by their name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request

from parlour.plugin.registry import current
from parlour.web.assets import PREFIX, Assets

Query = Mapping[str, Any] | Sequence[tuple[str, Any]]


def includeme(config: Configurator) -> None:
    config.add_request_method(url_of)
    config.add_request_method(static)


def url_of(request: Request, route: str, query: Query | None = None, **parts: Any) -> str:
    """The path of a page; the organisation is the one of this request unless `parts` says otherwise.

    KeyError names a route that does not exist.
    """
    parts.setdefault("organisation", (request.matchdict or {}).get("organisation", ""))
    if query:
        parts["_query"] = query
    return str(request.route_path(route, **parts))


def static(request: Request, spec: str) -> str:
    """The address of a file ("themes/default/base.css", "contacts/card.js"), which changes with its content.

    A plugin's files lie under the organisation, because they are gone where the plugin is off. KeyError when
    there is no such file.
    """
    assets: Assets = request.registry["parlour.assets"]
    address = assets.url(spec)
    owner = spec.partition("/")[0]
    if owner not in current().loaded:
        return address
    rest = address.removeprefix(f"{PREFIX}/{owner}/")
    return url_of(request, f"{owner}.static", subpath=tuple(rest.split("/")))


def back_to(request: Request, address: str | None, otherwise: str) -> str:
    """`address` when it lies within this site, else `otherwise`: a form may not send people elsewhere.

    Our own addresses have escaped what is no printable ASCII; a header could not hold it.
    """
    printable = address and address.isascii() and address.isprintable()
    if address and printable and address.startswith("/") and not address.startswith(("//", "/\\")):
        return address
    return otherwise
