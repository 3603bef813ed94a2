"""Connections of the pool that the server has ended meanwhile are replaced before anybody notices."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.exc import DBAPIError

from parlour.db import engine as engines

pytestmark = pytest.mark.postgresql


@pytest.fixture
def pool(engine: Engine) -> Engine:
    """A pool with one connection in it, which has been used."""
    made = engines.make_engine(engine.url, pool_size=1)
    with made.connect() as connection:
        connection.execute(select(1))
    return made


def _end(pool: Engine) -> None:
    with pool.connect() as connection:
        pid = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
    killer = create_engine(pool.url, isolation_level="AUTOCOMMIT")
    with killer.connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    killer.dispose()


def _pings(pool: Engine, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    asked: list[Any] = []
    ping = pool.dialect.do_ping
    monkeypatch.setattr(pool.dialect, "do_ping", lambda driver: (asked.append(driver), ping(driver))[1])
    return asked


def test_a_connection_that_the_server_has_ended_is_replaced(pool: Engine, database_kind: str) -> None:
    if database_kind == "sqlite":
        return
    _end(pool)
    with pool.connect() as connection:
        assert connection.scalar(select(1)) == 1


def test_the_control_without_a_look_the_next_statement_fails(pool: Engine, database_kind: str) -> None:
    if database_kind == "sqlite":
        return
    _end(pool)
    pool.pool.dispatch.checkout.clear()
    with pytest.raises(DBAPIError), pool.connect() as connection:
        connection.scalar(select(1))


def test_only_after_a_long_rest_is_the_server_asked(
    pool: Engine, database_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_kind == "sqlite":
        return
    asked = _pings(pool, monkeypatch)
    with pool.connect():
        pass
    assert asked == []
    monkeypatch.setattr(engines, "REST", -1.0)
    with pool.connect():
        pass
    assert len(asked) == 1
