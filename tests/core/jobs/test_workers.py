"""The same behaviour in three ways of working: embedded in the site, over Redis, over RabbitMQ; in real
processes.

PARLOUR_TEST_REDIS, PARLOUR_TEST_RABBITMQ   brokers to test with, by default those of this machine
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select, update

from parlour.access.organisations import add_organisation
from parlour.db.base import now
from parlour.db.engine import make_engine, reader
from parlour.db.session import open_session
from parlour.jobs import control, enqueue, schedules
from parlour.jobs.models import Job, ScheduleState
from parlour.jobs.progress import progress_of
from parlour.plugin import lifecycle
from parlour.settings import Settings
from parlour.testing import databases
from tests.core.jobs.conftest import SAMPLE, Desk, switched_on, until

ROOT = Path(__file__).parents[3]
BROKERS = {
    "embedded": "",
    "redis": os.environ.get("PARLOUR_TEST_REDIS", "redis://127.0.0.1:6379/15"),
    "rabbitmq": os.environ.get("PARLOUR_TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672//"),
}
pytestmark = pytest.mark.parametrize("way", list(BROKERS), indirect=True, scope="module")


class Worker:
    """One worker process, which can be killed and started again."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.core.jobs.process",
                self.settings.database_url,
                str(self.settings.data),
                *([self.settings.broker_url] if self.settings.broker_url else []),
            ],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(SAMPLE)},
        )

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(60)


@pytest.fixture(scope="module")
def way(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    url = BROKERS[name]
    if url:
        parts = urlsplit(url)
        try:
            socket.create_connection((parts.hostname or "", parts.port or 0), timeout=2).close()
        except OSError:
            pytest.skip(f"no {name} answers at {parts.hostname}:{parts.port}")
    return name


@pytest.fixture(scope="module")
def worker(
    way: str, database_kind: str, probe: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worker]:
    """A worker over a database of this module's own, with the sample plugin installed."""
    with databases.fresh(database_kind, tmp_path_factory.mktemp("data")) as database:
        settings = replace(database.settings, broker_url=BROKERS[way])
        lifecycle.install(settings, "probe")
        made = Worker(settings)
        made.start()
        yield made
        made.stop()
        if settings.broker_url:
            forget_queues(settings)


def forget_queues(settings: Settings) -> None:
    from parlour.jobs.celery_app import make_celery, queue_name

    name = queue_name(settings, "default")
    with make_celery(settings).connection_for_write() as connection:
        connection.default_channel.queue_delete(name)
        if settings.broker_url.startswith("redis"):  # which keeps the names of queues
            client = connection.default_channel.client
            client.delete(*client.keys(f"*{name}*"))


@pytest.fixture(scope="module")
def salon(worker: Worker) -> Iterator[Desk]:
    engine = make_engine(worker.settings.database_url)
    with open_session(engine) as session:
        organisation = add_organisation(session, "Jasmine", region="RU")
        session.commit()
    yield switched_on(engine, organisation)
    engine.dispose()


def expire(salon: Desk, job_id: int) -> None:
    """As if half a minute had passed since the worker was lost."""
    salon.change(job_id, locked_until=now() - timedelta(seconds=1))


def test_a_job_runs_after_its_commit_and_not_after_a_roll_back(salon: Desk) -> None:
    with salon.session() as session:
        enqueue(session, "probe.count", {"note": "rolled back"})
        session.rollback()
    job_id = salon.ask("probe.count", {"note": "committed"})
    salon.wait(job_id, "done", seconds=40)
    assert salon.effects("committed") == [0]
    assert salon.effects("rolled back") == []


def test_a_job_that_fails_is_tried_again(salon: Desk) -> None:
    job_id = salon.ask("probe.falter", {"note": "second time", "times": 1})
    until(lambda: salon.row(job_id).error is not None)
    salon.make_due(job_id)
    salon.wait(job_id, "done")
    assert salon.effects("second time") == [0]


def test_a_job_is_parked_while_its_plugin_is_off(salon: Desk) -> None:
    with salon.session() as session:
        lifecycle.disable(session, "probe")
        session.commit()
    job_id = salon.ask("probe.count", {"note": "parked"})
    salon.wait(job_id, "parked")
    with salon.session() as session:
        lifecycle.enable(session, "probe")
        session.commit()
    salon.wait(job_id, "done")
    assert salon.effects("parked") == [0]


def test_a_worker_that_is_killed_in_the_middle_loses_and_doubles_nothing(
    salon: Desk, worker: Worker, way: str
) -> None:
    job_id = salon.ask("probe.batches", {"note": "killed", "total": 6, "kill_at": 3})
    until(lambda: salon.row(job_id).position == 3)
    if way == "embedded":  # over a broker the supervisor starts its process anew
        until(worker.ended)
        worker.start()
    assert salon.effects("killed") == [0, 1, 2]
    assert salon.state(job_id) == "running", "the lease of the lost worker has not run out"
    expire(salon, job_id)
    salon.wait(job_id, "done", seconds=40)
    assert salon.effects("killed") == [0, 1, 2, 3, 4, 5]
    assert salon.row(job_id).attempts == 2


def test_a_worker_that_is_killed_while_sending_leaves_a_question(
    salon: Desk, worker: Worker, way: str, tmp_path: Path
) -> None:
    box = tmp_path / "box"
    job_id = salon.ask("probe.send", {"key": "letter", "box": str(box), "then": "killed"})
    until(box.exists)
    if way == "embedded":
        until(worker.ended)
        worker.start()
    expire(salon, job_id)
    salon.wait(job_id, "uncertain", seconds=40)
    assert box.read_text() == "letter\n"


def test_progress_shows_while_the_handlers_transaction_is_open(salon: Desk, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    job_id = salon.ask("probe.hold", {"note": "held", "gate": str(gate)})

    def shown() -> tuple[object, ...]:
        with salon.looking() as session:
            found = progress_of(session, job_id)
        return found["done"], found["total"], found["message"] and found["message"].interpolate()

    until(lambda: shown() == (3, 7, "Reading clients.xlsx"), describe=lambda: str(shown()))
    assert salon.effects("held") == []
    gate.touch()
    salon.wait(job_id, "done")
    assert shown() == (3, 7, "Reading clients.xlsx")
    assert salon.effects("held") == [0]


def test_a_running_job_is_cancelled(salon: Desk, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    job_id = salon.ask("probe.batches", {"note": "cancelled", "total": 9, "gate": str(gate)})
    until(lambda: salon.row(job_id).position == 1)
    with salon.session() as session:
        control.cancel(session, job_id)
        session.commit()
    Path(f"{gate}0").touch()
    salon.wait(job_id, "cancelled")
    assert salon.effects("cancelled") == [0]


def test_two_workers_run_an_occurrence_once(salon: Desk, worker: Worker) -> None:
    second = Worker(worker.settings)
    second.start()
    schedules.sync(salon.engine)
    for _occurrence in range(2):
        before = len(salon.effects("tick"))
        with salon.engine.begin() as connection:
            connection.execute(
                update(ScheduleState).where(ScheduleState.name == "probe.daily").values(next_run=now())
            )
        until(lambda before=before: len(salon.effects("tick")) > before, seconds=40)  # type: ignore[misc]
    second.stop()
    with reader(salon.engine).connect() as connection:
        jobs = connection.scalar(select(func.count(Job.id)).where(Job.name == "probe.tick"))
    assert jobs == len(salon.effects("tick")) == 2
