"""What can be done with a visit on its card, and what a client's card says of visits."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine, select

from parlour.access.organisations import save_branch
from parlour.db.session import Session
from parlour.errors import Invalid, NotAllowed, NotFound
from parlour.plugins.bookings import services
from parlour.plugins.bookings.habits import count
from parlour.plugins.bookings.models import Appointment, Habit
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.contacts.models import Contact
from parlour.records.actions import Outcome, run_action
from parlour.records.defaults import defaults_of
from parlour.records.history import undo
from parlour.records.write import save
from parlour.testing.site import Enter, statements
from tests.plugins.bookings.conftest import Salon

VISIT = "bookings.appointment"


@pytest.fixture
def anna(salon: Salon) -> int:
    return salon.person("Anna")


@pytest.fixture
def cut(salon: Salon, anna: int) -> int:
    return salon.service("Haircut", 60, by=[anna, salon.person("Boris")])


def status(session: Session, visit: int) -> str:
    return str(session.scalars(select(Appointment.status).where(Appointment.id == visit)).one())


def words(page: Any, selector: str) -> list[str]:
    return [" ".join(item.get_text(" ", strip=True).split()) for item in page.html.select(selector)]


@pytest.mark.parametrize(
    ("name", "becomes"),
    [
        ("confirm", "confirmed"),
        ("arrive", "arrived"),
        ("begin", "in_progress"),
        ("finish", "done"),
        ("miss", "no_show"),
    ],
)
def test_a_step_is_done_for_many_at_once_and_undone(
    salon: Salon, session: Session, cut: int, name: str, becomes: str
) -> None:
    visits = [salon.book(hour, Wanted(cut)) for hour in (10, 12)]
    done = run_action(session, VISIT, visits, name)
    assert [status(session, one) for one in visits] == [becomes] * 2
    assert done.change_set is not None
    undo(session, done.change_set)
    assert [status(session, one) for one in visits] == ["booked"] * 2


def test_cancelling_frees_the_time_and_undoing_takes_it_again(
    salon: Salon, session: Session, cut: int
) -> None:
    visit = salon.book(10, Wanted(cut))
    before = salon.busy()
    done = run_action(session, VISIT, [visit], "cancel", {"by": "salon", "reason": "Anna is ill"})
    assert status(session, visit) == "cancelled_salon"
    assert not salon.busy()
    assert session.scalars(select(Appointment.reason)).one() == "Anna is ill"
    assert done.change_set is not None
    undo(session, done.change_set)
    assert salon.busy() == before


def test_moving_says_at_its_box_that_the_time_is_taken(
    salon: Salon, session: Session, anna: int, cut: int
) -> None:
    salon.book(12, Wanted(cut, anna))
    visit = salon.book(10, Wanted(cut, anna))
    noon = f"{salon.day.isoformat()}T12:00"

    def move(**more: Any) -> Outcome:
        return run_action(session, VISIT, [visit], "move", {"starts": noon, **more})

    with pytest.raises(Invalid) as refused:
        move()
    assert set(refused.value.errors[0]) == {"starts"}
    move(staff=salon.staff["Boris"])
    assert salon.lines(visit)[0].staff_id == salon.staff["Boris"]
    assert salon.visit(visit).starts.hour == 9  # noon in Moscow
    move(staff=anna, force=True)
    assert salon.lines(visit)[0].staff_id == anna


def test_who_may_not_force_may_not_move_over_others(
    session_as: Any, salon: Salon, session: Session, cut: int
) -> None:
    visit = salon.book(10, Wanted(cut))
    session.commit()
    desk = session_as("receptionist")
    values = {"starts": f"{salon.day.isoformat()}T12:00", "force": True}
    with pytest.raises(NotAllowed):
        run_action(desk, VISIT, [visit], "move", values)
    desk.rollback()
    with pytest.raises(NotFound):
        run_action(session_as("specialist"), VISIT, [visit], "confirm")


def test_the_same_is_booked_again_for_the_same_client(
    salon: Salon, session: Session, anna: int, cut: int
) -> None:
    client = save(session, Contact, {"name": "Мария", "kind": "person"})
    visit = salon.book(10, Wanted(cut, anna), values={"client": client})
    services.set_status(session, visit, "done")
    run_action(session, VISIT, [visit], "rebook", {"starts": f"{salon.day.isoformat()}T14:00"})
    again = session.scalars(select(Appointment.id).where(Appointment.id != visit)).one()
    row = session.execute(
        select(Appointment.client_id, Appointment.status).where(Appointment.id == again)
    ).one()
    assert tuple(row) == (client, "booked")
    assert salon.lines(again)[0].staff_id == anna
    with pytest.raises(Invalid):
        run_action(session, VISIT, [visit], "rebook", {"starts": f"{salon.day.isoformat()}T14:30"})
    run_action(
        session, VISIT, [visit], "rebook", {"starts": f"{salon.day.isoformat()}T14:30", "anybody": True}
    )


def test_cards_show_services_and_visits(
    login: Enter, salon: Salon, session: Session, anna: int, cut: int
) -> None:
    client = save(session, Contact, {"name": "Мария", "kind": "person"})
    visit = salon.book(10, Wanted(cut, anna), values={"client": client})
    missed = salon.book(12, Wanted(cut), values={"client": client})
    services.set_status(session, missed, "no_show")
    session.commit()
    desk = login()
    page = desk.get(f"/o/jasmine/r/{VISIT}/{visit}")
    [line] = [one for one in words(page, ".found li") if "Haircut" in one]
    assert "10:00" in line and "Anna" in line and "60 minutes" in line and "1,000" in line
    assert "Rebook" not in page and "Book the same again" in page
    page = desk.get(f"/o/jasmine/r/contacts.contact/{client}")
    figures = words(page, ".figure")
    assert any(one.startswith("Visits 0") and "1 did not come" in one for one in figures)
    assert any(one.startswith("Next visit") for one in figures)
    assert "Coming visits" in page
    links = [str(link["href"]) for link in page.html.select(".panel-body.page-actions a")]
    assert [link.split("/bookings/")[1] for link in links] == [
        f"book?client={client}",
        f"day/free?client={client}",
    ]
    # Who sees no visits is told nothing of them.
    assert "Coming visits" not in login(None).get(
        f"/o/jasmine/r/contacts.contact/{client}", expect_errors=True
    )


def test_services_stand_at_their_hour_though_the_clock_is_changed_between_them(
    login: Enter, salon: Salon, session: Session
) -> None:
    branch = save_branch(session, None, {"name": "Berlin", "zone": "Europe/Berlin"}).id
    salon.zone, salon.day = "Europe/Berlin", date(2030, 10, 27)
    by = [salon.person("Vera", "0:00", "8:00", branch=branch)]
    long, short = salon.service("Colouring", 150, by=by), salon.service("Styling", 30, by=by)
    visit = salon.book(1.5, Wanted(long), Wanted(short), branch_id=branch)
    session.commit()
    page = login().get(f"/o/jasmine/r/{VISIT}/{visit}")
    [line] = [one for one in words(page, ".found li") if "Styling" in one]
    assert line.startswith("3:00")


def test_the_timeline_has_visits_that_were(salon: Salon, session: Session, cut: int) -> None:
    from parlour.db.base import now
    from parlour.records.timeline import timeline_of

    client = save(session, Contact, {"name": "Мария", "kind": "person"})
    visit = salon.book(10, Wanted(cut), values={"client": client})
    assert not [one for one in timeline_of(session, "contacts.contact", [client]) if one.kind == "visit"]
    save(session, Appointment, {"starts": now() - timedelta(days=1), "status": "done"}, visit)
    [entry] = [one for one in timeline_of(session, "contacts.contact", [client]) if one.kind == "visit"]
    assert str(entry.title) == "Visit" and entry.icon == "check-check"
    assert not [
        one
        for one in timeline_of(session, "contacts.contact", [client], before=entry.at)
        if one.kind == "visit"
    ]


def test_the_form_of_a_delay_begins_with_what_is_usual(
    login: Enter, salon: Salon, session: Session, anna: int
) -> None:
    session.commit()
    form = login().get(f"/o/jasmine/r/schedule.staff/{anna}/do/late").forms["action"]
    assert form["minutes"].value == "15" and form["shift"].checked and form["tell"].checked


def test_an_action_that_was_asked_for_in_the_calendar_leads_back_there(
    login: Enter, salon: Salon, session: Session, anna: int, cut: int
) -> None:
    visit = salon.book(10, Wanted(cut, anna))
    session.commit()
    desk, day = login(), f"/o/jasmine/bookings/day?date={salon.day}"
    form = desk.get(f"/o/jasmine/r/{VISIT}/{visit}/do/cancel?{urlencode({'back': day})}").forms["action"]
    page = form.submit().follow()
    assert page.request.path_qs == day
    assert (
        "undone" in next(one for one in page.forms.values() if "/undo" in str(one.action)).submit().follow()
    )


def test_the_page_of_those_who_are_due(
    login: Enter, salon: Salon, session: Session, anna: int, cut: int
) -> None:
    client = save(session, Contact, {"name": "Мария", "phones": [{"number": "+79135550101"}]})
    today = defaults_of(session).today()
    for ago in (60, 40, 20):
        visit = salon.book(10, Wanted(cut, anna), values={"client": client}, force=True)
        before = salon.at(10, today - timedelta(days=ago))
        services.move(session, visit, before, by="staff", force=True)
        services.set_status(session, visit, "done")
    count(session, [client])
    session.commit()
    page = login("receptionist").get("/o/jasmine/bookings/due")
    [line] = words(page, ".found li")
    assert "Мария" in line and "every 20 days" in line and "Anna, Haircut" in line and "913" in line
    assert "Мария" in page.click("As a list of clients")
    login(None).get("/o/jasmine/bookings/due", status=403)


def test_those_who_are_due_are_read_page_by_page_in_any_order(
    login: Enter, salon: Salon, session: Session, engine: Engine
) -> None:
    desk = login("receptionist")
    today = defaults_of(session).today()

    def add(first: int, last: int) -> None:
        for at in range(first, last):
            client = save(session, Contact, {"name": f"Client {(at * 7) % 53:02}"})
            # Several are due on one day.
            due, before = today - timedelta(days=at // 3), today - timedelta(days=20 + (at * 5) % 53)
            session.add(Habit(id=client, visits=3, every=20, due=due, last=before, staff="Anna"))
        session.commit()

    def queries() -> int:
        with statements(engine) as seen:
            desk.get("/o/jasmine/bookings/due")
        return len(seen)

    add(0, 3)
    desk.get("/o/jasmine/bookings/due")
    few = queries()
    add(3, 53)
    assert queries() == few
    for sort in ("due", "-due", "last", "-last", "name", "-name"):
        pages, page = [], desk.get(f"/o/jasmine/bookings/due?sort={sort}")
        while True:
            pages.append([line.split(" due ")[0] for line in words(page, ".found li .menu-words")])
            if page.html.select_one(".pager a[rel=next]") is None:
                break
            page = page.click("Next")
        assert [len(one) for one in pages] == [50, 3]
        names = [name for one in pages for name in one]
        assert len(set(names)) == 53
        if sort.endswith("name"):
            assert names == sorted(names, reverse=sort.startswith("-"))
        assert words(page.click("Back"), ".found li .menu-words")[0].startswith(names[0])
    assert len(words(desk.get("/o/jasmine/bookings/due?sort=phones"), ".found li")) == 50
    desk.get("/o/jasmine/bookings/due?after=x", status=409)


def test_booking_again_proposes_the_usual_time(
    login: Enter, salon: Salon, session: Session, anna: int, cut: int
) -> None:
    visit = salon.book(10, Wanted(cut, anna), values={"client": save(session, Contact, {"name": "Мария"})})
    services.set_status(session, visit, "done")
    guest = salon.book(12, Wanted(cut, anna), values={"visitor": "Olga", "phone": "+79135550101"})
    session.commit()
    desk = login("receptionist")
    page = desk.get(f"/o/jasmine/r/{VISIT}/{visit}").click("Book again")
    form = page.forms["action"]
    assert form["starts"].value == f"{salon.day + timedelta(weeks=4)}T10:00"
    form.submit().follow()
    desk.get(f"/o/jasmine/r/{VISIT}/{guest}/do/rebook").forms["action"].submit().follow()
    statement = select(Appointment.visitor, Appointment.phone, Appointment.starts_wall)
    rows = session.execute(statement.order_by(Appointment.id.desc())).all()
    assert tuple(rows[0]) == ("Olga", "+79135550101", f"{salon.day + timedelta(weeks=4)}T12:00")
    assert rows[1].visitor is None
    session.rollback()
