"""Restore: a backup of either kind of database into one of either kind, whole or not at all.

Everything in the database happens in one transaction: old tables go, the tables of the backup's own revisions
are made, its rows are read in and compared with what stands in the tables then, and the migrations made since run.
The folder of files is exchanged just before the commit, and exchanged back when the commit fails.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from parlour.db import numbers
from parlour.db.archive import BLOCK, Manifest, Reader, from_plain
from parlour.db.backup import is_empty, reflect, strangers
from parlour.db.sums import CHUNK, Sum, order_of_names, sum_of
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.migrations import heads, ledger
from parlour.migrations.lock import alone, check_links, limit_waiting, owner_engine
from parlour.migrations.owner import upgrade_owner
from parlour.migrations.runner import Owners, owners
from parlour.plugin.discovery import find
from parlour.plugin.models import INSTALLED
from parlour.settings import Settings


class Source(Protocol):
    """Where rows come from: an archive, or another database."""

    manifest: Manifest

    def rows(self, table: str) -> Iterator[list[Any]]:
        """Plain values in the order of the manifest's columns."""
        ...


def restore(settings: Settings, file: Path, *, replace: bool = False) -> Manifest:
    """Bring the backup back and return its manifest. Raises Refusal, and leaves everything as it was, when
    anything is wrong.

    A database that somebody uses already is refused unless `replace`. The site must not be running.
    """
    archive = Reader(file)
    manifest = archive.manifest
    known = known_to(manifest)
    engine = owner_engine(settings.owner_database_url)
    try:
        with alone(engine), _files(settings, archive) as swap, engine.begin() as connection:
            limit_waiting(connection)
            if not replace and (not is_empty(connection) or strangers(connection) or not _no_files(settings)):
                raise Refusal(_("The database is in use already. To replace what it holds, add --replace."))
            rebuild(connection, settings, archive, known)
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


def rebuild(connection: Connection, settings: Settings, source: Source, known: Owners) -> dict[str, Sum]:
    """Put what the source holds in the place of everything that stands here, and return each table's checksum.

    Raises Refusal when what stands in a table afterwards is not what the source said. The caller commits.
    """
    _clear(connection)
    for owner in [owner for owner in known.folders if owner in source.manifest.owners]:
        folder, plugin = known.folders[owner], known.plugins.get(owner)
        upgrade_owner(connection, settings, owner, folder, plugin, source.manifest.owners[owner])
    return _load(connection, source)


def known_to(manifest: Manifest) -> Owners:
    """The owners of tables here. Raises Refusal unless every owner in the backup has its code among them, at its revision
    or a later one.
    """
    known = owners(find())
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
    return known


def _clear(connection: Connection) -> None:
    """Drop every table and function of ours, version tables too; only within the transaction that fills them again."""
    names = inspect(connection).get_table_names()
    if connection.dialect.name == "postgresql":
        quote = connection.dialect.identifier_preparer.quote
        for name in names:
            connection.execute(text(f"DROP TABLE IF EXISTS {quote(name)} CASCADE"))
        ours = (
            "SELECT CAST(CAST(oid AS regprocedure) AS text) FROM pg_proc"
            " WHERE pronamespace = current_schema()::regnamespace AND starts_with(proname, 'parlour_')"
        )
        for signature in connection.scalars(text(ours)).all():
            connection.execute(text(f"DROP FUNCTION {signature} CASCADE"))
    else:
        for name in names:
            connection.execute(text(f'DROP TABLE "{name}"'))
    inspect(connection).clear_cache()


def _load(connection: Connection, source: Source) -> dict[str, Sum]:
    names = sorted(source.manifest.tables)
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
        said = {name: _load_table(connection, source, found.tables[name]) for name in names}
    for name in names:
        if sum_of(connection, found.tables[name]) != said[name]:
            raise Refusal(
                _(
                    "The table ${name} holds something else than what was read into it. Nothing was changed.",
                    mapping={"name": name},
                )
            )
    return said


def _load_table(connection: Connection, source: Source, table: sa.Table) -> Sum:
    columns = source.manifest.columns[table.name]
    if set(columns) != {column.name for column in table.columns}:
        raise Refusal(
            _(
                "The table ${name} of the backup has other columns than its revision.",
                mapping={"name": table.name},
            )
        )
    readers = [from_plain(table.columns[name]) for name in columns]
    order = order_of_names(columns)
    said = Sum()
    rows = source.rows(table.name)
    while piece := list(itertools.islice(rows, CHUNK)):
        values = [
            {
                name: value if value is None or read is None else read(value)
                for name, read, value in zip(columns, readers, row, strict=True)
            }
            for row in piece
        ]
        try:
            connection.execute(sa.insert(table), values)
        except DBAPIError as error:
            why = str(error.orig).strip().splitlines()[0]
            raise Refusal(
                _("The table ${name} cannot take a row: ${why}", mapping={"name": table.name, "why": why})
            ) from error
        said.add(piece, order)
    if said.rows != source.manifest.tables[table.name]:
        raise Refusal(_("The table ${name} of the backup is not complete.", mapping={"name": table.name}))
    if "id" in table.columns:
        highest = connection.execute(sa.select(sa.func.max(table.columns["id"]))).scalar_one() or 0
        numbers.go_on_after(connection, table.name, max(highest, source.manifest.numbers.get(table.name, 0)))
    return said


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
