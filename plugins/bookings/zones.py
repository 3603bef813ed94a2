"""When a state changes its clocks: visits stay at the hour that was agreed on, and the instants follow.

A visit keeps what the clock shows and in which zone. The data about zones come with the system; once a day future visits are
compared with them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.plugins.bookings.groups import GROUP, put_over
from parlour.plugins.bookings.models import Appointment, Group
from parlour.plugins.bookings.occupied import VISIT, follow, half_written
from parlour.plugins.schedule.services import release
from parlour.records.write import Change, write

BATCH = 1000


def follow_zones(session: Session) -> int:
    """Move future visits and group sessions whose instant is not any more what the clock of their branch says; how many.

    Those that would meet others then (of a zone that did not change) are put over them: somebody has to decide, and nobody is
    told another hour than was agreed on.
    """
    # All time that is given up is free before anybody takes theirs.
    leaving = [change.id or 0 for change in _changes(session, Appointment)]
    release(session, VISIT, leaving)
    sessions = _changes(session, Group)
    release(session, GROUP, [change.id or 0 for change in sessions])
    with put_over(session):
        for start in range(0, len(sessions), BATCH):
            write(session, Group, sessions[start : start + BATCH], label="zones", system=True)
    # Those in a session have moved with it.
    changes = _changes(session, Appointment)
    for start in range(0, len(changes), BATCH):
        some = changes[start : start + BATCH]
        with half_written(session, *(change.id or 0 for change in some)):
            write(session, Appointment, some, label="zones", system=True)
    for start in range(0, len(leaving), BATCH):
        follow(session, leaving[start : start + BATCH], anyhow=True)
    return len(sessions) + len(leaving)


def _changes(session: Session, cls: Any) -> list[Change]:
    rows = session.execute(
        select(cls.id, cls.starts, cls.starts_wall, cls.starts_zone)
        .where(cls.starts > now(), cls.archived_at.is_(None))
        .order_by(cls.starts)
    )
    found = []
    for row in rows:
        zone = ZoneInfo(row.starts_zone)
        wall = datetime.fromisoformat(row.starts_wall)
        possible = [wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
        # Of an hour that comes twice both are right.
        if row.starts not in [one.astimezone(UTC) for one in possible]:
            found.append(Change({"starts": possible[0]}, row.id))
    return found
