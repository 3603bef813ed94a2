"""A class has so many places: they are all in one session, each with its own visit, and never one too many."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyramid.router import Router
from sqlalchemy import Engine, func, select
from webtest import TestApp

from parlour.access.models import Organisation
from parlour.db.session import Session
from parlour.errors import Invalid, NotFound, Refusal
from parlour.plugins.bookings.groups import Full, book_seats, coming, taken
from parlour.plugins.bookings.models import Appointment, Group
from parlour.plugins.bookings.offers import NotOffered, Wanted
from parlour.plugins.bookings.online.visitors import Visitor, book_seats_online
from parlour.plugins.bookings.services import cancel, move, set_status
from parlour.plugins.bookings.tokens import visit_of_token
from parlour.plugins.catalog.models import Item
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.clocks import moment
from parlour.plugins.schedule.services import Taken
from parlour.records.history import undo
from parlour.records.write import Change, save, write
from parlour.testing.people import trusted
from parlour.testing.site import Enter
from tests.plugins.bookings.conftest import Salon


@pytest.fixture
def salon(session: Session) -> Salon:
    return Salon(session, day=datetime.now(ZoneInfo("Europe/Moscow")).date() + timedelta(days=3))


@pytest.fixture
def anna(salon: Salon) -> int:
    return salon.person("Anna")


@pytest.fixture
def yoga(salon: Salon, anna: int) -> int:
    return salon.service("Yoga", 60, by=[anna], price="500")


@pytest.fixture
def make(salon: Salon, anna: int, yoga: int) -> Callable[..., int]:
    def group(hour: float = 10, **more: Any) -> int:
        starts = moment(salon.at(hour)).astimezone(ZoneInfo("Europe/Moscow"))
        return save(salon.session, Group, {"item": yoga, "staff": anna, "starts": starts, "seats": 3, **more})

    return group


def test_a_session_takes_its_specialist_and_fills_up(
    salon: Salon, anna: int, yoga: int, make: Callable[..., int]
) -> None:
    group = make()
    assert salon.busy() == [(anna, None, salon.at(10), salon.at(11))]
    with pytest.raises(NotOffered):
        salon.book(10.5, Wanted(yoga, anna))
    first = book_seats(salon.session, group, by="client", seats=2, values={"visitor": "Olga"})
    assert salon.visit(first.id).total_amount == 100_000 and salon.visit(first.id).starts == moment(
        salon.at(10)
    )
    with pytest.raises(Full) as full:
        book_seats(salon.session, group, by="client", seats=2)
    assert full.value.left == 1
    book_seats(salon.session, group, by="client")
    with pytest.raises(Full, match="All places"):
        book_seats(salon.session, group, by="staff")
    assert taken(salon.session, [group]) == {group: 3} and len(salon.busy()) == 1


def test_t_b16_one_leaves_and_the_others_stay(salon: Salon, make: Callable[..., int]) -> None:
    group = make(seats=2)
    one, two = (book_seats(salon.session, group, by="client") for _n in range(2))
    cancel(salon.session, visit_of_token(salon.session, one.token), by="client")
    statuses = dict(salon.session.execute(select(Appointment.id, Appointment.status)).all())
    assert statuses == {one.id: "cancelled_client", two.id: "booked"}
    cancel(salon.session, two.id, by="client")
    # The last one has left: the session is there and open again, and its specialist still takes it.
    assert len(salon.busy()) == 1
    assert book_seats(salon.session, group, by="client", seats=2)


def test_who_comes_back_needs_a_place(salon: Salon, make: Callable[..., int]) -> None:
    group = make(seats=1)
    one = book_seats(salon.session, group, by="staff")
    cancel(salon.session, one.id, by="staff")
    book_seats(salon.session, group, by="staff")
    with pytest.raises(Full), salon.session.begin_nested():
        set_status(salon.session, one.id, "booked")


def test_a_session_takes_as_long_as_its_service_where_nobody_says_how_long(
    login: Enter, salon: Salon, yoga: int
) -> None:
    salon.session.commit()
    manager = login("manager")
    form = manager.get("/o/jasmine/r/bookings.group/new").forms["record"]
    form["item"].force_value(str(yoga))
    form["starts"] = f"{salon.day}T10:00"
    form.submit("save").follow()
    (group,) = salon.session.scalars(select(Group)).all()
    assert group.minutes == 60
    save(salon.session, Group, {"minutes": 45}, group.id)
    save(salon.session, Group, {"minutes": None}, group.id)
    assert salon.session.scalar(select(Group.minutes)) == 60
    bare = save(salon.session, Item, {"name": "Talk"})
    with pytest.raises(Invalid) as refused:
        save(salon.session, Group, {"item": bare, "starts": salon.day.isoformat() + "T12:00"})
    assert set(refused.value.errors[0]) == {"minutes"}


def test_the_desk_books_a_place_on_the_card_which_says_who_comes(
    login: Enter, salon: Salon, make: Callable[..., int]
) -> None:
    session, group = salon.session, make()
    client = save(session, Contact, {"name": "Мария", "kind": "person"})
    gone = book_seats(session, group, by="staff", values={"visitor": "Olga"})
    cancel(session, gone.id, by="staff")
    session.commit()
    desk = login("receptionist")
    here = f"/o/jasmine/r/bookings.group/{group}"
    form = desk.get(here).click("Book a place", index=0).forms["action"]
    form["client"].force_value(str(client))
    form["seats"] = "2"
    page = form.submit().follow()
    assert [" ".join(line.get_text(" ", strip=True).split()) for line in page.html.select(".found li")] == [
        "Мария Booked 2 places",
        "Olga Cancelled by us",
    ]
    assert "2 of 3" in page and "Yoga, " in page.html.select_one("h1").get_text()
    form = page.click("Book a place", index=0).forms["action"]
    form["seats"] = "2"
    assert "Only 1 places are left" in form.submit(status=422)
    undone = next(one for one in page.forms.values() if "/undo" in str(one.action)).submit().follow()
    assert "0 of 3" in undone
    # Who sees the session and books nobody has no button.
    assert "Book a place" not in login("specialist").get(here)


def test_who_comes_follows_the_session(salon: Salon, make: Callable[..., int]) -> None:
    group = make()
    come, gone = (book_seats(salon.session, group, by="staff").id for _n in range(2))
    cancel(salon.session, gone, by="staff")
    starts = moment(salon.at(13)).astimezone(ZoneInfo("Europe/Moscow"))
    moved = write(salon.session, Group, [Change({"starts": starts, "minutes": 90}, group)])
    assert (salon.visit(come).starts, salon.visit(come).ends) == (starts, moment(salon.at(14.5)))
    assert salon.lines(come)[0].minutes == 90
    assert salon.visit(gone).starts == moment(salon.at(10))
    assert moved.change_set is not None
    undo(salon.session, moved.change_set)
    assert (salon.visit(come).starts, salon.visit(come).ends) == (moment(salon.at(10)), moment(salon.at(11)))


def test_a_session_that_does_not_take_place_cancels_its_visits_until_it_does(
    salon: Salon, make: Callable[..., int]
) -> None:
    group = make()
    come, gone = (book_seats(salon.session, group, by="staff").id for _n in range(2))
    cancel(salon.session, gone, by="client")
    off = write(salon.session, Group, [Change({"cancelled": True}, group)])
    assert salon.visit(come).status == "cancelled_salon" and salon.busy() == []
    assert off.change_set is not None
    undo(salon.session, off.change_set)
    assert salon.visit(come).status == "booked" and salon.visit(gone).status == "cancelled_client"
    assert len(salon.busy()) == 1


def test_a_place_in_what_we_confirm_is_a_request_first(
    salon: Salon, make: Callable[..., int], yoga: int
) -> None:
    save(salon.session, Item, {"bookings_confirm": True}, yoga)
    group = make()
    asked, given = (book_seats(salon.session, group, by=by) for by in ("client", "staff"))  # type: ignore[arg-type]
    assert [salon.visit(one.id).status for one in (asked, given)] == ["requested", "booked"]
    assert (asked.status, given.status) == ("requested", "booked")
    assert taken(salon.session, [group]) == {group: 2}


def test_a_place_costs_what_it_costs_on_the_day_of_the_session(
    salon: Salon, make: Callable[..., int], yoga: int
) -> None:
    prices = [{"price": "500"}, {"price": "700", "since": salon.day + timedelta(days=1)}]
    save(salon.session, Item, {"prices": prices}, yoga)
    today = make()
    salon.day += timedelta(days=1)
    dearer = make(12)
    found = coming(salon.session, moment(salon.at(0)) - timedelta(days=2), moment(salon.at(23)), by="client")
    assert {one["id"]: one["price"].amount for one in found} == {today: 500, dearer: 700}
    booked = [book_seats(salon.session, group, by="client", seats=2).id for group in (today, dearer)]
    assert [salon.visit(one).total_amount for one in booked] == [100_000, 140_000]


def test_what_a_new_client_books_is_undone_with_the_client(
    salon: Salon, session: Session, make: Callable[..., int]
) -> None:
    visitor = Visitor("Olga", "+79161112233", consents=("data",))
    booked = book_seats_online(session, make(), visitor, seats=1)
    assert booked.change_set is not None
    undo(session, booked.change_set)
    assert not session.scalars(select(Contact.id).where(Contact.name == "Olga")).all()
    assert not session.scalars(select(Appointment.id)).all()


def test_a_place_is_not_moved_like_a_visit(salon: Salon, make: Callable[..., int]) -> None:
    one = book_seats(salon.session, make(), by="staff")
    with pytest.raises(Refusal, match="group session"):
        move(salon.session, one.id, salon.at(15), by="staff")


def test_a_session_is_refused_where_its_specialist_is_taken(
    salon: Salon, anna: int, yoga: int, make: Callable[..., int]
) -> None:
    salon.book(10, Wanted(yoga, anna))
    with pytest.raises(Taken), salon.session.begin_nested():
        make(10.5)
    group = make(12)
    write(salon.session, Group, [Change({"cancelled": True}, group)])
    assert len(salon.busy()) == 1
    with pytest.raises(NotFound):
        book_seats(salon.session, group, by="staff")


def test_what_is_too_soon_or_not_online_is_not_offered(salon: Salon, make: Callable[..., int]) -> None:
    inside = make(10, online=False)
    late = make(12)
    start, end = moment(salon.at(0)), moment(salon.at(23))
    assert [one["id"] for one in coming(salon.session, start, end, by="client")] == [late]
    assert len(coming(salon.session, start, end, by="staff")) == 2
    with pytest.raises(NotFound):
        book_seats(salon.session, inside, by="client")


def test_clients_see_what_is_left_and_book_it(
    app: Router,
    engine: Engine,
    other_organisation: Organisation,
    session: Session,
    salon: Salon,
    make: Callable[..., int],
) -> None:
    group = make(seats=2)
    session.commit()
    here = "/api/v1/public/jasmine/bookings/sessions"
    web = TestApp(app)
    (item,) = web.get(here).json["items"]
    assert item["id"] == group and item["left"] == 2 and item["start"].endswith("+03:00")
    body = {"seats": 2, "client": {"name": "Olga", "phone": "+79161112233"}, "consents": ["data"]}
    made = web.post_json(f"{here}/{group}/seats", body, status=201).json
    assert made["price"]["amount"] == "1000.00"
    refused = web.post_json(f"{here}/{group}/seats", {**body, "seats": 1}, status=409).json
    assert refused["left"] == 0 and web.get(here).json["items"][0]["left"] == 0
    for seats in (0, 21, "one", True):
        web.post_json(f"{here}/{group}/seats", {**body, "seats": seats}, status=422)
    web.post_json(f"{here}/{10**12}/seats", body, status=404)
    with trusted(engine, other_organisation) as theirs, pytest.raises(NotFound):
        book_seats(theirs, group, by="staff")
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Appointment)) == 1
