"""Relays share out what is due, keep queues apart, and leave nothing behind when they end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, insert, select, update

from parlour.db.base import now
from parlour.db.engine import make_engine, reader
from parlour.jobs import relay
from parlour.jobs.lease import claim_due, hand_due, take_back
from parlour.jobs.models import QUEUES, Job
from parlour.jobs.relay import BrokerRelay, EmbeddedRelay, start_embedded
from parlour.settings import Settings
from tests.core.jobs.conftest import Desk, until


@pytest.fixture
def embedded(desk: Desk) -> Iterator[EmbeddedRelay]:
    made = EmbeddedRelay(desk.engine)
    made.start()
    yield made
    made.stop()


def many(desk: Desk, count: int, name: str = "probe.tick") -> list[int]:
    moment = now()
    rows = [
        {
            "organisation_id": desk.organisation_id,
            "plugin": "probe",
            "name": name,
            "args": {},
            "queue": "default",
            "state": "waiting",
            "run_at": moment + timedelta(microseconds=number - count),
        }
        for number in range(count)
    ]
    with desk.engine.begin() as connection:
        return list(connection.scalars(insert(Job).returning(Job.id, sort_by_parameter_order=True), rows))


def shared_out(settings: Settings, take: Callable[[Engine, Barrier], list[int]]) -> list[int]:
    """What two relays, each on connections of its own, have taken together when both looked at the same
    moment.
    """
    ready, taken = Barrier(2), []

    def work() -> None:
        engine = make_engine(settings.database_url)
        while ids := take(engine, ready):
            taken.extend(ids)
        engine.dispose()

    threads = [Thread(target=work) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


def test_two_relays_take_every_job_once_between_them(desk: Desk, settings: Settings) -> None:
    ids = many(desk, 60)
    started = threading.Event()

    def take(engine: Engine, ready: Barrier) -> list[int]:
        if not started.is_set():
            ready.wait()
            started.set()
        return [job_id for job_id, _queue, _token in claim_due(engine, {"default": 5})]

    assert sorted(shared_out(settings, take)) == ids


def test_control_relays_that_look_first_and_mark_later_take_jobs_twice(
    desk: Desk, settings: Settings
) -> None:
    ids = many(desk, 5)

    def careless(engine: Engine, ready: Barrier) -> list[int]:
        with reader(engine).connect() as connection:
            seen = list(connection.scalars(select(Job.id).where(Job.state == "waiting")))
        ready.wait()
        with engine.begin() as connection:
            connection.execute(update(Job).where(Job.id.in_(seen)).values(state="running"))
        ready.wait()
        return seen

    assert sorted(shared_out(settings, careless)) == sorted(ids + ids)


def test_a_relay_passes_by_rows_that_another_holds_or_waits_its_turn(desk: Desk, database_kind: str) -> None:
    """SQLite has no row locks: there the second relay begins when the first has committed."""
    ids = many(desk, 4)
    taken: list[int] = []
    work = Thread(
        target=lambda: taken.extend(claimed[0] for claimed in claim_due(desk.engine, {"default": 9}))
    )
    with desk.engine.begin() as connection:
        connection.execute(select(Job.id).where(Job.id.in_(ids[:2])).with_for_update()).all()
        work.start()
        work.join(5 if database_kind == "postgresql" else 0.3)
        assert taken == (ids[2:] if database_kind == "postgresql" else [])
    work.join()
    assert taken == (ids[2:] if database_kind == "postgresql" else ids)


def test_the_oldest_jobs_are_taken_first(desk: Desk) -> None:
    ids = many(desk, 5)
    assert [job_id for job_id, _queue, _token in claim_due(desk.engine, {"default": 2})] == ids[:2]


def test_the_broker_holds_a_window_of_a_long_backlog_and_gets_each_job_once(desk: Desk) -> None:
    ids = many(desk, 10)
    assert [job_id for job_id, _queue in hand_due(desk.engine, {"default": 6})] == ids[:6]
    assert hand_due(desk.engine, {"default": 6}) == []
    take_back(desk.engine, ids[:2])
    assert [job_id for job_id, _queue in hand_due(desk.engine, {"default": 6})] == ids[:2]
    desk.change(ids[3], locked_until=now() - timedelta(seconds=1))  # the broker has lost it
    assert [job_id for job_id, _queue in hand_due(desk.engine, {"default": 6})] == [ids[3]]


def test_the_embedded_relay_runs_a_job_soon_after_its_commit(desk: Desk, embedded: EmbeddedRelay) -> None:
    job_id = desk.ask("probe.count", {"note": "soon"})
    desk.wait(job_id, "done", seconds=5)
    assert desk.effects("soon") == [0]


def test_slow_mail_does_not_delay_the_rest(desk: Desk, embedded: EmbeddedRelay, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    mail = [desk.ask("probe.late", {"note": "mail", "gate": str(gate)}, queue="mail") for _number in range(6)]
    until(lambda: sum(desk.state(job_id) == "running" for job_id in mail) == relay.SLOTS["mail"])
    quick = desk.ask("probe.count", {"note": "quick"})
    desk.wait(quick, "done")
    assert {desk.state(job_id) for job_id in mail} == {"running", "waiting"}
    gate.touch()
    for job_id in mail:
        desk.wait(job_id, "done")


def test_a_backlog_is_worked_off_and_each_job_has_its_effect_once(
    desk: Desk, embedded: EmbeddedRelay
) -> None:
    ids = many(desk, 40)
    until(
        lambda: all(desk.state(job_id) == "done" for job_id in ids[-3:]) and len(desk.effects("tick")) == 40
    )


def test_a_stopping_relay_waits_for_the_next_checkpoint(desk: Desk, tmp_path: Path) -> None:
    made = EmbeddedRelay(desk.engine)
    made.start()
    gate = tmp_path / "gate"
    job_id = desk.ask("probe.batches", {"note": "begun", "total": 3, "gate": str(gate)}, queue="slow")
    until(lambda: desk.row(job_id).position == 1)
    stop = Thread(target=made.stop)
    stop.start()
    until(made.stopping.is_set)
    Path(f"{gate}0").touch()
    stop.join()
    assert (desk.state(job_id), desk.effects("begun")) == ("waiting", [0, 1])


def test_a_fault_of_one_turn_does_not_end_the_relay(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = []

    def broken(_engine: Engine) -> int:
        faults.append(1)
        raise RuntimeError("a schedule that nobody expected")

    monkeypatch.setattr(relay, "PAUSE", 0.05)
    monkeypatch.setattr(relay.schedules, "tick", broken)
    made = EmbeddedRelay(desk.engine)
    made.start()
    job_id = desk.ask("probe.tick")
    desk.wait(job_id, "done")
    made.stop()
    assert faults


def test_with_a_broker_the_site_runs_no_jobs_itself(settings: Settings) -> None:
    from dataclasses import replace

    assert start_embedded(replace(settings, broker_url="redis://localhost")) is None


def test_every_queue_has_threads() -> None:
    assert set(relay.SLOTS) == set(QUEUES)


def test_a_broker_that_was_away_is_given_everything_again_that_it_may_have_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    up = True

    def send(_app: object, job_id: int, _queue: str) -> None:
        if not up:
            raise OSError("connection refused")
        sent.append(job_id)

    monkeypatch.setattr("parlour.jobs.celery_app.send", send)
    monkeypatch.setattr("parlour.jobs.celery_app.held", lambda _app, _queues: {})
    monkeypatch.setattr(relay, "PAUSE", 0.0)
    made = BrokerRelay(desk.engine, object())  # type: ignore[arg-type]
    first = many(desk, 2)
    made.dispatch()
    assert sent == first
    up = False
    later = desk.ask("probe.tick")  # asking is a row, and never fails for the broker's sake
    made.dispatch()
    assert sent == first and desk.row(later).locked_until is None
    up = True
    made.dispatch()
    made.dispatch()
    assert sorted(sent) == sorted([*first, later, *first, later])
    made.dispatch()
    assert len(sent) == 6
