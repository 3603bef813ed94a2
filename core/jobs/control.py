"""What people and switches do to jobs: cancel, try again, decide about uncertain ones, unpark."""

from __future__ import annotations

from sqlalchemy import Engine, select, update

from parlour.db.base import now
from parlour.db.engine import reader
from parlour.db.session import SYSTEM, Scope, Session, open_session
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.jobs import outbox
from parlour.jobs.handlers import find
from parlour.jobs.models import CANCELLED, DONE, FAILED, PARKED, RUNNING, UNCERTAIN, WAITING, Job
from parlour.jobs.progress import own_job
from parlour.jobs.run import is_on


def cancel(session: Session, job_id: int) -> None:
    """Stop a job of the session's organisation: at once when it waits, else as soon as its handler looks.

    Raises NotFound, or Refusal when it is too late.
    """
    own_job(session, job_id)
    if _change(session, job_id, (WAITING, PARKED), state=CANCELLED, finished_at=now(), locked_until=None):
        return
    if not _change(session, job_id, (RUNNING,), cancel_asked=True):
        raise Refusal(_("This job can no longer be cancelled."))


def retry(session: Session, job_id: int) -> None:
    """Let a failed or cancelled job begin anew, with all its attempts, from its last position.

    Raises NotFound or Refusal.
    """
    own_job(session, job_id)
    if not _change(session, job_id, (FAILED, CANCELLED), **_anew()):
        raise Refusal(_("Only a job that failed or was cancelled can be tried again."))
    session.info[outbox.POKE] = True


def decide(session: Session, job_id: int, *, sent: bool) -> None:
    """A person found out about an uncertain job: it was sent (and is done), or not (and is sent now).

    Raises NotFound or Refusal.
    """
    own_job(session, job_id)
    values = {"state": DONE, "error": None} if sent else _anew()
    if not _change(session, job_id, (UNCERTAIN,), **values):
        raise Refusal(_("It is already clear what became of this job."))
    session.info[outbox.POKE] = True


def unpark(session: Session, plugin: str) -> int:
    """Let the organisation's parked jobs of a plugin go on, in the transaction that switches it on.

    Returns how many. Jobs whose plugin is still off are parked again by their next run.
    """
    statement = update(Job).where(
        Job.organisation_id == session.scope.organisation_id,
        Job.state == PARKED,
        (Job.plugin == plugin) | Job.plugin.startswith(f"{plugin}:") | Job.plugin.endswith(f":{plugin}"),
    )
    found = session.execute(
        statement.values(state=WAITING, run_at=now()).returning(Job.id), execution_options=_OPTIONS
    )
    session.info[outbox.POKE] = True
    return len(found.all())


def unpark_returned(engine: Engine) -> int:
    """Let parked jobs go on whose plugin is loaded again or brought up to date; returns how many."""
    with reader(engine).connect() as connection:
        kinds = connection.execute(
            select(Job.organisation_id, Job.plugin, Job.name).where(Job.state == PARKED).distinct()
        ).all()
    count = 0
    for organisation_id, plugin, name in kinds:
        scope = Scope(organisation_id, trusted=True, via="job") if organisation_id is not None else None
        with open_session(reader(engine), scope) as session:
            if find(name) is None or not is_on(session, plugin):
                continue
        with engine.begin() as connection:
            count += connection.execute(
                update(Job)
                .where(
                    Job.organisation_id.is_not_distinct_from(organisation_id),
                    Job.plugin == plugin,
                    Job.name == name,
                    Job.state == PARKED,
                )
                .values(state=WAITING, run_at=now())
            ).rowcount
    return count


_OPTIONS = {SYSTEM: True, "synchronize_session": False}


def _anew() -> dict[str, object]:
    return {
        "state": WAITING,
        "run_at": now(),
        "attempts": 0,
        "finished_at": None,
        "send_key": None,
        "cancel_asked": False,
        "locked_until": None,
    }


def _change(session: Session, job_id: int, states: tuple[str, ...], **values: object) -> bool:
    statement = update(Job).where(Job.id == job_id, Job.state.in_(states)).values(**values).returning(Job.id)
    return session.execute(statement, execution_options=_OPTIONS).first() is not None
