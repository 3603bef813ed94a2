"""Giving room back and bringing the statistics of the planner up to date."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from parlour.errors import Refusal
from parlour.i18n import _
from parlour.migrations.lock import owner_engine
from parlour.settings import Settings


@dataclass(frozen=True)
class Sizes:
    """Bytes that the database took before and takes after."""

    before: int
    after: int


def compact(settings: Settings) -> Sizes:
    """Compact the database as its owner and return its sizes.

    On SQLite the file is written anew, which takes as much room again and keeps writers waiting; on PostgreSQL nobody
    waits. Raises Refusal when it cannot be done.
    """
    engine = owner_engine(settings.owner_database_url)
    try:
        # Neither runs within a transaction; on SQLite the engine would begin one.
        raw = engine.execution_options(isolation_level="AUTOCOMMIT")
        with raw.connect() as connection:
            before = size(connection)
            if connection.dialect.name == "postgresql":
                connection.execute(text("VACUUM (ANALYZE)"))
            else:
                cursor = connection.connection.cursor()
                connection.rollback()
                for statement in ("VACUUM", "ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"):
                    cursor.execute(statement)
                cursor.close()
            return Sizes(before, size(connection))
    except DBAPIError as error:
        why = str(error.orig).strip().splitlines()[0]
        raise Refusal(_("The database could not be compacted: ${why}", mapping={"why": why})) from error
    finally:
        engine.dispose()


def size(connection: Connection) -> int:
    """Bytes of the database."""
    if connection.dialect.name == "postgresql":
        asked = "SELECT pg_database_size(current_database())"
    else:
        asked = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    return int(connection.execute(text(asked)).scalar_one())
