"""A salon that can be booked, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from parlour.db.session import Session
from parlour.plugins.bookings import services
from parlour.plugins.bookings.models import Appointment, Line, Need, Skill
from parlour.plugins.bookings.offers import By, Search, Wanted, search
from parlour.plugins.bookings.series import repeat
from parlour.plugins.catalog.models import Item
from parlour.plugins.schedule.clocks import DAY, minutes, moment
from parlour.plugins.schedule.models import Busy, Resource, ResourceType, Staff
from parlour.records.write import save

MOSCOW = "Europe/Moscow"
# A Monday years ahead: within no window of clients unless a test says when now is.
MONDAY = date(2031, 5, 5)


@dataclass
class Salon:
    """Shorthand for what tests of bookings say all the time. Hours are those of the clock in Moscow."""

    session: Session
    zone: str = MOSCOW
    day: date = MONDAY
    staff: dict[str, int] = field(default_factory=dict)

    def at(self, hour: float, day: date | None = None) -> int:
        """An hour of the day (9.5 is half past nine) as minutes since 1970."""
        on = day or self.day
        local = datetime(
            on.year, on.month, on.day, int(hour), round(hour % 1 * 60), tzinfo=ZoneInfo(self.zone)
        )
        return minutes(local)

    def person(self, name: str, opens: str = "9:00", closes: str = "18:00", **more: Any) -> int:
        hours = [{"weekday": str(day), "opens": opens, "closes": closes} for day in range(1, 8)]
        self.staff[name] = save(self.session, Staff, {"name": name, "hours": hours, **more})
        return self.staff[name]

    def service(self, name: str, length: int, *, by: list[int], price: str = "1000", **more: Any) -> int:
        """A service, done by these specialists; further fields are those of bookings (`before`, `gap`, ...)."""
        values = {f"bookings_{key}": value for key, value in {"minutes": length, **more}.items()}
        item = save(self.session, Item, {"name": name, "prices": [{"price": price}], **values})
        for staff in by:
            save(self.session, Skill, {"staff": staff, "item": item})
        return item

    def room(self, kind: str, *, capacity: int = 1, needed_by: list[int]) -> int:
        type_id = save(self.session, ResourceType, {"name": kind})
        for item in needed_by:
            save(self.session, Need, {"item": item, "type": type_id})
        return save(self.session, Resource, {"name": kind, "type": type_id, "capacity": capacity})

    def search(self, *wanted: Wanted, by: By = "staff", days: int = 1, **more: Any) -> Search:
        start = self.at(0)
        return search(self.session, wanted, start, start + days * DAY, by=by, **more)

    def starts(self, *wanted: Wanted, **more: Any) -> list[str]:
        zone = ZoneInfo(self.zone)
        found = self.search(*wanted, **more).starts()
        return [f"{moment(start).astimezone(zone):%H:%M}" for start in found]

    def book(self, hour: float, *wanted: Wanted, by: By = "staff", **more: Any) -> int:
        return services.book(self.session, wanted, self.at(hour), by=by, **more).id

    def series(self, starts: Sequence[int], *wanted: Wanted, by: By = "staff", **more: Any) -> list[int]:
        """A visit at each of the starts, as one series."""
        first = services.book(self.session, wanted, starts[0], by=by, **more).id
        return [first, *repeat(self.session, first, starts[1:])[0]]

    def busy(self) -> list[tuple[int | None, int | None, int, int]]:
        rows = self.session.execute(
            select(Busy.staff_id, Busy.resource_id, Busy.starts, Busy.ends).order_by(Busy.starts, Busy.id)
        )
        return [tuple(row) for row in rows]

    def visit(self, visit_id: int) -> Any:
        columns = (Appointment.status, Appointment.starts, Appointment.ends, Appointment.total_amount)
        return self.session.execute(select(*columns).where(Appointment.id == visit_id)).one()

    def lines(self, visit_id: int) -> list[Any]:
        columns = (Line.staff_id, Line.offset, Line.minutes, Line.price_amount)
        statement = select(*columns).where(Line.appointment_id == visit_id).order_by(Line.position)
        return list(self.session.execute(statement))


@pytest.fixture
def salon(session: Session) -> Salon:
    return Salon(session)
