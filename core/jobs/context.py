"""What a handler can say about its own job, and the ways in which it may end other than by returning."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, select, update
from sqlalchemy.exc import IntegrityError

from parlour.db.base import now
from parlour.db.engine import reader
from parlour.db.session import SYSTEM, Session, open_session
from parlour.jobs import lease, progress
from parlour.jobs.messages import keep
from parlour.jobs.models import RUNNING, SENDING, UNCERTAIN, Job
from parlour.settings import Settings

# Seconds. Pages ask about twice a second; more would only be written for nobody.
PROGRESS_EVERY = 0.3
CANCEL_EVERY = 0.5


class Park(Exception):
    """Set the job aside until its plugin is back; not an attempt."""


class Cancelled(Exception):
    """A person stopped the job; what was not yet committed is undone."""


class NotSent(Exception):
    """After `sending()`: certainly nothing went out (refused, no connection), so trying again is safe."""


class AlreadySent(Exception):
    """Another job has sent, is sending or may have sent what this one was to send."""


class Stopping(Exception):
    """The process is to end; the job goes on from its last checkpoint in another."""


class LeaseLost(Exception):
    """Another worker has this job; nothing that this one did may be committed."""


class JobContext:
    """One run of one job. `attempt` counts from 1; `position` is what the last checkpoint kept, or None."""

    def __init__(
        self,
        engine: Engine,
        session: Session,
        job: Job,
        token: str,
        *,
        settings: Settings | None = None,
        stopping: threading.Event | None = None,
    ):
        self._engine = engine
        self._session = session
        self._token = token
        self._settings = settings
        self._stopping = stopping
        self.id = job.id
        self.name = job.name
        self.organisation_id = job.organisation_id
        self.created_by = job.created_by
        self.attempt = job.attempts
        self.position: Any = job.position
        self.sending_key: str | None = None
        self.seen_cancelled = False
        self.figures: dict[str, Any] = {
            "progress_done": job.progress_done,
            "progress_total": job.progress_total,
            "progress_message": job.progress_message,
        }
        self._reported = self._asked = float("-inf")

    @property
    def settings(self) -> Settings:
        """The settings of this installation: where files lie, which address links begin with."""
        if self._settings is None:
            raise RuntimeError("This job was run without settings.")
        return self._settings

    def progress(self, done: int, total: int | None = None, message: Any = None) -> None:
        """Show how far the job is, at once, while the handler's own transaction goes on.

        Cheap enough to call per row. A `total` or `message` once given stays until another one is.
        """
        self.figures["progress_done"] = done
        if total is not None:
            self.figures["progress_total"] = total
        if message is not None:
            self.figures["progress_message"] = keep(message)
        moment = time.monotonic()
        if moment - self._reported >= PROGRESS_EVERY or done == self.figures["progress_total"]:
            self._reported = moment
            progress.report(self._engine, self.id, self._token, self.figures)

    def checkpoint(
        self, position: Any, done: int | None = None, total: int | None = None, message: Any = None
    ) -> None:
        """Commit what was written so far, and with it `position` (plain JSON), from where a next run goes on.

        For long work in batches of a fraction of a second each: the rows of a batch and the position past it
        are committed together, so that after a kill no batch is lost or done twice. Raises LeaseLost when the
        job was taken away.
        """
        json.dumps(position)
        if done is not None:
            self.progress(done, total, message)
        self.fenced(position=position, locked_until=now() + lease.LEASE, **self.figures)
        self._session.commit()
        self.position = position
        if self._stopping is not None and self._stopping.is_set():
            raise Stopping

    def cancelled(self) -> bool:
        """Whether a person has asked to stop. A handler that sees it returns; what it wrote is kept."""
        moment = time.monotonic()
        if not self.seen_cancelled and moment - self._asked >= CANCEL_EVERY:
            self._asked = moment
            with reader(self._engine).connect() as connection:
                asked = connection.scalar(select(Job.cancel_asked).where(Job.id == self.id))
            self.seen_cancelled = bool(asked)
        return self.seen_cancelled

    def stop_if_cancelled(self) -> None:
        """Raise Cancelled when a person has asked to stop: what no checkpoint committed is undone."""
        if self.cancelled():
            raise Cancelled

    def sending(self, dedupe_key: str) -> None:
        """Commit what was written so far, and that the one outside effect of this job comes now.

        Until the handler returns the job is in doubt: if the worker dies or the handler raises, the job ends
        *uncertain* and is never run again by itself, unless the handler raises NotSent. Do not touch the
        session while sending: on SQLite that would hold the write lock for as long as the other side takes.
        Raises AlreadySent when the key was used before.
        """
        if self.sending_key is not None:
            raise RuntimeError("A job sends one thing; enqueue one job for each.")
        clash = select(Job.id).where(
            Job.organisation_id.is_not_distinct_from(self.organisation_id),
            Job.send_key == dedupe_key,
            Job.id != self.id,
        )
        if self._session.execute(clash, execution_options={SYSTEM: True}).first() is not None:
            raise AlreadySent(dedupe_key)
        try:
            self.fenced(state=SENDING, send_key=dedupe_key, locked_until=now() + lease.LEASE)
        except IntegrityError as error:  # somebody was faster since the question
            raise AlreadySent(dedupe_key) from error
        self._session.commit()
        self.sending_key = dedupe_key

    @contextmanager
    def reader(self) -> Iterator[Session]:
        """A read-only session of the same organisation; long reading in it keeps nobody from writing."""
        scope = replace(self._session.scope, cache={}) if self._session.scoped else None
        with open_session(reader(self._engine), scope) as session:
            yield session

    def mine(self) -> ColumnElement[bool]:
        """Whether a job's row is still this run's: nobody took it away, or it waits for a person who need not
        be asked any more.
        """
        states = (RUNNING, SENDING) if self.sending_key is None else (SENDING, UNCERTAIN)
        return and_(Job.locked_by == self._token, Job.state.in_(states))

    def fenced(self, **values: Any) -> None:
        """Change the job's row within the handler's transaction, if it is still this run's."""
        self._session.flush()
        statement = (
            update(Job)
            .where(Job.id == self.id, self.mine())
            .values(**values)
            .returning(Job.id)
            .execution_options(synchronize_session=False)
        )
        if self._session.execute(statement, execution_options={SYSTEM: True}).first() is None:
            raise LeaseLost(f"job {self.id} was taken away at {now().isoformat()}")
