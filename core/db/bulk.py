"""Many rows in one statement.

psycopg sends `executemany` row by row: 500 contacts with all their columns cost 500 messages and as many executions.
PostgreSQL takes the whole batch as one JSON value instead, which the C code of both sides writes and reads; SQLite
runs in this process and is quickest with the plain form. COPY would be faster still and is not there under
row-level security.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import TextClause, insert, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

Rows = Sequence[Mapping[str, Any]]


def insert_all(session: Session, table: Any, rows: Rows, options: Mapping[str, Any]) -> None:
    """Insert rows that all have the same columns. Columns that are empty in every row are left to be empty.

    The values are what the columns hold; `options` are execution options that name the caller to the guards.
    """
    if not rows:
        return
    columns = [name for name in rows[0] if any(row[name] is not None for row in rows)]
    dialect = session.get_bind().dialect
    # What is left to a default of Python's is SQLAlchemy's to fill in.
    left = any(column.default is not None and column.name not in columns for column in table.c)
    if dialect.name != "postgresql" or left:
        plain = [{name: row[name] for name in columns} for row in rows]
        session.execute(insert(table), plain, execution_options=dict(options))
        return
    given = json.dumps(
        [{name: row[name] for name in columns} for row in rows], ensure_ascii=False, default=_in_json
    )
    session.execute(_statement(table, columns, dialect), {"rows": given}, execution_options=dict(options))


def _statement(table: Any, columns: Sequence[str], dialect: Dialect) -> TextClause:
    quote = dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in columns)
    typed = ", ".join(f"{quote(name)} {table.c[name].type.compile(dialect)}" for name in columns)
    return text(
        f"INSERT INTO {quote(table.name)} ({names}) "
        f"SELECT {names} FROM json_to_recordset(CAST(:rows AS json)) AS given ({typed})"
    )


def _in_json(value: Any) -> str:
    """Days and moments, as PostgreSQL reads them."""
    return str(value.isoformat())
