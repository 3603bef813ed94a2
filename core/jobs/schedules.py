"""Turning occurrences of schedules into jobs, each exactly once however many workers look."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import Engine, or_, select, update

from parlour.access.models import Organisation
from parlour.db.base import now
from parlour.db.engine import insert_of, reader
from parlour.db.session import SYSTEM, Scope, Session, open_session
from parlour.jobs.models import PARKED, RUNNING, SENDING, WAITING, Job, ScheduleState
from parlour.jobs.outbox import enqueue
from parlour.jobs.run import is_on
from parlour.jobs.schedule import Schedule
from parlour.plugin.registry import current

log = structlog.get_logger(__name__)

CORE = {
    "core.prune": Schedule(at="03:30", job="core.prune", installation=True),
    "core.prune_organisation": Schedule(at="03:40", job="core.prune_organisation"),
}
INSTALLATION_ZONE = "UTC"
Key = tuple[int | None, str]


def declared() -> dict[str, Schedule]:
    """All schedules of the core and of the plugins that are loaded here."""
    found = dict(CORE)
    for loaded in current().loaded.values():
        found |= getattr(loaded.modules.get("jobs"), "SCHEDULES", {})
    return found


def sync(engine: Engine) -> int:
    """Give every organisation its row of every schedule; returns how many rows changed.

    What is declared otherwise by now, lies in another zone, or is further away than it can be (the clock ran
    ahead) is computed anew.
    """
    wanted: dict[Key, tuple[Schedule, str]] = {}
    with reader(engine).connect() as connection:
        zones = connection.execute(
            select(Organisation.id, Organisation.zone).where(Organisation.archived_at.is_(None))
        ).all()
        known = {
            (row.organisation_id, row.name): row
            for row in connection.execute(
                select(
                    ScheduleState.id,
                    ScheduleState.organisation_id,
                    ScheduleState.name,
                    ScheduleState.timing,
                    ScheduleState.next_run,
                )
            )
        }
    for name, schedule in declared().items():
        if schedule.installation:
            wanted[None, name] = (schedule, INSTALLATION_ZONE)
        else:
            wanted.update({(organisation_id, name): (schedule, zone) for organisation_id, zone in zones})
    moment = now()
    stale = {
        key: item
        for key, item in wanted.items()
        if key not in known
        or known[key].timing != item[0].timing(item[1])
        or known[key].next_run > moment + item[0].longest
    }
    for key, (schedule, zone) in stale.items():
        values = {"timing": schedule.timing(zone), "next_run": schedule.next(moment, zone)}
        with engine.begin() as connection:
            if key in known:
                connection.execute(
                    update(ScheduleState).where(ScheduleState.id == known[key].id).values(**values)
                )
            else:
                # Another worker may be at the same; the unique key lets one of them through.
                insert = insert_of(engine.dialect.name)(ScheduleState).values(
                    organisation_id=key[0], name=key[1], **values
                )
                connection.execute(insert.on_conflict_do_nothing())
    return len(stale)


def tick(engine: Engine) -> int:
    """Enqueue the job of every schedule that is due; returns how many. Those of archived organisations rest."""
    schedules = declared()
    open_ones = select(Organisation.id).where(Organisation.archived_at.is_(None))
    with reader(engine).connect() as connection:
        due = connection.execute(
            select(ScheduleState.id, ScheduleState.organisation_id, ScheduleState.next_run)
            # What this process does not know, it leaves to those that do.
            .where(
                ScheduleState.next_run <= now(),
                ScheduleState.name.in_(schedules),
                or_(ScheduleState.organisation_id.is_(None), ScheduleState.organisation_id.in_(open_ones)),
            )
        ).all()
    return sum(_occur(engine, schedules, row.id, row.organisation_id, row.next_run) for row in due)


def _occur(
    engine: Engine, schedules: dict[str, Schedule], state_id: int, organisation_id: int | None, at: datetime
) -> bool:
    """Move one schedule past the occurrence `at` and enqueue its job, in one transaction."""
    scope = Scope(organisation_id, trusted=True, via="job") if organisation_id is not None else None
    with open_session(engine, scope) as session:
        mine = select(ScheduleState).where(ScheduleState.id == state_id, ScheduleState.next_run == at)
        state = session.execute(
            mine.with_for_update(skip_locked=True), execution_options={SYSTEM: True}
        ).scalar_one_or_none()
        if state is None:  # another worker has it
            return False
        schedule, moment = schedules[state.name], now()
        move = update(ScheduleState).where(ScheduleState.id == state_id, ScheduleState.next_run == at)
        moved = move.values(
            last_run=moment, next_run=schedule.next(moment, _zone(session, organisation_id), at)
        )
        session.execute(moved, execution_options={SYSTEM: True, "synchronize_session": False})
        owner = state.name.partition(".")[0]
        asked = is_on(session, owner) and not _unfinished(session, organisation_id, schedule.job, state.name)
        if asked:
            dedupe = f"schedule {state.name} {at.isoformat()}"
            enqueue(session, schedule.job, schedule.args, dedupe=dedupe, plugin=owner)
        session.commit()
    if asked:
        log.info("schedule_due", name=state.name, organisation=organisation_id)
    return asked


def _zone(session: Session, organisation_id: int | None) -> str:
    if organisation_id is None:
        return INSTALLATION_ZONE
    zone = select(Organisation.zone).where(Organisation.id == organisation_id)
    return str(session.execute(zone, execution_options={SYSTEM: True}).scalar_one())


def _unfinished(session: Session, organisation_id: int | None, job: str, name: str) -> bool:
    """Whether the occurrence before is still at work: slow recurring work must not pile up."""
    statement = select(Job.id).where(
        Job.organisation_id.is_not_distinct_from(organisation_id),
        Job.name == job,
        Job.dedupe.startswith(f"schedule {name} ", autoescape=True),
        Job.state.in_((WAITING, RUNNING, SENDING, PARKED)),
    )
    return session.execute(statement.limit(1), execution_options={SYSTEM: True}).first() is not None
