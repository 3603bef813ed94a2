"""Putting work into the outbox, in the caller's own transaction: what rolls back was never asked for."""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, delete, event, select, update
from sqlalchemy.orm import SessionTransaction

from parlour.db.base import now
from parlour.db.engine import insert_of
from parlour.db.session import SYSTEM, Session
from parlour.jobs.handlers import Terms, terms_of
from parlour.jobs.models import FINISHED, PARKED, WAITING, Job

POKE = "parlour_jobs_poke"

# The relays of this process sleep on these. Only a hint: a relay that misses it polls.
_bells: weakref.WeakSet[threading.Event] = weakref.WeakSet()


def enqueue(
    session: Session,
    name: str,
    args: Mapping[str, Any] | None = None,
    *,
    run_at: datetime | None = None,
    queue: str | None = None,
    dedupe: str | None = None,
    plugin: str | None = None,
    max_attempts: int | None = None,
) -> int:
    """Ask for a job once the session's transaction is committed, and return its id.

    The job belongs to the session's organisation, or to the installation when the session has none. `args`
    are plain JSON: ids, never objects. Queue and most attempts are what the handler declares with `work`,
    unless this one job is to have others. `run_at` is a moment with a time zone (default: at once). With a
    `dedupe` key there is at most one such job per organisation and name, whatever its state; asking again
    returns the one that exists. `plugin` is whose switch decides about it, by default the part of the name
    before the dot. Arguments about a row name it as `record` and `id` (or `ids`), so that erasing a person
    finds them. Raises ValueError for arguments that cannot be kept.
    """
    declared = terms_of(name)
    terms = Terms(queue or declared.queue, max_attempts or declared.attempts)
    if "." not in name:
        raise ValueError(f"A job's name begins with its plugin, as in contacts.import; {name!r} does not.")
    try:
        json.dumps(args := dict(args or {}))
    except TypeError as error:
        raise ValueError(f"The arguments of a job are plain JSON: {error}.") from error
    organisation_id = session.scope.organisation_id if session.scoped else None
    insert = insert_of(session.get_bind().dialect.name)
    statement = (
        insert(Job)
        .values(
            organisation_id=organisation_id,
            plugin=plugin or name.partition(".")[0],
            name=name,
            args=args,
            queue=terms.queue,
            state=WAITING,
            run_at=run_at or now(),
            max_attempts=terms.attempts,
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


def forget_row(session: Session, record: str, row_id: int) -> int:
    """Remove what the organisation's jobs hold about one row, for erasing a person.

    Returns how many jobs it touched. Waiting jobs about this row alone are deleted. Finished ones lose
    arguments, result and messages. Jobs that only carry its id along (hooks told about a batch) stay: what
    they read is erased already.
    """
    options = {SYSTEM: True, "synchronize_session": False}
    named = select(Job.id, Job.args, Job.state).where(
        Job.organisation_id == session.scope.organisation_id,
        # Both databases write a space after the colon when they show JSON as text.
        cast(Job.args, Text).contains(f'"record": {json.dumps(record)}', autoescape=True),
    )
    rows = [
        row for row in session.execute(named, execution_options=options) if _about(row.args, record, row_id)
    ]
    finished = [row.id for row in rows if row.state in FINISHED]
    waiting = [row.id for row in rows if row.state in (WAITING, PARKED) and "ids" not in _flat(row.args)]
    for ids in _chunks(waiting):
        session.execute(
            delete(Job).where(Job.id.in_(ids), Job.state.in_((WAITING, PARKED))), execution_options=options
        )
    for ids in _chunks(finished):
        blank = update(Job).where(Job.id.in_(ids))
        session.execute(
            blank.values(args={}, result=None, error=None, progress_message=None), execution_options=options
        )
    return len(waiting) + len(finished)


def _about(args: Any, record: str, row_id: int) -> bool:
    """Whether arguments name the row at any depth: {"record": ..., "id": ...} or {"record": ..., "ids":
    [...]}.
    """
    if isinstance(args, Mapping):
        if args.get("record") == record and (args.get("id") == row_id or row_id in (args.get("ids") or ())):
            return True
        return any(_about(value, record, row_id) for value in args.values())
    return isinstance(args, list) and any(_about(value, record, row_id) for value in args)


def _flat(args: Any) -> set[str]:
    """All names in arguments, at any depth."""
    if isinstance(args, Mapping):
        return set(args).union(*(_flat(value) for value in args.values()))
    return set().union(*(_flat(value) for value in args)) if isinstance(args, list) else set()


def _chunks(ids: list[int], size: int = 500) -> Iterator[list[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


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
