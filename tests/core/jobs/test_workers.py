"""The same behaviour in three ways of working: embedded in the site, over Redis, over RabbitMQ; in real
processes.

PARLOUR_TEST_REDIS, PARLOUR_TEST_RABBITMQ   brokers to test with, by default those of this machine
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select, text, update

from parlour.access.organisations import add_organisation
from parlour.db.base import now
from parlour.db.engine import make_engine, reader
from parlour.db.session import open_session
from parlour.jobs import control, enqueue, relay, schedules
from parlour.jobs.models import QUEUES, Job, ScheduleState
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

    def __init__(self, settings: Settings, queues: str = "default"):
        self.settings = settings
        self.queues = queues
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.core.jobs.process",
                self.settings.database_url,
                str(self.settings.data),
                *([self.settings.broker_url, self.queues] if self.settings.broker_url else []),
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
    with databases.fresh(database_kind, tmp_path_factory.mktemp("data"), plugin="probe") as database:
        settings = replace(database.settings, broker_url=BROKERS[way])
        made = Worker(settings)
        made.start()
        yield made
        made.stop()
        if settings.broker_url:
            forget_queues(settings)


def forget_queues(settings: Settings) -> None:
    from parlour.jobs.celery_app import make_celery, prefix, queue_name

    with make_celery(settings).connection_for_write() as connection:
        for queue in QUEUES:
            connection.default_channel.queue_delete(queue_name(settings, queue))
        if settings.broker_url.startswith("redis"):  # which keeps the names of queues
            import redis

            client = redis.Redis.from_url(settings.broker_url)
            for key in client.scan_iter(f"{prefix(settings)}*"):
                client.delete(key)


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


def test_mail_in_capped_workers_of_its_own_does_not_delay_the_rest(
    salon: Desk, worker: Worker, way: str, tmp_path: Path
) -> None:
    """The site's own relay has two threads for mail; here a worker beside the first does one letter at a time."""
    post = Worker(worker.settings, "mail=1")
    capacity = relay.SLOTS["mail"] if way == "embedded" else 1
    if way != "embedded":
        post.start()
    gate = tmp_path / "gate"
    mail = [
        salon.ask("probe.late", {"note": "mail", "gate": str(gate)}, queue="mail") for _number in range(4)
    ]

    def running() -> int:
        return sum(salon.state(job_id) == "running" for job_id in mail)

    until(lambda: running() == capacity, seconds=40)
    salon.wait(salon.ask("probe.count", {"note": "quick"}), "done")
    assert running() == capacity
    gate.touch()
    for job_id in mail:
        salon.wait(job_id, "done", seconds=40)
    assert salon.effects("mail") == [0] * 4
    if way != "embedded":
        post.stop()


def test_a_worker_does_nothing_while_the_tables_are_not_those_of_its_code(
    salon: Desk, worker: Worker
) -> None:
    owner = make_engine(worker.settings.owner_database_url)

    def move(revision: str) -> str:
        with owner.begin() as connection:
            before = connection.execute(text("SELECT version_num FROM alembic_version_core")).scalar_one()
            connection.execute(text("UPDATE alembic_version_core SET version_num = :at"), {"at": revision})
        return str(before)

    before = move("core_9999")
    waiting = salon.ask("probe.count", {"note": "waited"})
    try:
        # The worker looks at what is due several times a second.
        time.sleep(1.5)
        assert (salon.state(waiting), salon.row(waiting).attempts) == ("waiting", 0)
    finally:
        move(before)
        owner.dispose()
    salon.wait(waiting, "done", seconds=40)
