"""What is thrown away by itself, and when. History of records is not among it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute

from parlour.access.models import AccessLog, LoginSession, Throttle
from parlour.db.base import now
from parlour.db.session import SYSTEM, Session
from parlour.jobs.context import JobContext
from parlour.jobs.models import CANCELLED, DONE, FAILED, UNCERTAIN, Job

DONE_JOBS = timedelta(days=30)
FAILED_JOBS = timedelta(days=90)
ACCESS_LOG = timedelta(days=365)
THROTTLES = timedelta(days=1)
# Rows per transaction: some hundred milliseconds at most on SQLite.
BATCH = 500


def installation(session: Session, job: JobContext) -> dict[str, int]:
    """Delete expired log-ins, settled throttles, finished jobs; returns how many rows of each."""
    moment = now()
    return {
        "sessions": _delete(session, job, LoginSession.token_hash, LoginSession.expires_at < moment),
        "throttles": _delete(session, job, Throttle.key, Throttle.until < moment - THROTTLES),
        "done_jobs": _delete(
            session, job, Job.id, Job.state.in_((DONE, CANCELLED)), Job.finished_at < moment - DONE_JOBS
        ),
        "failed_jobs": _delete(
            session, job, Job.id, Job.state.in_((FAILED, UNCERTAIN)), Job.finished_at < moment - FAILED_JOBS
        ),
    }


def organisation(session: Session, job: JobContext) -> dict[str, int]:
    """Delete old lines of the access log; returns how many."""
    return {"access_log": _delete(session, job, AccessLog.id, AccessLog.at < now() - ACCESS_LOG)}


def _delete(session: Session, job: JobContext, key: InstrumentedAttribute[Any], *which: Any) -> int:
    options = {"synchronize_session": False} | ({} if session.scoped else {SYSTEM: True})
    count = 0
    while True:
        keys = list(
            session.execute(select(key).where(*which).limit(BATCH), execution_options=options).scalars()
        )
        if not keys:
            return count
        session.execute(delete(key.class_).where(key.in_(keys)), execution_options=options)
        count += len(keys)
        job.checkpoint(None)
