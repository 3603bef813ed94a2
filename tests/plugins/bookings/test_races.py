"""Many book at once over HTTP, from a server with two processes: each time goes to one, and nobody hears an error."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select, text

from parlour.access.models import Organisation
from parlour.db.session import Session
from parlour.plugins.bookings.models import Group
from parlour.plugins.schedule.models import Busy
from parlour.records.write import save
from parlour.settings import Settings
from tests.plugins.bookings.conftest import Salon
from tests.support.examples import examples

Wish = dict[str, Any]
# PARLOUR_TEST_EXAMPLES=50 runs the race for one time a hundred times.
RACES, CLIENTS = examples(2), 50


@pytest.fixture
def salon(session: Session, organisation: Organisation) -> Salon:
    return Salon(session, day=datetime.now(ZoneInfo("Europe/Moscow")).date() + timedelta(days=3))


@contextmanager
def serving(settings: Settings, *, careless: bool = False) -> Iterator[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PARLOUR_")}
    given = {
        "PARLOUR_DATABASE_URL": settings.database_url,
        "PARLOUR_OWNER_DATABASE_URL": settings.owner_database_url or settings.database_url,
        "PARLOUR_DATA": str(settings.data),
        "PARLOUR_SECRET": "only-for-tests-only-for-tests-only",
        "PARLOUR_API_CALLS": "100000",
        "PARLOUR_CARELESS": "1" if careless else "",
        "PYTHONUNBUFFERED": "1",
    }
    command = [
        sys.executable,
        "-m",
        "tests.plugins.bookings.process",
        "serve",
        "--port",
        "0",
        "--workers",
        "2",
    ]
    log = (settings.data / "server.log").open("w")
    process = subprocess.Popen(command, env={**kept, **given}, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        found = next(
            (hit for line in process.stdout if (hit := re.search(r"http://localhost:\d+", line))), None
        )
        assert found is not None, (settings.data / "server.log").read_text()[-3000:]
        yield f"{found[0]}/api/v1/public/jasmine/bookings/appointments"
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def together(address: str, wishes: Sequence[Wish]) -> list[int]:
    """Post all of these at the same moment; the statuses of the answers."""
    start = Barrier(len(wishes))

    def post(wish: Wish) -> int:
        request = urllib.request.Request(
            address, json.dumps(wish).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        start.wait(30)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code

    with ThreadPoolExecutor(len(wishes)) as pool:
        return list(pool.map(post, wishes))


@pytest.fixture
def wish(salon: Salon) -> Callable[..., Wish]:
    def make(number: int, service: int, hour: float, staff: int | None = None) -> Wish:
        zone = ZoneInfo("Europe/Moscow")
        start = datetime.combine(salon.day, datetime.min.time(), zone) + timedelta(hours=hour)
        return {
            "start": start.isoformat(),
            "services": [{"service": service, "staff": staff}],
            "client": {"name": f"Client {number}", "phone": f"+7916{number:07}"},
            "consents": ["data"],
        }

    return make


def overlaps(session: Session) -> int:
    """Pairs of segments of one specialist that share time."""
    columns = (Busy.staff_id, Busy.starts, Busy.ends)
    rows = session.execute(select(*columns).where(Busy.staff_id.is_not(None))).all()
    return sum(
        one[0] == other[0] and one[1] < other[2] and other[1] < one[2]
        for place, one in enumerate(rows)
        for other in rows[place + 1 :]
    )


def test_t_b1_t_b2_t_b4_t_b5_what_many_want_at_once_goes_to_one_each(
    settings: Settings, salon: Salon, session: Session, wish: Callable[..., Wish]
) -> None:
    anna, boris, vera = (salon.person(name) for name in ("Anna", "Boris", "Vera"))
    cut = salon.service("Haircut", 60, by=[anna, boris, vera], step=15)
    long = salon.service("Colouring", 90, by=[anna, boris, vera], step=15)
    chair = salon.service("Laser", 30, by=[anna, boris, vera], step=15)
    salon.room("Laser", capacity=2, needed_by=[chair])
    starts = datetime.combine(salon.day, datetime.min.time(), ZoneInfo("Europe/Moscow")) + timedelta(hours=13)
    group = save(session, Group, {"item": cut, "starts": starts, "minutes": 60, "seats": 6})
    session.commit()
    with serving(settings) as address:
        # T-B5: a class of six, all places of which are in one session.
        seats = address.replace("appointments", f"sessions/{group}/seats")
        assert Counter(together(seats, [booker(wish(400 + n, cut, 13)) for n in range(40)])) == {
            201: 6,
            409: 34,
        }
        # T-B1: the same time of the same specialist, again and again on the days that follow.
        for number in range(RACES):
            hour = 24 * (1 + number // 8) + 9 + number % 8
            said = Counter(
                together(address, [wish(1000 + n + 100 * number, cut, hour, anna) for n in range(CLIENTS)])
            )
            assert said == {201: 1, 409: CLIENTS - 1}
        # T-B2: times that overlap and are not equal.
        mixed = [wish(100 + n, (cut, long)[n % 2], 11 + n % 5 / 4, anna) for n in range(20)]
        assert set(together(address, mixed)) == {201, 409}
        # T-B4: anybody, with three who can.
        said = Counter(together(address, [wish(200 + n, cut, 15) for n in range(20)]))
        assert said == {201: 3, 409: 17}
        # A room for two at once, with three specialists free.
        said = Counter(together(address, [wish(300 + n, chair, 17) for n in range(12)]))
        assert said == {201: 2, 409: 10}
    session.rollback()
    assert overlaps(session) == 0


def booker(wish: Wish) -> Wish:
    """Who books, without what."""
    return {"client": wish["client"], "consents": wish["consents"]}


@pytest.mark.parametrize("dropped", [False, True], ids=["constraint", "no constraint"])
def test_control_without_counting_again(
    settings: Settings,
    salon: Salon,
    session: Session,
    engine: Engine,
    owner_engine: Engine,
    wish: Callable[..., Wish],
    dropped: bool,
) -> None:
    """Without the lock and the count the database still refuses; without its constraint too, one time goes to several."""
    anna = salon.person("Anna")
    cut = salon.service("Haircut", 60, by=[anna])
    session.commit()
    if dropped:
        with owner_engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("ALTER TABLE schedule_busy DROP CONSTRAINT ex_schedule_busy_staff"))
            else:
                connection.execute(text("DROP TRIGGER ex_schedule_busy_staff_insert"))
    starts = datetime.combine(salon.day, datetime.min.time(), ZoneInfo("Europe/Moscow")) + timedelta(hours=13)
    group = save(session, Group, {"item": cut, "starts": starts, "minutes": 60, "seats": 2})
    session.commit()
    with serving(settings, careless=True) as address:
        said = Counter(together(address, [wish(n, cut, 10, anna) for n in range(6)]))
        seats = address.replace("appointments", f"sessions/{group}/seats")
        sat = Counter(together(seats, [booker(wish(100 + n, cut, 13)) for n in range(6)]))
    assert (sat[201] > 2) == (engine.dialect.name == "postgresql")
    session.rollback()
    # On SQLite whoever writes is alone from the first question on, so the next one sees that the time is gone.
    doubled = dropped and engine.dialect.name == "postgresql"
    assert (said[201] > 1) == doubled == (overlaps(session) > 0)
    assert said[201] >= 1
