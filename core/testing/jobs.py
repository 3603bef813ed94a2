"""Doing at once, in the test's own thread, what the relay would do soon."""

from __future__ import annotations

from sqlalchemy import Engine, select

from parlour.db.base import now
from parlour.db.engine import reader
from parlour.jobs.models import WAITING, Job
from parlour.jobs.run import run_job
from parlour.settings import Settings

ROUNDS = 100


def run_due(engine: Engine, settings: Settings | None = None) -> list[tuple[str, str | None]]:
    """Run every job that is due, and those that these ask for; returns name and state in the order of running.

    A job that fails waits for its retry and is not due again, so this ends.
    """
    done: list[tuple[str, str | None]] = []
    for _round in range(ROUNDS):
        with reader(engine).connect() as connection:
            due = connection.execute(
                select(Job.id, Job.name).where(Job.state == WAITING, Job.run_at <= now()).order_by(Job.id)
            ).all()
        if not due:
            return done
        done += [(name, run_job(engine, job_id, settings=settings)) for job_id, name in due]
    raise AssertionError(f"Jobs ask for jobs without end; the last were {done[-3:]}.")
