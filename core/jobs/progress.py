"""How far a job is, for its page, while the handler's transaction is still open.

On PostgreSQL progress is written to the job's row on a connection of its own. On SQLite that would wait for
the write lock that the handler itself holds, so there it goes to a small file beside the database, replaced
as a whole: readers see one state or the next, no lock is taken, and what is lost in a crash is only a figure
that the next attempt writes anew.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import SQLAlchemyError

from parlour.db.session import SYSTEM, Session
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.jobs.messages import restored
from parlour.jobs.models import FINISHED, RUNNING, SENDING, Job

log = structlog.get_logger(__name__)


def report(engine: Engine, job_id: int, token: str, values: dict[str, Any]) -> None:
    """Show these figures of a running job to everybody else now."""
    path = _file(engine, job_id)
    if path is None:
        try:
            with engine.begin() as connection:
                mine = update(Job).where(Job.id == job_id, Job.locked_by == token)
                connection.execute(mine.values(**values))
        except SQLAlchemyError as error:  # as below
            log.warning("progress_not_shown", job=job_id, error=str(error).splitlines()[0])
        return
    new = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(exist_ok=True)
        new.write_text(json.dumps(values), "utf-8")
        new.replace(path)
    except OSError as error:  # a full disk: a figure is no reason to give up the work
        new.unlink(missing_ok=True)
        log.warning("progress_not_shown", job=job_id, error=str(error))


def forget(engine: Engine, job_id: int) -> None:
    """The row holds the figures from now on."""
    path = _file(engine, job_id)
    if path is not None:
        path.unlink(missing_ok=True)


def own_job(session: Session, job_id: int) -> Job:
    """A job of the session's organisation, or of the installation. Raises NotFound for any other."""
    organisation_id = session.scope.organisation_id if session.scoped else None
    statement = select(Job).where(Job.id == job_id, Job.organisation_id.is_not_distinct_from(organisation_id))
    job = session.execute(
        statement, execution_options={SYSTEM: True, "populate_existing": True}
    ).scalar_one_or_none()
    if job is None:
        raise NotFound(_("There is no such job."))
    return job


def figures_of(session: Session, job: Any) -> dict[str, Any]:
    """The newest figures of a job's row: while it runs, those that its handler last reported."""
    figures: dict[str, Any] = {
        "progress_done": job.progress_done,
        "progress_total": job.progress_total,
        "progress_message": job.progress_message,
    }
    path = _file(session.get_bind().engine, job.id) if job.state in (RUNNING, SENDING) else None
    if path is not None:
        with contextlib.suppress(FileNotFoundError):
            figures |= json.loads(path.read_text("utf-8"))
    return figures


def progress_of(session: Session, job_id: int) -> dict[str, Any]:
    """State and figures of a job of the session's organisation.

    `message` and `error` are translation strings or None, `total` is None while it is unknown. Raises
    NotFound for another organisation's job.
    """
    job = own_job(session, job_id)
    figures = figures_of(session, job)
    return {
        "id": job.id,
        "name": job.name,
        "state": job.state,
        "finished": job.state in FINISHED,
        "done": figures["progress_done"],
        "total": figures["progress_total"],
        "message": restored(figures["progress_message"]),
        "error": restored(job.error),
        "result": job.result,
        "cancel_asked": job.cancel_asked,
        "attempts": job.attempts,
        "created_by": job.created_by,
        "run_at": job.run_at,
    }


def _file(engine: Engine, job_id: int) -> Path | None:
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return None
    return Path(engine.url.database).parent / "progress" / f"{job_id}.json"
