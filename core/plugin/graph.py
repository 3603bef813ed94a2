"""The order in which plugins load.

        core
          |
       contacts        requirements first; where two could come next, the one whose name sorts first:
        /     \\        the order is the same in every process and on every machine
  loyalty     visitors

A plugin whose requirement is missing, of the wrong version, put aside or part of a circle is put aside with a
reason.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping

from packaging.version import Version

from parlour.i18n import _
from parlour.plugin.manifest import Fault, Plugin


def order(
    plugins: Mapping[str, Plugin], faults: Mapping[str, Fault] | None = None
) -> tuple[list[str], dict[str, Fault]]:
    """Load order of all plugins that can load, and the faults of those that cannot.

    `faults` are those known so far; plugins that stand on a faulty one are put aside too.
    """
    bad = dict(faults or {})
    good = {name: plugin for name, plugin in plugins.items() if name not in bad}
    for name, plugin in good.items():
        for needed, bounds in plugin.requirements.items():
            there = plugins.get(needed)
            if there is None and needed not in bad:
                bad[name] = Fault(
                    _("The plugin ${name} is required and is not there.", mapping={"name": needed})
                )
            elif there is not None and not bounds.contains(Version(there.version), prereleases=True):
                bad[name] = Fault(
                    _(
                        "The plugin ${name} is required in version ${needed}, and ${here} is there.",
                        mapping={"name": needed, "needed": str(bounds), "here": there.version},
                    )
                )
    for ring in circles({name: plugin.requirements.keys() for name, plugin in good.items()}):
        for name in ring:
            bad[name] = Fault(
                _(
                    "These plugins require each other in a circle: ${names}.",
                    mapping={"names": " → ".join([*ring, ring[0]])},
                )
            )
    spread(plugins, bad)
    return sort({name: good[name].requirements.keys() for name in good if name not in bad}), bad


def spread(plugins: Mapping[str, Plugin], faults: dict[str, Fault]) -> list[str]:
    """Put aside everything that stands on a faulty plugin, at any distance; returns the names added."""
    added: list[str] = []
    grown = True
    while grown:
        grown = False
        for name in sorted(plugins):
            if name in faults:
                continue
            cause = next((needed for needed in sorted(plugins[name].requirements) if needed in faults), None)
            if cause is not None:
                faults[name] = stands_on(cause)
                added.append(name)
                grown = True
    return added


def stands_on(cause: str) -> Fault:
    return Fault(_("The plugin ${name} is required and could not be loaded.", mapping={"name": cause}))


def sort(requires: Mapping[str, Iterable[str]]) -> list[str]:
    """Requirements first, ties by name. Requirements that are not keys are taken as given; there must be no
    circle.
    """
    waiting = {name: {needed for needed in needs if needed in requires} for name, needs in requires.items()}
    ready = [name for name, needs in waiting.items() if not needs]
    heapq.heapify(ready)
    done: list[str] = []
    while ready:
        name = heapq.heappop(ready)
        done.append(name)
        for other, needs in waiting.items():
            if name in needs:
                needs.remove(name)
                if not needs:
                    heapq.heappush(ready, other)
    return done


def circles(requires: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Each circle once, in the order in which its members require each other, the first by name in front."""
    found: list[list[str]] = []
    seen: set[str] = set()

    def walk(name: str, path: list[str]) -> None:
        if name in path:
            ring = path[path.index(name) :]
            start = ring.index(min(ring))
            ring = ring[start:] + ring[:start]
            if ring not in found:
                found.append(ring)
            return
        if name in seen or name not in requires:
            return
        for needed in sorted(requires[name]):
            walk(needed, [*path, name])
        seen.add(name)

    for name in sorted(requires):
        walk(name, [])
    return found


def dependents(plugins: Mapping[str, Plugin], name: str) -> list[str]:
    """Every plugin that stands on `name`, at any distance, sorted by name."""
    found = {name}
    grown = True
    while grown:
        more = {
            other
            for other, plugin in plugins.items()
            if other not in found and found & plugin.requirements.keys()
        }
        found |= more
        grown = bool(more)
    return sorted(found - {name})


def requirements(plugins: Mapping[str, Plugin], name: str) -> list[str]:
    """Everything that `name` stands on, at any distance, in load order; what is unknown is listed as well."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        plugin = plugins.get(waiting.pop())
        for needed in plugin.requirements if plugin else ():
            if needed not in found:
                found.add(needed)
                waiting.append(needed)
    return sort({item: plugins[item].requirements.keys() if item in plugins else () for item in found})
