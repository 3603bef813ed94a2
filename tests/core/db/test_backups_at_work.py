"""Backups while people write, on a full disk, on trial, one after the other; and a database made smaller."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from parlour.access.models import Organisation
from parlour.db import archive
from parlour.db import backup as module
from parlour.db.backup import backup
from parlour.db.compact import compact
from parlour.db.drill import drill
from parlour.db.engine import make_engine
from parlour.errors import Refusal
from parlour.plugin.registry import boot
from parlour.settings import Settings
from parlour.testing import people
from tests.core.db.test_backup import everything
from tests.support.disk import no_file_larger_than


@pytest.fixture
def staffed(engine: Engine, organisation: Organisation) -> Organisation:
    with people.trusted(engine, organisation) as session:
        people.add_person(session, "owner", name="Ольга Ёлкина")
        people.add_person(session, "receptionist")
        session.commit()
    engine.dispose()
    return organisation


@contextmanager
def writers(settings: Settings, organisation: Organisation) -> Iterator[list[int]]:
    """Three threads that each add a person again and again: a user and a membership in one transaction."""
    end = threading.Event()
    added: list[int] = []
    engine = make_engine(settings.database_url)

    def write() -> None:
        number = 0
        while not end.is_set():
            number += 1
            called = f"{threading.get_ident()}-{number}@example.com"
            with people.trusted(engine, organisation) as session:
                with people.system(session):
                    user = people.User(email=called, email_key=called, name="Somebody", password_hash="!")
                    session.add(user)
                    session.flush()
                    session.add(people.Membership(organisation_id=organisation.id, user_id=user.id))
                session.commit()
            added.append(number)

    threads = [threading.Thread(target=write) for _number in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield added
    finally:
        end.set()
        for thread in threads:
            thread.join(60)
        engine.dispose()


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two tables there is time for others to write."""
    real = archive.Writer.add

    def add(self: archive.Writer, path: str, blocks: Any) -> None:
        real(self, path, blocks)
        if path.startswith("tables/core_"):
            time.sleep(0.02)

    monkeypatch.setattr(archive.Writer, "add", add)


@pytest.mark.usefixtures("unhurried")
def test_a_backup_among_writers_is_of_one_moment(
    organisation: Organisation,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    database_kind: str,
) -> None:
    """Whoever has a membership is somebody, and the other way round. The control reads table by table and is torn."""
    with writers(settings, organisation) as added:
        made = backup(settings, tmp_path / "whole.zip")
        assert len(added) > 3
        assert made.tables["core_user"] == made.tables["core_membership"]

        # On PostgreSQL each statement sees its own moment; on SQLite nothing has begun a transaction.
        level = "AUTOCOMMIT" if database_kind == "sqlite" else "READ COMMITTED"
        plain = create_engine(settings.owner_database_url, isolation_level=level)

        def torn(_engine: Engine) -> Any:
            return plain.connect()

        monkeypatch.setattr(module, "snapshot", torn)
        bad = backup(settings, tmp_path / "torn.zip")
        assert bad.tables["core_user"] != bad.tables["core_membership"]
        plain.dispose()


def test_a_backup_that_finds_no_room_says_so_and_leaves_nothing(
    staffed: Organisation,
    settings: Settings,
    tmp_path: Path,
) -> None:
    settings.files.mkdir()
    (settings.files / "photo").write_bytes(os.urandom(200_000))
    with no_file_larger_than(60_000), pytest.raises(Refusal, match=r"could not be written: .*File too large"):
        backup(settings, tmp_path / "salon.zip")
    assert [path for path in tmp_path.iterdir() if "salon" in path.name] == []
    backup(settings, tmp_path / "salon.zip")


def test_a_backup_on_trial_touches_nothing(
    staffed: Organisation,
    settings: Settings,
    tmp_path: Path,
) -> None:
    backup(settings, tmp_path / "salon.zip")
    before = everything(settings)
    made = drill(settings, tmp_path / "salon.zip", tmp_path)
    boot()
    assert made.tables["core_user"] == 2
    assert everything(settings) == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("parlour-drill")] == []


def test_a_backup_that_would_not_come_back_is_found_out_by_a_trial(
    staffed: Organisation,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = module.to_plain
    monkeypatch.setattr(module, "to_plain", lambda value: None if value == "Ольга Ёлкина" else real(value))
    backup(settings, tmp_path / "salon.zip")
    with pytest.raises(Refusal, match="The table core_user cannot take a row"):
        drill(settings, tmp_path / "salon.zip", tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("parlour-drill")] == []


def test_a_database_is_made_smaller_and_keeps_everything(
    staffed: Organisation,
    settings: Settings,
    owner_engine: Engine,
    database_kind: str,
) -> None:
    with owner_engine.begin() as connection:
        connection.execute(text("CREATE TABLE ballast (words TEXT)"))
        connection.execute(text("INSERT INTO ballast VALUES (:words)"), [{"words": "x" * 4000}] * 200)
    with owner_engine.begin() as connection:
        connection.execute(text("DELETE FROM ballast"))
    owner_engine.dispose()
    before = everything(settings)
    sizes = compact(settings)
    if database_kind == "sqlite":
        assert sizes.after < sizes.before
    else:  # its statistics take more room than the emptied table gives back
        with owner_engine.connect() as connection:
            assert connection.execute(text("SELECT pg_relation_size('ballast')")).scalar_one() == 0
    assert everything(settings) == before
