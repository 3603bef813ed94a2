"""Batches of rows end up as SQLAlchemy would have written them, whatever their columns hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Date,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Time,
    select,
)

from parlour.db.base import BigId, Json, Moment
from parlour.db.bulk import insert_all
from parlour.db.session import RAW, Session
from parlour.migrations.owner import grant
from parlour.settings import Settings
from parlour.testing.site import statements

TABLE = Table(
    "core_bulk",
    MetaData(),
    Column("id", BigId, primary_key=True),
    Column("text", String(20)),
    Column("day", Date()),
    Column("at", Moment()),
    Column("json", Json),
    Column("price", Numeric(10, 2)),
    Column("hour", Time()),
    Column("bytes", LargeBinary()),
    Column("colour", String(20), server_default="red"),
    Column("size", Integer(), default=40),
    Column("rank", Integer(), nullable=False, server_default="7"),
)
MOMENT = datetime(2026, 3, 1, 10, tzinfo=UTC)
PLAIN = {"id": 1, "text": "a", "day": date(2026, 3, 1), "at": MOMENT, "json": {"a": [1, None]}, "size": 36}


@pytest.fixture
def table(owner_engine: Engine, settings: Settings) -> Table:
    with owner_engine.begin() as connection:
        TABLE.create(connection)
        grant(connection, settings)
    return TABLE


def rows(session: Session, *given: dict[str, Any]) -> list[dict[str, Any]]:
    """What stands in the table after these went in."""
    insert_all(session, TABLE, given, {RAW: True})
    return [dict(row) for row in session.execute(select(TABLE), execution_options={RAW: True}).mappings()]


def test_plain_values_go_in_as_one_statement(table: Table, session: Session, engine: Engine) -> None:
    session.commit()
    with statements(engine) as seen:
        kept = rows(session, PLAIN, {**PLAIN, "id": 2})
    assert kept[1].items() >= {**PLAIN, "id": 2}.items()
    if engine.dialect.name == "postgresql":
        assert any("json_to_recordset" in statement for statement in seen)


def test_values_that_json_cannot_hold_go_in_too(table: Table, session: Session) -> None:
    more = {"price": Decimal("1500.50"), "hour": time(9, 30), "bytes": b"\x00\xff"}
    (kept,) = rows(session, {**PLAIN, **more})
    assert kept.items() >= {**PLAIN, **more}.items()


def test_what_is_empty_on_purpose_stays_so_and_what_is_left_out_has_its_default(
    table: Table, session: Session
) -> None:
    (kept, left) = (
        rows(session, {**PLAIN, "colour": None, "size": None, "rank": None})[0],
        rows(session, {"id": 2, "text": "b"})[1],
    )
    assert (kept["colour"], kept["size"], kept["rank"]) == (None, None, 7)
    assert (left["colour"], left["size"], left["rank"]) == ("red", 40, 7)


def test_a_moment_without_a_zone_is_refused(table: Table, session: Session) -> None:
    with pytest.raises(Exception, match="needs a time zone"):
        rows(session, {**PLAIN, "at": MOMENT.replace(tzinfo=None)})
