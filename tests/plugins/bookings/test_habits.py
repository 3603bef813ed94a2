"""How clients come: counted from their visits, and who is due again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from time import sleep
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import Engine, select

from parlour.access.models import Organisation
from parlour.db.session import Session
from parlour.plugins.bookings.habits import count, next_clients, usual_days
from parlour.plugins.bookings.models import Habit
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.bookings.services import set_status
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.clocks import moment
from parlour.records.filters import compile_filter
from parlour.records.query import get
from parlour.records.registry import record_type
from parlour.records.write import save
from parlour.settings import Settings
from parlour.testing.jobs import run_due
from parlour.testing.people import trusted
from tests.plugins.bookings.conftest import Salon

CLIENT = record_type(Contact)


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch, salon: Salon) -> None:
    present = moment(salon.at(12))
    for name in ("habits", "hooks"):
        monkeypatch.setattr(f"parlour.plugins.bookings.{name}.now", lambda: present)


@pytest.fixture
def client(session: Session) -> int:
    return save(session, Contact, {"name": "Мария"})


@pytest.fixture
def cut(salon: Salon) -> int:
    return salon.service("Haircut", 60, by=[salon.person("Anna")])


def come(salon: Salon, client: int, item: int, days_ago: int, status: str = "done", hour: float = 10) -> int:
    start = salon.at(hour) - days_ago * 1440
    visit = salon.book(hour, Wanted(item), values={"client": client})
    from parlour.plugins.bookings.services import move

    if days_ago:
        move(salon.session, visit, start, by="staff", force=True)
    if status != "booked":
        set_status(salon.session, visit, status)
    return visit


def habit(session: Session, client: int) -> dict[str, Any]:
    row = get(session, CLIENT, client)
    return {name.removeprefix("bookings_"): row[name] for name in row if name.startswith("bookings_")}


def test_a_client_is_counted_and_due_after_the_usual_time(
    salon: Salon, session: Session, client: int, cut: int
) -> None:
    nails = salon.service("Nails", 60, by=[salon.person("Boris")])
    for ago in (100, 70, 42, 10):
        come(salon, client, cut, ago)
    come(salon, client, nails, 10, hour=14)
    come(salon, client, cut, 5, "no_show")
    count(session, [client])
    found = habit(session, client)
    assert found == {
        "visits": 5,
        "missed": 1,
        "late": 0,
        "last": salon.day - timedelta(days=10),
        # The gaps were 30, 28 and 32 days.
        "every": 30,
        "due": salon.day + timedelta(days=20),
        "staff": "Anna",
        "item": "Haircut",
    }
    session.commit()
    # Whoever has a visit coming is not due, at once and when all is counted again.
    coming = come(salon, client, cut, 0, "booked", hour=15)
    assert habit(session, client) == {**found, "due": None}
    count(session, [client])
    assert habit(session, client) == {**found, "due": None}
    set_status(session, coming, "cancelled_client")
    count(session, [client])
    assert habit(session, client)["due"] is not None


def test_who_is_due_can_be_asked_for_in_lists_and_audiences(
    salon: Salon, session: Session, client: int, cut: int
) -> None:
    for ago in (30, 20, 10):
        come(salon, client, cut, ago)
    other = save(session, Contact, {"name": "Olga"})
    come(salon, other, cut, 3)
    count(session, next_clients(session, 0))
    given = ["bookings_due", "<=", salon.day.isoformat()]
    found = session.scalars(select(Contact.id).where(compile_filter(session, CLIENT, given))).all()
    assert found == [client]
    assert next_clients(session, max(client, other)) == []


def test_a_visit_that_is_done_is_counted_by_a_job(
    salon: Salon, session: Session, engine: Engine, settings: Settings, client: int, cut: int
) -> None:
    visit = come(salon, client, cut, 1)
    version = get(session, CLIENT, client)["version"]
    session.commit()
    run_due(engine, settings)
    # The card itself has not changed: nobody who edits it meanwhile is stopped.
    assert habit(session, client)["visits"] == 1 and get(session, CLIENT, client)["version"] == version
    set_status(session, visit, "no_show")
    session.commit()
    run_due(engine, settings)
    assert habit(session, client)["visits"] == 0
    assert session.scalars(select(Habit.missed)).all() == [1]


@given(gaps=some.lists(some.integers(1, 400), max_size=30))
def test_the_usual_time_lies_among_the_last_gaps(gaps: list[int]) -> None:
    days = [date(2020, 1, 1)]
    for gap in gaps:
        days.append(days[-1] + timedelta(days=gap))
    found = usual_days(days)
    if len(gaps) < 2:
        assert found is None
    else:
        assert found is not None and min(gaps[-10:]) <= found <= max(gaps[-10:])


def test_two_jobs_may_count_the_same_client(
    salon: Salon, session: Session, engine: Engine, organisation: Organisation, client: int, cut: int
) -> None:
    come(salon, client, cut, 0)
    session.commit()
    count(session, [client])

    def again() -> None:
        with trusted(engine, organisation) as other:
            count(other, [client])
            other.commit()

    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(again)
        sleep(0.3)  # until it waits
        session.commit()
        second.result(20)
    assert habit(session, client)["visits"] == 1
