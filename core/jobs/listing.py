"""Jobs as people look at them: an organisation's for its owners, all there are for operators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from translationstring import TranslationString

from parlour.access.models import Organisation, User
from parlour.db.session import SYSTEM, Session
from parlour.i18n import _
from parlour.jobs import progress
from parlour.jobs.handlers import terms_of
from parlour.jobs.messages import code_of, restored
from parlour.jobs.models import (
    CANCELLED,
    DONE,
    FAILED,
    FINISHED,
    PARKED,
    RUNNING,
    SENDING,
    UNCERTAIN,
    WAITING,
    Job,
)
from parlour.plugin.registry import current

# What somebody who looks for trouble, or for the end of their own work, asks for together.
_ATTENTION_KEY = "jobs_attention"
ATTENTION, WORK, FINISHED_WELL = (FAILED, UNCERTAIN), (WAITING, RUNNING, SENDING), (DONE, CANCELLED)
STATE_TITLES = {
    WAITING: _("waiting"),
    RUNNING: _("running"),
    SENDING: _("sending"),
    DONE: _("done"),
    FAILED: _("failed"),
    UNCERTAIN: _("uncertain"),
    PARKED: _("parked"),
    CANCELLED: _("cancelled"),
}


@dataclass(frozen=True)
class Shown:
    """One job. Moments are UTC; `message`, `error` and `title` are to be translated; `detail` is for operators."""

    id: int
    organisation: str | None
    plugin: str
    name: str
    title: Any
    queue: str
    state: str
    done: int
    total: int | None
    message: TranslationString | None
    error: TranslationString | None
    detail: str | None
    attempts: int
    max_attempts: int
    created_at: datetime
    created_by: str | None
    run_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_asked: bool

    @property
    def code(self) -> str | None:
        """What to quote about a fault: the log has it beside the traceback."""
        return code_of(self.id, self.attempts) if self.error is not None else None

    @property
    def finished(self) -> bool:
        return self.state in FINISHED

    @property
    def retrying(self) -> bool:
        """Whether it has failed before and will be tried again at `run_at`."""
        return self.state == WAITING and self.error is not None


def page(
    session: Session,
    states: Sequence[str] = (),
    *,
    name: str | None = None,
    queue: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Shown]:
    """The newest jobs with an id below `before`: those of the session's organisation, or all there are when the
    session has none. One statement.
    """
    table = Job.__table__.c
    wanted = [column for column in table if column.name not in ("args", "result", "position")]
    statement = (
        select(*wanted, Organisation.slug, User.name.label("person"))
        .outerjoin(Organisation, Organisation.id == table.organisation_id)
        .outerjoin(User, User.id == table.created_by)
        .order_by(table.id.desc())
        .limit(limit)
    )
    if session.scoped:
        statement = statement.where(table.organisation_id == session.scope.organisation_id)
    if states:
        statement = statement.where(table.state.in_(states))
    if name is not None:
        statement = statement.where(table.name == name)
    if queue is not None:
        statement = statement.where(table.queue == queue)
    if before is not None:
        statement = statement.where(table.id < before)
    rows = session.execute(statement, execution_options={SYSTEM: True}).all()
    return [_shown(session, row) for row in rows]


def attention(session: Session) -> dict[str, int]:
    """How many jobs of the session's organisation wait for a person, by state; one indexed statement per session."""
    known: dict[str, int] | None = session.scope.cache.get(_ATTENTION_KEY)
    if known is not None:
        return known
    counted = (
        select(Job.state, func.count(Job.id).label("jobs"))
        .where(Job.organisation_id == session.scope.organisation_id, Job.state.in_(ATTENTION))
        .group_by(Job.state)
    )
    rows = session.execute(counted, execution_options={SYSTEM: True}).all()
    session.scope.cache[_ATTENTION_KEY] = found = {row.state: row.jobs for row in rows}
    return found


def title_of(name: str) -> Any:
    """What a person calls a job: the title that its handler declares, else its plugin's with its name."""
    plugin, _dot, rest = name.partition(".")
    return terms_of(name).title or f"{current().title(plugin)}: {rest.replace('_', ' ')}"


def _shown(session: Session, row: Any) -> Shown:
    figures = progress.figures_of(session, row)
    return Shown(
        id=row.id,
        organisation=row.slug,
        plugin=row.plugin,
        name=row.name,
        title=title_of(row.name),
        queue=row.queue,
        state=row.state,
        done=figures["progress_done"],
        total=figures["progress_total"],
        message=restored(figures["progress_message"]),
        error=restored(row.error),
        detail=(row.error or {}).get("detail"),
        attempts=row.attempts,
        max_attempts=row.max_attempts,
        created_at=row.created_at,
        created_by=row.person,
        run_at=row.run_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        cancel_asked=row.cancel_asked,
    )
