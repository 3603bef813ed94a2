"""Background work of the plugin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from parlour.db.session import Session
from parlour.i18n import _
from parlour.jobs import JobContext, Schedule, enqueue, work
from parlour.plugins.schedule import outside


@work(title=_("Look for outside calendars to read"))
def read_calendars(session: Session, job: JobContext) -> dict[str, int]:
    """Have each outside calendar read by a job of its own: one that is slow keeps nobody waiting."""
    found = outside.active(session)
    for calendar_id in found:
        enqueue(session, outside.READ, {"calendar": calendar_id})
    return {"calendars": len(found)}


@work(queue="slow", attempts=3, title=_("Read an outside calendar"))
def read_calendar(session: Session, job: JobContext, *, calendar: int) -> dict[str, Any]:
    """Read what is busy in one outside calendar."""
    return outside.read(session, job, calendar)


JOBS = {"schedule.read_calendars": read_calendars, outside.READ: read_calendar}
SCHEDULES = {"schedule.read_calendars": Schedule(job="schedule.read_calendars", every=timedelta(minutes=30))}
