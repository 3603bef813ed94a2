"""Putting work into the outbox, in the caller's own transaction: what rolls back was never asked for."""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import SessionTransaction

from parlour.db.base import now
from parlour.db.session import SYSTEM, Session
from parlour.jobs.models import QUEUES, WAITING, Job

MAX_ATTEMPTS = 8
POKE = "parlour_jobs_poke"

# The relays of this process sleep on these. Only a hint: a relay that misses it polls.
_bells: weakref.WeakSet[threading.Event] = weakref.WeakSet()


def enqueue(
    session: Session,
    name: str,
    args: Mapping[str, Any] | None = None,
    *,
    run_at: datetime | None = None,
    queue: str = "default",
    dedupe: str | None = None,
    plugin: str | None = None,
    max_attempts: int = MAX_ATTEMPTS,
) -> int:
    """Ask for a job once the session's transaction is committed, and return its id.

    The job belongs to the session's organisation, or to the installation when the session has none. `args`
    are plain JSON: ids, never objects. `run_at` is a moment with a time zone (default: at once). With a
    `dedupe` key there is at most one such job per organisation and name, whatever its state; asking again
    returns the one that exists. `plugin` is whose switch decides about it, by default the part of the name
    before the dot. Raises ValueError for arguments that cannot be kept.
    """
    if queue not in QUEUES:
        raise ValueError(f"There is no queue {queue!r}; the queues are {', '.join(QUEUES)}.")
    if "." not in name:
        raise ValueError(f"A job's name begins with its plugin, as in contacts.import; {name!r} does not.")
    try:
        json.dumps(args := dict(args or {}))
    except TypeError as error:
        raise ValueError(f"The arguments of a job are plain JSON: {error}.") from error
    organisation_id = session.scope.organisation_id if session.scoped else None
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = (
        insert(Job)
        .values(
            organisation_id=organisation_id,
            plugin=plugin or name.partition(".")[0],
            name=name,
            args=args,
            queue=queue,
            state=WAITING,
            run_at=run_at or now(),
            max_attempts=max_attempts,
            dedupe=dedupe,
            created_by=session.scope.user_id if session.scoped else None,
        )
        .on_conflict_do_nothing()
        .returning(Job.id)
    )
    made = session.execute(statement, execution_options={SYSTEM: True}).scalar_one_or_none()
    if made is not None:
        if run_at is None or run_at <= now():
            session.info[POKE] = True
        return int(made)
    existing = select(Job.id).where(
        Job.organisation_id.is_not_distinct_from(organisation_id), Job.name == name, Job.dedupe == dedupe
    )
    return int(session.execute(existing, execution_options={SYSTEM: True}).scalar_one())


def bell() -> threading.Event:
    """An event that is set whenever work was committed in this process."""
    made = threading.Event()
    _bells.add(made)
    return made


def poke() -> None:
    """Wake the relays of this process."""
    for each in list(_bells):
        each.set()


@event.listens_for(Session, "after_transaction_end")
def _poke_after_commit(session: Session, transaction: SessionTransaction) -> None:
    # `after_commit` is fired for savepoints too, when nobody else can see the row yet; the end of the
    # outermost is not.
    if transaction.parent is None and session.info.pop(POKE, False):
        poke()
