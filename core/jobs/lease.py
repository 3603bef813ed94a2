"""Who works on a job: a token per run, and a lease that is renewed as long as the process lives.

The token is the fence. Every change of a job by its runner names the token, so a runner that lost its lease
(a paused machine, a clock that jumped) finds that it changes nothing, and rolls its effects back.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Connection, Engine, case, literal, null, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from parlour.db.base import now
from parlour.db.engine import reader
from parlour.i18n import _
from parlour.jobs.fit import core_fits
from parlour.jobs.messages import keep
from parlour.jobs.models import CANCELLED, FAILED, RUNNING, SENDING, UNCERTAIN, WAITING, Job

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
# What a broker was handed counts as lost after this time and is handed over again.
HANDED = timedelta(minutes=2)
# Clocks of several machines, and of one that was set right, differ by less than this. What lies further ahead
# than it can was written by a clock that ran ahead, and waiting for it might take years.
SKEW = timedelta(minutes=10)


def new_token() -> str:
    """A token that no other run ever has; readable enough to find the process."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{secrets.token_hex(8)}"


def claim(engine: Engine, job_id: int, token: str) -> bool:
    """Take one waiting, due job; False when somebody else has it or it is no longer to be done."""
    with engine.begin() as connection:
        return _take(connection, job_id, token)


def claim_due(engine: Engine, free: dict[str, int]) -> list[tuple[int, str, str]]:
    """Take due jobs, at most `free[queue]` of each queue, as (id, queue, token).

    On PostgreSQL relays pass by each other's rows (SKIP LOCKED); on SQLite BEGIN IMMEDIATE lets one in at a
    time.
    """
    if not has_due(engine, list(free)) or not core_fits(engine):
        return []
    taken = []
    with engine.begin() as connection:
        for queue, count in free.items():
            for job_id in due(connection, queue, count):
                token = new_token()
                if _take(connection, job_id, token):
                    taken.append((job_id, queue, token))
    return taken


def hand_due(
    engine: Engine, window: dict[str, int], held: Mapping[str, int] | None = None
) -> list[tuple[int, str]]:
    """Mark due jobs as handed to the broker, and return them as (id, queue).

    At most `window[queue]` are out at a time and not yet begun: a long backlog stays in the database, where
    it can be seen, cancelled and put in order. `held` is how many messages lie in the queues already; they count as
    well, or a queue on which nobody works would be given the same jobs again for ever.
    """
    if not has_due(engine, list(window), handed=True) or not core_fits(engine):
        return []
    out: list[tuple[int, str]] = []
    with engine.begin() as connection:
        for queue, count in window.items():
            waiting = (
                select(Job.id).where(Job.state == WAITING, Job.queue == queue, ~_over(HANDED)).limit(count)
            )
            room = count - max(len(connection.execute(waiting).all()), (held or {}).get(queue, 0))
            ids = due(connection, queue, room, handed=True) if room > 0 else []
            if ids:
                connection.execute(update(Job).where(Job.id.in_(ids)).values(locked_until=now() + HANDED))
            out.extend((job_id, queue) for job_id in ids)
    return out


def take_back(engine: Engine, ids: Sequence[int]) -> None:
    """The broker did not take these: they are due again at once."""
    with engine.begin() as connection:
        connection.execute(update(Job).where(Job.id.in_(ids), Job.state == WAITING).values(locked_until=None))


def take_back_all(engine: Engine) -> None:
    """The broker was away and may have lost what it had: all that has not begun is due again at once."""
    with engine.begin() as connection:
        handed = update(Job).where(Job.state == WAITING, Job.locked_until.is_not(None))
        connection.execute(handed.values(locked_until=None))


def _over(longest: timedelta) -> ColumnElement[bool]:
    """Whether `locked_until` has passed, or lies so far ahead that no clock that is right has written it."""
    moment = now()
    return or_(
        Job.locked_until.is_(None), Job.locked_until < moment, Job.locked_until > moment + longest + SKEW
    )


def has_due(engine: Engine, queues: Sequence[str], *, handed: bool = False) -> bool:
    """Whether anything is due, asked without the write lock: an idle relay disturbs nobody."""
    with reader(engine).connect() as connection:
        statement = (
            select(Job.id).where(Job.state == WAITING, Job.queue.in_(queues), Job.run_at <= now()).limit(1)
        )
        if handed:
            statement = statement.where(_over(HANDED))
        return connection.execute(statement).first() is not None


