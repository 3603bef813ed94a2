"""Loading plugins at the start of a process, in steps, so that a fault in one stops nothing but it and what
stands on it.

    find -> manifests -> versions, circles -> installed? at head? -> models -> hooks, jobs -> bridges

Models come only after the database was asked, because a model whose tables are behind breaks its queries;
hooks come late, because they alone cannot be taken back without a trace by disposing of a registry.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType

import pluggy
import structlog
from sqlalchemy import Engine

from parlour import hooks, i18n
from parlour.db.base import METADATA
from parlour.i18n import _
from parlour.plugin import graph
from parlour.plugin.discovery import bridges_of, broken, find, folder_of, module_of
from parlour.plugin.manifest import Fault, Plugin
from parlour.plugin.mapping import configure, discard, import_core
from parlour.plugin.state import read_state
from parlour.settings import Settings

log = structlog.get_logger(__name__)
# Imported at start, in this order, where a plugin brings them. `views` and `demo` are imported by who needs
# them.
MODULES = ("models", "services", "hookspecs", "access", "hooks", "jobs")


@dataclass
class Loaded:
    """A plugin that passed its checks in this process."""

    manifest: Plugin
    modules: dict[str, ModuleType] = field(default_factory=dict)
    # Other plugin -> the module that glues this one to it.
    bridges: dict[str, ModuleType] = field(default_factory=dict)
    # Tables that came into the MetaData with its models.
    made: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def package(self) -> str:
        return self.manifest.package

    def module(self, name: str) -> ModuleType | None:
        """The plugin's module `name`, imported when first asked for; None when there is none."""
        if name not in self.modules:
            module = module_of(self.package, name)
            if module is None:
                return None
            self.modules[name] = module
        return self.modules[name]


@dataclass
class Plugins:
    """All plugins as this process sees them. `loaded` is in load order."""

    loaded: dict[str, Loaded] = field(default_factory=dict)
    quarantined: dict[str, Fault] = field(default_factory=dict)
    available: dict[str, Plugin] = field(default_factory=dict)
    manifests: dict[str, Plugin] = field(default_factory=dict)
    installed: dict[str, str] = field(default_factory=dict)
    pm: pluggy.PluginManager = field(default_factory=lambda: _manager({}))
    # Raised with every change of `loaded`, so that caches over it notice.
    generation: int = 0
    _hooks: tuple[int, dict[str, str]] = field(default=(-1, {}), repr=False)

    @property
    def order(self) -> list[str]:
        """Names in load order."""
        return list(self.loaded)

    @property
    def hooks(self) -> dict[str, str]:
        """Name -> kind of every hook that can be called here: the core's, and those that loaded plugins offer.

        Every call of a hook asks, so it is put together once for each change of `loaded`.
        """
        if self._hooks[0] != self.generation:
            self._hooks = self.generation, self._offered()
        return self._hooks[1]

    def _offered(self) -> dict[str, str]:
        return {
            name: kind
            for module in specifications(self.loaded)
            for name, kind in hooks.kinds_in(module).items()
        }

    def title(self, name: str) -> object:
        """What a person calls the plugin; its name when nothing is known of it."""
        return self.manifests[name].title if name in self.manifests else name

    def set_aside(self, name: str, fault: Fault) -> list[str]:
        """Put a loaded plugin and all that stand on it into quarantine; returns the names, dependents first.

        For faults that show up late, such as views that cannot be imported when the application is assembled.
        """
        return _set_aside(self, name, fault)

    def owner_of(self, module: str) -> str | None:
        """The plugin whose package holds a module, put aside or not; "core" for the core's own, None for a
        stranger's.
        """
        best = max(
            (plugin for plugin in self.manifests.values() if _inside(module, plugin.package)),
            key=lambda plugin: len(plugin.package),
            default=None,
        )
        if best is not None:
            return best.name
        if _inside(module, "parlour") and not _inside(module, "parlour.plugins"):
            return "core"
        return None


_current: Plugins | None = None


