"""Running one job. What its handler writes and `done` are one transaction: effects happen exactly once.

    killed before the commit    nothing was written; the lease runs out and another run begins
    killed after the commit     the job is done; nobody takes it again
    alive, but lease lost       the last statement finds another token, and everything is rolled back

Only what leaves the database cannot be undone; see JobContext.sending.
"""

from __future__ import annotations

import json
import random
import threading
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Engine, and_, select, update

from parlour.db.base import now
from parlour.db.engine import reader
from parlour.db.session import SYSTEM, Scope, Session, open_session
from parlour.errors import Conflict, ParlourError
from parlour.jobs import progress
from parlour.jobs.context import AlreadySent, Cancelled, JobContext, LeaseLost, NotSent, Park, Stopping
from parlour.jobs.fit import core_fits, fits
from parlour.jobs.handlers import find
from parlour.jobs.lease import claim, holding, new_token, waiting_again
from parlour.jobs.messages import code_of, fault
from parlour.jobs.models import CANCELLED, DONE, FAILED, PARKED, RUNNING, SENDING, UNCERTAIN, WAITING, Job
from parlour.plugin.gate import enabled
from parlour.plugin.registry import current
from parlour.settings import Settings

log = structlog.get_logger(__name__)

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)


def backoff(attempt: int) -> timedelta:
    """The wait after the failed attempt number `attempt` (from 1): three times as long each time.

    A quarter more or less, so that what failed together does not come back together.
    """
    wait = min(FIRST_RETRY.total_seconds() * 3 ** (attempt - 1), LONGEST_RETRY.total_seconds())
    return timedelta(seconds=wait * random.uniform(0.75, 1.25))


def run_job(
    engine: Engine,
    job_id: int,
    token: str | None = None,
    *,
    settings: Settings | None = None,
    stopping: threading.Event | None = None,
) -> str | None:
    """Run a job and return the state in which that left it; None when it was not, or no longer, ours.

    Without a `token` (a broker's worker) the job is claimed first; it may be gone by then, which is no fault,
    or the database may not fit this process's code, and the job is left to one that it fits.
    """
    if token is None:
        token = new_token()
        if not core_fits(engine) or not claim(engine, job_id, token):
            return None
    with holding(engine, token):
        try:
            state = _Run(engine, job_id, token, settings, stopping).run()
        finally:
            progress.forget(engine, job_id)
    return state


def is_on(session: Session, plugin: str) -> bool:
    """Whether a job's plugin, or every side of a bridge ("visitors:contacts"), is loaded and on here, with the
    tables that its code wants.
    """
    on = enabled(session) if session.scoped else {"core", *current().loaded}
    sides = plugin.split(":")
    return all(side in on and (side == "core" or fits(session.connection(), side)) for side in sides)


class _Run:
    def __init__(
        self,
        engine: Engine,
        job_id: int,
        token: str,
        settings: Settings | None,
        stopping: threading.Event | None,
    ):
        self.engine = engine
        self.settings = settings
        self.stopping = stopping
        self.token = token
        with open_session(reader(engine)) as session:
            self.job = session.execute(
                select(Job).where(Job.id == job_id), execution_options={SYSTEM: True}
            ).scalar_one()
        self.context: JobContext | None = None
        self.log = log.bind(
            job=job_id,
            code=code_of(job_id, self.job.attempts),
            name=self.job.name,
            organisation=self.job.organisation_id,
        )

    def run(self) -> str | None:
        try:
            return self._work()
        except LeaseLost:
            self.log.warning("job_lease_lost")
            return None
        except BaseException as error:
            self._trace(error)
            state = self._end(error)
            if not isinstance(error, Exception):  # the process is to stop
                raise
            return state

    def _work(self) -> str:
        handler = find(self.job.name)
        # Asked in a read-only session of its own: the handler's begins when the handler first uses it, and on
        # SQLite with the write lock.
        with open_session(reader(self.engine), self._scope()) as session:
            if handler is None or not is_on(session, self.job.plugin):
                raise Park
        with open_session(self.engine, self._scope()) as session:
            self.context = context = JobContext(
                self.engine, session, self.job, self.token, settings=self.settings, stopping=self.stopping
            )
            result = handler(session, context, **self.job.args)
            json.dumps(result)
            state = CANCELLED if context.seen_cancelled else DONE
            context.fenced(
                state=state,
                result=result,
                error=None,
                finished_at=now(),
                locked_by=None,
                locked_until=None,
                **context.figures,
            )
            session.commit()
        self.log.info("job_finished", state=state)
        return state

    def _scope(self) -> Scope | None:
        if self.job.organisation_id is None:
            return None
        return Scope(self.job.organisation_id, user_id=self.job.created_by, trusted=True, via="job")

    def _end(self, error: BaseException) -> str | None:
        """Write down how a run ended that did not return; the handler's session is rolled back by now."""
        job, moment = self.job, now()
        ended: dict[str, Any] = {"finished_at": moment}
        again: dict[str, Any] = {"finished_at": None, "send_key": None}
        in_doubt = self.context is not None and self.context.sending_key is not None
        if in_doubt and not isinstance(error, NotSent):
            return self._settle(UNCERTAIN, error=fault(error), **ended)
        if isinstance(error, Park):
            return self._settle(PARKED, attempts=job.attempts - 1, **again)
        if isinstance(error, Cancelled):
            return self._settle(CANCELLED, error=None, **ended)
        if isinstance(error, AlreadySent):
            return self._settle(DONE, error=None, result={"already_sent": str(error)}, **ended)
        if isinstance(error, Stopping) or not isinstance(error, Exception):
            return self._settle(WAITING, attempts=job.attempts - 1, run_at=moment, **again)
        # A refusal is a considered answer, which asking again will not change; a conflict is over when it is
        # read anew.
        final = isinstance(error, ParlourError) and not isinstance(error, Conflict)
        if final or job.attempts >= job.max_attempts:
            return self._settle(FAILED, error=fault(error), send_key=None, **ended)
        return self._settle(WAITING, error=fault(error), run_at=moment + backoff(job.attempts), **again)

    def _settle(self, state: str, **values: Any) -> str | None:
        mine = and_(Job.locked_by == self.token, Job.state.in_((RUNNING, SENDING)))
        if self.context is not None:
            mine = self.context.mine()
        values |= waiting_again(now()) if state == WAITING else {"state": state}
        # Position and figures stay as the last checkpoint committed them.
        with self.engine.begin() as connection:
            change = update(Job).where(Job.id == self.job.id, mine).returning(Job.state)
            return connection.scalar(change.values(locked_by=None, locked_until=None, **values))

    def _trace(self, error: BaseException) -> None:
        if isinstance(error, Park | Cancelled | AlreadySent | Stopping):
            self.log.info("job_set_aside", why=type(error).__name__)
        elif isinstance(error, ParlourError | NotSent):
            self.log.warning("job_attempt_failed", attempt=self.job.attempts, error=str(error))
        else:
            self.log.exception("job_attempt_failed", attempt=self.job.attempts, exc_info=error)
