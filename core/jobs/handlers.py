"""Which function does which job."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from parlour.plugin.registry import current

Handler = Callable[..., Any]

# The core's own jobs, imported when one runs: the outbox must not import everything that uses it.
CORE = {
    "core.happened": "parlour.plugin.calls:tell",
    "core.import": "parlour.records.importing.job:run",
    "core.undo": "parlour.records.importing.job:run_undo",
    "core.bulk": "parlour.records.bulk:run",
    "core.prune": "parlour.jobs.prune:installation",
    "core.prune_organisation": "parlour.jobs.prune:organisation",
    "core.sweep_files": "parlour.jobs.prune:sweep_files",
}


def find(name: str) -> Handler | None:
    """The handler of a job, or None when nothing that is loaded here knows it."""
    owner = name.partition(".")[0]
    if owner == "core":
        place = CORE.get(name)
        if place is None:
            return None
        module, _sep, function = place.partition(":")
        found: Handler = getattr(import_module(module), function)
        return found
    loaded = current().loaded.get(owner)
    if loaded is None:
        return None
    jobs: dict[str, Handler] = getattr(loaded.modules.get("jobs"), "JOBS", {})
    return jobs.get(name)
