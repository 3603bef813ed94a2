"""Copy: everything of one database into an empty one of either kind, whole or not at all.

One snapshot is read and one transaction written. The copy is committed when the checksum of every table, taken from
what stands in it then, is the one of what was read. Files are not part of it: they stay in the data folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from parlour.db.archive import Manifest
from parlour.db.backup import is_empty, manifest_of, pieces, snapshot, strangers, tables_of
from parlour.db.restore import known_to, rebuild
from parlour.db.sums import Sum
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.migrations.lock import alone, check_links, limit_waiting, owner_engine
from parlour.settings import Settings, with_driver

Progress = Callable[[str, int, int], None]


class _Snapshot:
    """A database as a source of rows, with everything counted beforehand."""

    def __init__(self, connection: Connection, progress: Progress):
        self._connection = connection
        self._progress = progress
        self._tables = {table.name: table for table in tables_of(connection)}
        self.manifest: Manifest = manifest_of(connection)
        for name, table in self._tables.items():
            self.manifest.columns[name] = [column.name for column in table.columns]
            self.manifest.tables[name] = connection.execute(
                sa.select(sa.func.count()).select_from(table)
            ).scalar_one()
        self._all, self._done = sum(self.manifest.tables.values()), 0

    def rows(self, table: str) -> Iterator[list[Any]]:
        for piece in pieces(self._connection, self._tables[table]):
            yield from piece
            self._done += len(piece)
            self._progress(table, self._done, self._all)


def copy(
    settings: Settings, url: str, *, site_role: str | None = None, progress: Progress | None = None
) -> dict[str, Sum]:
    """Copy the database of `settings` to `url`, the target as its owner, and return the checksum of each table.

    `site_role` is the role on the target as which the site will connect; `progress` is told the table, rows done and
    rows in all. What is written meanwhile stays behind, so the site should not be running. Raises Refusal, and leaves
    the target as it was, when it is not empty or anything else is wrong.
    """
    target = _target(settings, url, site_role)
    source_engine, target_engine = (
        owner_engine(settings.owner_database_url),
        owner_engine(target.owner_database_url),
    )
    try:
        with snapshot(source_engine) as reading:
            source = _Snapshot(reading, progress or (lambda _table, _done, _all: None))
            known = known_to(source.manifest)
            with alone(target_engine), target_engine.begin() as writing:
                limit_waiting(writing)
                _refuse_used(writing)
                sums = rebuild(writing, target, source, known)
                check_links(writing)
    except DBAPIError as error:
        why = str(error.orig).strip().splitlines()[0]
        raise Refusal(_("Nothing was copied: ${why}", mapping={"why": why})) from error
    finally:
        source_engine.dispose()
        target_engine.dispose()
    return sums


def _target(settings: Settings, url: str, site_role: str | None) -> Settings:
    try:
        owner = make_url(with_driver(url))
    except ArgumentError as error:
        raise Refusal(
            _(
                "This is not the address of a database. Write sqlite:////srv/new.sqlite or postgresql://owner@host/name."
            )
        ) from error
    if owner in (make_url(settings.owner_database_url), make_url(settings.database_url)):
        raise Refusal(_("This is the database that is used now. Name another one."))
    site = owner.set(username=site_role) if site_role and owner.get_backend_name() == "postgresql" else owner
    said = {"hide_password": False}
    return replace(
        settings,
        database_url=site.render_as_string(**said),
        owner_database_url=owner.render_as_string(**said),
    )


def _refuse_used(connection: Connection) -> None:
    others = strangers(connection)
    if others:
        names = ", ".join(others[:5])
        raise Refusal(
            _("The target holds tables that are not Parlour's: ${names}.", mapping={"names": names})
        )
    if not is_empty(connection):
        raise Refusal(_("The target is in use already. Copy into an empty database."))
