"""Finding plugins: entry points become manifests, and nothing but each package's `__init__` is imported."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from types import ModuleType

from parlour.i18n import _
from parlour.plugin.manifest import GROUP, Fault, Plugin


@dataclass
class Found:
    """What looking around brought: good manifests, and faults by the advertised name."""

    plugins: dict[str, Plugin] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)


def find(only: frozenset[str] | None = None) -> Found:
    """Every plugin that a distribution on the path advertises; `only` narrows the search to these names."""
    advertised: dict[str, dict[str, str]] = {}
    for point in metadata.entry_points(group=GROUP):
        if only is None or point.name in only:
            advertised.setdefault(point.name, {})[point.value] = point.dist.name if point.dist else "?"
    found = Found()
    for name, places in sorted(advertised.items()):
        if len(places) > 1:
            found.faults[name] = Fault(
                _("Several distributions offer a plugin of this name. Uninstall all but one with pip."),
                ", ".join(f"{dist}: {value}" for value, dist in sorted(places.items())),
            )
            continue
        ((value, dist),) = places.items()
        read = _read(name, value, dist)
        if isinstance(read, Fault):
            found.faults[name] = read
        else:
            found.plugins[name] = read
    return found


def _read(name: str, value: str, dist: str) -> Plugin | Fault:
    package, _colon, attribute = value.partition(":")
    try:
        module = importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name and (package == error.name or package.startswith(f"{error.name}.")):
            return Fault(
                _(
                    "The distribution ${dist} still offers this plugin, but its package is gone.",
                    mapping={"dist": dist},
                ),
                str(error),
            )
        return broken(error)
    except (Exception, SystemExit) as error:  # whatever a stranger's code raises puts aside that plugin only
        return broken(error)
    plugin = getattr(module, attribute or "plugin", None)
    if not isinstance(plugin, Plugin):
        return Fault(_("The plugin's manifest is not valid."), f"{value} is not a parlour.plugin.Plugin")
    described = plugin.description or (module.__doc__ or "").strip()
    plugin = replace(plugin, package=package, description=described)
    return plugin.fault(name) or plugin


def broken(error: BaseException) -> Fault:
    """The fault of code that raised while it was imported."""
    return Fault(_("The plugin could not be imported."), f"{type(error).__name__}: {error}")


def folder_of(package: str) -> Path:
    """The folder of an importable package, found without importing it again."""
    spec = importlib.util.find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise ModuleNotFoundError(f"No package named {package!r}", name=package)
    return Path(places[0])


def module_of(package: str, name: str) -> ModuleType | None:
    """The module `name` of a plugin's package, or None when the plugin brings none. Import errors pass
    through.
    """
    if importlib.util.find_spec(f"{package}.{name}") is None:
        return None
    return importlib.import_module(f"{package}.{name}")


def bridges_of(package: str) -> Iterator[str]:
    """The names of the plugins to which this one brings a bridge: a module, or a package where it is a long one."""
    folder = folder_of(package) / "bridges"
    found = {file.stem for file in folder.glob("*.py")} | {
        file.parent.name for file in folder.glob("*/__init__.py")
    }
    yield from sorted(found - {"__init__"})
