"""Checksums of rows that do not depend on their order, nor on the kind of database that holds them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from parlour.db.archive import to_plain

# Rows fetched at a time.
CHUNK = 1000
_MODULUS = 1 << 128


@dataclass
class Sum:
    """How many rows, and the sum of their hashes: rows that change places leave it as it is, equal rows do not cancel."""

    rows: int = 0
    total: int = 0

    def add(self, rows: Iterable[Sequence[Any]], order: Sequence[int]) -> None:
        """Take in rows of plain values; `order` are the positions of the columns, sorted by their names."""
        for row in rows:
            line = json.dumps([_same(row[place]) for place in order], ensure_ascii=False, sort_keys=True)
            hashed = hashlib.sha256(line.encode("utf-8", "surrogatepass")).digest()
            self.total = (self.total + int.from_bytes(hashed[:16])) % _MODULUS
            self.rows += 1

    @property
    def hex(self) -> str:
        return f"{self.total:032x}"


def order_of_names(columns: Sequence[str]) -> list[int]:
    """The positions of columns in the order of their names, which is the same in every database."""
    return sorted(range(len(columns)), key=lambda place: columns[place])


def sum_of(connection: Connection, table: sa.Table) -> Sum:
    """The checksum of what a table holds now."""
    found = Sum()
    order = order_of_names([column.name for column in table.columns])
    query = sa.select(*table.columns).execution_options(yield_per=CHUNK)
    for rows in connection.execute(query).partitions():
        found.add(([to_plain(value) for value in row] for row in rows), order)
    return found


def _same(value: Any) -> Any:
    """A value as every database gives it back: 1e2 within JSON comes from PostgreSQL as 100."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _same(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_same(inner) for inner in value]
    return value
