"""Taking the views of plugins into the site, in load order and under each plugin's own prefix.

What a plugin's `views.py` may do is checked here: it registers routes in `includeme` (names begin with the
plugin's name, paths lie under /o/{organisation}/<plugin>), and every view states a permission (see `gate`).
A fault is the plugin's own: `PluginFault` tells who has to be put aside before the site is put together anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationConflictError, ConfigurationExecutionError

from parlour.i18n import _
from parlour.plugin.manifest import Fault
from parlour.plugin.registry import Loaded, Plugins, current
from parlour.web.api import PUBLIC, V1
from parlour.web.embedded import PLACE
from parlour.web.rendering import plugin_folders
from parlour.web.static import add_plugin_files

PREFIX = "/o/{{organisation}}/{plugin}"


class PluginFault(Exception):
    """A plugin whose views cannot be taken in."""

    def __init__(self, plugin: str, fault: Fault):
        super().__init__(f"{plugin}: {fault}")
        self.plugin = plugin
        self.fault = fault


def includeme(config: Configurator) -> None:
    plugins = current()
    with_files = plugin_folders("static")
    for item in list(plugins.loaded.values()):
        with blamed(item.name):
            views = item.module("views")
            if views is not None:
                _include(config, item, views)
            for name in ("api", "widget"):
                outside = item.module(name)
                if outside is not None:
                    _include_outside(config, outside)
            if item.name in with_files:
                own = config.with_package(item.package)
                with own.route_prefix_context(prefix_of(item.name)):
                    add_plugin_files(own, item)


def prefix_of(plugin: str) -> str:
    """Where all pages of a plugin lie."""
    return PREFIX.format(plugin=plugin)


def _include(config: Configurator, item: Loaded, views: ModuleType) -> None:
    if hasattr(views, "includeme"):
        config.include(views.includeme, route_prefix=prefix_of(item.name))
    config.scan(views)


def _include_outside(config: Configurator, module: ModuleType) -> None:
    """What does not lie under the plugin's prefix: calls, and pages for other people's web sites."""
    if hasattr(module, "includeme"):
        config.include(module.includeme)
    config.scan(module)


@contextmanager
def blamed(plugin: str) -> Iterator[None]:
    """Whatever goes wrong in here is this plugin's fault."""
    try:
        yield
    except Exception as error:
        fault = Fault(_("The plugin's pages cannot be taken in."), f"{type(error).__name__}: {error}")
        raise PluginFault(plugin, fault) from error


def commit(config: Configurator, plugins: Plugins) -> None:
    """Carry out everything that was declared. Raises PluginFault where a plugin is to blame."""
    try:
        config.commit()
    except ConfigurationConflictError as error:
        # The later one in load order gives way; the core never does.
        blame = _latest(plugins, [info.file for infos in error._conflicts.values() for info in infos])
        raise _fault(blame, error) from error
    except ConfigurationExecutionError as error:
        blame = _latest(plugins, [error.info.file] if hasattr(error.info, "file") else [])
        raise _fault(blame, error) from error
    check(config, plugins)


def _fault(plugin: str | None, error: Exception) -> Exception:
    if plugin is None:
        return error
    detail = " ".join(str(error).split())
    return PluginFault(plugin, Fault(_("The plugin's pages cannot be taken in."), detail))


def _latest(plugins: Plugins, files: list[str]) -> str | None:
    """The last plugin in load order to which one of these source files belongs."""
    owners = {owner for owner in (_owner(plugins, file) for file in files) if owner is not None}
    return next((name for name in reversed(plugins.order) if name in owners), None)


def _owner(plugins: Plugins, file: str) -> str | None:
    from parlour.plugin.discovery import folder_of

    for name, item in plugins.loaded.items():
        if file.startswith(f"{folder_of(item.package)}/"):
            return name
    return None


def check(config: Configurator, plugins: Plugins) -> None:
    """Every route of a plugin carries its name and prefix. Raises PluginFault."""
    for found in config.introspector.get_category("routes") or ():
        route = found["introspectable"]
        info = route.action_info
        plugin = _owner(plugins, info.file) if info is not None else None
        if plugin is None:
            continue
        name, pattern = route["name"], route["pattern"]
        if not name.startswith(f"{plugin}."):
            raise _wrong(plugin, f"the route {name} does not begin with {plugin}.")
        allowed = (prefix_of(plugin), *(f"{place}/{plugin}" for place in (V1, PUBLIC, PLACE)))
        if not any(f"/{pattern.lstrip('/')}/".startswith(f"{place}/") for place in allowed):
            raise _wrong(plugin, f"the route {name} leads to {pattern}, not below {' or '.join(allowed)}")


def _wrong(plugin: str, detail: str) -> PluginFault:
    return PluginFault(plugin, Fault(_("The plugin's pages cannot be taken in."), detail))
