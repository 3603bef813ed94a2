"""Restore: a backup of either kind of database into one of either kind, whole or not at all.

Everything in the database happens in one transaction: old tables go, the tables of the backup's own revisions
are made, its rows are read in, and then the migrations made since run. The folder of files is exchanged just
before the commit, and exchanged back when the commit fails.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, inspect, text

from parlour.db.archive import BLOCK, Manifest, Reader, from_plain
from parlour.db.backup import CHUNK, is_empty, reflect
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.migrations import heads, ledger
from parlour.migrations.lock import alone, check_links, limit_waiting, owner_engine
from parlour.migrations.owner import upgrade_owner
from parlour.migrations.runner import Owners, owners
from parlour.plugin.discovery import find
from parlour.plugin.models import INSTALLED
from parlour.settings import Settings


def restore(settings: Settings, file: Path, *, replace: bool = False) -> Manifest:
    """Bring the backup back and return its manifest. Raises Refusal, and leaves everything as it was, when
    anything is wrong.

    A database that somebody uses already is refused unless `replace`. The site must not be running.
    """
    archive = Reader(file)
    manifest = archive.manifest
    known = owners(find())
    _refuse_unknown(manifest, known)
    engine = owner_engine(settings.owner_database_url)
    try:
        with alone(engine), _files(settings, archive) as swap, engine.begin() as connection:
            limit_waiting(connection)
            if not replace and not (is_empty(connection) and _no_files(settings)):
                raise Refusal(_("The database is in use already. To replace what it holds, add --replace."))
            _clear(connection)
            for owner, revision in _in_order(manifest, known):
                upgrade_owner(
                    connection, settings, owner, known.folders[owner], known.plugins.get(owner), revision
                )
            _load(connection, archive)
            for owner in [heads.CORE, *ledger.read(connection)]:
                row = ledger.read(connection).get(owner)
                if owner in known.folders and (row is None or row.state == INSTALLED):
                    upgrade_owner(
                        connection, settings, owner, known.folders[owner], known.plugins.get(owner), "head"
                    )
            check_links(connection)
            swap()
    finally:
        archive.close()
        engine.dispose()
    return manifest


def _refuse_unknown(manifest: Manifest, known: Owners) -> None:
    """Every owner in the backup needs its code here, at its revision or a later one."""
    for owner, revision in manifest.owners.items():
        folder = known.folders.get(owner)
        if folder is None:
            raise Refusal(
                _(
                    "The backup holds the plugin ${name} ${version}, which is not usable here. Install it with pip first.",
                    mapping={"name": owner, "version": manifest.plugins.get(owner, "")},
                )
            )
        if revision not in [item.id for item in heads.revisions(folder)]:
            raise Refusal(
                _(
                    "The backup was made by a newer version of ${name}. Install that version to restore it.",
                    mapping={"name": owner},
                )
            )


def _in_order(manifest: Manifest, known: Owners) -> list[tuple[str, str]]:
    return [(owner, manifest.owners[owner]) for owner in known.folders if owner in manifest.owners]


def _clear(connection: Connection) -> None:
    """Drop every table of ours, version tables too; only within the transaction that fills them again."""
    names = inspect(connection).get_table_names()
    if connection.dialect.name == "postgresql":
        quote = connection.dialect.identifier_preparer.quote
        for name in names:
            connection.execute(text(f"DROP TABLE IF EXISTS {quote(name)} CASCADE"))
    else:
        for name in names:
            connection.execute(text(f'DROP TABLE "{name}"'))
    inspect(connection).clear_cache()


def _load(connection: Connection, archive: Reader) -> None:
    names = sorted(archive.manifest.tables)
    missing = set(names) - ledger.tables_now(connection)
    if missing:
        raise Refusal(
            _(
                "The backup holds tables of a plugin that is not usable here: ${names}.",
                mapping={"names": ", ".join(sorted(missing))},
            )
        )
    found = reflect(connection, *sorted(ledger.tables_now(connection)))
    with _links_off(connection):
        for table in found.tables.values():
            connection.execute(sa.delete(table))
        for name in names:
            _load_table(connection, archive, found.tables[name])


def _load_table(connection: Connection, archive: Reader, table: sa.Table) -> None:
    columns = archive.manifest.columns[table.name]
    if set(columns) != {column.name for column in table.columns}:
        raise Refusal(
            _(
                "The table ${name} of the backup has other columns than its revision.",
                mapping={"name": table.name},
            )
        )
    readers = [from_plain(table.columns[name]) for name in columns]
    count = 0
    rows = archive.rows(table.name)
    while piece := list(itertools.islice(rows, CHUNK)):
        values = [
            {
                name: value if value is None or read is None else read(value)
                for name, read, value in zip(columns, readers, row, strict=True)
            }
            for row in piece
        ]
        connection.execute(sa.insert(table), values)
        count += len(piece)
    if count != archive.manifest.tables[table.name]:
        raise Refusal(_("The table ${name} of the backup is not complete.", mapping={"name": table.name}))
    _set_sequence(connection, table)


def _set_sequence(connection: Connection, table: sa.Table) -> None:
    """Let PostgreSQL number new rows after the highest one read in; SQLite does so by itself."""
    if connection.dialect.name != "postgresql" or "id" not in table.columns:
        return
    sequence = connection.execute(
        text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": f'"{table.name}"'}
    ).scalar_one()
    if sequence:
        highest = connection.execute(sa.select(sa.func.max(table.columns["id"]))).scalar_one()
        connection.execute(
            text("SELECT setval(CAST(:sequence AS regclass), :next, false)"),
            {"sequence": sequence, "next": (highest or 0) + 1},
        )


@contextmanager
def _links_off(connection: Connection) -> Iterator[None]:
    """Rows come table by table, so links are checked at the end: PostgreSQL makes its constraints anew, which
    checks them.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    links: Any = connection.execute(
        text(
            "SELECT conrelid::regclass::text AS name, quote_ident(conname) AS link, pg_get_constraintdef(oid) AS definition "
            "FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
        )
    ).all()
    for row in links:
        connection.execute(text(f"ALTER TABLE {row.name} DROP CONSTRAINT {row.link}"))
    yield
    for row in links:
        connection.exec_driver_sql(f"ALTER TABLE {row.name} ADD CONSTRAINT {row.link} {row.definition}")


def _no_files(settings: Settings) -> bool:
    return not settings.files.exists() or not any(settings.files.iterdir())


@contextmanager
def _files(settings: Settings, archive: Reader) -> Iterator[Any]:
    """Unpack the blobs beside the folder of files; the function given exchanges the two, an error exchanges
    them back.
    """
    new = settings.files.with_name(f"files.restored-{os.getpid()}")
    old = settings.files.with_name(f"files.before-{os.getpid()}")
    new.mkdir(parents=True)
    exchanged = False

    def swap() -> None:
        nonlocal exchanged
        if settings.files.exists():
            os.replace(settings.files, old)
        os.replace(new, settings.files)
        exchanged = True

    try:
        for path, content in archive.files():
            place = new.joinpath(*path.parts[1:])
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb") as out:
                shutil.copyfileobj(content, out, BLOCK)
        yield swap
    except BaseException:
        if exchanged:
            os.replace(settings.files, new)
        if old.exists():
            os.replace(old, settings.files)
        raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
