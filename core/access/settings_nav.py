"""The pages of Settings: who adds one is listed at the left of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request

from parlour.access.rules import allows
from parlour.i18n import _
from parlour.plugin.gate import CORE
from parlour.plugin.registry import current
from parlour.records.registry import enabled_records

_PAGES = "parlour.settings_pages"
GROUPS: dict[str, Any] = {
    "place": "",
    "people": _("People"),
    "work": _("Work"),
    "plugins": _("Plugins"),
}


@dataclass(frozen=True)
class SettingsPage:
    """One entry of the menu of Settings, for who has the permission; `group` is a key of GROUPS."""

    title: Any
    route: str
    permission: str
    icon: str = "settings-2"
    group: str = "work"
    sequence: int = 100
    parts: Mapping[str, Any] = field(default_factory=dict)
    # Whose page it is; those of a plugin are there where it is on.
    plugin: str = CORE


def includeme(config: Configurator) -> None:
    config.registry[_PAGES] = []
    config.add_directive("add_settings_page", add_settings_page)


def add_settings_page(config: Configurator, page: SettingsPage) -> None:
    """Directive for pages of the core and of plugins. Lists of values and settings that the core draws are found by
    themselves.
    """
    key = ("parlour.settings_page", page.route, tuple(sorted(page.parts.items())))
    config.action(key, lambda: config.registry[_PAGES].append(page))


def pages(request: Request) -> list[SettingsPage]:
    """The pages that this person may open, in order."""
    known: list[SettingsPage] = [*request.registry[_PAGES], *_lookups(request), *_plugins(request)]
    order = list(GROUPS)
    on = {CORE, *request.enabled}
    found = [page for page in known if page.plugin in on and allows(request.db, page.permission)]
    return sorted(found, key=lambda page: (order.index(page.group), page.sequence))


def _lookups(request: Request) -> list[SettingsPage]:
    return [
        SettingsPage(
            title=record.plural,
            route="record.list",
            permission=record.permission("write"),
            icon=record.icon,
            group="plugins",
            parts={"record": record.name},
        )
        for record in enabled_records(request.db)
        if record.lookup and record.plugin != CORE
    ]


def _plugins(request: Request) -> list[SettingsPage]:
    from parlour.access.plugin_settings import has_settings

    return [
        SettingsPage(
            title=item.manifest.title,
            route="settings.plugin",
            permission="core:settings:write",
            icon=item.manifest.icon,
            group="plugins",
            parts={"plugin": name},
        )
        for name, item in current().loaded.items()
        if name in request.enabled and has_settings(name)
    ]


def nav(request: Request) -> list[dict[str, Any]]:
    """The menu of Settings, for the theme."""
    groups: dict[str, dict[str, Any]] = {
        name: {"title": title, "items": []} for name, title in GROUPS.items()
    }
    for page in pages(request):
        url = request.url_of(page.route, **page.parts)
        active = request.path == url or request.path.startswith(f"{url}/")
        groups[page.group]["items"].append(
            {"title": page.title, "url": url, "icon": page.icon, "active": active}
        )
    return [group for group in groups.values() if group["items"]]
