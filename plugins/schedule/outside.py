"""Reading calendars outside, so that who is busy there is not offered here.

What was read stays until the calendar says otherwise: a server that is gone frees nobody. Readings refuse and are refused
nothing; visits that stand keep their time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, or_, select

from parlour import outgoing
from parlour.access.models import Branch
from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.jobs import JobContext, NotSent, enqueue
from parlour.jobs.messages import keep
from parlour.plugins.schedule import feeds, ical
from parlour.plugins.schedule.calendars import SOURCE
from parlour.plugins.schedule.clocks import DAY, minutes
from parlour.plugins.schedule.models import MAX_CAPACITY, Calendar, Reading, Resource, Staff
from parlour.plugins.schedule.services import Segment, mirror, release
from parlour.records.defaults import defaults_of
from parlour.settings import Settings

READ = "schedule.read_calendar"
# Days from now on that are read, and bytes of a calendar's file.
AHEAD = 400
LIMIT = 5_000_000


@dataclass(frozen=True)
class _Source:
    """A calendar that is to be read."""

    id: int
    url: str
    staff: int | None
    resource: int | None
    zone: str


def follow(session: Session, ids: Collection[int]) -> None:
    """Free what these calendars have kept busy, and read those anew that are to be read."""
    release(session, SOURCE, ids)
    session.execute(
        delete(Reading).where(Reading.calendar_id.in_(ids)), execution_options={"synchronize_session": False}
    )
    for calendar_id in sorted(set(ids) & set(active(session))):
        enqueue(session, READ, {"calendar": calendar_id})


def active(session: Session) -> list[int]:
    """The calendars that are to be read."""
    return list(session.scalars(select(Calendar.id).where(*_active()).order_by(Calendar.id)))


def _active() -> tuple[Any, ...]:
    whose = or_(Calendar.staff_id.is_not(None), Calendar.resource_id.is_not(None))
    return (Calendar.archived_at.is_(None), Calendar.paused.is_(False), whose)


def read(session: Session, job: JobContext, calendar_id: int) -> dict[str, Any]:
    """Read one calendar: fetch it, which may take a while and holds no lock, then write down what it says."""
    with job.reader() as reader:
        source, ours = _source(reader, calendar_id), feeds.mark(reader)
    if source is None:
        return {}
    # Whole days, so that what lasts is cut in the same places by each reading of a day.
    start = minutes(now()) // DAY * DAY
    found, problem = None, None
    try:
        text = fetched(job.settings, source.url)
        found = ical.busy_times(text, source.zone, start, start + AHEAD * DAY, ours=ours)
        if found.left_out:
            problem = _("Entries that were not understood: ${n}.", mapping={"n": found.left_out})
    except Refusal as refused:
        problem = refused.message
    # It may have been changed or deleted meanwhile; then another reading is on its way or none is wanted.
    session.execute(select(Calendar.id).where(Calendar.id == calendar_id).with_for_update())
    if _source(session, calendar_id) != source:
        return {}
    segments = [
        # Whoever uses the room elsewhere uses all of it.
        Segment(first, last, source.staff, source.resource, 1 if source.staff else MAX_CAPACITY)
        for first, last in (found.stretches if found else ())
    ]
    changed = mirror(session, SOURCE, calendar_id, segments, since=start) if found is not None else 0
    _write_down(session, calendar_id, len(segments) if found is not None else None, problem)
    return {"changed": changed}


def _source(session: Session, calendar_id: int) -> _Source | None:
    row = session.execute(
        select(Calendar.url, Calendar.staff_id, Calendar.resource_id, Staff.branch, Resource.branch)
        .outerjoin(Staff, Staff.id == Calendar.staff_id)
        .outerjoin(Resource, Resource.id == Calendar.resource_id)
        .where(Calendar.id == calendar_id, *_active())
    ).one_or_none()
    if row is None:
        return None
    url, staff, resource, *branches = row
    zone = session.scalar(select(Branch.zone).where(Branch.id.in_([one for one in branches if one])))
    return _Source(calendar_id, url, staff, resource, zone or defaults_of(session).zone)


def fetched(settings: Settings, url: str) -> str:
    """What lies at an address. Raises Refusal, in words."""
    try:
        answer = outgoing.call(settings, url, method="GET", headers={"Accept": "text/calendar"}, limit=LIMIT)
    except NotSent as error:
        raise Refusal(
            _("The calendar's server cannot be reached: ${why}", mapping={"why": str(error)[:200]})
        ) from error
    except outgoing.InDoubt as error:
        raise Refusal(_("The calendar's server did not answer in time.")) from error
    if not answer.good:
        raise Refusal(
            _(
                "The calendar's server answered ${status}; look whether the address is still right.",
                mapping={"status": answer.status},
            )
        )
    if answer.cut:
        raise Refusal(_("The calendar is larger than ${n} MB.", mapping={"n": LIMIT // 1_000_000}))
    return answer.text


def _write_down(session: Session, calendar_id: int, stretches: int | None, problem: Any) -> None:
    row = session.scalars(select(Reading).where(Reading.calendar_id == calendar_id)).one_or_none()
    if row is None:
        row = Reading(calendar_id=calendar_id, stretches=0)
        session.add(row)
    row.tried_at = now()
    row.problem = None if problem is None else keep(problem)
    if stretches is not None:
        row.read_at, row.stretches = row.tried_at, stretches
    session.flush()
