"""One upgrade at a time, and none that waits for ever behind a busy table."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, event, text

from parlour.db.engine import make_engine
from parlour.errors import Refusal
from parlour.i18n import _

# Any constant will do; PostgreSQL keeps advisory locks apart by database.
ADVISORY_KEY = 0x5041524C4F5552
WAIT_SECONDS = 60.0
# A migration that cannot lock a table soon gives up, instead of making every request queue behind it.
LOCK_TIMEOUT = "10s"


def owner_engine(url: str) -> Engine:
    """An engine for migrations. On SQLite foreign keys are not enforced meanwhile: rebuilding a table drops
    the old one, which would delete what refers to it; the runner checks them all before each commit instead.
    """
    engine = make_engine(url, pool_size=2)
    if engine.dialect.name == "sqlite":
        event.listen(
            engine,
            "connect",
            lambda connection, _record: connection.execute("PRAGMA foreign_keys=OFF").close(),
        )
    return engine


@contextmanager
def alone(engine: Engine, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Nobody else migrates this database meanwhile. Raises Refusal when somebody still does after `wait`
    seconds.

    SQLite needs no more than its write lock, which every revision's transaction takes at its beginning.
    """
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        until = time.monotonic() + wait
        while not connection.execute(
            text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_KEY}
        ).scalar_one():
            if time.monotonic() >= until:
                raise Refusal(
                    _("Somebody else is upgrading this database. Wait until that is done, then try again.")
                )
            time.sleep(0.1)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_KEY})


@contextmanager
def transaction(bind: Engine | Connection) -> Iterator[Connection]:
    """One revision's transaction: all of it or nothing. On a connection it is a part of that one's
    transaction.
    """
    if isinstance(bind, Connection):
        with bind.begin_nested():
            yield bind
        return
    with bind.begin() as connection:
        limit_waiting(connection)
        yield connection
        check_links(connection)


@contextmanager
def looking(bind: Engine | Connection) -> Iterator[Connection]:
    """A connection to read with: the given one, or one of the engine's."""
    if isinstance(bind, Connection):
        yield bind
    else:
        with bind.connect() as connection:
            yield connection


def limit_waiting(connection: Connection) -> None:
    """Let this transaction give up when it cannot lock a table soon; SQLite has its own time-out."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))


def check_links(connection: Connection) -> None:
    """Raises RuntimeError when a row on SQLite refers to one that is not there; PostgreSQL checks by itself."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise RuntimeError(
                f"row {broken[1]} of {broken[0]} refers to a row of {broken[2]} that is not there"
            )
