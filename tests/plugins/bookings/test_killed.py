"""Site and workers are killed while clients book over HTTP: what was answered 201 stands, no time goes to two, and nobody gets a
letter twice.

Clients do as real ones: who gets no answer asks again with the same Idempotency-Key. PARLOUR_TEST_EXAMPLES=5 kills five times as
often.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select

from parlour.access.models import Organisation
from parlour.db.base import now
from parlour.db.engine import reader
from parlour.db.session import Session
from parlour.jobs.models import Job
from parlour.plugins.bookings.models import Appointment, Line, Token
from parlour.plugins.bookings.tokens import hash_of
from parlour.plugins.messages.models import Message
from parlour.plugins.schedule.models import Busy
from parlour.settings import Settings
from parlour.testing.mailbox import Mailbox
from tests.chaos.parts import Part, free_port, redis
from tests.plugins.bookings.conftest import Salon
from tests.plugins.bookings.test_races import overlaps
from tests.support.examples import examples

KILLS = examples(3)
CLIENTS = 4
# Seconds: for all letters to go out once nobody is killed any more, and after which a call is given up.
PATIENCE, CALL = 90, 20
BOOKED = "bookings.booked"
OPEN = ("waiting", "running", "sending", "parked")


@dataclass
class Load:
    """Clients who book, some of them the same time. `booked` has the token that each was answered, by e-mail address."""

    address: str
    item: int
    starts: list[datetime]
    booked: dict[str, str] = field(default_factory=dict)
    said: Counter[int] = field(default_factory=Counter)
    ending: threading.Event = field(default_factory=threading.Event)

    def has(self, visits: int) -> bool:
        return self.said[201] >= visits

    def run(self, first: int) -> None:
        number = first
        while not self.ending.is_set():
            number += CLIENTS
            self._book(number)

    def _book(self, number: int) -> None:
        who = f"client{number}@example.com"
        wish = {
            # Every second client wants what another one wants as well.
            "start": self.starts[number // 2 % len(self.starts)].isoformat(),
            "services": [{"service": self.item, "staff": None}],
            "client": {"name": f"Client {number}", "phone": f"+7916{number:07}", "email": who},
            "consents": ["data"],
        }
        headers = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(8)}
        while not self.ending.is_set():
            request = urllib.request.Request(self.address, json.dumps(wish).encode(), headers)
            try:
                with urllib.request.urlopen(request, timeout=CALL) as answer:
                    self.said[answer.status] += 1
                    self.booked[who] = json.loads(answer.read())["token"]
                    return
            except urllib.error.HTTPError as refused:
                self.said[refused.code] += 1
                if refused.code == 409 and "alternatives" in json.loads(refused.read()):
                    return
                time.sleep(0.1)
            except (OSError, ValueError, HTTPException):
                time.sleep(0.2)


@pytest.fixture
def salon(session: Session, organisation: Organisation) -> Salon:
    return Salon(session, day=datetime.now(ZoneInfo("Europe/Moscow")).date() + timedelta(days=3))


@pytest.fixture
def running(settings: Settings, mailbox: Mailbox, tmp_path: Path, salon: Salon) -> Iterator[list[Part]]:
    """The site with two processes; on PostgreSQL, with a broker, also workers that do its jobs."""
    port = free_port()
    environ = {name: "" for name in os.environ if name.startswith("PARLOUR_")} | {
        "PARLOUR_DATABASE_URL": settings.database_url,
        "PARLOUR_OWNER_DATABASE_URL": settings.owner_database_url or settings.database_url,
        "PARLOUR_DATA": str(settings.data),
        "PARLOUR_SECRET": settings.secret,
        "PARLOUR_MAIL_URL": mailbox.url,
        "PARLOUR_API_CALLS": "100000",
    }
    program = [sys.executable, "-m", "tests.chaos.process"]
    parts = []
    if settings.database_url.startswith("postgresql") and shutil.which("redis-server"):
        broker, url = redis(tmp_path)
        environ["PARLOUR_BROKER_URL"] = url
        queues = [*program, "worker", "--queues", "default=1,mail=1"]
        parts = [broker, Part("worker", queues, environ, tmp_path / "worker.log")]
    serve = [*program, "serve", "--port", str(port), "--workers", "2"]
    parts.append(Part("web", serve, environ, tmp_path / "web.log", port))
    try:
        yield parts
    finally:
        for part in reversed(parts):
            part.kill()


def test_whoever_is_killed_what_was_promised_stands_once(
    salon: Salon, session: Session, engine: Engine, mailbox: Mailbox, running: list[Part]
) -> None:
    people = [salon.person(name) for name in ("Anna", "Boris")]
    item = salon.service("Brows", 30, by=people, step=15)
    session.commit()
    zone = ZoneInfo("Europe/Moscow")
    days = [salon.day + timedelta(days=number) for number in range(40)]
    starts = [
        datetime.combine(day, datetime.min.time(), zone) + timedelta(minutes=at)
        for day in days
        if day.isoweekday() in range(1, 6)
        for at in range(9 * 60, 17 * 60, 15)
    ]
    web = running[-1]
    load = Load(f"http://127.0.0.1:{web.port}/api/v1/public/jasmine/bookings/appointments", item, starts)
    for part in running:
        part.start()
    web.wait_for_port()
    clients = [threading.Thread(target=load.run, args=(number,)) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        _until(partial(load.has, 5), "the first visits")
        for number in range(KILLS):
            _kill(running, number)
            goal = load.said[201] + 5
            _until(partial(load.has, goal), "visits after the kill")
    finally:
        load.ending.set()
        for client in clients:
            client.join()
    session.rollback()
    _until(lambda: not _unsent(engine), "the end of all letters")
    _judge(session, load, mailbox)


def _kill(parts: list[Part], number: int) -> None:
    """By turns one process of the site, all of it, and all workers, in the middle of whatever they do."""
    killed = parts[-1] if number % 3 < 2 or len(parts) == 1 else parts[1]
    inner = killed.inner()
    time.sleep(random.uniform(0, 0.3))
    if number % 3 == 0 and inner:
        os.kill(random.choice(inner), signal.SIGKILL)
        return
    killed.kill()
    killed.start()


def _unsent(engine: Engine) -> bool:
    """Whether letters that should have gone have not ended yet; asked by who only reads, for whom nobody waits."""
    due = (Job.name == "messages.send") & Job.state.in_(OPEN) & (Job.run_at < now() + timedelta(hours=1))
    with reader(engine).connect() as connection:
        return connection.execute(select(Job.id).where(due).limit(1)).first() is not None


def _judge(session: Session, load: Load, mailbox: Mailbox) -> None:
    session.rollback()
    assert load.booked and set(load.said) <= {201, 409, 500, 502, 503}
    # Whoever was told so has a visit, with its service and its time.
    rows = session.execute(
        select(Token.token_hash, Appointment.id, Appointment.email, Appointment.status, Line.id, Busy.id)
        .join(Appointment, Appointment.id == Token.appointment_id)
        .outerjoin(Line, Line.appointment_id == Appointment.id)
        .outerjoin(Busy, (Busy.source == "bookings.appointment") & (Busy.source_id == Appointment.id))
    ).all()
    found = {row.token_hash: row for row in rows}
    for who, token in load.booked.items():
        row = found.get(hash_of(token))
        assert row is not None and (row.email, row.status) == (who, "booked") and None not in row, who
    # Nobody has two, whoever asked again; and no time went to two.
    visits = Counter(session.scalars(select(Appointment.email)))
    # A letter brings a key of its own, so a visit may have several.
    stands = {(row[1], row[4], row[5]) for row in rows}
    assert max(visits.values()) == 1 and len(stands) == len(visits)
    assert overlaps(session) == 0
    # A letter arrived once; where whoever sent it was killed meanwhile, nobody knows, and it is not sent again.
    states = Counter(session.scalars(select(Message.state).where(Message.kind == BOOKED)))
    arrived = Counter(mailbox.recipients)
    assert set(arrived.values()) == {1}
    assert set(states) <= {"sent", "sending", "uncertain"} and sum(states.values()) == len(visits)
    assert states["sent"] <= len(arrived), states


def _until(reached: Any, what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end, f"{what} did not come within {PATIENCE} s"
        time.sleep(0.1)
