"""A plugin with jobs whose effects can be counted, and a desk from which to ask for them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Row, select, update

from parlour.access.models import AccessLog, Organisation
from parlour.db.base import now
from parlour.db.engine import reader
from parlour.db.session import Scope, Session, open_session
from parlour.jobs import enqueue
from parlour.jobs.models import Job
from parlour.plugin import lifecycle
from parlour.plugin.registry import Plugins, boot
from parlour.testing import databases

SAMPLE = Path(__file__).parent / "sample"


class Desk:
    """Asks for jobs in an organisation and looks at what became of them."""

    def __init__(self, engine: Engine, organisation_id: int):
        self.engine = engine
        self.organisation_id = organisation_id

    def session(self, **scope: Any) -> Session:
        return open_session(self.engine, Scope(self.organisation_id, trusted=True, **scope))

    def looking(self) -> Session:
        """A session as a page that only shows something has it."""
        return open_session(reader(self.engine), Scope(self.organisation_id, trusted=True))

    def ask(self, name: str, args: dict[str, Any] | None = None, **given: Any) -> int:
        with self.session() as session:
            job_id = enqueue(session, name, args, **given)
            session.commit()
        return job_id

    def row(self, job_id: int) -> Row[Any]:
        with reader(self.engine).connect() as connection:
            return connection.execute(select(Job.__table__).where(Job.id == job_id)).one()

    def state(self, job_id: int) -> str:
        return str(self.row(job_id).state)

    def effects(self, note: str) -> list[int]:
        """The numbers that handlers have written under a note, in order."""
        with self.looking() as session:
            lines = select(AccessLog.row_count).where(AccessLog.record == note).order_by(AccessLog.id)
            return list(session.scalars(lines))

    def change(self, job_id: int, **values: Any) -> None:
        """Set columns of a job, where a test cannot wait for time to pass."""
        with self.engine.begin() as connection:
            connection.execute(update(Job).where(Job.id == job_id).values(**values))

    def make_due(self, job_id: int) -> None:
        self.change(job_id, run_at=now())

    def wait(self, job_id: int, *states: str, seconds: float = 20) -> str:
        """Wait until a job is in one of the states."""
        until(lambda: self.state(job_id) in states, seconds, lambda: f"job is {self.row(job_id)}")
        return self.state(job_id)


def until(reached: Callable[[], bool], seconds: float = 20, describe: Callable[[], str] = str) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, f"not reached within {seconds} s: {describe()}"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def probe(plugins: Plugins) -> Iterator[None]:
    """The sample plugin is installed with pip, as far as this process can tell."""
    sys.path.insert(0, str(SAMPLE))
    boot()
    yield
    sys.path.remove(str(SAMPLE))
    boot()


@pytest.fixture
def database(
    database_kind: str, probe: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[databases.Database]:
    """A database of this test's own in which the sample plugin is installed."""
    with databases.fresh(database_kind, tmp_path_factory.mktemp("data"), plugin="probe") as made:
        yield made


@pytest.fixture
def desk(engine: Engine, organisation: Organisation) -> Desk:
    """The salon, with the sample plugin on."""
    return switched_on(engine, organisation)


@pytest.fixture
def other_desk(desk: Desk, other_organisation: Organisation) -> Desk:
    """Another salon, with the sample plugin off."""
    return Desk(desk.engine, other_organisation.id)


def switched_on(engine: Engine, organisation: Organisation) -> Desk:
    made = Desk(engine, organisation.id)
    with made.session() as session:
        lifecycle.enable(session, "probe")
        session.commit()
    return made
