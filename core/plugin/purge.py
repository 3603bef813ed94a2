"""Purge: the only thing that drops a plugin's data. Shows what would go, exports it first, then drops it.

Works by the ledger in core_plugin, so a plugin whose package is gone can be purged as well; with the package
there, its own downgrades run.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, inspect, text

from parlour.errors import Refusal
from parlour.i18n import _
from parlour.migrations import heads, ledger, runner
from parlour.migrations.lock import alone, owner_engine
from parlour.migrations.owner import downgrade_owner, one_revision
from parlour.plugin.discovery import find
from parlour.settings import Settings

# Rows are exported in pieces, so that a big table does not have to fit into memory.
CHUNK = 1000
# Where the core keeps things of plugins: table, column, and what follows the plugin's name there.
TRACES = (
    ("core_organisation_plugin", "name", ""),
    ("core_rule", "source", ""),
    ("core_rule", "permission", ":"),
    ("core_job", "plugin", ""),
    ("core_schedule", "name", "."),
    ("core_change", "record", "."),
    ("core_file", "record", "."),
    ("core_saved_filter", "record", "."),
    ("core_import_mapping", "record", "."),
)


@dataclass(frozen=True)
class Plan:
    """What a purge would do: rows per table, and who stands in the way."""

    name: str
    rows: dict[str, int]
    # Installed plugins that require it, and tables of others ("table.column") that refer to its own.
    dependents: tuple[str, ...]
    references: tuple[str, ...]
    package_there: bool

    @property
    def blocked(self) -> bool:
        return bool(self.dependents or self.references)


@dataclass(frozen=True)
class Purged:
    """What a purge did."""

    plan: Plan
    export: Path


def plan(settings: Settings, name: str) -> Plan:
    """What a purge of this plugin would take away. Raises Refusal when the database holds nothing of it."""
    engine = owner_engine(settings.owner_database_url)
    try:
        with engine.connect() as connection:
            return _plan(connection, name)
    finally:
        engine.dispose()


def purge(settings: Settings, name: str) -> Purged:
    """Export the plugin's tables to `exports/` in the data folder, then drop them and every trace of its
    switches.

    The caller has shown the plan and asked. Raises Refusal while other plugins or their tables stand on it;
    nothing is dropped then, nor when the export fails.
    """
    engine = owner_engine(settings.owner_database_url)
    try:
        with alone(engine):
            with engine.connect() as connection:
                before = _plan(connection, name)
            _refuse_blocked(before)
            try:
                export = _export(engine, settings, before)
            except OSError as error:
                raise Refusal(
                    _(
                        "The export could not be written, so nothing was dropped: ${why}",
                        mapping={"why": str(error)},
                    )
                ) from error
            with one_revision(engine, name, "base") as connection:
                # Somebody may have installed something between the look and the drop.
                _refuse_blocked(_plan(connection, name))
                _drop(connection, before)
                _forget(connection, name)
        return Purged(before, export)
    finally:
        engine.dispose()


def _plan(connection: Connection, name: str) -> Plan:
    rows = ledger.read(connection)
    row = rows.get(name)
    if row is None:
        raise Refusal(_("The database holds nothing of a plugin ${name}.", mapping={"name": name[:80]}))
    there = ledger.tables_now(connection)
    own = [table for table in row.ledger.get("tables", []) if table in there]
    counts = {
        table: connection.execute(sa.select(sa.func.count()).select_from(sa.table(table))).scalar_one()
        for table in own
    }
    found = inspect(connection)
    references = [
        f"{table}.{', '.join(key['constrained_columns'])}"
        for table in sorted(there - set(own))
        for key in found.get_foreign_keys(table)
        if key["referred_table"] in own
    ]
    return Plan(
        name, counts, tuple(ledger.standing_on(rows, name)), tuple(references), name in find().plugins
    )


def _refuse_blocked(found: Plan) -> None:
    if found.dependents:
        raise Refusal(
            _(
                "${name} cannot be purged while these plugins need it: ${others}. Purge or uninstall them first.",
                mapping={"name": found.name, "others": ", ".join(found.dependents)},
            )
        )
    if found.references:
        raise Refusal(
            _(
                "${name} cannot be purged while these tables refer to its own: ${others}. Purge their plugins first.",
                mapping={"name": found.name, "others": "; ".join(found.references)},
            )
        )


def _export(engine: Engine, settings: Settings, found: Plan) -> Path:
    """One JSON file per table, in a folder that is new each time."""
    folder = settings.data / "exports" / f"{found.name}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    folder.mkdir(parents=True)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        for table in found.rows:
            _export_table(connection, table, None, folder, table)
        for table, column, end in _traces(connection):
            _export_table(connection, table, _of(found.name, column, end), folder, f"{table}.{column}")
    return folder


def _export_table(connection: Connection, name: str, condition: Any, folder: Path, file_name: str) -> None:
    table = sa.Table(name, sa.MetaData(), autoload_with=connection, resolve_fks=False)
    keys: Sequence[sa.Column[Any]] = list(table.primary_key.columns) or list(table.columns)
    query = sa.select(table).order_by(*keys)
    rows = connection.execution_options(yield_per=CHUNK).execute(
        query if condition is None else query.where(condition)
    )
    with (folder / f"{file_name}.json").open("w", encoding="utf-8") as file:
        file.write("[")
        for number, row in enumerate(rows.mappings()):
            file.write(
                (",\n " if number else "\n ") + json.dumps(dict(row), ensure_ascii=False, default=_plain)
            )
        file.write("\n]\n")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} cannot be exported")


def _drop(connection: Connection, found: Plan) -> None:
    """Downgrade where the package is there, then drop whatever of the ledger is left, what refers before what
    is referred to.
    """
    if found.package_there:
        owners = runner.owners(find())
        folder = owners.folders.get(found.name)
        if folder is not None and heads.current(connection, found.name) in [
            r.id for r in heads.revisions(folder)
        ]:
            downgrade_owner(connection, found.name, folder, None)
    left = set(found.rows) & ledger.tables_now(connection)
    if left:
        metadata = sa.MetaData()
        metadata.reflect(connection, only=sorted(left), resolve_fks=False)
        for table in reversed(metadata.sorted_tables):
            connection.execute(sa.schema.DropTable(table))
    connection.execute(text(f'DROP TABLE IF EXISTS "{heads.version_table(found.name)}"'))


def _forget(connection: Connection, name: str) -> None:
    """Everything in the core's tables that speaks of the plugin, and its line in core_plugin."""
    for table, column, end in _traces(connection):
        connection.execute(sa.delete(sa.table(table)).where(_of(name, column, end)))
    ledger.forget(connection, name)
    connection.execute(text("UPDATE core_organisation SET plugins_version = plugins_version + 1"))


def _traces(connection: Connection) -> list[tuple[str, str, str]]:
    there = ledger.tables_now(connection)
    return [trace for trace in TRACES if trace[0] in there]


def _of(name: str, column: str, end: str) -> sa.ColumnElement[bool]:
    """Rows whose column is the plugin's name, or begins with it and `end`."""
    given: sa.ColumnClause[str] = sa.column(column, sa.String())
    return given.startswith(name + end, autoescape=True) if end else given == name
