"""What migrations of Parlour do beside Alembic's own operations. Called within `upgrade()` and `downgrade()`.

There are no helpers for common columns on purpose: a migration is a snapshot, and a helper would change under
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrateOperation

from parlour.db import rls
from parlour.errors import Refusal
from parlour.i18n import _

# Indexes for "contains" differ per database, so models cannot declare them; comparisons know them by this
# beginning.
TEXT_INDEX = "tx_"


def scope(*tables: str) -> None:
    """Protect tables that belong to organisations: row-level security on PostgreSQL, nothing elsewhere."""
    for table in tables:
        rls.protect(op.get_bind(), table)


def extension(name: str) -> None:
    """Make a PostgreSQL extension available, nothing elsewhere. It stays when the migration is taken back."""
    if on_postgresql():
        op.execute(f'CREATE EXTENSION IF NOT EXISTS "{name}"')


@contextmanager
def altered(table: str) -> Iterator[Any]:
    """`op.batch_alter_table` for a table of records: constraints and links on rows that are there.

    SQLite makes the table anew for that; it goes on to number its rows, and does not begin anew behind those that were deleted.
    """
    kept = 0
    if not on_postgresql():
        number = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name").bindparams(name=table)
        kept = op.get_bind().execute(number).scalar() or 0
    with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
        yield batch
    if kept:
        said = sa.text("UPDATE sqlite_sequence SET seq = :kept WHERE name = :name AND seq < :kept")
        op.get_bind().execute(said.bindparams(name=table, kept=kept))
        missing = sa.text(
            "INSERT INTO sqlite_sequence (name, seq) SELECT :name, :kept"
            " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = :name)"
        )
        op.get_bind().execute(missing.bindparams(name=table, kept=kept))


def text_index(table: str, column: str) -> None:
    """An index for "contains" within an organisation: trigrams on PostgreSQL, a plain index elsewhere.

    The trigrams are those of `column || ''`, which only `parlour_search` asks for: see `core_0011`.
    Needs `extension("pg_trgm")` and `extension("btree_gin")`, which the core's first migration makes.
    """
    name = _text_index_name(table, column)
    if on_postgresql():
        searched = sa.text(f"({column} || '') gin_trgm_ops")
        op.create_index(name, table, ["organisation_id", searched], postgresql_using="gin")
    else:
        op.create_index(name, table, ["organisation_id", column])


def drop_text_index(table: str, column: str) -> None:
    op.drop_index(_text_index_name(table, column), table_name=table)


def unique_index(table: str, name: str, columns: Sequence[str]) -> None:
    """A unique index within an organisation. Raises Refusal, naming the rows, while two rows have the same values."""
    listed = ", ".join(columns)
    filled = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    twice = rows(
        f"SELECT min(id), max(id) FROM {table} WHERE {filled} GROUP BY organisation_id, {listed}"
        " HAVING count(*) > 1 ORDER BY 1"
    )
    if twice:
        raise Refusal(
            _(
                "${table}: ${n} times two rows have the same ${columns} (ids ${ids}). "
                "Merge or change one of the two, then upgrade again.",
                mapping={
                    "table": table,
                    "n": len(twice),
                    "columns": listed,
                    "ids": "; ".join(f"{one}, {other}" for one, other in twice[:5]),
                },
            )
        )
    op.create_index(name, table, ["organisation_id", *columns], unique=True)


def on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def rows(statement: Any) -> list[Any]:
    """The rows of a query, for backfills that compute in Python."""
    return list(op.get_bind().execute(sa.text(statement) if isinstance(statement, str) else statement))


def _text_index_name(table: str, column: str) -> str:
    return f"{TEXT_INDEX}{table}_{column}"


class ScopeTables(MigrateOperation):
    """Autogenerate's note that new tables are scoped; rendered as a call of `scope`."""

    def __init__(self, tables: list[str]):
        self.tables = tables

    def reverse(self) -> MigrateOperation:
        return ScopeTables([])

    def to_diff_tuple(self) -> tuple[str, list[str]]:
        return ("scope_tables", self.tables)


@renderers.dispatch_for(ScopeTables)
def _render_scope(_context: AutogenContext, operation: ScopeTables) -> str:
    lines = "".join(f'    "{table}",\n' for table in operation.tables)
    return f"operations.scope(\n{lines})"
