"""Comparing an owner's models with its tables: for autogenerate, and for tests that want no difference."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import ops
from sqlalchemy.dialects import sqlite

from parlour.db.base import METADATA, Moment
from parlour.migrations.heads import version_table
from parlour.migrations.ledger import VERSION_TABLES
from parlour.migrations.operations import TEXT_INDEX, ScopeTables
from parlour.plugin.mapping import owned


def context_options(owner: str) -> dict[str, Any]:
    """How Alembic looks at one owner's part of the database."""

    def include(item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
        if kind == "table":
            return not item.name.startswith(VERSION_TABLES) and _owned(item.name, owner)
        return not (kind == "index" and reflected and (name or "").startswith(TEXT_INDEX))

    return {
        "version_table": version_table(owner),
        "target_metadata": METADATA,
        "include_object": include,
        "compare_type": True,
        "render_as_batch": True,
        "render_item": _render,
        "process_revision_directives": _tidy,
        "transactional_ddl": True,
    }


def differences(connection: sa.Connection, owner: str) -> list[Any]:
    """What autogenerate would change for an owner whose models are imported; empty when models and tables
    agree.
    """
    options = context_options(owner)
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, METADATA))


def _owned(table: str, owner: str) -> bool:
    """Whether a table is the owner's: by the models, or by its prefix when no model has it any more."""
    known = METADATA.tables.get(table)
    return table.startswith(f"{owner}_") if known is None else owned(known, owner)


def _render(kind: str, item: Any, context: Any) -> Any:
    """Our own column types by their names; everything else as Alembic does it."""
    if kind != "type":
        return False
    if isinstance(item, Moment):
        return "Moment()"
    if isinstance(item, sa.BigInteger) and item.compile(dialect=sqlite.dialect()) == "INTEGER":
        return "BigId"
    if isinstance(item, sa.JSON):
        return "Json"
    return False


def _tidy(context: Any, revision: Any, directives: list[Any]) -> None:
    """Indexes of new tables need no batch; new scoped tables get their policy."""
    for script in directives:
        flat: list[Any] = []
        for operation in script.upgrade_ops.ops:
            if isinstance(operation, ops.ModifyTableOps) and all(
                isinstance(inner, ops.CreateIndexOp) for inner in operation.ops
            ):
                flat.extend(operation.ops)
            else:
                flat.append(operation)
        for operation in flat:
            if isinstance(operation, ops.CreateTableOp):
                operation.info = {}
        scoped = [
            operation.table_name
            for operation in flat
            if isinstance(operation, ops.CreateTableOp)
            and METADATA.tables[operation.table_name].info.get("scoped")
        ]
        if scoped:
            flat.append(ScopeTables(scoped))
        script.upgrade_ops.ops = flat
        # Dropping a table takes its indexes along.
        dropped = {
            operation.table_name
            for operation in script.downgrade_ops.ops
            if isinstance(operation, ops.DropTableOp)
        }
        script.downgrade_ops.ops = [
            operation
            for operation in script.downgrade_ops.ops
            if not (isinstance(operation, ops.ModifyTableOps) and operation.table_name in dropped)
        ]
