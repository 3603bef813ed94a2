"""Engines. SQLite begins for real here: reads are read-only, everything else takes the write lock at once.

A SQLite transaction that has read and then writes fails immediately when another writer came between,
whatever the time-out; beginning IMMEDIATE waits its turn instead. pysqlite's own transaction control is
switched off for that.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from select import POLLIN, poll
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError

from parlour.errors import Refusal
from parlour.i18n import _

READ_ONLY = "parlour_read_only"
# Seconds after which a connection of the pool is asked whether it is still there.
REST = 30.0
_BACK = "parlour_back"


def make_engine(url: str | URL, *, pool_size: int = 5, echo: bool = False) -> Engine:
    """An engine with our pragmas and time-outs. Raises Refusal for a database that Parlour does not speak.

    Faults do not quote the values of their statement: they would carry clients' data into the log.
    """
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, echo=echo, pool_size=pool_size, max_overflow=20, hide_parameters=True)
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    if backend == "postgresql":
        engine = create_engine(
            parsed,
            echo=echo,
            pool_size=pool_size,
            max_overflow=20,
            hide_parameters=True,
            # Compiling what takes milliseconds costs PostgreSQL seconds.
            connect_args={"connect_timeout": 10, "options": "-c jit=off"},
        )
        event.listen(engine, "begin", _postgresql_begin)
        event.listen(engine, "checkin", _postgresql_checkin)
        event.listen(engine, "checkout", partial(_postgresql_checkout, engine.dialect))
        return engine
    raise Refusal(
        _("PARLOUR_DATABASE_URL must name sqlite or postgresql, not ${name}.", mapping={"name": backend})
    )


def reader(engine: Engine) -> Engine:
    """The same pool, with transactions that cannot write: GET requests and exports use it."""
    return engine.execution_options(**{READ_ONLY: True})


def _sqlite_connect(connection: Any, record: Any) -> None:
    connection.isolation_level = None
    for pragma in (
        "foreign_keys=ON",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "busy_timeout=15000",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
    # SQLite's own lower() knows the letters of English only.
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(text: Any) -> Any:
    return text.lower() if isinstance(text, str) else text


def _sqlite_begin(connection: Connection) -> None:
    if connection.get_execution_options().get(READ_ONLY):
        connection.exec_driver_sql("PRAGMA query_only=1")
        connection.exec_driver_sql("BEGIN")
    else:
        connection.exec_driver_sql("PRAGMA query_only=0")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgresql_begin(connection: Connection) -> None:
    # The driver begins with the first statement, and then says so in the same breath.
    driver: Any = connection.connection.dbapi_connection
    driver.read_only = bool(connection.get_execution_options().get(READ_ONLY))


def _postgresql_checkin(driver: Any, record: Any) -> None:
    record.info[_BACK] = monotonic()


def _postgresql_checkout(dialect: Any, driver: Any, record: Any, proxy: Any) -> None:
    """Replace a connection of the pool that is dead. One that the server has ended has that to read, which is seen without
    asking the server; only after a long rest it is asked, for a network may have gone without a word.
    """
    there = poll()
    try:
        there.register(driver, POLLIN)
        if there.poll(0) or monotonic() - record.info.get(_BACK, monotonic()) > REST:
            dialect.do_ping(driver)
    except dialect.dbapi.Error as gone:
        raise InvalidatePoolError from gone


def insert_of(dialect: str) -> Any:
    """The INSERT of a dialect, which knows ON CONFLICT. Only the dialect in use is loaded."""
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert
    from sqlalchemy.dialects import postgresql

    return postgresql.insert


def is_lost(error: BaseException) -> bool:
    """Whether a statement failed because the database cannot be reached, or ended the connection under it."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return False
    # A connection that never came to be carries no code of the server.
    refused = isinstance(error, OperationalError) and getattr(error.orig, "sqlstate", "") is None
    return error.connection_invalidated or refused


def site_role_fault(engine: Engine) -> str | None:
    """Why this connection must not serve the site, or None. Superusers, BYPASSRLS and table owners see every
    organisation.
    """
    if engine.dialect.name != "postgresql":
        return None
    with engine.connect() as connection:
        role = connection.execute(
            text(
                "SELECT rolname, rolsuper OR rolbypassrls AS exempt FROM pg_roles WHERE rolname = current_user"
            )
        ).one()
        owned = connection.execute(
            text(
                "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tableowner = current_user"
            )
        ).scalar_one()
    if role.exempt:
        return f"the role {role.rolname} is exempt from row-level security"
    if owned:
        return f"the role {role.rolname} owns the tables"
    return None
