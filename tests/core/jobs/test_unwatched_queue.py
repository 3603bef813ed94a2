"""A queue of the broker on which nobody works does not grow without an end, and nothing of it is lost."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from urllib.parse import urlsplit

import pytest

from parlour.db.base import now
from parlour.jobs import relay
from parlour.jobs.celery_app import held, make_celery
from parlour.jobs.models import QUEUES
from parlour.jobs.relay import BrokerRelay
from parlour.settings import Settings
from tests.core.jobs.conftest import Desk
from tests.core.jobs.test_workers import BROKERS, forget_queues


@pytest.fixture(params=[name for name in BROKERS if BROKERS[name]])
def handing(request: pytest.FixtureRequest, desk: Desk, settings: Settings) -> Iterator[BrokerRelay]:
    url = BROKERS[request.param]
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=2).close()
    except OSError:
        pytest.skip(f"no {request.param} answers at {parts.hostname}:{parts.port}")
    there = replace(settings, broker_url=url)
    yield BrokerRelay(desk.engine, make_celery(there))
    forget_queues(there)


# Seconds.
QUIET = 0.3


def pass_by(desk: Desk, made: BrokerRelay, ids: list[int], times: int) -> list[int]:
    """How many messages lie in the queue each time when jobs are handed over, two minutes apart."""
    lying = []
    for _time in range(times):
        for job_id in ids:
            desk.change(job_id, locked_until=now() - timedelta(seconds=1))
        made.dispatch()
        # RabbitMQ does not say when it has a message, so nothing has to come for a while.
        count, end = held(made.app, ["mail"])["mail"], time.monotonic() + QUIET
        while time.monotonic() < end:
            time.sleep(0.02)
            if (newer := held(made.app, ["mail"])["mail"]) != count:
                count, end = newer, time.monotonic() + QUIET
        lying.append(count)
    return lying


def test_a_queue_on_which_nobody_works_stops_growing_and_what_the_broker_forgets_comes_again(
    desk: Desk, handing: BrokerRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "WINDOW", 5)
    assert held(handing.app, QUEUES) == dict.fromkeys(QUEUES, 0)
    ids = [desk.ask("probe.tick", queue="mail") for _number in range(3)]
    assert pass_by(desk, handing, ids, 4) == [3, 5, 5, 5]
    other = desk.ask("probe.tick")
    handing.dispatch()
    assert desk.row(other).locked_until is not None, "the queues beside it go on"
    forget_queues(handing.app.parlour_settings)
    assert pass_by(desk, handing, ids, 1) == [3]


def test_control_a_relay_that_does_not_look_lets_the_queue_grow(
    desk: Desk, handing: BrokerRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "WINDOW", 5)
    ids = [desk.ask("probe.tick", queue="mail") for _number in range(3)]
    monkeypatch.setattr("parlour.jobs.celery_app.held", lambda _app, _queues: {})
    assert pass_by(desk, handing, ids, 4)[-1] > 5


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "amqp://127.0.0.1:1//"])
def test_a_broker_that_is_away_does_not_hold_the_relay_up(
    desk: Desk, settings: Settings, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "PAUSE", 0.0)
    made = BrokerRelay(desk.engine, make_celery(replace(settings, broker_url=url)))
    job_id = desk.ask("probe.tick")
    turn = Thread(target=made.dispatch, daemon=True)
    turn.start()
    turn.join(4)
    assert not turn.is_alive()
    assert made.away and desk.row(job_id).locked_until is None
