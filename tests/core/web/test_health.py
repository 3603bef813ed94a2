"""What a load balancer asks: whether a process lives and whether it can work, without a log-in, without secrets."""

from __future__ import annotations

import dataclasses
import shutil
import socket
from pathlib import Path
from typing import Any

from pyramid.router import Router
from sqlalchemy import Engine, text
from webtest import TestApp

from parlour.access.models import Organisation
from parlour.db.engine import make_engine, reader
from parlour.settings import Settings
from parlour.testing.site import statements


def not_ready(app: Router) -> dict[str, Any]:
    answer = TestApp(app).get("/readyz", status=503)
    assert answer.json["ready"] is False
    found: dict[str, Any] = answer.json["not_ready"]
    return found


def test_a_site_that_can_work_says_so_to_anybody_with_one_statement(app: Router, engine: Engine) -> None:
    """Even before the first organisation is there, whose visitors are sent to the set-up page."""
    stranger = TestApp(app)
    with statements(engine) as seen:
        assert stranger.get("/readyz").json == {"ready": True}
        assert len(seen) == 1
        assert stranger.get("/healthz").json == {"alive": True}
        assert len(seen) == 1
    assert stranger.head("/healthz").status_int == 200


def test_a_database_that_does_not_answer_is_named_without_its_address(app: Router, tmp_path: Path) -> None:
    """The process lives all the same."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    gone = make_engine(f"postgresql+psycopg://parlour_site:secret@127.0.0.1:{port}/salon")
    app.registry["parlour.engine"], app.registry["parlour.reader"] = gone, reader(gone)
    answer = TestApp(app).get("/readyz", status=503)
    assert answer.json == {"ready": False, "not_ready": {"database": "does not answer"}}
    assert TestApp(app).get("/healthz").json == {"alive": True}


def test_tables_that_are_not_this_programs_are_named(app: Router, owner_engine: Engine) -> None:
    with owner_engine.begin() as connection:
        kept = connection.execute(text("SELECT version_num FROM alembic_version_core")).scalar_one()
        connection.execute(text("UPDATE alembic_version_core SET version_num = 'core_9999'"))
    assert "tables of core" in not_ready(app)["database"]
    with owner_engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version_core SET version_num = :kept"), {"kept": kept})
    assert TestApp(app).get("/readyz").json == {"ready": True}
    with owner_engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version_core"))
    assert not_ready(app) == {"database": "the tables are not there"}


def test_a_data_folder_that_cannot_be_written_is_named(
    app: Router, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    folder.write_text("not a folder")
    app.registry["parlour.settings"] = dataclasses.replace(settings, data=folder)
    assert not_ready(app) == {"data folder": "cannot be written: Not a directory"}
    folder.unlink()
    assert not_ready(app) == {"data folder": "cannot be written: No such file or directory"}
    folder.mkdir()
    assert TestApp(app).get("/readyz").json == {"ready": True}
    assert list(folder.iterdir()) == []
    shutil.rmtree(folder)


def test_a_broker_that_does_not_accept_connections_is_named(app: Router, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as broker:
        url = f"redis://user:secret@127.0.0.1:{broker.getsockname()[1]}/0"
        app.registry["parlour.settings"] = dataclasses.replace(settings, broker_url=url)
        assert TestApp(app).get("/readyz").json == {"ready": True}
    assert not_ready(app) == {"broker": "does not answer"}


def test_nothing_of_an_organisation_is_said(app: Router, organisation: Organisation) -> None:
    for path in ("/healthz", "/readyz"):
        answer = TestApp(app).get(path)
        assert organisation.name not in answer.text
        assert "Set-Cookie" not in answer.headers
