"""What people and switches do to jobs: cancel, try again, decide about uncertain ones, unpark."""

from __future__ import annotations

import structlog
from sqlalchemy import Engine, and_, or_, select, update

from parlour.db.base import now
from parlour.db.engine import reader
from parlour.db.session import SYSTEM, Scope, Session, open_session
from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.jobs import outbox
from parlour.jobs.handlers import find
from parlour.jobs.lease import SKEW
from parlour.jobs.models import CANCELLED, DONE, FAILED, PARKED, RUNNING, UNCERTAIN, WAITING, Job
from parlour.jobs.progress import own_job
from parlour.jobs.run import LONGEST_RETRY, is_on

log = structlog.get_logger(__name__)


def cancel(session: Session, job_id: int) -> None:
    """Stop a job of the session's organisation: at once when it waits, else as soon as its handler looks. One that
    has failed is set aside and asks for nobody any more.

    Raises NotFound, or Refusal when it is too late.
    """
    own_job(session, job_id)
    if _change(
        session, job_id, (WAITING, PARKED, FAILED), state=CANCELLED, finished_at=now(), locked_until=None
    ):
        return
    if not _change(session, job_id, (RUNNING,), cancel_asked=True):
        raise Refusal(_("This job can no longer be cancelled."))


def retry(session: Session, job_id: int) -> None:
    """Let a failed or cancelled job begin anew, with all its attempts, from its last position.

    Raises NotFound or Refusal.
    """
    own_job(session, job_id)
    if not _change(session, job_id, (FAILED, CANCELLED), **_anew()):
        if state_of(session, job_id) == UNCERTAIN:
            raise Refusal(_("This job may have sent already: first somebody has to find out whether it did."))
        raise Refusal(_("Only a job that failed or was cancelled can be tried again."))
    session.info[outbox.POKE] = True


def decide(session: Session, job_id: int, *, sent: bool) -> None:
    """A person found out about an uncertain job: it was sent (and is done), or not (and is sent now).

    Raises NotFound or Refusal.
    """
    own_job(session, job_id)
    values = {"state": DONE, "error": None, "locked_by": None} if sent else _anew()
    if not _change(session, job_id, (UNCERTAIN,), **values):
        raise Refusal(_("It is already clear what became of this job."))
    session.info[outbox.POKE] = True


def state_of(session: Session, job_id: int) -> str:
    """The state of a job of the session's organisation. Raises NotFound."""
    return own_job(session, job_id).state


def organisation_of(session: Session, job_id: int) -> int | None:
    """Whose a job is, None when it is the installation's; for operators. Raises NotFound."""
    found = session.execute(
        select(Job.organisation_id).where(Job.id == job_id), execution_options={SYSTEM: True}
    ).first()
    if found is None:
        raise NotFound(_("There is no job ${id}.", mapping={"id": job_id}))
    owner: int | None = found.organisation_id
    return owner


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


def bring_back(engine: Engine) -> int:
    """Make due what a clock that ran ahead has put off, and return how many: retries later than any wait, and
    work for at once that was asked for in the future.
    """
    moment = now()
    put_off = (
        Job.state == WAITING,
        Job.run_at > moment + SKEW,
        or_(
            and_(Job.attempts > 0, Job.run_at > moment + 1.25 * LONGEST_RETRY + SKEW),
            and_(Job.created_at > moment + SKEW, Job.run_at <= Job.created_at),
        ),
    )
    with reader(engine).connect() as connection:
        ids = list(connection.scalars(select(Job.id).where(*put_off)))
    if ids:
        with engine.begin() as connection:
            connection.execute(update(Job).where(Job.id.in_(ids), *put_off).values(run_at=moment))
        log.warning("jobs_brought_back_from_the_future", jobs=ids)
    return len(ids)


_OPTIONS = {SYSTEM: True, "synchronize_session": False}


def _anew() -> dict[str, object]:
    return {
        "state": WAITING,
        "run_at": now(),
        "attempts": 0,
        "finished_at": None,
        "send_key": None,
        "cancel_asked": False,
        "locked_by": None,
        "locked_until": None,
    }


def _change(session: Session, job_id: int, states: tuple[str, ...], **values: object) -> bool:
    statement = update(Job).where(Job.id == job_id, Job.state.in_(states)).values(**values).returning(Job.id)
    return session.execute(statement, execution_options=_OPTIONS).first() is not None
