"""Processes whose code is older or newer than the tables do no jobs; those that fit do them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, text

from parlour.jobs import control
from parlour.jobs.lease import claim_due, hand_due
from parlour.jobs.relay import EmbeddedRelay
from parlour.jobs.run import run_job
from tests.core.jobs.conftest import Desk, until

ELSEWHERE = ("core_0000", "core_9999")


@contextmanager
def tables_at(owner_engine: Engine, owner: str, revision: str) -> Iterator[None]:
    """The tables of an owner are at another revision than our code wants."""
    table = f"alembic_version_{owner}"
    with owner_engine.begin() as connection:
        before = connection.execute(text(f"SELECT version_num FROM {table}")).scalar_one()
        connection.execute(text(f"UPDATE {table} SET version_num = :at"), {"at": revision})
    yield
    with owner_engine.begin() as connection:
        connection.execute(text(f"UPDATE {table} SET version_num = :at"), {"at": before})


@pytest.mark.parametrize("revision", ELSEWHERE)
def test_nothing_is_taken_while_the_tables_are_behind_or_ahead(
    desk: Desk, owner_engine: Engine, revision: str
) -> None:
    job_id = desk.ask("probe.count", {"note": "waits"})
    with tables_at(owner_engine, "core", revision):
        assert claim_due(desk.engine, {"default": 5}) == []
        assert hand_due(desk.engine, {"default": 5}) == []
        assert run_job(desk.engine, job_id) is None
        assert desk.state(job_id) == "waiting" and desk.row(job_id).attempts == 0
    assert run_job(desk.engine, job_id) == "done"


def test_a_relay_waits_for_tables_that_fit_and_goes_on_by_itself(
    desk: Desk, owner_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from parlour.jobs import relay

    monkeypatch.setattr(relay, "RECOVER", 0.05)
    made = EmbeddedRelay(desk.engine)
    with tables_at(owner_engine, "core", "core_9999"):
        made.start()
        until(lambda: not made.fits)
        job_id = desk.ask("probe.count", {"note": "later"})
    desk.wait(job_id, "done")
    made.stop()


def test_jobs_of_a_plugin_whose_tables_do_not_fit_are_parked_until_they_do(
    desk: Desk, owner_engine: Engine
) -> None:
    job_id = desk.ask("probe.count", {"note": "bridge"}, plugin="probe:contacts")
    with tables_at(owner_engine, "contacts", "contacts_9999"):
        assert run_job(desk.engine, job_id) == "parked"
        assert control.unpark_returned(desk.engine) == 0
    assert control.unpark_returned(desk.engine) == 1
    assert run_job(desk.engine, job_id) == "done"
    assert desk.effects("bridge") == [0]
