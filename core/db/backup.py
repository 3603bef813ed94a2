"""Backup: every table and every file at one moment, into one archive, while the site goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event, text

from parlour.db import numbers
from parlour.db.archive import BLOCK, Manifest, Writer, order_of, to_plain
from parlour.db.base import Json
from parlour.db.engine import reader
from parlour.db.sums import CHUNK
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.migrations import heads, ledger
from parlour.migrations.lock import owner_engine
from parlour.plugin.manifest import core_version
from parlour.settings import Settings


def backup(settings: Settings, file: Path) -> Manifest:
    """Write the archive and return its manifest. Nothing is left behind when it fails; an existing file is
    never replaced.

    The tables are read in one read-only transaction of the owner's role, which sees every organisation. Files
    are written once and never changed, so those found after the tables were read are at least the ones that
    the rows name.
    """
    if file.exists():
        raise Refusal(_("${file} exists already. Choose another name.", mapping={"file": str(file)}))
    if not file.parent.is_dir():
        raise Refusal(_("The folder ${folder} does not exist.", mapping={"folder": str(file.parent)}))
    engine = owner_engine(settings.owner_database_url)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        # Everything that the salon knows is in here: nobody else on this machine may read it.
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w+b") as out:
            with snapshot(engine) as connection:
                manifest = manifest_of(connection)
                writer = Writer(out, manifest)
                for table in tables_of(connection):
                    writer.add(f"tables/{table.name}.jsonl", _lines(connection, table, manifest))
            for path in sorted(settings.files.rglob("*")):
                if path.is_file():
                    writer.add(f"files/{path.relative_to(settings.files).as_posix()}", _blocks(path))
                    manifest.files += 1
            writer.close()
            out.flush()
            os.fsync(out.fileno())
        os.replace(part, file)
    except OSError as error:
        raise Refusal(_("The backup could not be written: ${why}", mapping={"why": str(error)})) from error
    finally:
        part.unlink(missing_ok=True)
        engine.dispose()
    return manifest


def snapshot(engine: Engine) -> Any:
    """A connection whose every query sees the same moment, and which cannot write."""
    if engine.dialect.name == "postgresql":
        return reader(engine).execution_options(isolation_level="REPEATABLE READ").connect()
    return reader(engine).connect()


def reflect(connection: Connection, *names: str) -> sa.MetaData:
    """Tables as they are in the database, with JSON columns of our own type, which keeps NULL and null apart."""
    metadata = sa.MetaData()

    def ours(_inspector: Any, _table: Any, column: Any) -> None:
        if isinstance(column["type"], sa.JSON):
            column["type"] = Json

    event.listen(metadata, "column_reflect", ours)
    metadata.reflect(connection, only=list(names), resolve_fks=False)
    return metadata


def tables_of(connection: Connection) -> list[sa.Table]:
    """Every table of ours by name. Raises Refusal for a database without them."""
    names = sorted(ledger.tables_now(connection))
    if "core_organisation" not in names:
        raise Refusal(_("The database holds nothing to back up. Run: parlour db upgrade"))
    found = reflect(connection, *names)
    return [found.tables[name] for name in names]


def manifest_of(connection: Connection) -> Manifest:
    """What this database is; its tables are written down as they are read."""
    rows = ledger.read(connection)
    owners = {owner: heads.current(connection, owner) for owner in [heads.CORE, *rows]}
    return Manifest(
        parlour=str(core_version()),
        kind=connection.dialect.name,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        owners={owner: revision for owner, revision in owners.items() if revision is not None},
        plugins={name: row.version for name, row in rows.items()},
        numbers=numbers.given(connection),
    )


def pieces(connection: Connection, table: sa.Table) -> Iterator[list[list[Any]]]:
    """The rows of a table as plain values, so many at a time."""
    query = sa.select(*table.columns).order_by(*order_of(table)).execution_options(yield_per=CHUNK)
    for rows in connection.execute(query).partitions():
        yield [[to_plain(value) for value in row] for row in rows]


def _lines(connection: Connection, table: sa.Table, manifest: Manifest) -> Iterator[bytes]:
    manifest.columns[table.name] = [column.name for column in table.columns]
    manifest.tables[table.name] = 0
    for rows in pieces(connection, table):
        manifest.tables[table.name] += len(rows)
        lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
        yield ("\n".join(lines) + "\n").encode("utf-8")


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def is_empty(connection: Connection) -> bool:
    """Whether nobody has begun to use this database: no organisation, no person."""
    there = ledger.tables_now(connection)
    return not any(
        table in there and connection.execute(text(f"SELECT 1 FROM {table} LIMIT 1")).first() is not None
        for table in ("core_organisation", "core_user")
    )


def strangers(connection: Connection) -> list[str]:
    """Tables in this database that Parlour did not make."""
    known = {table for row in ledger.read(connection).values() for table in row.ledger.get("tables", [])}
    return sorted(
        name for name in ledger.tables_now(connection) - known if not name.startswith(f"{heads.CORE}_")
    )
