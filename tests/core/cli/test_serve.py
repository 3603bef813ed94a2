"""The long-running commands, as processes: they answer, do jobs, and end when told to."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from parlour.access import tokens
from parlour.access.accesslog import latest
from parlour.access.models import Organisation
from parlour.access.users import authenticate
from parlour.db.engine import make_engine
from parlour.db.session import open_session
from parlour.jobs import enqueue
from parlour.records.write import save
from parlour.settings import Settings
from parlour.testing import people
from tests.core.cli.process import environment, running

# What waits for the log of access would be written after a minute, so that only the end of a process writes it.
SLOW_TO_WRITE = """
from parlour.access import accesslog
accesslog.PAUSE = 60.0
from parlour.cli import main
main()
"""


def test_the_site_answers_does_its_jobs_and_ends_when_told_to(
    settings: Settings, engine: Engine, organisation: Organisation
) -> None:
    with people.trusted(engine, organisation) as session:
        owner = people.add_person(session, "owner")
        client = save(session, "contacts.contact", {"name": "Anna Orlova"})
        token = tokens.make(session, owner.id, "Test")
        job_id = enqueue(session, "core.prune")
        session.commit()
    engine.dispose()
    with running(
        "serve", "--port", "0", "--workers", "2", environ=environment(settings), code=SLOW_TO_WRITE
    ) as site:
        said = site.line()
        assert said.startswith("Parlour is at http://localhost:")
        url = said.split()[-1]
        with urllib.request.urlopen(f"{url}/login", timeout=30) as answer:
            assert answer.status == 200
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{url}/nowhere", timeout=30)
        state = ""
        until = time.monotonic() + 30
        while state != "done" and time.monotonic() < until:
            with engine.connect() as connection:
                state = connection.execute(
                    text("SELECT state FROM core_job WHERE id = :id"), {"id": job_id}
                ).scalar_one()
            time.sleep(0.1)
        assert state == "done"
        card = f"{url}/api/v1/records/contacts.contact/{client}"
        with urllib.request.urlopen(
            urllib.request.Request(card, headers={"Authorization": f"Bearer {token}"}), timeout=30
        ) as answer:
            assert answer.status == 200
        assert site.end() == 0
    with people.trusted(engine, organisation) as session:
        assert [line.row_id for line in latest(session, what=["api"])] == [client], (
            "what waits is written before"
        )


def test_the_demo_is_furnished_once_and_goes_on_with_what_it_has(tmp_path: Path) -> None:
    began = time.monotonic()
    with running("demo", "--port", "0", "--data", str(tmp_path)) as demo:
        url = demo.line(120)
        assert url.startswith("http://localhost:")
        assert demo.line() == ""
        logins = [demo.line().split(None, 2) for _number in range(3)]
        with urllib.request.urlopen(url, timeout=30) as answer:
            assert answer.status == 200
        # Below them a sample of the salon's own web site, on another origin, which shows what lies on this one.
        assert demo.line() == ""
        beside = demo.line().split()[-1]
        with urllib.request.urlopen(beside, timeout=30) as answer:
            assert f"{url}/widget/" in answer.read().decode()
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert demo.end(signal.SIGINT) == 0
    first = time.monotonic() - began
    engine = make_engine(f"sqlite:///{tmp_path / 'parlour.sqlite'}")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM contacts_contact")).scalar_one() == 2000
    assert [role for role, _email, _password in logins] == ["owner", "receptionist", "specialist"]
    for _role, email, password in logins:
        with open_session(engine) as session:
            assert authenticate(session, email, password, "127.0.0.1").active
    engine.dispose()
    began = time.monotonic()
    with running("demo", "--port", "0", "--data", str(tmp_path)) as demo:
        demo.line(60)
        assert demo.end(signal.SIGINT) == 0
    assert time.monotonic() - began < first
    engine = make_engine(f"sqlite:///{tmp_path / 'parlour.sqlite'}")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM core_organisation")).scalar_one() == 1
    engine.dispose()


def test_a_port_that_is_taken_is_said_in_one_line_before_anything_is_made(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                "from parlour.cli import main; main()",
                "demo",
                "--port",
                port,
                "--data",
                tmp_path,
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert "cannot listen on" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "parlour.sqlite").exists()


def test_an_empty_database_is_made_ready_and_opens_its_set_up_page(tmp_path: Path) -> None:
    environ = {
        "PARLOUR_DATA": str(tmp_path / "fresh"),
        "PARLOUR_DATABASE_URL": "",
        "PARLOUR_OWNER_DATABASE_URL": "",
    }
    with running("serve", "--port", "0", "--workers", "1", environ=environ) as site:
        url = site.line(120).split()[-1]
        with urllib.request.urlopen(url, timeout=30) as answer:
            assert answer.url == f"{url}/setup"
        assert site.end() == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_database_that_is_behind_is_left_for_the_operator(tmp_path: Path, workers: str) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'parlour.sqlite'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE somebody_elses (id INTEGER PRIMARY KEY)"))
    engine.dispose()
    environ = {"PARLOUR_DATA": str(tmp_path), "PARLOUR_DATABASE_URL": "", "PARLOUR_OWNER_DATABASE_URL": ""}
    with running("serve", "--port", "0", "--workers", workers, environ=environ) as site:
        assert site.process.wait(60) == 2
        assert site.complaints.startswith(
            "parlour: The database is not up to date. Run: parlour db upgrade\n"
        )


def test_a_data_folder_that_cannot_be_used_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with running(
        "orgs", "list", environ={"PARLOUR_DATA": str(tmp_path / "file" / "data"), "PARLOUR_SECRET": ""}
    ) as command:
        assert command.process.wait(60) == 2
        (line,) = command.complaints.strip().splitlines()
        assert "cannot be used" in line
