"""`parlour` whose bookings can be told to be careless: `python -m tests.plugins.bookings.process serve --port 0`.

With PARLOUR_CARELESS=1 nobody counts again before time is occupied, and there is a pause between looking and writing: the
control of the races. The database refuses overlaps all the same unless its constraint is dropped as well.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from sqlalchemy import select

from parlour.cli.root import run
from parlour.plugins.bookings import groups
from parlour.plugins.bookings.models import Group
from parlour.plugins.schedule import services


def careless(session: Any, subjects: Any) -> Any:
    """The capacities without the lock, and time for everybody else to have looked."""
    with session.no_autoflush:
        capacities = dict.fromkeys(subjects, 1)
    time.sleep(0.3)
    return capacities


def unlocked(session: Any, ids: Any) -> Any:
    """The sessions without the lock."""
    columns = (
        Group.id,
        Group.item_id,
        Group.seats,
        Group.starts,
        Group.starts_zone,
        Group.minutes,
        Group.branch,
    )
    rows = session.execute(select(*columns, Group.online, Group.cancelled).where(Group.id.in_(ids))).all()
    time.sleep(0.3)
    return {row.id: row for row in rows}


if os.environ.get("PARLOUR_CARELESS") == "1":
    services._lock = careless
    services._beyond = lambda *_looked: []
    groups.lock = unlocked
    groups.check_seats = lambda *_given: None

if __name__ == "__main__":
    sys.exit(run())
