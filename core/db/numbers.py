"""The highest number that each table has ever given to a row: a new row must not inherit the history of a deleted one."""

from __future__ import annotations

from sqlalchemy import Connection, text

_POSTGRESQL = """
SELECT owner.relname AS name, pg_sequence_last_value(sequence.oid) AS last
  FROM pg_class AS sequence
  JOIN pg_depend ON pg_depend.objid = sequence.oid AND pg_depend.deptype IN ('a', 'i')
  JOIN pg_class AS owner ON owner.oid = pg_depend.refobjid
 WHERE sequence.relkind = 'S' AND owner.relnamespace = current_schema()::regnamespace
"""
# Tables without AUTOINCREMENT give the numbers of deleted rows again, wherever they are.
_SQLITE = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"


def given(connection: Connection) -> dict[str, int]:
    """Table -> highest number given so far, where the database remembers it."""
    if connection.dialect.name == "postgresql":
        rows = connection.execute(text(_POSTGRESQL)).all()
    elif connection.execute(text(_SQLITE)).first() is None:
        return {}
    else:
        rows = connection.execute(text("SELECT name, seq AS last FROM sqlite_sequence")).all()
    return {row.name: int(row.last) for row in rows if row.last}


def go_on_after(connection: Connection, table: str, last: int) -> None:
    """Number new rows of a table from `last` + 1; 0 means from the beginning."""
    values = {"name": table, "last": last}
    if connection.dialect.name == "postgresql":
        sequence = connection.execute(
            text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": f'"{table}"'}
        ).scalar_one()
        if sequence:
            connection.execute(
                text("SELECT setval(CAST(:sequence AS regclass), :last, :used)"),
                {"sequence": sequence, "last": max(last, 1), "used": last > 0},
            )
    elif connection.execute(text(f"{_SQLITE} AND name = :name"), values).first() is not None:
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
        if last:
            connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), values)
