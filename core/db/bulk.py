"""Many rows in one statement.

psycopg sends `executemany` row by row: 500 contacts with all their columns cost 500 messages and as many executions.
PostgreSQL takes the whole batch as one JSON value instead, which the C code of both sides writes and reads; SQLite
runs in this process and is quickest with the plain form. COPY would be faster still and is not there under
row-level security.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
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
    TextClause,
    insert,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from parlour.db.base import Moment

Rows = Sequence[Mapping[str, Any]]
# What JSON and PostgreSQL write alike. Values of any other type are for SQLAlchemy to write.
_PLAIN = frozenset({BigInteger, Boolean, Date, Integer, JSON, Moment, String, Text})


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
    given = json.dumps(
        [{name: row[name] for name in columns} for row in rows], ensure_ascii=False, default=_in_json
    )
    session.execute(_statement(table, columns, dialect), {"rows": given}, execution_options=dict(options))


def _empty_on_purpose(column: Column[Any]) -> bool:
    """Whether a column that is not named would be filled by a default, though it can be empty."""
    return bool(column.nullable) and (column.default is not None or column.server_default is not None)


def _statement(table: Any, columns: Sequence[str], dialect: Dialect) -> TextClause:
    quote = dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in columns)
    typed = ", ".join(f"{quote(name)} {table.c[name].type.compile(dialect)}" for name in columns)
    return text(
        f"INSERT INTO {quote(table.name)} ({names}) "
        f"SELECT {names} FROM json_to_recordset(CAST(:rows AS json)) AS given ({typed})"
    )


def _in_json(value: date) -> str:
    """Days and moments, as PostgreSQL reads them."""
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("A moment needs a time zone; a naive datetime was given.")
    return value.isoformat()
