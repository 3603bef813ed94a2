"""When a state changes its clocks: visits stay at the hour that was agreed on, and the instants follow.

A visit keeps what the clock shows and in which zone. The data about zones come with the system; once a day future visits are
compared with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.plugins.bookings.models import Appointment, Group
from parlour.plugins.schedule.services import Taken
from parlour.records.write import Change, write

BATCH = 1000


def follow_zones(session: Session) -> int:
    """Move future visits and group sessions whose instant is not any more what the clock of their branch says; how many.

    Visits that would meet others then (of a zone that did not change) are put over them: somebody has to decide, and nobody is
    told another hour than was agreed on.
    """
    moved = 0
    for cls in (Group, Appointment):
        rows = session.execute(
            select(cls.id, cls.starts, cls.starts_wall, cls.starts_zone)
            .where(cls.starts > now(), cls.archived_at.is_(None))
            .order_by(cls.starts)
        )
        changes = [change for change, _shift in _changes(rows)]
        for start in range(0, len(changes), BATCH):
            _write(session, cls, changes[start : start + BATCH])
        moved += len(changes)
    return moved


def _write(session: Session, cls: Any, changes: list[Change]) -> None:
    try:
        with session.begin_nested():
            write(session, cls, changes, label="zones", system=True)
    except Taken:
        if cls is Group:
            raise
        over = [Change({**change.values, "overlap": True}, change.id) for change in changes]
        write(session, cls, over, label="zones", system=True)


def _changes(rows: Iterable[Any]) -> list[tuple[Change, float]]:
    """What is to be written, in an order in which nobody moves onto somebody who has not moved yet."""
    found = []
    for row in rows:
        zone = ZoneInfo(row.starts_zone)
        wall = datetime.fromisoformat(row.starts_wall)
        possible = [wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
        # Of an hour that comes twice both are right.
        if row.starts in [one.astimezone(UTC) for one in possible]:
            continue
        shift = (possible[0].astimezone(UTC) - row.starts).total_seconds()
        found.append((Change({"starts": possible[0]}, row.id), shift))
    if found and found[0][1] > 0:
        found.reverse()
    return found
