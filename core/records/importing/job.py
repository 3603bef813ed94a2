"""An import as a job: batches with checkpoints, so that a kill resumes behind the last batch.

It can be cancelled at any batch and undone whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from parlour.access.rules import allows
from parlour.access.users import users_by_ids
from parlour.db.session import Session
from parlour.errors import NotAllowed, Refusal
from parlour.i18n import Localizer, _, localizer
from parlour.jobs import JobContext, enqueue
from parlour.records.defaults import defaults_of
from parlour.records.files import file_of, path_of, readable
from parlour.records.history import undo
from parlour.records.importing.plan import Plan, from_plain, importable, to_plain, unreadable
from parlour.records.importing.result import Result
from parlour.records.importing.run import Importer
from parlour.records.registry import RecordType, enabled_record
from parlour.records.tables import open_table

JOB = "core.import"
UNDO_JOB = "core.undo"


def check_allowed(session: Session, record: RecordType) -> None:
    """Importing is a right of its own. Raises NotAllowed."""
    if not allows(session, "core:import") or not allows(session, record.permission("create")):
        raise NotAllowed(_("You may not import ${name}.", mapping={"name": record.plural}))


def start(
    session: Session,
    record: RecordType,
    file_id: int,
    plan: Plan,
    keys: Sequence[str] = (),
    *,
    options: Mapping[str, str] | None = None,
    dry_run: bool = False,
) -> int:
    """Enqueue the import of an uploaded file and return the job's number. Raises NotAllowed.

    `options` say how to read the file, as `open_table` takes them.

    A dry run goes the same way and writes nothing, so that a large file shows its progress then too.
    """
    check_allowed(session, record)
    # Knowing the number of somebody else's file must not be enough to read it by importing it.
    readable(session, file_id)
    for item in unreadable(session, record, plan):
        raise Refusal(
            _(
                "${field}: ${why}",
                mapping={
                    "field": item.title,
                    "why": _("There is no such record, or it is not yours to see."),
                },
            )
        )
    arguments = {
        "record": record.name,
        "file_id": file_id,
        "plan": to_plain(plan),
        "keys": list(keys),
        "options": dict(options or {}),
        "dry_run": dry_run,
        # The job works with all rights.
        "fields": [item.name for item in importable(session, record)],
    }
    return enqueue(session, JOB, arguments)


def run(
    session: Session,
    job: JobContext,
    *,
    record: str,
    file_id: int,
    plan: Mapping[str, Any],
    keys: Sequence[str],
    options: Mapping[str, str],
    dry_run: bool,
    fields: Sequence[str],
) -> dict[str, Any]:
    """The handler of JOB. Parlour does the work; the history names the person, whose rights were checked at the start."""
    kind = enabled_record(session, record)
    stored = file_of(session, file_id)
    path = path_of(job.settings, stored)
    loc = language_of(session, job.created_by)
    # Ends the transaction, which on SQLite holds the write lock: a large file takes seconds to open.
    session.commit()
    table = open_table(path, stored.name, **options)
    if dry_run:
        # Read-only, so that trying a file keeps nobody from working.
        with job.reader() as reading:
            importer = Importer(reading, kind, table, from_plain(plan), keys=keys, dry_run=True, only=fields)

            def look(row: int, result: Result) -> bool:
                job.progress(result.rows, table.count, _("Checking rows"))
                return not job.cancelled()

            return {**importer.run(checkpoint=look).as_json(loc), "dry_run": True}
    session.enter(replace(session.scope, user_id=job.created_by, via="import"))
    importer = Importer(session, kind, table, from_plain(plan), keys=keys, only=fields)
    position: dict[str, Any] = job.position or {}
    if position:
        importer.resume(position)

    def checkpoint(row: int, result: Result) -> bool:
        job.checkpoint(importer.position(row, loc), result.rows, table.count, _("Importing rows"))
        return not job.cancelled()

    done = importer.run(after=position.get("row", 0), checkpoint=checkpoint).as_json(loc)
    return {**done, "dry_run": False, "cancelled": job.seen_cancelled}


def language_of(session: Session, user_id: int | None = None) -> Localizer:
    """The language of the person who will read it, else the organisation's."""
    defaults = defaults_of(session)
    reader = users_by_ids(session, [user_id]).get(user_id) if user_id is not None else None
    locale = (reader.locale if reader else None) or defaults.locale
    return localizer(locale, defaults.zone, defaults.currency, defaults.region)


def start_undo(session: Session, change_set: int) -> int:
    """Undo a large change set as a job. The right is checked when it runs, for the person who asks."""
    return enqueue(session, UNDO_JOB, {"change_set": change_set})


def run_undo(session: Session, job: JobContext, *, change_set: int) -> dict[str, Any]:
    """The handler of UNDO_JOB."""
    session.enter(replace(session.scope, user_id=job.created_by))
    done = undo(session, change_set)
    loc = language_of(session, job.created_by)
    left = [
        {"record": record, "id": row, "reason": loc.translate(reason)}
        for record, row, reason in done.left[:500]
    ]
    return {"rows": done.rows, "left": left, "change_set": done.change_set}
