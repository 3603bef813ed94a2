"""Many rows in one statement.

psycopg sends `executemany` row by row: 500 contacts with all their columns cost 500 messages and as many executions.
PostgreSQL takes the whole batch as one JSON value instead, which the C code of both sides writes and reads; SQLite
runs in this process and is quickest with the plain form. COPY would be faster still and is not there under
row-level security.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Integer,
    String,
    Text,
    insert,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from parlour.db.base import Moment

Rows = Sequence[Mapping[str, Any]]
# What JSON and PostgreSQL write alike. Values of any other type are for SQLAlchemy to write.
_PLAIN = frozenset({BigInteger, Boolean, Date, Integer, JSON, Moment, String, Text})
# Under this key a session keeps the rows that wait to go in together: the columns of each table, and its rows.
_WAITING = "parlour_waiting_rows"
_Waiting = dict[tuple[Any, tuple[str, ...]], list[dict[str, Any]]]


def insert_all(session: Session, table: Any, rows: Rows, options: Mapping[str, Any]) -> None:
    """Insert rows that all have the same columns. Columns that are empty in every row are left to be empty, or to their
    default where they cannot be.

    The values are what the columns hold; `options` are execution options that name the caller to the guards.
    """
    if not rows:
        return
    columns = [
        name
        for name in rows[0]
        if any(row[name] is not None for row in rows) or _empty_on_purpose(table.c[name])
    ]
    dialect = session.get_bind().dialect
    # What is left to a default of Python's is SQLAlchemy's to fill in.
    left = any(column.default is not None and column.name not in columns for column in table.c)
    if (
        dialect.name != "postgresql"
        or left
        or any(type(table.c[name].type) not in _PLAIN for name in columns)
    ):
        plain = [{name: row[name] for name in columns} for row in rows]
        session.execute(insert(table), plain, execution_options=dict(options))
        return
    waiting: _Waiting | None = session.info.get(_WAITING)
    found = [{name: row[name] for name in columns} for row in rows]
    if waiting is not None:
        waiting.setdefault((table, tuple(columns)), []).extend(found)
        return
    _put(session, {(table, tuple(columns)): found})


@contextmanager
def gathered(session: Session) -> Iterator[None]:
    """Rows that go in within this block go in by one statement, when the block ends or anything else is asked of the database
    meanwhile. On SQLite, where a statement costs no journey, they go in at once.

    What the database refuses is raised there, so whoever catches it undoes the whole block with a savepoint around it. When the
    block fails, rows that still wait are forgotten.
    """
    if session.info.get(_WAITING) is not None:
        yield
        return
    session.info[_WAITING] = {}
    try:
        yield
        put_waiting(session)
    finally:
        session.info.pop(_WAITING, None)


def is_gathering(session: Session) -> bool:
    """Whether the session is within `gathered`: what it writes is undone as a whole, by somebody further out."""
    return session.info.get(_WAITING) is not None


def put_waiting(session: Session) -> None:
    """Put in what waits, before somebody asks for it."""
    waiting: _Waiting | None = session.info.get(_WAITING)
    if waiting:
        session.info[_WAITING] = {}
        _put(session, waiting)


def _put(session: Session, waiting: _Waiting) -> None:
    connection = session.connection()
    statement = _statement(tuple(waiting), connection.dialect)
    given = {
        f"rows{place}": json.dumps(rows, ensure_ascii=False, default=_in_json)
        for place, rows in enumerate(waiting.values())
    }
    connection.exec_driver_sql(statement, given)


def _empty_on_purpose(column: Column[Any]) -> bool:
    """Whether a column that is not named would be filled by a default, though it can be empty."""
    return bool(column.nullable) and (column.default is not None or column.server_default is not None)


@lru_cache(maxsize=1000)
def _statement(shapes: tuple[tuple[Any, tuple[str, ...]], ...], dialect: Dialect) -> str:
    """One INSERT, or several as parts of one statement: keys to one another are looked at when all are done."""
    quote = dialect.identifier_preparer.quote
    inserts = []
    for place, (table, columns) in enumerate(shapes):
        names = ", ".join(quote(name) for name in columns)
        typed = ", ".join(f"{quote(name)} {table.c[name].type.compile(dialect)}" for name in columns)
        inserts.append(
            f"INSERT INTO {quote(table.name)} ({names}) "
            f"SELECT * FROM json_to_recordset(CAST(%(rows{place})s AS json)) AS given ({typed})"
        )
    if len(inserts) == 1:
        return inserts[0]
    parts = ", ".join(f"part{place} AS ({one})" for place, one in enumerate(inserts))
    return f"WITH {parts} SELECT 1"


def _in_json(value: date) -> str:
    """Days and moments, as PostgreSQL reads them."""
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("A moment needs a time zone; a naive datetime was given.")
    return value.isoformat()
