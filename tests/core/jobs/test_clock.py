"""Clocks that jump: nothing runs twice, and nothing waits for a time that was never meant."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
import time_machine
from sqlalchemy import update

from parlour.db.base import now
from parlour.jobs import control, schedules
from parlour.jobs.lease import claim, hand_due, recover
from parlour.jobs.models import Job, ScheduleState
from parlour.jobs.run import run_job
from tests.core.jobs.conftest import Desk
from tests.core.jobs.test_schedules import asked, states

AHEAD = timedelta(days=400)


@pytest.fixture
def ahead() -> time_machine.travel:
    """A clock that runs 400 days ahead, once it is started."""
    return time_machine.travel(now() + AHEAD, tick=True)


def test_a_clock_that_jumps_ahead_takes_a_running_job_away_but_does_not_do_it_twice(
    desk: Desk, tmp_path: Path, ahead: time_machine.travel
) -> None:
    gate = tmp_path / "gate"
    job_id = desk.ask("probe.late", {"note": "jumped", "gate": str(gate)})
    slow = Thread(target=run_job, args=(desk.engine, job_id))
    slow.start()
    desk.wait(job_id, "running")
    with ahead:
        assert recover(desk.engine) == 1
        gate.touch()
        assert run_job(desk.engine, job_id) == "done"
        slow.join()
    assert desk.effects("jumped") == [0]


def test_a_letter_on_its_way_when_the_clock_jumps_is_sent_once_and_known_to_be(
    desk: Desk, tmp_path: Path, ahead: time_machine.travel
) -> None:
    box, gate = tmp_path / "box", tmp_path / "gate"
    job_id = desk.ask("probe.slow_letter", {"key": "k", "box": str(box), "gate": str(gate)})
    sender = Thread(target=run_job, args=(desk.engine, job_id))
    sender.start()
    desk.wait(job_id, "sending")
    with ahead:
        assert recover(desk.engine) == 1
        assert desk.state(job_id) == "uncertain"
        gate.touch()
        sender.join()
    assert (desk.state(job_id), box.read_text()) == ("done", "k\n")


def test_what_a_person_has_decided_meanwhile_stands(
    desk: Desk, tmp_path: Path, ahead: time_machine.travel
) -> None:
    box, gate = tmp_path / "box", tmp_path / "gate"
    job_id = desk.ask("probe.slow_letter", {"key": "k", "box": str(box), "gate": str(gate)})
    sender = Thread(target=run_job, args=(desk.engine, job_id))
    sender.start()
    desk.wait(job_id, "sending")
    with ahead:
        recover(desk.engine)
    with desk.session() as session:
        control.decide(session, job_id, sent=False)
        session.commit()
    gate.touch()
    sender.join()
    assert desk.state(job_id) == "waiting"


def test_a_lease_from_a_clock_that_ran_ahead_does_not_hold_for_a_year(
    desk: Desk, ahead: time_machine.travel
) -> None:
    job_id = desk.ask("probe.count", {"note": "lost"})
    with ahead:
        assert claim(desk.engine, job_id, "a process that died at once")
    assert recover(desk.engine) == 1
    assert run_job(desk.engine, job_id) == "done"


def test_a_lease_of_a_machine_whose_clock_is_a_little_ahead_holds(desk: Desk) -> None:
    job_id = desk.ask("probe.count", {"note": "held"})
    with time_machine.travel(now() + timedelta(minutes=5), tick=True):
        assert claim(desk.engine, job_id, "a process at work")
    assert recover(desk.engine) == 0


def test_what_a_clock_that_ran_ahead_has_put_off_is_done_now(desk: Desk, ahead: time_machine.travel) -> None:
    retried = desk.ask("probe.falter", {"note": "again", "times": 1})
    appointed = desk.ask("probe.count", {"note": "later"}, run_at=now() + timedelta(days=60))
    with ahead:
        asked_for = desk.ask("probe.count", {"note": "at once"})
        assert run_job(desk.engine, retried) == "waiting"
    assert run_job(desk.engine, retried) is None and run_job(desk.engine, asked_for) is None
    assert control.bring_back(desk.engine) == 2
    assert run_job(desk.engine, retried) == "done" and run_job(desk.engine, asked_for) == "done"
    assert run_job(desk.engine, appointed) is None, "who asked for a day gets that day"
    assert control.bring_back(desk.engine) == 0


def test_what_a_broker_was_handed_by_a_clock_that_ran_ahead_is_handed_again(
    desk: Desk, ahead: time_machine.travel
) -> None:
    job_id = desk.ask("probe.count", {"note": "handed"})
    with ahead:
        assert hand_due(desk.engine, {"default": 5}) == [(job_id, "default")]
    assert hand_due(desk.engine, {"default": 5}) == [(job_id, "default")]


def test_a_schedule_runs_once_when_the_clock_jumps_ahead_and_goes_on_when_it_is_set_right(
    desk: Desk, ahead: time_machine.travel
) -> None:
    schedules.sync(desk.engine)
    with ahead:
        schedules.tick(desk.engine)
        once = asked(desk.engine)
        assert schedules.tick(desk.engine) == 0
    assert states(desk.engine, desk.organisation_id).next_run > now() + timedelta(days=300)
    assert schedules.sync(desk.engine) > 0
    assert states(desk.engine, desk.organisation_id).next_run < now() + timedelta(days=2)
    assert asked(desk.engine) == once


def test_an_occurrence_that_a_clock_ahead_has_done_is_not_done_again(desk: Desk) -> None:
    schedules.sync(desk.engine)
    tomorrow = states(desk.engine, desk.organisation_id).next_run

    def come_round() -> int:
        with time_machine.travel(tomorrow + timedelta(minutes=1), tick=True):
            schedules.tick(desk.engine)
        with desk.engine.begin() as connection:
            connection.execute(update(Job).where(Job.name == "probe.tick").values(state="done"))
        return asked(desk.engine)

    once = come_round()
    with desk.engine.begin() as connection:  # the clock is set right, and the schedule with it
        again = update(ScheduleState).where(ScheduleState.name == "probe.daily").values(next_run=tomorrow)
        connection.execute(again)
    assert come_round() == once >= 1
