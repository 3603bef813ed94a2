"""The run: load on one side, kills on the other, and the count at the end.

What was promised to a client (an answer 200) must be done in the end. Every job, promised or not, must have had each of
its effects exactly once, and its letter must have arrived once, or at most once where the job says *uncertain*.
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

from sqlalchemy import select

from parlour.access.links import token_hash
from parlour.access.models import AccessLog, LoginSession
from parlour.access.organisations import add_organisation
from parlour.access.policy import COOKIE
from parlour.access.sessions import start_login
from parlour.db.engine import make_engine, reader
from parlour.db.session import Scope, open_session, system
from parlour.jobs.models import Job
from parlour.plugin import lifecycle
from parlour.settings import Settings
from parlour.testing import people
from tests.chaos import parts
from tests.chaos.parts import Part

WAYS = ("none", "redis", "rabbitmq")
EFFECTS = {"chaos.count": [0], "chaos.batches": [0, 1, 2, 3], "chaos.send": [0]}
# No plugin is ever off here: what is parked has not ended.
OPEN = ("waiting", "running", "sending", "parked")
# Jobs that may wait before the load waits for them; seconds for all to end once nothing is killed any more.
BACKLOG, PATIENCE = 90, 240


@dataclass
class Report:
    """What became of it all. `killed` counts processes, `acts` what was done to which part."""

    way: str
    database: str
    seed: int
    seconds: float = 0.0
    promised: int = 0
    refused: int = 0
    jobs: int = 0
    killed: int = 0
    acts: Counter[str] = field(default_factory=Counter)
    letters: int = 0
    uncertain: int = 0
    runs: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        acts = ", ".join(f"{what} {count}" for what, count in sorted(self.acts.items()))
        return (
            f"{self.way} on {self.database}, seed {self.seed}: {self.jobs} jobs in {self.seconds:.0f} s "
            f"({self.promised} promised, {self.refused} requests failed, {self.runs} runs), "
            f"{self.killed} processes killed ({acts}), {self.letters} letters; "
            f"lost {len(self.lost)}, doubled {len(self.doubled)}, uncertain {self.uncertain}"
            + "".join(f"\n  lost: {one}" for one in self.lost[:10])
            + "".join(f"\n  doubled: {one}" for one in self.doubled[:10])
        )


class Chaos:
    """A salon with the plugin of this test, its processes, and the load on them."""

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        way: str,
        seed: int,
        *,
        careless: bool = False,
        workers: int = 1,
    ):
        self.way, self.folder = way, folder
        self.random = random.Random(seed)
        self.receiver = parts.Receiver()
        self.engine = make_engine(settings.database_url)
        self.report = Report(way, self.engine.dialect.name, seed)
        self.promised: list[int] = []
        self.ending = threading.Event()
        self.broker, url = {"none": lambda _f: (None, ""), "redis": parts.redis, "rabbitmq": parts.rabbitmq}[
            way
        ](folder)
        environ = {
            "PARLOUR_DATABASE_URL": settings.database_url,
            "PARLOUR_DATA": str(settings.data),
            "PARLOUR_SECRET": settings.secret,
            "PARLOUR_BROKER_URL": url,
            "PARLOUR_CHAOS": "careless" if careless else "",
        }
        self.port = parts.free_port()
        serve = ["serve", "--port", str(self.port), "--workers", "2"]
        self.web = parts.parlour("web", serve, environ, folder, self.port)
        queues = ["worker", "--queues", "default=2,mail=1,slow=1"]
        self.workers = [
            parts.parlour(f"worker{number}", queues, environ, folder)
            for number in range(workers if url else 0)
        ]
        lifecycle.install(settings, "chaos")
        with open_session(self.engine) as session:
            self.organisation = add_organisation(session, "Jasmine", region="RU")
            lifecycle.enable(session, "chaos")
            user = people.add_person(session, "owner")
            token = start_login(session, user)
            with system(session):
                mine = LoginSession.token_hash == token_hash(token)
                csrf = session.scalars(select(LoginSession.csrf).where(mine)).one()
            session.commit()
        self.headers = {"Cookie": f"{COOKIE}={token}", "X-CSRF-Token": csrf}

    @property
    def all(self) -> list[Part]:
        return [part for part in (self.broker, self.web, *self.workers) if part is not None]

    def run(self, seconds: float, *, enough: Callable[[Chaos], bool] = lambda chaos: False) -> Report:
        """Kill for so long (or until it is `enough`), let everything end, and count."""
        try:
            if self.broker is not None:
                self.broker.start()
                self.broker.wait_for_port()
            for part in (self.web, *self.workers):
                part.start()
            self.web.wait_for_port()
            load = threading.Thread(target=self._load)
            load.start()
            # Nothing is killed before the first letters have gone out.
            self._until(lambda: len(self.receiver.received) >= 3, PATIENCE, "the first letters")
            began = time.monotonic()
            while time.monotonic() - began < seconds and not enough(self):
                self._act()
                time.sleep(self.random.uniform(0.3, 2.0))
            self.report.seconds = time.monotonic() - began
            self.ending.set()
            load.join()
            for part in self.all:
                if not part.alive():
                    part.start()
            try:
                self._until(lambda: not self._open(), PATIENCE, "the end of all jobs")
            except TimeoutError as error:
                raise TimeoutError(f"{error}: {self._left()}") from error
            self._count()
            return self.report
        finally:
            self.ending.set()
            for part in reversed(self.all):
                part.kill()
            self.receiver.close()
            self.engine.dispose()

    def has_doubled(self) -> bool:
        """Whether a letter has arrived twice."""
        return any(count > 1 for count in self.receiver.received.copy().values())

    # ---- the load

    def _load(self) -> None:
        """Ask, as a browser does, for a job of each kind; remember what was promised."""
        body = urllib.parse.urlencode({"url": self.receiver.url}).encode()
        address = f"http://127.0.0.1:{self.port}/o/{self.organisation.slug}/chaos/ask"
        while not self.ending.is_set():
            try:
                request = urllib.request.Request(address, body, self.headers)
                with urllib.request.urlopen(request, timeout=20) as answer:
                    self.promised += json.loads(answer.read())
            except (OSError, urllib.error.URLError, ValueError, HTTPException):
                self.report.refused += 1
                self.ending.wait(0.3)
                continue
            self.ending.wait(1.0 if self._open() > BACKLOG else 0.1)

    # ---- the kills

    def _act(self) -> None:
        part = self.random.choice(self.all)
        inner = [] if part is self.broker else part.inner()
        how = self.random.choice(("all", "one", "one", "one", "pause") if inner else ("all",))
        self.report.acts[f"{part.name} {how}"] += 1
        if how == "all":
            self.report.killed += part.kill()
            time.sleep(self.random.uniform(0.0, 0.5))
            part.start()
            # Mostly it is let come up again: what never runs cannot be killed at work.
            if self.random.random() < 0.9:
                self._let_come_up(part)
        else:
            pid = self.random.choice(inner)
            signals = {"one": (signal.SIGKILL,), "pause": (signal.SIGSTOP, signal.SIGCONT)}[how]
            self.report.killed += 1
            for number, each in enumerate(signals):
                time.sleep(number * 4.0)  # longer than a lease
                try:
                    os.kill(pid, each)
                except ProcessLookupError:
                    return

    def _let_come_up(self, part: Part) -> None:
        if part is self.web:  # which takes its port at once, and answers once its processes are there
            served = len(self.promised)
            self._until(lambda: len(self.promised) > served, PATIENCE, "the site")
        elif part.port is not None:
            part.wait_for_port()
        else:
            self._until(lambda: len(part.inner()) >= 3, PATIENCE, f"the processes of {part.name}")
            time.sleep(self.random.uniform(1.0, 4.0))

    # ---- the count

    def _open(self) -> int:
        with reader(self.engine).connect() as connection:
            open_jobs = select(Job.id).where(Job.name.startswith("chaos."), Job.state.in_(OPEN))
            return len(connection.execute(open_jobs).all())

    def _left(self) -> str:
        """What has not ended, and why not."""
        columns = (
            Job.id,
            Job.name,
            Job.state,
            Job.attempts,
            Job.run_at,
            Job.locked_by,
            Job.locked_until,
            Job.error,
        )
        with reader(self.engine).connect() as connection:
            open_jobs = select(*columns).where(Job.name.startswith("chaos."), Job.state.in_(OPEN))
            return "".join(f"\n  {row}" for row in connection.execute(open_jobs.limit(20)))

    def _count(self) -> None:
        report = self.report
        scope = Scope(self.organisation.id, trusted=True)
        with open_session(reader(self.engine), scope) as session:
            effects: dict[str, list[int]] = {}
            for record, number in session.execute(
                select(AccessLog.record, AccessLog.row_count).order_by(AccessLog.id)
            ):
                effects.setdefault(record, []).append(number)
        with reader(self.engine).connect() as connection:
            rows = connection.execute(select(Job.__table__).where(Job.name.startswith("chaos."))).all()
        jobs = {row.id: row for row in rows}
        report.jobs, report.promised = len(jobs), len(self.promised)
        report.runs = sum(row.attempts for row in rows)
        report.letters = sum(self.receiver.received.values())
        report.lost += [f"job {job_id} was promised" for job_id in self.promised if job_id not in jobs]
        for row in rows:
            self._judge(row, effects.get(f"job {row.id}", []))
        of_jobs = {row.args["key"] for row in rows}
        report.doubled += [
            f"a letter {key} of no job" for key in self.receiver.received if key not in of_jobs
        ]

    def _judge(self, row: Any, effects: list[int]) -> None:
        report, name = self.report, f"{row.name} {row.id} ({row.state}, {row.attempts} runs)"
        unclear = row.state == "uncertain" and row.name == "chaos.send"
        report.uncertain += unclear
        if row.state != "done" and not unclear:
            report.lost.append(f"{name}: {row.error}")
        if len(effects) > len(EFFECTS[row.name]):
            report.doubled.append(f"{name}: {effects}")
        elif effects != EFFECTS[row.name]:
            report.lost.append(f"{name}: {effects}")
        if row.name == "chaos.send":
            arrived = self.receiver.received[row.args["key"]]
            if arrived > 1:
                report.doubled.append(f"{name}: {arrived} letters")
            elif arrived == 0 and not unclear:
                report.lost.append(f"{name}: no letter")

    @staticmethod
    def _until(reached: Callable[[], bool], seconds: float, what: str) -> None:
        end = time.monotonic() + seconds
        while not reached():
            if time.monotonic() > end:
                raise TimeoutError(f"{what} did not come within {seconds:.0f} s")
            time.sleep(0.1)
