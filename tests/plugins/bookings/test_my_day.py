"""A specialist's own day: what stands on it, for whom, and what they may say there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from parlour.access.models import AccessLog, Organisation
from parlour.db.session import Session
from parlour.plugins.bookings import groups, services
from parlour.plugins.bookings.models import Appointment, Group
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.clocks import minutes, moment
from parlour.plugins.schedule.models import Staff
from parlour.records.write import save
from parlour.testing.people import trusted
from parlour.testing.site import Enter, statements
from tests.plugins.bookings.conftest import MONDAY, Salon
from tests.plugins.bookings.test_calendar import texts

PAGE = f"/o/jasmine/bookings/my-day?date={MONDAY.isoformat()}"


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> Callable[[date], None]:
    """It is the salon's Monday, until a test says otherwise."""

    def sets(day: date) -> None:
        monkeypatch.setattr("parlour.plugins.bookings.frontdesk.my_day.today_of", lambda session: day)

    sets(MONDAY)
    return sets


@pytest.fixture
def cut(salon: Salon, session: Session) -> int:
    """An hour by Anna or Boris."""
    item = salon.service("Haircut", 60, by=[salon.person("Anna", "0:00", "0:00"), salon.person("Boris")])
    session.commit()
    return item


@pytest.fixture
def anna(login: Enter, salon: Salon, session: Session, cut: int) -> Any:
    """Anna, with her log-in."""
    somebody = login("specialist")
    save(session, Staff, {"user": somebody.user.id}, salon.staff["Anna"])
    session.commit()
    return somebody


def status(session: Session, visit: int) -> str:
    session.rollback()
    found = session.scalars(select(Appointment.status).where(Appointment.id == visit)).one()
    session.rollback()
    return found


def book(salon: Salon, session: Session, hour: float, item: int, whom: str, name: str, **more: Any) -> int:
    client = save(session, Contact, {"name": name, "kind": "person", **more})
    return salon.book(hour, Wanted(item, salon.staff[whom]), values={"client": client, "note": f"For {name}"})


def test_ones_own_visits_stand_there_with_what_to_know(
    anna: Any, salon: Salon, session: Session, cut: int
) -> None:
    book(salon, session, 10, cut, "Anna", "Мария", must_know="Allergic to latex")
    book(salon, session, 12, cut, "Anna", "Ольга")
    book(salon, session, 10, cut, "Boris", "Вера")
    session.commit()
    page = anna.get(PAGE)
    assert texts(page, ".my-who h2") == ["Мария", "Ольга"]
    assert texts(page, ".current h2") == ["Мария"]
    assert texts(page, ".my-loud") == ["Allergic to latex"]
    assert texts(page, ".my-note") == ["For Мария", "For Ольга"]
    # From eleven to twelve nobody comes.
    assert texts(page, ".my-pause") == ["60 minutes"]


def test_what_becomes_of_a_visit_is_said_there(anna: Any, salon: Salon, session: Session, cut: int) -> None:
    visit = book(salon, session, 10, cut, "Anna", "Мария")
    later = book(salon, session, 12, cut, "Anna", "Ольга")
    session.commit()
    page = anna.get(PAGE)
    for step in ("arrived", "in_progress", "done"):
        form = next(one for one in page.forms.values() if "visit" in one.fields)
        page = form.submit("become", value=step).follow()
        assert status(session, visit) == step
    # Taking back is a right of its own.
    assert not [one for one in page.forms.values() if "/undo" in str(one.action)]
    assert texts(page, ".current h2") == ["Ольга"]
    services.cancel(session, later, by="staff")
    session.commit()
    page = anna.post(PAGE, {"visit": later, "become": "arrived"}).follow()
    assert "cannot become" in page


