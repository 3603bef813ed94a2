"""T-B23: a time that comes free goes to the first in line whom it suits, for a while, and then to the next."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from time import sleep
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select

from parlour.access.models import Branch, Organisation
from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import NotFound, Refusal
from parlour.plugins.bookings import waiting
from parlour.plugins.bookings.models import Waiting
from parlour.plugins.bookings.offers import NotOffered, Wanted
from parlour.plugins.bookings.services import cancel
from parlour.plugins.contacts.actions import block
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.clocks import moment
from parlour.records.write import Change, save, write
from parlour.settings import Settings
from parlour.testing.jobs import run_due
from parlour.testing.people import trusted
from parlour.testing.site import statements
from tests.plugins.bookings.conftest import Salon


@pytest.fixture
def salon(session: Session) -> Salon:
    return Salon(session, day=datetime.now(ZoneInfo("Europe/Moscow")).date() + timedelta(days=3))


@pytest.fixture
def anna(salon: Salon) -> int:
    return salon.person("Anna", "10:00", "12:00")


@pytest.fixture
def cut(salon: Salon, anna: int) -> int:
    return salon.service("Haircut", 60, by=[anna], step=60)


@pytest.fixture
def full(salon: Salon, anna: int, cut: int) -> list[int]:
    """Both hours of the day are taken."""
    return [salon.book(hour, Wanted(cut, anna)) for hour in (10, 11)]


def wait(salon: Salon, cut: int, **more: Any) -> int:
    return save(
        salon.session,
        Waiting,
        {
            "item": cut,
            "visitor": "Somebody",
            "phone": "+79161112233",
            "since": salon.day,
            "until": salon.day,
            **more,
        },
    )


def states(salon: Salon) -> dict[int, str]:
    return {row.id: row.status for row in salon.session.execute(select(Waiting.id, Waiting.status))}


def test_what_is_offered_stays_theirs_until_they_answer(salon: Salon, cut: int, full: list[int]) -> None:
    entry = wait(salon, cut)
    cancel(salon.session, full[0], by="staff")
    assert waiting.fill(salon.session) == [entry]
    kept = salon.busy()
    # The message that tells of it makes a new code, and somebody notes something.
    waiting.new_token(salon.session, entry)
    save(salon.session, Waiting, {"note": "Called them"}, entry)
    assert kept and salon.busy() == kept
    write(salon.session, Waiting, [Change({"status": "closed"}, entry)], system=True)
    assert len(salon.busy()) == len(kept) - 1


def test_t_b23_the_first_in_line_is_offered_what_comes_free(salon: Salon, cut: int, full: list[int]) -> None:
    one, two = wait(salon, cut), wait(salon, cut)
    assert waiting.fill(salon.session) == []
    cancel(salon.session, full[0], by="staff")
    assert waiting.fill(salon.session) == [one]
    assert states(salon) == {one: "offered", two: "waiting"}
    for by in ("client", "staff"):
        with pytest.raises(NotOffered):
            salon.book(10, Wanted(cut), by=by)  # type: ignore[arg-type]


def test_t_b23_who_does_not_answer_makes_room_for_the_next(
    salon: Salon, cut: int, full: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = wait(salon, cut), wait(salon, cut)
    cancel(salon.session, full[0], by="staff")
    waiting.fill(salon.session)
    later = datetime.now(ZoneInfo("UTC")) + timedelta(minutes=31)
    for module in ("parlour.plugins.bookings.waiting", "parlour.plugins.schedule.services"):
        monkeypatch.setattr(f"{module}.now", lambda: later)
    assert waiting.expire(salon.session) == 1 and waiting.fill(salon.session) == [two]
    assert states(salon) == {one: "expired", two: "offered"}


def test_an_offer_is_taken_once(salon: Salon, cut: int, full: list[int]) -> None:
    one = wait(salon, cut)
    cancel(salon.session, full[0], by="staff")
    waiting.fill(salon.session)
    token = waiting.new_token(salon.session, one)
    booked = waiting.accept(salon.session, token)
    assert salon.visit(booked.id).starts == moment(salon.at(10)) and states(salon) == {one: "booked"}
    with pytest.raises(NotFound):
        waiting.accept(salon.session, token)
    assert len(salon.busy()) == 2


def test_an_offer_that_is_over_is_over(
    salon: Salon, cut: int, full: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = wait(salon, cut)
    cancel(salon.session, full[0], by="staff")
    waiting.fill(salon.session)
    token = waiting.new_token(salon.session, one)
    later = datetime.now(ZoneInfo("UTC")) + timedelta(minutes=31)
    monkeypatch.setattr("parlour.plugins.bookings.waiting.now", lambda: later)
    with pytest.raises(Refusal, match="over"):
        waiting.accept(salon.session, token)


@pytest.mark.parametrize(
    ("more", "suits"),
    [
        ({}, True),
        ({"earliest": "10:30"}, False),
        ({"latest": "9:30"}, False),
        ({"earliest": "9:00", "latest": "10:00"}, True),
        ({"days": 1}, False),
        ({"other": True}, False),
    ],
)
def test_t_b23_only_what_they_wait_for_is_offered(
    salon: Salon, cut: int, full: list[int], more: dict[str, Any], suits: bool
) -> None:
    given = dict(more)
    if given.pop("days", None):
        # The day before, on which nobody works after noon.
        day = salon.day - timedelta(days=1)
        given |= {"since": day, "until": day, "earliest": "12:30"}
    if given.pop("other", None):
        given["staff"] = salon.person("Boris", "20:00", "21:00")
    one = wait(salon, cut, **given)
    cancel(salon.session, full[0], by="staff")
    assert waiting.fill(salon.session) == ([one] if suits else [])


def test_t_b23_nobody_is_offered_what_is_too_soon(
    salon: Salon, cut: int, full: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    wait(salon, cut)
    cancel(salon.session, full[0], by="staff")
    monkeypatch.setattr("parlour.plugins.bookings.offers.now", lambda: moment(salon.at(9.5)))
    assert waiting.fill(salon.session) == []


def test_who_leaves_the_list_keeps_nothing(salon: Salon, cut: int, full: list[int]) -> None:
    one = wait(salon, cut)
    cancel(salon.session, full[0], by="staff")
    waiting.fill(salon.session)
    write(salon.session, Waiting, [Change({"status": "closed"}, one)])
    assert salon.book(10, Wanted(cut))


def test_a_cancelled_visit_asks_for_the_job(
    salon: Salon, engine: Engine, settings: Settings, session: Session, cut: int, full: list[int]
) -> None:
    one = wait(salon, cut)
    session.commit()
    cancel(session, full[0], by="staff")
    session.commit()
    run_due(engine, settings)
    session.rollback()
    assert states(salon) == {one: "offered"}


def test_many_who_wait_cost_one_search(salon: Salon, engine: Engine, cut: int, full: list[int]) -> None:
    def cost(more: int) -> int:
        for _number in range(more):
            wait(salon, cut)
        with statements(engine) as seen:
            assert waiting.fill(salon.session) == []
        return len(seen)

    cost(1)
    assert cost(1) == cost(5)


def test_all_in_line_are_looked_at_some_at_a_time(
    salon: Salon,
    engine: Engine,
    settings: Settings,
    session: Session,
    cut: int,
    full: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "MOST", 2)
    for _number in range(4):
        wait(salon, cut, latest="9:00")
    last = wait(salon, cut)
    session.commit()
    cancel(session, full[0], by="staff")
    session.commit()
    run_due(engine, settings)
    session.rollback()
    assert states(salon)[last] == "offered"


def test_who_waits_at_a_closed_branch_stops_nobody(salon: Salon, cut: int, full: list[int]) -> None:
    branch = Branch(name="Old Town", zone="Europe/Moscow", archived_at=now())
    salon.session.add(branch)
    salon.session.flush()
    closed, open_one = wait(salon, cut, branch=branch.id), wait(salon, cut)
    cancel(salon.session, full[0], by="staff")
    assert waiting.fill(salon.session) == [open_one]
    with pytest.raises(Refusal):
        waiting.offer_on(salon.session, closed, salon.day)


@pytest.mark.parametrize("known", [True, False], ids=["card", "phone"])
def test_who_is_blocked_meanwhile_is_offered_nothing_and_takes_nothing(
    salon: Salon, cut: int, full: list[int], known: bool
) -> None:
    session = salon.session
    anna = save(session, Contact, {"name": "Anna", "phones": [{"number": "+79161112233"}]})
    one = wait(salon, cut, client=anna if known else None)
    cancel(session, full[0], by="staff")
    assert waiting.fill(session) == [one]
    token = waiting.new_token(session, one)
    block(session, [anna], None)
    with pytest.raises(Refusal, match="call us"):
        waiting.accept(session, token)
    write(session, Waiting, [Change({"status": "waiting"}, one)])
    assert waiting.fill(session) == []
    with pytest.raises(Refusal):
        waiting.offer_on(session, one, salon.day)


# SQLite has one writer at a time: there who offers and who leaves wait for each other by themselves.


@pytest.mark.parametrize("careless", [False, True], ids=["locked", "control"])
def test_who_leaves_while_times_are_looked_for_is_offered_nothing(
    salon: Salon,
    engine: Engine,
    organisation: Organisation,
    cut: int,
    full: list[int],
    monkeypatch: pytest.MonkeyPatch,
    careless: bool,
) -> None:
    one, two = wait(salon, cut), wait(salon, cut)
    cancel(salon.session, full[0], by="staff")
    salon.session.commit()
    looked = waiting._look

    def slowly(session: Session, rows: Any) -> Any:
        found = looked(session, rows)
        if engine.dialect.name == "postgresql" and states(salon)[one] == "waiting":
            with trusted(engine, organisation) as other:
                waiting.leave(other, one)
                other.commit()
        return found

    if engine.dialect.name != "postgresql":
        waiting.leave(salon.session, one)
    monkeypatch.setattr(waiting, "_look", slowly)
    if careless:
        monkeypatch.setattr(waiting, "_waits", lambda _session, _row: True)
    fault = careless and engine.dialect.name == "postgresql"
    assert waiting.fill(salon.session) == [one if fault else two]


def test_who_takes_an_offer_as_it_ends_has_it(
    salon: Salon,
    engine: Engine,
    organisation: Organisation,
    cut: int,
    full: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = wait(salon, cut)
    cancel(salon.session, full[0], by="staff")
    waiting.fill(salon.session)
    token = waiting.new_token(salon.session, one)
    salon.session.commit()
    waiting.accept(salon.session, token)
    salon.session.flush()

    def expire() -> int:
        with trusted(engine, organisation) as other:
            over = waiting.expire(other)
            other.commit()
            return over

    later = now() + timedelta(minutes=31)
    monkeypatch.setattr(waiting, "now", lambda: later)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(expire)
        sleep(0.3)  # until it waits for the entry
        salon.session.commit()
        assert asked.result(20) == 0
    assert states(salon) == {one: "booked"}
