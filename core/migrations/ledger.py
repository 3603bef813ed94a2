"""The rows of core_plugin: written by the owner's role only, beside the tables that they speak of.

Plain statements, because migrations run before models may be trusted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, inspect

from parlour.db.base import Json, Moment

TABLE = sa.table(
    "core_plugin",
    sa.column("name", sa.String()),
    sa.column("version", sa.String()),
    sa.column("state", sa.String()),
    sa.column("installed_at", Moment()),
    sa.column("ledger", Json),
)
VERSION_TABLES = "alembic_version_"


def read(connection: Connection) -> dict[str, Any]:
    """Name -> row of every plugin that this database holds tables of; empty before the core's first."""
    if not inspect(connection).has_table(TABLE.name):
        return {}
    return {row.name: row for row in connection.execute(sa.select(TABLE).order_by(TABLE.c.name))}


def tables_now(connection: Connection) -> set[str]:
    """Every table in the database but the version tables."""
    return {name for name in inspect(connection).get_table_names() if not name.startswith(VERSION_TABLES)}


def keep(
    connection: Connection,
    name: str,
    *,
    version: str,
    state: str,
    requires: Iterable[str] = (),
    head: str | None = None,
    made: Iterable[str] = (),
    dropped: Iterable[str] = (),
) -> None:
    """Write down a plugin's state; `made` and `dropped` change the tables that are listed as its own."""
    row = read(connection).get(name)
    gone = set(dropped)
    known = [table for table in (row.ledger.get("tables", []) if row else []) if table not in gone]
    ledger = {"tables": [*known, *sorted(set(made) - set(known))], "head": head, "requires": sorted(requires)}
    if row is None:
        values = {
            "name": name,
            "version": version,
            "state": state,
            "installed_at": datetime.now(UTC),
            "ledger": ledger,
        }
        connection.execute(sa.insert(TABLE).values(values))
    else:
        connection.execute(
            sa.update(TABLE).where(TABLE.c.name == name).values(version=version, state=state, ledger=ledger)
        )


def forget(connection: Connection, name: str) -> None:
    connection.execute(sa.delete(TABLE).where(TABLE.c.name == name))


def mark(connection: Connection, name: str, state: str) -> None:
    """Set a plugin's state and nothing else."""
    connection.execute(sa.update(TABLE).where(TABLE.c.name == name).values(state=state))


def standing_on(rows: dict[str, Any], name: str) -> list[str]:
    """Installed plugins that required `name` when they were installed, at any distance, by name."""
    found = {name}
    grown = True
    while grown:
        more = {
            other
            for other, row in rows.items()
            if other not in found and row.state == "installed" and found & set(row.ledger.get("requires", []))
        }
        found |= more
        grown = bool(more)
    return sorted(found - {name})
