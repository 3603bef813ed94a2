"""A state changes its clocks: visits stay at the hour that was agreed on, and what they occupy moves along."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from parlour.access.organisations import save_branch
from parlour.plugins.bookings.models import Appointment, Group
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.bookings.services import book
from parlour.plugins.bookings.zones import follow_zones
from parlour.plugins.schedule.clocks import moment
from parlour.plugins.schedule.models import Busy
from parlour.records.write import save
from tests.plugins.bookings.conftest import Salon


@pytest.fixture
def anna(salon: Salon) -> int:
    return salon.person("Anna")


def pretend(salon: Salon, hours: int) -> None:
    """As if the instants had been worked out when the zone was `hours` further from UTC than it is now."""
    by = timedelta(hours=hours)
    connection = salon.session.connection()
    for cls in (Appointment, Group):
        table = cls.__table__
        for row_id, starts, *ends in connection.execute(
            select(table.c.id, table.c.starts, *([table.c.ends] if "ends" in table.c else []))
        ).all():
            values = {"starts": starts + by, **({"ends": ends[0] + by} if ends else {})}
            connection.execute(update(table).where(table.c.id == row_id).values(values))
    for row_id, starts, end in salon.session.execute(select(Busy.id, Busy.starts, Busy.ends)).all():
        shifted = {"starts": starts + 60 * hours, "ends": end + 60 * hours, "lane": row_id}
        salon.session.execute(update(Busy).where(Busy.id == row_id).values(**shifted))
    salon.session.execute(update(Busy).values(lane=0))


@pytest.mark.parametrize("hours", [1, -1])
def test_ten_oclock_stays_ten_oclock(salon: Salon, anna: int, hours: int) -> None:
    cut = salon.service("Haircut", 60, by=[anna])
    visits = [salon.book(hour, Wanted(cut, anna)) for hour in (10, 11, 12)]
    starts = moment(salon.at(15)).astimezone(ZoneInfo("Europe/Moscow"))
    save(salon.session, Group, {"item": cut, "staff": anna, "starts": starts, "minutes": 60})
    before = salon.busy()
    assert follow_zones(salon.session) == 0
    pretend(salon, hours)
    assert salon.busy() != before
    assert follow_zones(salon.session) == 4
    assert salon.busy() == before
    rows = salon.session.execute(
        select(Appointment.starts, Appointment.ends).order_by(Appointment.starts)
    ).all()
    assert [row.starts.astimezone(UTC) for row in rows] == [moment(salon.at(hour)) for hour in (10, 11, 12)]
    assert [row.ends - row.starts for row in rows] == [timedelta(hours=1)] * len(visits)
    assert follow_zones(salon.session) == 0


@pytest.mark.parametrize("hours", [1, -1])
def test_sessions_and_visits_one_after_the_other_move_together(salon: Salon, anna: int, hours: int) -> None:
    cut = salon.service("Haircut", 60, by=[anna])
    visits = [salon.book(hour, Wanted(cut, anna)) for hour in (10, 12)]
    starts = moment(salon.at(11)).astimezone(ZoneInfo("Europe/Moscow"))
    save(salon.session, Group, {"item": cut, "staff": anna, "starts": starts, "minutes": 60})
    before = salon.busy()
    pretend(salon, hours)
    assert follow_zones(salon.session) == 3
    assert salon.busy() == before
    over = salon.session.scalars(select(Appointment.overlap).where(Appointment.id.in_(visits)))
    assert list(over) == [False, False]


def test_only_who_meets_somebody_is_put_over_them(salon: Salon, anna: int) -> None:
    cut = salon.service("Haircut", 60, by=[anna])
    stays = salon.book(11, Wanted(cut, anna))
    moves, meets = salon.book(15, Wanted(cut, anna)), salon.book(10, Wanted(cut, anna))
    connection, table = salon.session.connection(), Appointment.__table__
    # These two were worked out for a clock an hour off; one of them was meant for eleven.
    for visit, hour in ((moves, 16), (meets, 11)):
        wall = moment(salon.at(hour)).astimezone(ZoneInfo("Europe/Moscow")).strftime("%Y-%m-%dT%H:%M")
        connection.execute(update(table).where(table.c.id == visit).values(starts_wall=wall))
    assert follow_zones(salon.session) == 2
    over = dict(tuple(row) for row in salon.session.execute(select(Appointment.id, Appointment.overlap)))
    assert over == {stays: False, moves: False, meets: True}


def test_of_an_hour_that_comes_twice_both_stay(salon: Salon) -> None:
    branch = save_branch(salon.session, None, {"name": "Berlin", "zone": "Europe/Berlin"}).id
    salon.zone, salon.day = "Europe/Berlin", date(2030, 10, 27)
    anna = salon.person("Anna", "0:00", "6:00", branch=branch)
    cut = salon.service("Haircut", 60, by=[anna])
    for start in (salon.at(1) + 60, salon.at(1) + 120):
        book(salon.session, [Wanted(cut)], start, by="staff", branch_id=branch)
    walls = salon.session.scalars(select(Appointment.starts_wall).order_by(Appointment.starts)).all()
    assert walls == ["2030-10-27T02:00", "2030-10-27T02:00"]
    assert follow_zones(salon.session) == 0
