"""A plugin's settings in one organisation.

A plugin that has some brings `settings.py` with `SETTINGS`, a list of colander nodes with a default each. The
core draws the form and keeps what was entered; the plugin reads typed values with `settings_of`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import colander

from parlour.db.session import Session
from parlour.errors import Invalid, NotFound
from parlour.i18n import _
from parlour.plugin import lifecycle
from parlour.plugin.gate import enabled
from parlour.plugin.registry import current


def has_settings(plugin: str) -> bool:
    return bool(_nodes(plugin))


def _nodes(plugin: str) -> list[Any]:
    item = current().loaded.get(plugin)
    module = item.module("settings") if item else None
    return list(getattr(module, "SETTINGS", ()))


def schema_of(plugin: str) -> Any:
    """A fresh schema of the plugin's settings; forms change what they draw. Raises NotFound for a plugin
    without any.
    """
    schema = colander.Schema()
    for node in _nodes(plugin):
        schema.add(node.clone())
    if not schema.children:
        raise NotFound(_("There are no settings here."))
    return schema


def settings_of(session: Session, plugin: str) -> dict[str, Any]:
    """Every setting of a plugin by name: what the organisation entered, else the default."""
    stored = lifecycle.settings_of(session, plugin)
    found = {}
    for node in _nodes(plugin):
        value = node.default
        if node.name in stored:
            # What was entered for an older version of the plugin may mean nothing to this one.
            with suppress(colander.Invalid):
                value = node.deserialize(stored[node.name])
        found[node.name] = None if value is colander.null else value
    return found


def save_plugin_settings(session: Session, plugin: str, values: Mapping[str, Any]) -> None:
    """Keep new values, by name; others stay. Raises Invalid by field, NotFound for a plugin that is off."""
    if plugin not in enabled(session):
        raise NotFound(_("There are no settings here."))
    stored = dict(lifecycle.settings_of(session, plugin))
    errors = {}
    for node in schema_of(plugin):
        if node.name not in values:
            continue
        value = colander.null if values[node.name] is None else values[node.name]
        try:
            # Kept in the form in which schemas pass values on, which is plain JSON whatever the type.
            written = node.serialize(value)
            node.deserialize(written)
        except colander.Invalid as error:
            errors[node.name] = error.msg
            continue
        if written is colander.null:
            stored.pop(node.name, None)
        else:
            stored[node.name] = written
    if errors:
        raise Invalid(_("Not saved yet."), {0: errors})
    lifecycle.save_settings(session, plugin, stored)