def current() -> Plugins:
    """The plugins of this process. Raises RuntimeError before `boot`."""
    if _current is None:
        raise RuntimeError("parlour.plugin.registry.boot() has not run in this process.")
    return _current


def booted() -> bool:
    return _current is not None


def boot(
    settings: Settings | None = None, *, engine: Engine | None = None, only: frozenset[str] | None = None
) -> Plugins:
    """Load every plugin that can be loaded and make the result `current()`.

    Without an engine every plugin that is found counts as installed. `only` narrows it to some names (tests,
    tools).
    """
    global _current
    import_core()
    found = find(only)
    plugins = Plugins(manifests=dict(found.plugins))
    order, faults = graph.order(found.plugins, found.faults)
    state = read_state(engine, {name: found.plugins[name] for name in order})
    plugins.installed = state.installed
    # A plugin that was never installed here is no fault, but what stands on it cannot load.
    absent = [name for name in found.plugins if name not in state.installed]
    plugins.available = {name: found.plugins[name] for name in absent if name not in faults}
    faults |= state.faults
    for name in state.installed:
        if name not in found.plugins and name not in faults and (only is None or name in only):
            faults[name] = Fault(
                _("The plugin's package is gone. Install it with pip again, or uninstall the plugin.")
            )
    faults |= _standing_on_absent(found.plugins, order, faults, absent)
    plugins.quarantined = faults
    for name in order:
        if name not in faults and name not in absent:
            plugins.loaded[name] = Loaded(found.plugins[name])
    _load(plugins)
    plugins.pm = _manager(plugins.loaded)
    plugins.generation = (_current.generation if _current else 0) + 1
    for name, fault in plugins.quarantined.items():
        log.warning("plugin_quarantined", plugin=name, reason=str(fault))
    _current = plugins
    return plugins


def _standing_on_absent(
    manifests: Mapping[str, Plugin], order: list[str], faults: Mapping[str, Fault], absent: list[str]
) -> dict[str, Fault]:
    out = dict(faults)
    for name in order:
        if name in out or name in absent:
            continue
        for needed in sorted(manifests[name].requirements):
            if needed in absent:
                out[name] = Fault(
                    _(
                        "The plugin ${name} is required. Run: parlour plugins install ${name}",
                        mapping={"name": needed},
                    )
                )
                break
            if needed in out:
                out[name] = graph.stands_on(needed)
                break
    return out


def _load(plugins: Plugins) -> None:
    """Each step for all plugins in load order before the next step begins."""
    _step(plugins, _import_models)
    for name in MODULES[1:]:
        _step(plugins, partial(_import, name))
    _step(plugins, _check_access)
    _step(plugins, _check_offered)
    _step(plugins, lambda item: _check_hooks(plugins, item))
    _step(plugins, lambda item: _import_bridges(plugins, item))


def _step(plugins: Plugins, action: Callable[[Loaded], None]) -> None:
    for name in list(plugins.loaded):
        item = plugins.loaded.get(name)
        if item is None:  # put aside by this very step, for standing on one that failed
            continue
        try:
            action(item)
        except _Wrong as error:
            _set_aside(plugins, name, error.fault)
        except (
            Exception,
            SystemExit,
        ) as error:  # whatever a stranger's code raises puts aside that plugin only
            _set_aside(plugins, name, broken(error))


class _Wrong(Exception):
    def __init__(self, fault: Fault):
        super().__init__(str(fault))
        self.fault = fault


def _import_models(item: Loaded) -> None:
    locale = folder_of(item.package) / "locale"
    if locale.is_dir():
        i18n.add_catalogue_folder(locale)
    before = frozenset(METADATA.tables)
    try:
        item.module("models")
    finally:
        item.made = frozenset(METADATA.tables) - before
    try:
        configure(item.name, item.package)
    except Exception as error:
        raise _Wrong(
            Fault(_("The plugin's tables are not mapped correctly."), f"{type(error).__name__}: {error}")
        ) from error


def _import(name: str, item: Loaded) -> None:
    item.module(name)


