"""The timeline of a card: everything that happened, from every plugin, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from parlour.db.session import Session
from parlour.plugin.calls import collect


@dataclass(frozen=True)
class Entry:
    """One thing that happened. `at` is UTC; `kind` is what the timeline filters by ("note", "visit", ...)."""

    at: datetime
    kind: str
    title: Any
    text: Any = ""
    icon: str = "circle"
    url: str = ""
    who: str = ""


def timeline_of(
    session: Session, record: str, ids: Sequence[int], *, before: datetime | None = None, limit: int = 30
) -> list[Entry]:
    """The newest `limit` entries of these rows, over all plugins; one call per plugin."""
    entries: list[Entry] = collect(session, "timeline", record=record, ids=ids, before=before, limit=limit)
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:limit]