def test_another_day_offers_only_what_makes_sense(
    anna: Any, salon: Salon, session: Session, cut: int, today: Callable[[date], None]
) -> None:
    visit = book(salon, session, 10, cut, "Anna", "Мария")
    session.commit()
    today(MONDAY - timedelta(days=1))
    page = anna.get(PAGE)
    assert texts(page, ".my-who h2") == ["Мария"]
    assert not texts(page, ".my-buttons") and not texts(page, ".my-late") and not texts(page, ".current")
    # A page that was left open, or a program, says no more than the page does.
    assert "cannot be said" in anna.post(PAGE, {"visit": visit, "become": "no_show"}).follow()
    assert status(session, visit) == "booked"
    today(MONDAY + timedelta(days=1))
    page = anna.get(PAGE)
    assert texts(page, ".my-buttons button") == ["Done", "Did not come"]
    assert not texts(page, ".my-late") and not texts(page, ".current")
    form = next(one for one in page.forms.values() if "visit" in one.fields)
    page = form.submit("become", value="no_show").follow()
    assert status(session, visit) == "no_show" and texts(page, ".my-buttons button") == ["Done"]


def test_an_open_page_follows_what_the_desk_does(anna: Any, salon: Salon, session: Session, cut: int) -> None:
    page = anna.get(PAGE)
    assert page.html.select_one("[data-live]")["data-live"] in PAGE
    first = anna.get(PAGE, headers={"X-Fragment": "1"})
    again = {"X-Fragment": "1", "If-None-Match": first.headers["ETag"]}
    assert anna.get(PAGE, headers=again).status_int == 304
    book(salon, session, 10, cut, "Anna", "Мария")
    session.commit()
    answer = anna.get(PAGE, headers=again)
    assert "Мария" in answer
    assert "<html" not in answer.text


def test_visits_of_others_and_what_is_no_step_are_refused(
    anna: Any, login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    own, other = (book(salon, session, 10, cut, who, "Мария") for who in ("Anna", "Boris"))
    session.commit()
    anna.post(PAGE, {"visit": other, "become": "arrived"}, status=404)
    anna.post(PAGE, {"visit": own, "become": "cancelled_salon"}, status=400)
    anna.post(PAGE, {"visit": "x", "become": "arrived"}, status=400)
    # It says nothing about what else one may do, and nobody else may do it here.
    anna.post("/o/jasmine/bookings/landing", {"line": "1"}, status=403)
    login().get(PAGE, status=403)
    assert "belongs to no specialist" in login("manager").get(PAGE)
    assert status(session, own) == "booked"


def test_who_is_late_says_so_there(
    anna: Any, salon: Salon, session: Session, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = moment(salon.at(9.75))
    monkeypatch.setattr("parlour.plugins.bookings.late.now", lambda: present)
    mine, other = (book(salon, session, 10, cut, who, "Мария") for who in ("Anna", "Boris"))
    session.commit()
    page = anna.post(PAGE, {"late": "15", "shift": "on"}).follow()
    assert "Moved visits: 1" in page
    assert minutes(salon.visit(mine).starts) == salon.at(10.25)
    assert minutes(salon.visit(other).starts) == salon.at(10)
    session.rollback()
    assert "Somebody is late by 1 to" in anna.post(PAGE, {"late": "9999"}).follow()


def test_a_session_is_one_of_ones_own(anna: Any, salon: Salon, session: Session, cut: int) -> None:
    values = {"item": cut, "staff": salon.staff["Anna"], "minutes": 60, "seats": 4}
    group = save(session, Group, {**values, "starts": f"{MONDAY.isoformat()} 15:00"})
    groups.book_seats(session, group, by="staff", seats=3)
    session.commit()
    assert "3 of 4 places taken" in anna.get(PAGE)


def test_it_is_noted_whom_they_saw_and_costs_the_same_for_each(
    anna: Any, salon: Salon, session: Session, engine: Engine, organisation: Organisation, cut: int
) -> None:
    book(salon, session, 9, cut, "Anna", "Мария")
    session.commit()
    anna.get(PAGE)
    with statements(engine) as few:
        anna.get(PAGE)
    for hour in (11, 13, 15):
        book(salon, session, hour, cut, "Anna", f"Client {hour}")
    session.commit()
    with statements(engine) as many:
        anna.get(PAGE)
    assert len(many) == len(few)
    with trusted(engine, organisation) as log:
        seen = select(AccessLog.row_count).where(AccessLog.user_id == anna.user.id).order_by(AccessLog.id)
        assert list(log.scalars(seen)) == [1, 1, 4]
