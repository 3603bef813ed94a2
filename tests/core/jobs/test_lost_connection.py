"""The connection to the database is lost in the middle of each step of a job's life: nothing is lost, nothing is doubled,
and it recovers by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, func, select

from parlour.db.engine import make_engine
from parlour.jobs import lease, relay
from parlour.jobs import run as running
from parlour.jobs.relay import EmbeddedRelay
from parlour.settings import Settings
from tests.core.jobs.conftest import Desk

# Step -> the statement by which it is known, and a value among its parameters.
STEPS = {
    "claim": ("UPDATE core_job", "state", "running"),
    "work": ("INSERT INTO core_access_log", None, None),
    "checkpoint": ("UPDATE core_job", "position", ...),
    "sending": ("UPDATE core_job", "state", "sending"),
    "done": ("UPDATE core_job", "state", "done"),
}
# before: the statement never arrives; commit: its transaction is never committed; answer: it is, but nobody is told.
MOMENTS = ("before", "commit", "answer")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, values in {
        lease: {"LEASE": timedelta(seconds=1)},
        relay: {"POLL": 0.05, "RECOVER": 0.1, "PAUSE": 0.1},
        running: {"FIRST_RETRY": timedelta(seconds=0.05)},
    }.items():
        for name, value in values.items():
            monkeypatch.setattr(module, name, value)


@contextmanager
def cut(engine: Engine, settings: Settings, step: str, moment: str) -> Iterator[list[str]]:
    """End the server's side of the connection the first time that a step comes to a moment."""
    begins, name, value = STEPS[step]
    knife = make_engine(settings.database_url)
    done: list[str] = []
    armed: list[Connection] = []

    def end(connection: Connection) -> None:
        done.append(step)
        driver: Any = connection.connection.dbapi_connection
        with knife.connect() as other:
            other.execute(select(func.pg_terminate_backend(driver.info.backend_pid, 5000)))

    def statement(connection: Connection, _cursor: Any, text: str, parameters: Any, *_more: Any) -> None:
        if done or armed or not text.startswith(begins):
            return
        given = parameters.get(name, None) if name and isinstance(parameters, dict) else None
        if name and (given is None or value not in (..., given)):
            return
        if moment == "before":
            end(connection)
        else:
            armed.append(connection)

    def commit(connection: Connection) -> None:
        if armed == [connection] and not done:
            if moment == "answer":
                driver: Any = connection.connection.dbapi_connection
                driver.commit()
            end(connection)

    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "commit", commit)
    yield done
    event.remove(engine, "before_cursor_execute", statement)
    event.remove(engine, "commit", commit)
    knife.dispose()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("step", STEPS)
def test_a_lost_connection_neither_loses_nor_doubles_a_job(
    desk: Desk, settings: Settings, database_kind: str, quick: None, tmp_path: Path, step: str, moment: str
) -> None:
    if database_kind == "sqlite":
        return  # It is a file: there is no connection that could be lost.
    box = tmp_path / "box"
    box.touch()
    with cut(desk.engine, settings, step, moment) as lost:
        job_id = desk.ask("probe.journey", {"note": "once", "box": str(box)})
        made = EmbeddedRelay(desk.engine)
        made.start()
        state = desk.wait(job_id, "done", "uncertain", "failed")
        made.stop()
    assert lost == [step]
    assert desk.effects("once") == [0, 1]
    assert box.read_text() == "once\n"
    # Only where it was sent and the database could not be told, somebody has to look.
    assert state == ("uncertain" if step == "done" and moment != "answer" else "done")