def _check_access(item: Loaded) -> None:
    module = item.modules.get("access")
    if module is not None:
        from parlour.access.grants import read_module

        try:
            read_module(item.name, module)
        except (ValueError, TypeError, AttributeError) as error:
            raise _Wrong(Fault(_("The plugin's access rules are not valid."), str(error))) from error


def _check_offered(item: Loaded) -> None:
    if misnamed(item):
        raise _Wrong(
            Fault(
                _("The plugin offers a hook whose name does not begin with the plugin's."),
                ", ".join(misnamed(item)),
            )
        )


def misnamed(item: Loaded) -> list[str]:
    """The hooks that a plugin offers under names that are not its own."""
    module = item.modules.get("hookspecs")
    names = hooks.kinds_in(module) if module is not None else {}
    return [name for name in names if not name.startswith(f"{item.name}_")]


def _check_hooks(plugins: Plugins, item: Loaded) -> None:
    module = item.modules.get("hooks")
    if module is not None:
        _check_hook_module(plugins, module, _offering(plugins, item.name))


def _offering(plugins: Plugins, name: str) -> set[str]:
    """Whose hooks a plugin may implement: its own and those of what it requires. Any others go into a bridge."""
    return {name, *graph.requirements(plugins.manifests, name)}


def _check_hook_module(plugins: Plugins, module: ModuleType, owners: Collection[str]) -> None:
    """A misspelt hook would be silent for ever, an unknown argument would stop the registration of all."""
    trial = pluggy.PluginManager(hooks.PROJECT)
    for specs in specifications(plugins.loaded, owners):
        trial.add_hookspecs(specs)
    try:
        trial.register(module)
        trial.check_pending()
    except pluggy.PluginValidationError as error:
        raise _Wrong(
            Fault(
                _("The plugin implements a hook that does not exist in this form."),
                str(error).replace("\n", " "),
            )
        ) from error


def _import_bridges(plugins: Plugins, item: Loaded) -> None:
    for other in bridges_of(item.package):
        if other in plugins.loaded:
            module = item.module(f"bridges.{other}")
            assert module is not None
            _check_hook_module(plugins, module, {*_offering(plugins, item.name), other})
            item.bridges[other] = module


def specifications(loaded: Mapping[str, Loaded], names: Collection[str] | None = None) -> list[ModuleType]:
    """The modules that specify hooks: the core's, and those of loaded plugins, of these `names` alone where given."""
    offered = [
        item.modules["hookspecs"]
        for name, item in loaded.items()
        if "hookspecs" in item.modules and (names is None or name in names)
    ]
    return [hooks, *offered]


def _manager(loaded: Mapping[str, Loaded]) -> pluggy.PluginManager:
    """Hook callers that answer in load order: pluggy calls the last one first, so plugins go in backwards."""
    manager = pluggy.PluginManager(hooks.PROJECT)
    for specs in specifications(loaded):
        manager.add_hookspecs(specs)
    for item in reversed(list(loaded.values())):
        for other in reversed(list(item.bridges)):
            manager.register(item.bridges[other], f"{item.name}:{other}")
        if "hooks" in item.modules:
            manager.register(item.modules["hooks"], item.name)
    return manager


def _set_aside(plugins: Plugins, name: str, fault: Fault) -> list[str]:
    standing = [other for other in graph.dependents(plugins.manifests, name) if other in plugins.loaded]
    gone = [other for other in reversed(plugins.loaded) if other in standing] + [name]
    for other in gone:
        item = plugins.loaded.pop(other, None)
        plugins.quarantined[other] = fault if other == name else graph.stands_on(name)
        if item is not None:
            discard(other, item.package, item.made)
    for item in plugins.loaded.values():
        for other in gone:
            item.bridges.pop(other, None)
    plugins.generation += 1
    if plugins is _current:
        plugins.pm = _manager(plugins.loaded)
        log.warning("plugin_quarantined", plugin=name, reason=str(fault))
    return gone


def _inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
