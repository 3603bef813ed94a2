"""What is thrown away by itself, after its stated time and not before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from parlour.access.models import AccessLog
from parlour.db.base import now
from parlour.db.engine import reader
from parlour.db.session import open_session
from parlour.jobs import enqueue, prune
from parlour.jobs.models import Job
from parlour.jobs.run import run_job
from parlour.settings import Settings
from tests.core.jobs.conftest import Desk


def run(desk: Desk, settings: Settings) -> object:
    with open_session(desk.engine) as session:
        job_id = enqueue(session, "core.prune")
        session.commit()
    assert run_job(desk.engine, job_id, settings=settings) == "done"
    return desk.row(job_id).result


def test_finished_jobs_go_after_their_time_and_unfinished_ones_never(
    desk: Desk, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune, "BATCH", 2)
    cases = [
        ("done", 31, True),
        ("done", 31, True),
        ("done", 31, True),
        ("cancelled", 31, True),
        ("done", 29, False),
        ("failed", 31, False),
        ("failed", 91, True),
        ("uncertain", 89, False),
        ("parked", None, False),
        ("waiting", None, False),
    ]
    kept = set()
    for state, days, goes in cases:
        job_id = desk.ask("probe.tick", run_at=now() + timedelta(days=1))
        finished = None if days is None else now() - timedelta(days=days)
        desk.change(job_id, state=state, finished_at=finished, created_at=now() - timedelta(days=400))
        if not goes:
            kept.add(job_id)
    assert run(desk, settings) == {"sessions": 0, "jobs": 5}
    with reader(desk.engine).connect() as connection:
        assert set(connection.scalars(select(Job.id).where(Job.name == "probe.tick"))) == kept


def test_an_organisations_old_access_log_goes_and_anothers_stays(
    desk: Desk, other_desk: Desk, settings: Settings
) -> None:
    for each in (desk, other_desk):
        with each.session() as session:
            for days in (1, 4 * 365):
                at = now() - timedelta(days=days)
                session.add(AccessLog(what="export", record="log", row_count=days, at=at))
            session.commit()
    assert run_job(desk.engine, desk.ask("core.prune_organisation"), settings=settings) == "done"
    assert (desk.effects("log"), other_desk.effects("log")) == ([1], [1, 4 * 365])
