"""Asking for work: in the caller's transaction or not at all."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from parlour.db.base import now
from parlour.db.engine import reader
from parlour.db.session import open_session
from parlour.jobs import enqueue, work
from parlour.jobs.models import Job
from parlour.jobs.outbox import bell, forget_row
from parlour.jobs.run import run_job
from tests.core.jobs.conftest import Desk


def count(engine: Engine) -> int:
    with reader(engine).connect() as connection:
        return int(connection.scalar(select(func.count(Job.id))) or 0)


def test_a_job_exists_once_its_transaction_is_committed(desk: Desk) -> None:
    with desk.session() as session:
        job_id = enqueue(session, "probe.count", {"note": "kept"})
        session.commit()
    assert desk.state(job_id) == "waiting"
    assert run_job(desk.engine, job_id) == "done"
    assert desk.effects("kept") == [0]


def test_a_job_of_a_rolled_back_transaction_was_never_asked_for(desk: Desk) -> None:
    with desk.session() as session:
        enqueue(session, "probe.count", {"note": "undone"})
        session.rollback()
    assert count(desk.engine) == 0


def test_a_relay_is_woken_by_the_commit_and_not_before(desk: Desk) -> None:
    ring = bell()
    with desk.session() as session:
        with session.begin_nested():
            enqueue(session, "probe.count", {"note": "nested"})
        assert not ring.is_set()
        session.commit()
    assert ring.is_set()


def test_work_for_later_wakes_nobody(desk: Desk) -> None:
    ring = bell()
    job_id = desk.ask("probe.count", {"note": "later"}, run_at=now() + timedelta(hours=1))
    assert not ring.is_set()
    assert run_job(desk.engine, job_id) is None


def test_a_dedupe_key_gives_one_job_per_organisation_and_name(desk: Desk, other_desk: Desk) -> None:
    first = desk.ask("probe.count", {"note": "a"}, dedupe="reminder 5")
    assert desk.ask("probe.count", {"note": "b"}, dedupe="reminder 5") == first
    assert desk.ask("probe.tick", dedupe="reminder 5") != first
    assert other_desk.ask("probe.count", {"note": "c"}, dedupe="reminder 5") != first
    assert desk.row(first).args == {"note": "a"}


def test_two_sessions_that_ask_at_the_same_moment_get_the_same_job(desk: Desk) -> None:
    ready, ids = Barrier(2), []

    def ask() -> None:
        ready.wait()
        ids.append(desk.ask("probe.count", {"note": "raced"}, dedupe="once"))

    threads = [Thread(target=ask) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 2 and len(set(ids)) == 1


def test_a_dedupe_key_holds_for_jobs_of_the_installation_too(desk: Desk) -> None:
    ids = []
    for _number in range(2):
        with open_session(desk.engine) as session:
            ids.append(enqueue(session, "core.prune", dedupe="today"))
            session.commit()
    assert ids[0] == ids[1]


def test_queue_and_attempts_are_what_the_handler_declares(desk: Desk) -> None:
    def terms(job_id: int) -> tuple[str, int]:
        return desk.row(job_id).queue, desk.row(job_id).max_attempts

    assert terms(desk.ask("probe.letter", {"note": "x"})) == ("mail", 2)
    assert terms(desk.ask("probe.letter", {"note": "x"}, queue="slow", max_attempts=1)) == ("slow", 1)
    assert terms(desk.ask("probe.tick")) == ("default", 8)
    assert terms(desk.ask("core.import")) == ("slow", 8)


@pytest.mark.parametrize("terms", [{"queue": "nowhere"}, {"attempts": 0}])
def test_terms_that_make_no_sense_are_refused_when_they_are_declared(terms: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        work(**terms)


@pytest.mark.parametrize(
    ("name", "args", "queue", "said"),
    [
        ("probe.count", {}, "nowhere", "no queue"),
        ("count", {}, "default", "begins with its plugin"),
        ("probe.count", {"note": object()}, "default", "plain JSON"),
    ],
)
def test_what_could_never_run_is_refused_at_once(
    desk: Desk, name: str, args: dict[str, object], queue: str, said: str
) -> None:
    with desk.session() as session, pytest.raises(ValueError, match=said):
        enqueue(session, name, args, queue=queue)


def test_erasing_a_row_removes_what_jobs_hold_about_it(desk: Desk) -> None:
    about = {"record": "probe.person", "id": 5, "email": "anna@example.com"}
    waiting = desk.ask("probe.count", about)
    other = desk.ask("probe.count", about | {"id": 6})
    batch = desk.ask("core.happened", {"hook": "x", "args": {"record": "probe.person", "ids": [4, 5]}})
    finished = desk.ask("probe.count", about)
    desk.change(finished, state="done", result={"email": "anna@example.com"})
    with desk.session() as session:
        assert forget_row(session, "probe.person", 5) == 2
        session.commit()
    with reader(desk.engine).connect() as connection:
        left = set(connection.scalars(select(Job.id)))
    assert left == {other, batch, finished} and waiting not in left
    assert (desk.row(finished).args, desk.row(finished).result) == ({}, None)
