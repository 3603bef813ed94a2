"""One run of one job: its effects and `done` are one transaction, and there are few other ways to end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import update

from parlour.db.base import now
from parlour.db.session import SYSTEM
from parlour.errors import Refusal
from parlour.jobs import JobContext, control
from parlour.jobs.lease import recover
from parlour.jobs.models import Job
from parlour.jobs.run import backoff, run_job
from parlour.plugin import lifecycle
from tests.core.jobs.conftest import Desk, until


def expire(desk: Desk, job_id: int) -> None:
    """The lease has run out, as it does half a minute after the last sign of life."""
    desk.change(job_id, locked_until=now() - timedelta(seconds=1))


def test_effects_and_result_are_committed_with_done(desk: Desk) -> None:
    job_id = desk.ask("probe.count", {"note": "once"})
    assert run_job(desk.engine, job_id) == "done"
    assert desk.effects("once") == [0]
    assert desk.row(job_id).result == {"note": "once"}
    assert run_job(desk.engine, job_id) is None
    assert desk.effects("once") == [0]


def test_a_fault_undoes_the_effects_and_the_job_is_tried_again_later(desk: Desk) -> None:
    job_id = desk.ask("probe.falter", {"note": "third time", "times": 2})
    for attempt in (1, 2):
        assert run_job(desk.engine, job_id) == "waiting"
        row = desk.row(job_id)
        assert row.attempts == attempt and row.run_at > now()
        assert row.error["mapping"]["what"] == "OSError: the other side does not answer"
        assert run_job(desk.engine, job_id) is None, "it is not due yet"
        desk.make_due(job_id)
    assert desk.effects("third time") == []
    assert run_job(desk.engine, job_id) == "done"
    assert desk.effects("third time") == [0]
    assert desk.row(job_id).error is None


def test_when_no_attempt_is_left_the_job_has_failed_until_somebody_tries_again(desk: Desk) -> None:
    job_id = desk.ask("probe.falter", {"note": "stubborn", "times": 2}, max_attempts=2)
    run_job(desk.engine, job_id)
    desk.make_due(job_id)
    assert run_job(desk.engine, job_id) == "failed"
    with desk.session() as session:
        control.retry(session, job_id)
        session.commit()
    assert run_job(desk.engine, job_id) == "waiting"


def test_a_refusal_is_not_tried_again(desk: Desk) -> None:
    job_id = desk.ask("probe.refuse")
    assert run_job(desk.engine, job_id) == "failed"
    error = desk.row(job_id).error
    assert (error["text"], error["mapping"]) == ("There is no client ${name}.", {"name": "Anna"})


def test_the_waits_grow_up_to_an_hour_and_differ() -> None:
    waits = [backoff(attempt).total_seconds() for attempt in range(1, 12)]
    assert 3.75 <= waits[0] <= 6.25
    assert waits[4] > 4 * waits[2]
    assert max(waits) <= 4500
    assert len({backoff(1) for _number in range(10)}) > 1


def test_a_job_of_a_plugin_that_is_off_is_parked_and_goes_on_when_it_is_switched_on(other_desk: Desk) -> None:
    job_id = other_desk.ask("probe.count", {"note": "parked"})
    assert run_job(other_desk.engine, job_id) == "parked"
    assert other_desk.row(job_id).attempts == 0
    with other_desk.session() as session:
        lifecycle.enable(session, "probe")
        session.commit()
    assert run_job(other_desk.engine, job_id) == "done"
    assert other_desk.effects("parked") == [0]


def test_a_job_that_nothing_here_knows_is_parked_until_something_does(desk: Desk) -> None:
    gone, stranger = desk.ask("vanished.job"), desk.ask("probe.newer")
    assert run_job(desk.engine, gone) == "parked"
    assert run_job(desk.engine, stranger) == "parked"
    assert control.unpark_returned(desk.engine) == 0
    desk.change(stranger, name="probe.tick")  # as if the plugin had been brought up to date
    assert control.unpark_returned(desk.engine) == 1
    assert (desk.state(gone), desk.state(stranger)) == ("parked", "waiting")


def test_switching_one_side_of_a_bridge_on_lets_its_jobs_try_again(desk: Desk) -> None:
    job_id = desk.ask("probe.count", {"note": "bridge"}, plugin="probe:vanished")
    assert run_job(desk.engine, job_id) == "parked"
    with desk.session() as session:
        assert control.unpark(session, "vanished") == 1
        session.commit()
    assert run_job(desk.engine, job_id) == "parked"


def stolen(desk: Desk, tmp_path: Path) -> list[int]:
    """A run is so slow that it loses its lease; another run of the job is done before it ends. The effects of
    both.
    """
    gate = tmp_path / "gate"
    job_id = desk.ask("probe.late", {"note": "stolen", "gate": str(gate)})
    slow = Thread(target=run_job, args=(desk.engine, job_id))
    slow.start()
    desk.wait(job_id, "running")
    expire(desk, job_id)
    assert recover(desk.engine) == 1
    fast = Thread(target=run_job, args=(desk.engine, job_id))
    fast.start()
    until(lambda: desk.row(job_id).attempts == 2)
    gate.touch()
    slow.join()
    fast.join()
    return desk.effects("stolen")


def test_a_run_that_lost_its_lease_commits_nothing(desk: Desk, tmp_path: Path) -> None:
    assert stolen(desk, tmp_path) == [0]


def test_control_without_the_token_both_runs_would_commit(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(self: JobContext, **values: Any) -> None:
        statement = update(Job).where(Job.id == self.id).values(**values)
        self._session.execute(statement, execution_options={SYSTEM: True})

    monkeypatch.setattr(JobContext, "fenced", careless)
    assert stolen(desk, tmp_path) == [0, 0]


def test_a_job_whose_worker_is_lost_again_and_again_fails(desk: Desk) -> None:
    job_id = desk.ask("probe.tick", max_attempts=2)
    for expected in ("waiting", "failed"):
        attempts = desk.row(job_id).attempts + 1
        desk.change(job_id, state="running", locked_by="gone", locked_until=now(), attempts=attempts)
        expire(desk, job_id)
        assert recover(desk.engine) == 1
        assert desk.state(job_id) == expected


def test_work_in_batches_goes_on_from_its_last_checkpoint(desk: Desk, tmp_path: Path) -> None:
    job_id = desk.ask("probe.batches", {"note": "batch", "total": 5, "fail_at": 3})
    assert run_job(desk.engine, job_id) == "waiting"
    assert (desk.effects("batch"), desk.row(job_id).position) == ([0, 1, 2], 3)
    desk.make_due(job_id)
    assert run_job(desk.engine, job_id) == "done"
    assert desk.effects("batch") == [0, 1, 2, 3, 4]
    assert (desk.row(job_id).progress_done, desk.row(job_id).progress_total) == (5, 5)


def test_a_process_that_is_to_end_gives_the_job_back_at_a_checkpoint(desk: Desk) -> None:
    job_id = desk.ask("probe.batches", {"note": "given back", "total": 3})
    stopping = Event()
    stopping.set()
    token = "test"
    desk.change(
        job_id, state="running", locked_by=token, locked_until=now() + timedelta(minutes=1), attempts=1
    )
    assert run_job(desk.engine, job_id, token, stopping=stopping) == "waiting"
    assert (desk.effects("given back"), desk.row(job_id).attempts) == ([0], 0)
    assert run_job(desk.engine, job_id) == "done"
    assert desk.effects("given back") == [0, 1, 2]


def test_a_waiting_job_is_cancelled_at_once(desk: Desk) -> None:
    job_id = desk.ask("probe.count", {"note": "never"})
    with desk.session() as session:
        control.cancel(session, job_id)
        session.commit()
    assert desk.state(job_id) == "cancelled"
    assert run_job(desk.engine, job_id) is None
    with desk.session() as session, pytest.raises(Refusal, match="no longer"):
        control.cancel(session, job_id)


def test_a_running_job_stops_when_it_looks_and_keeps_its_batches(desk: Desk, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    job_id = desk.ask("probe.batches", {"note": "stopped", "total": 9, "gate": str(gate)})
    thread = Thread(target=run_job, args=(desk.engine, job_id))
    thread.start()
    until(lambda: desk.row(job_id).position == 1)
    with desk.session() as session:
        control.cancel(session, job_id)
        session.commit()
    Path(f"{gate}0").touch()
    thread.join()
    assert (desk.state(job_id), desk.effects("stopped")) == ("cancelled", [0])


def test_what_a_person_stops_with_stop_if_cancelled_is_undone(desk: Desk) -> None:
    job_id = desk.ask("probe.obedient", {"note": "undone"})
    desk.change(job_id, cancel_asked=True)
    assert run_job(desk.engine, job_id) == "cancelled"
    assert desk.effects("undone") == []


def test_what_a_person_has_stopped_is_not_tried_again_when_it_fails(desk: Desk) -> None:
    job_id = desk.ask("probe.falter", {"note": "stopped", "times": 1})
    desk.change(job_id, cancel_asked=True)
    assert run_job(desk.engine, job_id) == "cancelled"
    assert (desk.state(job_id), desk.effects("stopped")) == ("cancelled", [])
    assert desk.row(job_id).finished_at is not None


def test_what_a_person_has_stopped_is_not_tried_again_when_its_worker_is_lost(desk: Desk) -> None:
    stopped, other = desk.ask("probe.tick"), desk.ask("probe.tick")
    for job_id in (stopped, other):
        desk.change(job_id, state="running", locked_by="gone", cancel_asked=job_id == stopped)
        expire(desk, job_id)
    assert recover(desk.engine) == 2
    assert (desk.state(stopped), desk.state(other)) == ("cancelled", "waiting")
    assert desk.row(stopped).finished_at is not None


def test_long_reading_in_the_jobs_reader_keeps_nobody_from_writing(desk: Desk, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    job_id = desk.ask("probe.reading", {"gate": str(gate)})
    thread = Thread(target=run_job, args=(desk.engine, job_id))
    thread.start()
    desk.wait(job_id, "running")
    desk.ask("probe.count", {"note": "meanwhile"})
    gate.touch()
    thread.join()
    assert desk.row(job_id).result == [desk.organisation_id]
