"""Which function does which job, and on which terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

from parlour.i18n import _
from parlour.jobs.models import QUEUES
from parlour.plugin.registry import current

Handler = Callable[..., Any]
F = TypeVar("F", bound=Handler)


@dataclass(frozen=True)
class Terms:
    """Where a job queues, how often it is tried at most before a person has to look, and what people call it."""

    queue: str = "default"
    attempts: int = 8
    title: Any = ""

    def __post_init__(self) -> None:
        if self.queue not in QUEUES:
            raise ValueError(f"There is no queue {self.queue!r}; the queues are {', '.join(QUEUES)}.")
        if self.attempts < 1:
            raise ValueError("A job is tried at least once.")


# The core's own jobs, imported when one runs: the outbox must not import everything that uses it.
CORE = {
    "core.happened": ("parlour.plugin.calls:tell", Terms(title=_("Pass on what changed"))),
    "core.import": ("parlour.records.importing.job:run", Terms("slow", title=_("Import"))),
    "core.undo": ("parlour.records.importing.job:run_undo", Terms("slow", title=_("Take back an import"))),
    "core.bulk": ("parlour.records.bulk:run", Terms("slow", title=_("Change many records"))),
    "core.prune": ("parlour.jobs.prune:installation", Terms("slow", title=_("Tidy up the installation"))),
    "core.prune_organisation": (
        "parlour.jobs.prune:organisation",
        Terms("slow", title=_("Tidy up old logs and files")),
    ),
    "core.sweep_files": ("parlour.jobs.prune:sweep_files", Terms("slow", title=_("Remove files of nothing"))),
    "core.mail_invitation": (
        "parlour.access.letters:send_invitation",
        Terms("mail", title=_("Send an invitation")),
    ),
    "core.mail_reset": (
        "parlour.access.letters:send_reset",
        Terms("mail", title=_("Send a link for a new password")),
    ),
}


def work(*, queue: str = "default", attempts: int = Terms.attempts, title: Any = "") -> Callable[[F], F]:
    """Decorates a handler with its queue, the most attempts that it gets, and what people call such a job. Raises
    ValueError.

    Without it a handler is short work for the queue "default".
    """
    terms = Terms(queue, attempts, title)

    def mark(handler: F) -> F:
        handler.terms = terms  # type: ignore[attr-defined]
        return handler

    return mark


def find(name: str) -> Handler | None:
    """The handler of a job, or None when nothing that is loaded here knows it."""
    if name in CORE:
        module, _sep, function = CORE[name][0].partition(":")
        found: Handler = getattr(import_module(module), function)
        return found
    loaded = current().loaded.get(name.partition(".")[0])
    if loaded is None:
        return None
    jobs: dict[str, Handler] = getattr(loaded.modules.get("jobs"), "JOBS", {})
    return jobs.get(name)


def terms_of(name: str) -> Terms:
    """The terms of a job; the usual ones for a job that nothing here knows."""
    if name in CORE:
        return CORE[name][1]
    terms = getattr(find(name), "terms", None)
    return terms if isinstance(terms, Terms) else Terms()