def due(connection: Connection, queue: str, count: int, *, handed: bool = False) -> list[int]:
    """Ids of due jobs of a queue, oldest first, locked for this transaction."""
    statement = (
        select(Job.id)
        .where(Job.state == WAITING, Job.queue == queue, Job.run_at <= now())
        .order_by(Job.run_at, Job.id)
        .limit(count)
    )
    if handed:
        statement = statement.where(_over(HANDED))
    # SQLite has no row locks and leaves the clause out.
    return [int(job_id) for job_id in connection.scalars(statement.with_for_update(skip_locked=True))]


def _take(connection: Connection, job_id: int, token: str) -> bool:
    moment = now()
    taken = connection.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == WAITING, Job.run_at <= moment)
        .values(
            state=RUNNING,
            attempts=Job.attempts + 1,
            started_at=moment,
            locked_by=token,
            locked_until=moment + LEASE,
        )
    )
    return taken.rowcount == 1


def waiting_again(moment: datetime) -> dict[str, ColumnElement[Any]]:
    """State and end of a job whose run came to nothing: it waits, or has ended if a person has asked to stop it
    meanwhile.
    """
    stop = Job.cancel_asked
    return {
        "state": case((stop, CANCELLED), else_=WAITING),
        "finished_at": case((stop, literal(moment, Job.__table__.c.finished_at.type)), else_=null()),
    }


def recover(engine: Engine) -> int:
    """Take jobs from workers that are gone, and return how many.

    They wait again (or are cancelled, when that was asked for), fail for good when no attempt is left, or become
    uncertain when the worker was lost while sending. Those keep their token: nobody else runs them, so a worker
    that was only slow may still say how it ended.
    """
    expired = (Job.state.in_((RUNNING, SENDING)), _over(LEASE))
    with reader(engine).connect() as connection:
        if connection.execute(select(Job.id).where(*expired).limit(1)).first() is None:
            return 0
    lost = keep(_("The worker was lost."))
    free = {"locked_until": None, "error": lost}
    moment = now()
    with engine.begin() as connection:
        ids = list(connection.scalars(select(Job.id).where(*expired).with_for_update(skip_locked=True)))
        mine = Job.id.in_(ids)
        unsure = update(Job).where(mine, Job.state == SENDING)
        connection.execute(unsure.values(state=UNCERTAIN, finished_at=moment, **free))
        spent = update(Job).where(mine, Job.state == RUNNING, Job.attempts >= Job.max_attempts)
        connection.execute(spent.values(state=FAILED, finished_at=moment, locked_by=None, **free))
        again = update(Job).where(mine, Job.state == RUNNING)
        connection.execute(again.values(run_at=moment, locked_by=None, **waiting_again(moment), **free))
    log.warning("jobs_recovered", jobs=ids)
    return len(ids)


# Engine -> tokens of the jobs that run in this process, and the thread that renews them while there are any.
_held: dict[Engine, set[str]] = {}
_threads: dict[Engine, threading.Thread] = {}
_lock = threading.Lock()


@contextmanager
def holding(engine: Engine, token: str) -> Iterator[None]:
    """Renew the lease of a token for the length of the block."""
    with _lock:
        _held.setdefault(engine, set()).add(token)
        thread = _threads.get(engine)
        if thread is None or not thread.is_alive():
            thread = threading.Thread(target=_renew, args=(engine,), name="parlour-leases", daemon=True)
            _threads[engine] = thread
            thread.start()
    try:
        yield
    finally:
        with _lock:
            _held[engine].discard(token)


def _renew(engine: Engine) -> None:
    while True:
        time.sleep(LEASE.total_seconds() / 3)
        with _lock:
            tokens = list(_held[engine])
            if not tokens:
                del _held[engine], _threads[engine]
                return
        try:
            with engine.begin() as connection:
                mine = update(Job).where(Job.locked_by.in_(tokens), Job.state.in_((RUNNING, SENDING)))
                connection.execute(mine.values(locked_until=now() + LEASE))
        except SQLAlchemyError as error:
            # On SQLite a handler that writes for long blocks this, and with it everybody who could take the
            # job away.
            log.warning("lease_not_renewed", error=str(error))
