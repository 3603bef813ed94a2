"""Every hook of Parlour, each with its kind.

collect   returns data; results are ordered by `sequence`, then by the plugins' load order.
check     runs in the transaction and may refuse by raising Refusal or Invalid.
changed   runs in the transaction and may write.
happened  runs after the commit, from the outbox: isolated from the others and retried.

Hooks that see records get a batch, never one row at a time: a plugin call per row would make every import as slow as the
slowest plugin. A hook is added together with the first plugin that uses it.

A plugin offers hooks of its own to those that require it: in `hookspecs.py`, marked with the kinds from here, with names
that begin with the plugin's.
"""

# Specifications have a docstring and no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

if TYPE_CHECKING:
    from parlour.db.session import Session
    from parlour.records.registry import RecordType
    from parlour.records.write import RowChange
    from parlour.web.slots import MenuItem, SlotItem

PROJECT = "parlour"
hookimpl = pluggy.HookimplMarker(PROJECT)
_spec = pluggy.HookspecMarker(PROJECT)
# The core's own; those of plugins are in `Plugins.hooks`.
KINDS: dict[str, str] = {}
_KIND = "parlour_hook_kind"
F = TypeVar("F", bound=Callable[..., Any])


def _kind(name: str) -> Callable[[F], F]:
    def mark(function: F) -> F:
        setattr(function, _KIND, name)
        if function.__module__ == __name__:
            KINDS[function.__name__] = name
        return _spec(function)

    return mark


collects, checks, changes, happens = (_kind(name) for name in ("collect", "check", "changed", "happened"))


def kinds_in(module: ModuleType) -> dict[str, str]:
    """Name -> kind of every hook that a module specifies."""
    found = {name: getattr(value, _KIND, None) for name, value in vars(module).items() if callable(value)}
    return {name: kind for name, kind in found.items() if kind is not None}


@collects
def menu(session: Session) -> Sequence[MenuItem]:
    """Menu entries for this person; entries whose permission is missing are left out by the shell."""


@collects
def slot_items(session: Session, slot: str, context: Any) -> Sequence[SlotItem]:
    """Parts for a named place on a page ("card.loud", "card.figures", "card.main", "card.side", "today", "needs",
    "settings.plugin").

    `context` is what the page is about: a `web.slots.CardContext` on a card, a `web.slots.PageContext` elsewhere. The slots
    "card.loud", "card.figures" and "needs" take `LoudLine`, `Figure` and `Need` of `web.slots`, the others any `SlotItem`.
    """


@collects
def timeline(
    session: Session, record: str, ids: Sequence[int], before: datetime | None, limit: int
) -> Sequence[Any]:
    """At most `limit` `records.timeline.Entry` about these rows, newest first, none at or after `before` (UTC)."""


@collects
def person_data(session: Session, record: str, ids: Sequence[int]) -> Sequence[Any]:
    """Everything a plugin holds about these people, as `records.persons.Section` of plain values, for their copy of it."""


@checks
def check_changes(session: Session, record: RecordType, rows: Sequence[RowChange]) -> None:
    """Rows about to be written, with old and new values; raise Invalid keyed by the row's position to refuse."""


@checks
def check_merge(session: Session, record: RecordType, keep: int, lose: Sequence[int]) -> None:
    """Rows about to be merged: refuse, or settle what would collide once every link points at `keep`."""


@changes
def records_changed(session: Session, record: RecordType, rows: Sequence[RowChange]) -> None:
    """Rows just written, in the same transaction."""


@changes
def erase_person(session: Session, record: str, ids: Sequence[int]) -> None:
    """Remove or blank all that identifies these people in the plugin's own tables; money and stock postings stay, nameless."""


@changes
def plugin_enabled(session: Session, plugin: str) -> None:
    """A plugin was just switched on for this organisation (it may be the implementing one itself)."""


@happens
def records_happened(session: Session, record: str, ids: Sequence[int], kind: str) -> None:
    """Rows were created, updated, archived or deleted (`kind`) and that is committed. Only ids travel; read what you need."""
