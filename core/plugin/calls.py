"""Calling hooks: only plugins that are on for the session's organisation answer, in load order.

A bridge answers where both of its sides are on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from parlour.db.session import Session
from parlour.plugin.gate import enabled
from parlour.plugin.registry import current

HAPPENED_JOB = "core.happened"


def collect(session: Session, name: str, **arguments: Any) -> list[Any]:
    """What the enabled plugins return, flattened; ordered by each item's `sequence` (0 without one), then by
    load order.
    """
    _of_kind(name, "collect")
    items = [item for result in _caller(session, name)(session=session, **arguments) for item in result]
    return sorted(items, key=lambda item: getattr(item, "sequence", 0))


def check(session: Session, name: str, **arguments: Any) -> None:
    """Let the enabled plugins refuse. Raises the first Refusal or Invalid that one raises."""
    _of_kind(name, "check")
    _caller(session, name)(session=session, **arguments)


def changed(session: Session, name: str, **arguments: Any) -> None:
    """Tell the enabled plugins within the transaction; what they write is committed or undone with it."""
    _of_kind(name, "changed")
    _caller(session, name)(session=session, **arguments)


def happened(session: Session, name: str, **arguments: Any) -> int:
    """Tell the enabled plugins after the commit: one job for each, so that they cannot disturb each other.

    `arguments` must be plain JSON values. Returns the number of jobs.
    """
    from parlour.jobs import enqueue

    _of_kind(name, "happened")
    listening = answering(session, name)
    for plugin in listening:
        enqueue(
            session,
            HAPPENED_JOB,
            {"hook": name, "plugin": plugin, "args": arguments},
            plugin=plugin.partition(":")[0],
        )
    return len(listening)


def tell(session: Session, job: Any, *, hook: str, plugin: str, args: dict[str, Any]) -> None:
    """The handler of HAPPENED_JOB: calls the hook of one plugin or bridge, unless it has been switched off
    since.
    """
    manager = current().pm
    others = [
        manager.get_plugin(name)
        for name in implementing(hook)
        if name != plugin or not _on(name, enabled(session))
    ]
    manager.subset_hook_caller(hook, others)(session=session, **args)


def implementing(name: str) -> list[str]:
    """Plugins ("contacts") and bridges ("visitors:contacts") that implement a hook, in load order."""
    caller = getattr(current().pm.hook, name)
    return [found.plugin_name for found in reversed(caller.get_hookimpls())]


def answering(session: Session, name: str) -> list[str]:
    """The plugins and bridges that a call of the hook reaches in this organisation, in load order."""
    return [found.plugin_name for found in reversed(_caller(session, name).get_hookimpls())]


def _caller(session: Session, name: str) -> Any:
    manager = current().pm
    on = enabled(session)
    return manager.subset_hook_caller(
        name, [plugin for key, plugin in manager.list_name_plugin() if not _on(key, on)]
    )


def _on(key: str, enabled_names: Iterable[str]) -> bool:
    return all(side in enabled_names for side in key.split(":"))


def _of_kind(name: str, kind: str) -> None:
    if current().hooks.get(name) != kind:
        raise LookupError(f"{name} is not a hook of the kind {kind}.")
