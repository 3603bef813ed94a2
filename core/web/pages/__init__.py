"""The core's own staff pages that are about no single record: Today, search, what needs me, plugins."""

from __future__ import annotations

from pyramid.config import Configurator

from parlour.access.settings_nav import SettingsPage
from parlour.i18n import _
from parlour.web.slots import MenuItem

PREFIX = "/o/{organisation}"
SWITCH = "core:plugins:write"


def includeme(config: Configurator) -> None:
    config.add_route("today", PREFIX)
    config.add_route("search", f"{PREFIX}/search")
    config.add_route("search.suggest", f"{PREFIX}/search/suggest")
    config.add_route("needs", f"{PREFIX}/needs")
    config.add_route("plugins", f"{PREFIX}/plugins")
    config.add_menu_item(MenuItem(title=_("Today"), route="today", icon="sun", group="today", sequence=0))
    config.add_settings_page(
        SettingsPage(
            title=_("Plugins"), route="plugins", permission=SWITCH, icon="puzzle", group="plugins", sequence=0
        )
    )
    config.scan(__name__)
