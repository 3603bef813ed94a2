"""The waiting list beside a day of the calendar."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from parlour.access.organisations import save_branch
from parlour.db.base import now
from parlour.db.session import Session
from parlour.plugins.bookings.frontdesk.waiting_pages import entries
from parlour.plugins.bookings.models import Appointment, Waiting
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.contacts.models import Contact
from parlour.records.write import save
from parlour.testing.site import Enter, statements
from tests.plugins.bookings.conftest import MONDAY, Salon
from tests.plugins.bookings.test_calendar import texts

PAGE = f"/o/jasmine/bookings/day?date={MONDAY.isoformat()}&waiting=1"


@pytest.fixture
def cut(salon: Salon, session: Session) -> int:
    item = salon.service("Haircut", 60, by=[salon.person("Anna", "9:00", "12:00"), salon.person("Boris")])
    session.commit()
    return item


def wait(session: Session, item: int, name: str = "Мария", **more: Any) -> int:
    values = {"client": save(session, Contact, {"name": name, "kind": "person"}), "item": item}
    return save(session, Waiting, {**values, "since": MONDAY, "until": MONDAY + timedelta(days=3), **more})


def test_times_that_suit_are_counted_for_each(salon: Salon, session: Session, cut: int) -> None:
    anna = salon.staff["Anna"]
    salon.book(9, Wanted(cut, anna))
    wait(session, cut, staff=anna)
    wait(session, cut, "Ольга", staff=anna, latest="10:00")
    wait(session, cut, "Вера", staff=anna, earliest="15:00")
    wait(session, cut, "Нина", since=MONDAY - timedelta(days=9), until=MONDAY - timedelta(days=1))
    wait(session, cut, "Зоя", status="closed")
    found = {
        one.row["client"]["title"]: [start.clock // 30 / 2 for start in one.starts]
        for one in entries(session, MONDAY)
    }
    assert found == {"Мария": [10, 10.5, 11], "Ольга": [10], "Вера": []}


def test_who_waits_at_a_closed_branch_is_listed_without_times(session: Session, cut: int) -> None:
    branch = save_branch(session, None, {"name": "Old Town", "zone": "Europe/Moscow"})
    wait(session, cut, branch=branch.id)
    wait(session, cut, "Ольга")
    branch.archived_at = now()
    session.flush()
    assert [bool(one.starts) for one in entries(session, MONDAY)] == [False, True]


def test_they_stand_beside_the_day_that_they_want(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    wait(session, cut, earliest="10:00", latest="11:00")
    session.commit()
    desk = login()
    closed = desk.get(PAGE.replace("&waiting=1", ""))
    assert texts(closed, ".cal-tools .count-pill") == ["1"]
    assert not closed.html.select(".cal-waiting")
    page = desk.get(PAGE)
    assert texts(page, ".cal-entry h3") == ["Мария"]
    assert "3 times suit" in page
    assert "10:00" in texts(page, ".cal-entry p .num")[0]
    # Another day keeps the list open.
    assert "waiting=1" in str(page.html.select_one("a[rel=next]")["href"])
    assert "Nobody waits for this day" in desk.get(PAGE.replace("05-05", "06-05"))


def test_a_place_is_offered_with_one_press(
    login: Enter, salon: Salon, session: Session, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def always(start: int, end: int, *_more: Any) -> tuple[int, int]:
        return start, end

    monkeypatch.setattr("parlour.plugins.bookings.offers._open_to_clients", always)
    entry = wait(session, cut, earliest="10:00")
    session.commit()
    page = login().get(PAGE)
    form = next(one for one in page.forms.values() if "/offer" in str(one.action))
    page = form.submit("entry", value=str(entry)).follow()
    assert "is offered and kept for them" in page
    assert "Offered" in texts(page, ".cal-entry .badge")[0]
    held = session.execute(select(Waiting.status, Waiting.offered).where(Waiting.id == entry)).one()
    assert held.status == "offered"
    assert held.offered.hour == 7  # ten in Moscow
    session.rollback()
    again = login().post("/o/jasmine/bookings/offer", {"entry": entry, "day": MONDAY.isoformat()}).follow()
    assert "offered to them already" in again


def test_what_clients_may_not_book_is_not_offered(login: Enter, session: Session, cut: int) -> None:
    entry = wait(session, cut)
    session.commit()
    values = {"entry": entry, "day": MONDAY.isoformat()}
    # Years ahead: outside of what is open to clients.
    assert "Book the visit yourself" in login().post("/o/jasmine/bookings/offer", values).follow()
    login().post("/o/jasmine/bookings/offer", values | {"day": "x"}, status=400)
    login().post("/o/jasmine/bookings/offer", values | {"entry": 999}, status=404)
    login("specialist").post("/o/jasmine/bookings/offer", values, status=403)


@pytest.mark.parametrize("offered", [False, True])
def test_who_is_booked_waits_no_more_until_it_is_undone(
    login: Enter, salon: Salon, session: Session, cut: int, offered: bool
) -> None:
    more = {"visitor": "Оля", "phone": "+79161112233", "client": None}
    entry = wait(session, cut, staff=salon.staff["Anna"], earliest="10:00", **more)
    session.commit()
    link = str(login().get(PAGE).html.select_one(".cal-entry a[data-dialog]")["href"])
    if offered:
        from parlour.plugins.bookings import waiting

        with pytest.MonkeyPatch.context() as patch:
            opened = "parlour.plugins.bookings.offers._open_to_clients"
            patch.setattr(opened, lambda start, end, *_more: (start, end))
            waiting.offer_on(session, entry, MONDAY)
        session.commit()
    asked = login().get(link).forms["book"]
    assert (asked["new_name"].value, asked["time"].value) == ("Оля", "10:00")
    # What is kept for them is not in their own way.
    page = asked.submit("save").follow()
    row = select(Waiting.status, Waiting.visit_id).where(Waiting.id == entry)
    visit = session.scalars(select(Appointment.id)).one()
    assert tuple(session.execute(row).one()) == ("booked", visit)
    session.rollback()
    undo = next(one for one in page.forms.values() if "/undo" in str(one.action))
    undo.submit().follow()
    assert session.execute(row).one().status == "waiting"


def test_more_entries_cost_no_more_queries(
    login: Enter, salon: Salon, session: Session, engine: Engine, cut: int
) -> None:
    wait(session, cut)
    session.commit()
    desk = login("owner")
    desk.get(PAGE)
    with statements(engine) as one:
        desk.get(PAGE)
    for number in range(5):
        item = salon.service(f"Service {number}", 30, by=[salon.staff["Boris"]])
        wait(session, item, f"Client {number}")
    session.commit()
    with statements(engine) as six:
        page = desk.get(PAGE)
    assert len(page.html.select(".cal-entry")) == 6
    assert len(six) == len(one)
