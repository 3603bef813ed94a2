"""Mapped classes of one plugin: configuring them by themselves, and taking them away again.

Every plugin has declarative bases of its own over the shared MetaData. A broken mapping therefore shows in
that plugin's registries only, and disposing of those leaves everybody else's queries working.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable

from sqlalchemy import Table
from sqlalchemy.orm import DeclarativeBase, registry

from parlour.db.base import METADATA

CORE_MODELS = (
    "parlour.access.models",
    "parlour.plugin.models",
    "parlour.jobs.models",
    "parlour.records.models",
    "parlour.records.files",
)


def registries(package: str) -> list[registry]:
    """The registries of the declarative bases that a package declares."""
    found: list[registry] = []
    for base in DeclarativeBase.__subclasses__():
        inside = base.__module__ == package or base.__module__.startswith(f"{package}.")
        # The core's package also holds the plugins that ship with it.
        theirs = package == "parlour" and base.__module__.startswith("parlour.plugins.")
        if inside and not theirs and base.registry not in found:
            found.append(base.registry)
    return found


def owned(table: Table, owner: str) -> bool:
    """Whether a table belongs to an owner: it says so, or it says nothing and carries the owner's prefix."""
    stated = table.info.get("owner")
    return bool(stated == owner if stated else table.name.startswith(f"{owner}_"))


def tables(owner: str) -> list[Table]:
    """The tables of one owner in the shared MetaData, by name."""
    return [table for _name, table in sorted(METADATA.tables.items()) if owned(table, owner)]


def import_core() -> None:
    """Import every module of the core that declares tables, so that plugins can refer to them."""
    for name in CORE_MODELS:
        importlib.import_module(name)
    configure("core", "parlour")


def configure(owner: str, package: str) -> None:
    """Let every mapper of an owner find what it refers to. Raises what SQLAlchemy finds wrong.

    A cascade reaches only what the plugin stands on, which is configured already.
    """
    for item in registries(package):
        item.configure(cascade=True)
    for table in tables(owner):
        for key in table.foreign_keys:
            key.column  # noqa: B018  (raises when the table or column referred to does not exist)


def discard(owner: str, package: str, made: Iterable[str] = ()) -> None:
    """Take a plugin's classes, tables, record types and modules out of the process; who stands on it must have
    gone before. `made` names tables that came with its models and carry nobody's name.

    Never with a cascade: that would unmap the plugins and the core that this one refers to.
    """
    for item in registries(package):
        item.dispose()
    for table in tables(owner):
        METADATA.remove(table)
    for name in made:
        if name in METADATA.tables and METADATA.tables[name].info.get("owner", owner) == owner:
            METADATA.remove(METADATA.tables[name])
    if "parlour.records.registry" in sys.modules:  # nobody can have declared a record type otherwise
        from parlour.records.registry import forget

        forget(owner)
    # Forgotten modules are imported afresh by the next start, when the cause may be gone; the manifest stays.
    for name in [name for name in sys.modules if name.startswith(f"{package}.")]:
        del sys.modules[name]
