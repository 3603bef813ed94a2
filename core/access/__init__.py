"""Who may come in and what they may do: organisations, people, roles, and rules that compile to SQL."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """The part of the site that belongs to access; see `parlour.app`."""
    for part in ("policy", "accesslog", "csrf", "firstrun", "enrolment", "settings_nav", "viewing", "routes"):
        config.include(f"parlour.access.{part}")
