"""What is thrown away by itself, and when. History of records is not among it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from parlour.access import accesslog, invitations, resets, sessions, throttle
from parlour.db.base import now
from parlour.db.session import SYSTEM, Session
from parlour.jobs.context import JobContext
from parlour.jobs.models import CANCELLED, DONE, FAILED, UNCERTAIN, Job
from parlour.records import blobs, files
from parlour.web.api import replay

# Log-ins, throttles and the access log say in their own modules how long they are kept.
DONE_JOBS = timedelta(days=30)
FAILED_JOBS = timedelta(days=90)
# Rows per transaction: a fraction of a second on SQLite.
BATCH = 500


def installation(session: Session, job: JobContext) -> dict[str, int]:
    """Delete ended log-ins and links, settled throttles and finished jobs; returns how many log-ins and jobs."""
    ended = sessions.prune(session)
    throttle.prune(session)
    resets.prune(session)
    invitations.prune(session)
    job.checkpoint(None)
    blobs.sweep_incoming(job.settings)
    jobs = _delete_jobs(session, job, (DONE, CANCELLED), DONE_JOBS)
    jobs += _delete_jobs(session, job, (FAILED, UNCERTAIN), FAILED_JOBS)
    return {"sessions": ended, "jobs": jobs}


def organisation(session: Session, job: JobContext) -> dict[str, int]:
    """Delete old lines of the access log, files of nothing, and contents that no file refers to."""
    accesslog.prune(session)
    replay.prune(session)
    rows = files.prune(session)
    job.checkpoint(None)
    return {"files": rows} | sweep_files(session, job)


def sweep_files(_session: Session, job: JobContext) -> dict[str, int]:
    """Delete contents that no file refers to."""
    with job.reader() as looking:
        return {"contents": files.sweep(looking, job.settings)}


def _delete_jobs(session: Session, job: JobContext, states: tuple[str, ...], kept: timedelta) -> int:
    options = {SYSTEM: True, "synchronize_session": False}
    old = select(Job.id).where(Job.state.in_(states), Job.finished_at < now() - kept).limit(BATCH)
    count = 0
    while ids := list(session.execute(old, execution_options=options).scalars()):
        session.execute(delete(Job).where(Job.id.in_(ids)), execution_options=options)
        count += len(ids)
        job.checkpoint(None)
    return count
