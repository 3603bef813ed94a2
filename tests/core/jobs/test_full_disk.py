"""A full disk gives one clear message and leaves nothing half-written."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from parlour.errors import disk_full
from parlour.jobs.progress import progress_of
from parlour.jobs.run import run_job
from parlour.testing.browsers import Browser
from tests.core.jobs.conftest import Desk

Enter = Callable[..., Browser]
SAID = "The server's disk is full. Tell who looks after the server."


@pytest.fixture
def no_room_for_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files beside the database can be begun but not finished."""
    whole = Path.write_text

    def write(path: Path, words: str, *more: str) -> int:
        if path.parent.name != "progress":
            return whole(path, words, *more)
        whole(path, words[: len(words) // 2], *more)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", write)


def test_a_job_goes_on_without_showing_its_progress(
    desk: Desk, database_kind: str, no_room_for_progress: None, tmp_path: Path
) -> None:
    (tmp_path / "gate").touch()
    job_id = desk.ask("probe.hold", {"note": "goes on", "gate": str(tmp_path / "gate")})
    assert run_job(desk.engine, job_id) == "done"
    assert desk.effects("goes on") == [0]
    if database_kind == "sqlite":  # PostgreSQL keeps progress in the row
        assert list((Path(str(desk.engine.url.database)).parent / "progress").iterdir()) == []
    with desk.looking() as session:
        assert progress_of(session, job_id)["total"] == 7


def drop(*_event: object) -> dict[str, object]:
    raise structlog.DropEvent


def fill(engine: Engine, statement: str, pages_left: int = 0) -> Callable[[], None]:
    """Let the database have next to no room for anything more, until the returned function is called.

    SQLite really refuses to grow; PostgreSQL is made to answer to the `statement` as it does then.
    """
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            pages = connection.execute(text("PRAGMA page_count")).scalar_one()

        def limit(dbapi: object, *_more: object) -> None:
            dbapi.execute(f"PRAGMA max_page_count={pages + pages_left}")  # type: ignore[attr-defined]

        event.listen(engine, "checkout", limit)

        def free() -> None:
            event.remove(engine, "checkout", limit)
            engine.dispose()

        return free

    import psycopg

    def full(_connection: object, _cursor: object, text: str, *_more: object) -> None:
        if text.startswith(statement):
            raise psycopg.errors.DiskFull("could not extend file: No space left on device")

    event.listen(engine, "before_cursor_execute", full)
    return lambda: event.remove(engine, "before_cursor_execute", full)


def test_a_job_that_finds_no_room_says_so_and_is_done_once_there_is_some(desk: Desk) -> None:
    note = "x" * 60
    job_id = desk.ask("probe.flood", {"note": note, "count": 3000})
    # That it failed must still find room beside the job.
    free = fill(desk.engine, "INSERT INTO core_access_log", pages_left=4)
    assert run_job(desk.engine, job_id) == "waiting"
    row = desk.row(job_id)
    assert row.error["text"] == SAID and row.attempts == 1
    assert desk.effects(note) == []
    free()
    desk.make_due(job_id)
    assert run_job(desk.engine, job_id) == "done"
    assert len(desk.effects(note)) == 3000


def test_a_page_says_so_too_and_goes_on_afterwards(desk: Desk, login: Enter) -> None:
    structlog.configure(processors=[drop])
    browser = login("owner")
    free = fill(desk.engine, "INSERT INTO core_branch")
    for _number in range(400):
        answer = browser.post("/o/jasmine/settings/branches/new", {"name": "y" * 150}, status="*")
        if answer.status_int != 303:
            break
    free()
    assert answer.status_int == 507
    assert "disk is full" in answer.text and "Traceback" not in answer.text
    assert browser.get("/o/jasmine/settings/branches").status_int == 200


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "x"), True),
        (OSError(errno.EACCES, "x"), False),
        (ValueError("x"), False),
        (OperationalError("INSERT", {}, OSError(errno.EDQUOT, "x")), True),
        (None, False),
    ],
)
def test_a_full_disk_is_told_from_other_faults(error: BaseException | None, full: bool) -> None:
    assert disk_full(error) is full
