"""Addresses that stand in other people's web sites: /widget/{organisation}/<plugin>/, declared in a plugin's `widget.py`.

They belong to everybody. No cookie is read or set there, so it makes no difference who looks and browsers that keep cookies from
frames break nothing; the session is in the organisation that the address names, and grants nothing. Only a page below here may
set `request.frame_ancestors`.
"""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

PLACE = "/widget/{organisation}"


def add_widget_route(config: Any, name: str, path: str) -> None:
    """Directive for the `widget.py` of plugins: a route below /widget/{organisation}/<plugin>."""
    from parlour.plugin.gate import plugin_of

    plugin = plugin_of(config.package.__name__)
    config.add_route(name, f"{PLACE}/{plugin}/{path.lstrip('/')}".rstrip("/"))


def includeme(config: Any) -> None:
    config.add_directive("add_widget_route", add_widget_route)


def embedded(request: Request) -> bool:
    """Whether the address is one of those."""
    return str(request.environ.get("PATH_INFO", "")).startswith("/widget/")
