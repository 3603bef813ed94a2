"""Booking at the desk, and moving and stretching visits by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, func, select

from parlour.access.models import AccessLog, Organisation
from parlour.db.session import Session
from parlour.plugins.bookings.frontdesk import desk
from parlour.plugins.bookings.frontdesk.desk import Landing
from parlour.plugins.bookings.models import MAX_SERVICES, Appointment, Group, Line, Skill
from parlour.plugins.bookings.offers import NotOffered, Wanted
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.clocks import moment
from parlour.plugins.schedule.models import Resource, ResourceType
from parlour.records.write import save
from parlour.testing.people import trusted
from parlour.testing.site import Enter
from tests.plugins.bookings.conftest import MONDAY, Salon

HERE = "/o/jasmine/bookings"
DAY = MONDAY.isoformat()


@pytest.fixture
def cut(salon: Salon, session: Session) -> int:
    item = salon.service("Haircut", 60, by=[salon.person("Anna"), salon.person("Boris")])
    session.commit()
    return item


def visits(session: Session) -> list[Any]:
    columns = (
        Appointment.id,
        Appointment.client_id,
        Appointment.visitor,
        Appointment.source,
        Appointment.overlap,
    )
    return fresh(session, lambda: list(session.execute(select(*columns).order_by(Appointment.id))))


def fresh(session: Session, look: Callable[[], Any]) -> Any:
    """What stands now; looking must not keep SQLite's write lock from the site."""
    session.rollback()
    found = look()
    session.rollback()
    return found


def clients(session: Session) -> int:
    return int(fresh(session, lambda: session.scalar(select(func.count()).select_from(Contact))))


def form(somebody: Any, salon: Salon, hour: str = "10:00", who: str = "Anna") -> Any:
    page = somebody.get(f"{HERE}/book?staff={salon.staff[who]}&at={DAY}T{hour}")
    return page.forms["book"]


def line_of(session: Session, visit: int) -> int:
    return session.scalars(select(Line.id).where(Line.appointment_id == visit)).one()


def test_a_click_on_free_time_opens_a_form_with_all_that_is_known(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    maria = save(session, Contact, {"name": "Мария", "kind": "person"})
    session.commit()
    asked = form(login(), salon)
    assert (asked["day"].value, asked["time"].value) == (DAY, "10:00")
    assert asked["staff"].value == str(salon.staff["Anna"])
    asked["item0"] = str(cut)
    # What begins like the number of a client is none.
    asked["client"].force_value(f"{maria:018}99")
    assert "Choose from the list" in asked.submit("save", status=422)
    asked["client"].force_value(str(maria))
    page = asked.submit("save").follow()
    assert "Booked." in page
    [visit] = visits(session)
    assert (visit.client_id, visit.source) == (maria, "desk")
    [line] = salon.lines(visit.id)
    assert line.staff_id == salon.staff["Anna"]


def test_a_booking_is_undone_from_its_message(login: Enter, salon: Salon, session: Session, cut: int) -> None:
    asked = form(login(), salon)
    asked["item0"] = str(cut)
    page = asked.submit("save").follow()
    undo = next(one for one in page.forms.values() if "/undo" in str(one.action))
    page = undo.submit().follow()
    assert "It is undone." in page
    assert not fresh(session, salon.busy)
    assert not visits(session)


def test_a_new_client_comes_with_the_visit_and_a_known_phone_is_named(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    somebody = login()
    asked = form(somebody, salon)
    asked["item0"], asked["new_name"], asked["new_phone"] = str(cut), "Ольга Ким", "8 916 111-22-33"
    asked.submit("save").follow()
    [visit] = visits(session)
    named = select(Contact.name).where(Contact.id == visit.client_id)
    assert fresh(session, lambda: session.scalars(named).one()) == "Ольга Ким"
    again = form(somebody, salon, "12:00")
    again["item0"], again["new_name"], again["new_phone"] = str(cut), "Оля", "+7 916 111 22 33"
    page = again.submit("save", status=422)
    assert "This is the phone of Ольга Ким" in page
    assert clients(session) == 1


def test_somebody_walks_in_without_a_name(login: Enter, salon: Salon, session: Session, cut: int) -> None:
    asked = form(login(), salon)
    asked["item0"] = str(cut)
    asked.submit("save").follow()
    assert [(one.client_id, one.source) for one in visits(session)] == [(None, "walk_in")]


def test_a_conflict_says_who_is_in_the_way_and_what_is_free(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    maria = save(session, Contact, {"name": "Мария", "kind": "person"})
    salon.book(10, Wanted(cut, salon.staff["Anna"]), values={"client": maria})
    session.commit()
    somebody = login()
    asked = form(somebody, salon, "10:30")
    asked["item0"], asked["new_name"] = str(cut), "Ольга"
    page = asked.submit("save", status=422)
    said = " ".join(page.html.select_one("[data-error-summary]").get_text(" ", strip=True).split())
    assert "In the way: Мария" in said
    assert len(visits(session)) == 1
    # Nothing of a refused booking stays, the new client neither.
    assert clients(session) == 1
    # A press puts one of the free times into the box; nothing is booked by that, and Enter books as always.
    near = page.html.select(".field-offers button")
    assert near and near[0]["value"].startswith(DAY)
    page = page.forms["book"].submit("take", value=near[0]["value"])
    again = page.forms["book"]
    assert (again["day"].value, again["time"].value) == tuple(near[0]["value"].split("T"))
    assert again["new_name"].value == "Ольга" and len(visits(session)) == 1
    assert not page.html.select(".field-offers")
    # The reception may not put it over; a manager may.
    assert "force" not in asked.fields
    asked = form(login("manager"), salon, "10:30")
    asked["item0"], asked["force"] = str(cut), True
    asked.submit("save").follow()
    assert visits(session)[1].overlap


def test_services_follow_each_other_and_another_does_what_the_first_cannot(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    nails = salon.service("Nails", 30, by=[salon.person("Nina")])
    session.commit()
    page = login().get(f"{HERE}/book?at={DAY}T10:00")
    asked = page.forms["book"]
    asked["item0"], asked["staff"], asked["visitor"] = str(cut), str(salon.staff["Boris"]), "Вера"
    for place in range(1, 4):
        # A button that works without scripts; what was filled in stays.
        asked = asked.submit("more").forms["book"]
        asked[f"item{place}"] = str(nails if place == 1 else cut)
    assert asked["visitor"].value == "Вера"
    asked["staff3"] = str(salon.staff["Anna"])
    asked.submit("save").follow()
    [visit] = visits(session)
    names = {number: name for name, number in salon.staff.items()}
    done_by = [names[one.staff_id] for one in salon.lines(visit.id)]
    assert done_by == ["Boris", "Nina", "Boris", "Anna"]


def test_a_stretch_that_was_marked_is_how_long_the_visit_takes(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    anna = salon.staff["Anna"]
    page = login().get(f"{HERE}/book?staff={anna}&at={DAY}T10:00&minutes=90")
    asked = page.forms["book"]
    assert asked["minutes"].value == "90"
    # The same stretch can be blocked instead.
    assert "90" in [one["value"] for one in page.html.select(".cal-block button")]
    asked["item0"] = str(cut)
    asked.submit("save").follow()
    start = salon.at(10)
    assert fresh(session, salon.busy) == [(anna, None, start, start + 90)]
    asked = form(login(), salon, "12:00").submit("more").forms["book"]
    asked["item0"], asked["item1"], asked["minutes"] = str(cut), str(cut), "60"
    assert "Between 61 and 1440 minutes." in asked.submit("save", status=422)
    asked["minutes"] = "100"
    asked.submit("save").follow()
    assert [one.minutes for one in salon.lines(visits(session)[1].id)] == [60, 40]


def test_a_visit_that_was_made_longer_is_moved_as_it_is(salon: Salon, session: Session, cut: int) -> None:
    anna = salon.staff["Anna"]
    salon.book(13, Wanted(cut, anna))
    visit = salon.book(9, Wanted(cut, anna, 90))
    place = desk.place_of(session, line_of(session, visit))
    with pytest.raises(NotOffered):
        desk.landing(session, place, Landing(salon.at(12)))
    desk.move(session, place, Landing(salon.at(11.5)))
    assert [one.minutes for one in salon.lines(visit)] == [90]
    # Boris is usually as quick, so this visit takes as long with him; who is slower takes as long as they do.
    place = desk.place_of(session, place.line)
    desk.move(session, place, Landing(salon.at(12), salon.staff["Boris"]))
    assert [one.minutes for one in salon.lines(visit)] == [90]
    vera = salon.person("Vera")
    save(session, Skill, {"staff": vera, "item": cut, "minutes": 75})
    place = desk.place_of(session, place.line)
    desk.move(session, place, Landing(salon.at(12), vera))
    assert [one.minutes for one in salon.lines(visit)] == [75]


def test_new_visit_means_this_form_everywhere(login: Enter, cut: int) -> None:
    page = login().get("/o/jasmine/r/bookings.appointment")
    links = {str(link["href"]) for link in page.html.select(".page-actions a, .menu-sheet a")}
    assert f"{HERE}/book" in links
    assert not any("bookings.appointment/new" in link for link in links)
    old = login().get("/o/jasmine/r/bookings.appointment/new?client=5")
    assert old.status_int == 303
    assert old.location.endswith(f"{HERE}/book?client=5")


def test_whose_name_is_said_to_be_in_the_way_is_noted(
    login: Enter, salon: Salon, session: Session, engine: Engine, organisation: Organisation, cut: int
) -> None:
    maria = save(session, Contact, {"name": "Мария", "kind": "person"})
    anna = salon.staff["Anna"]
    salon.book(12, Wanted(cut, anna), values={"client": maria})
    line = line_of(session, salon.book(10, Wanted(cut, anna)))
    session.commit()
    somebody = login()
    params = {"line": line, "at": f"{DAY}T12:00"}
    assert "Мария" in somebody.get(f"{HERE}/landing", params=params).json["text"]
    with trusted(engine, organisation) as log:
        seen = select(AccessLog.record, AccessLog.row_count).where(AccessLog.user_id == somebody.user.id)
        assert [tuple(row) for row in log.execute(seen)] == [("contacts.contact", 1)]


@pytest.mark.parametrize(
    ("box", "value"),
    [("time", "25:99"), ("day", "x"), ("item0", "99999"), ("staff", "99999"), ("client", "99999")],
)
def test_what_no_form_of_ours_sends_is_refused_in_words(
    login: Enter, salon: Salon, session: Session, cut: int, box: str, value: str
) -> None:
    asked = form(login(), salon)
    asked["item0"] = str(cut)
    asked[box].force_value(value)
    page = asked.submit("save", status=422)
    assert page.html.select("[data-error-summary]")
    assert not visits(session)


def test_a_form_has_as_many_boxes_as_a_visit_may_have_services(login: Enter, cut: int) -> None:
    many = "&".join(f"item{place}={cut}" for place in range(30))
    page = login().get(f"{HERE}/book?{many}")
    assert len(page.html.select("select[name^=item]")) == MAX_SERVICES
    assert not page.html.select("button[name=more]")


def test_who_may_not_book_has_no_form(login: Enter, cut: int) -> None:
    login("specialist").get(f"{HERE}/book", status=403)


def test_time_is_blocked_with_the_second_tap(login: Enter, salon: Salon, session: Session, cut: int) -> None:
    anna = salon.staff["Anna"]
    salon.book(10.5, Wanted(cut, anna), values={"visitor": "Вера"})
    session.commit()
    somebody = login()
    page = somebody.get(f"{HERE}/book?staff={anna}&at={DAY}T10:00", headers={"X-Fragment": "1"})
    block = next(one for one in page.forms.values() if str(one.action).endswith("/block"))
    page = block.submit("minutes", value="60").follow()
    assert "Still in it: Вера." in page
    assert [one.get_text(strip=True) for one in page.html.select(".cal-away")] == ["Break"]
    free = salon.starts(Wanted(cut, anna))
    assert "09:00" in free and not {"09:30", "10:00"} & set(free)
    session.rollback()
    undo = next(one for one in page.forms.values() if "/undo" in str(one.action))
    assert "It is undone." in undo.submit().follow()
    page = somebody.get(f"{HERE}/book?staff={anna}&at={DAY}T14:00")
    block = next(one for one in page.forms.values() if str(one.action).endswith("/block"))
    block.submit("minutes", value="rest").follow()
    assert fresh(session, lambda: salon.starts(Wanted(cut, anna)))[-1] == "13:00"


def test_who_may_not_write_absences_blocks_nothing(login: Enter, salon: Salon, cut: int) -> None:
    values = {"staff": salon.staff["Anna"], "at": f"{DAY}T10:00", "minutes": "30"}
    login("specialist").post(f"{HERE}/block", values, status=403)
    somebody = login()
    somebody.post(f"{HERE}/block", values | {"at": "x"}, status=400)
    somebody.post(f"{HERE}/block", values | {"staff": "x"}, status=400)


# ---- by hand


def test_the_conflict_is_known_before_the_drop(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    anna, boris = salon.staff["Anna"], salon.staff["Boris"]
    salon.book(12, Wanted(cut, anna), values={"visitor": "Вера"})
    line = line_of(session, salon.book(10, Wanted(cut, anna)))
    session.commit()
    somebody = login()

    def ask(at: str, **more: Any) -> Any:
        return somebody.get(f"{HERE}/landing", params={"line": line, "at": f"{DAY}T{at}", **more}).json

    assert ask("10:30")["free"]  # not in its own way
    refused = ask("11:30")
    assert not refused["free"]
    assert "Вера" in refused["text"]
    assert not refused["force"]
    assert ask("11:30", staff=boris)["free"]
    assert not ask("20:00")["free"]
    assert not ask("10:00", minutes=180)["free"]
    assert ask("10:00", minutes=90)["free"]


def test_a_visit_is_dropped_elsewhere_and_taken_back(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    visit = salon.book(10, Wanted(cut, salon.staff["Anna"]))
    line = line_of(session, visit)
    before = salon.busy()
    session.commit()
    somebody = login()
    values = {"line": line, "at": f"{DAY}T13:15", "staff": salon.staff["Boris"]}
    answer = somebody.post(f"{HERE}/landing", values).json
    assert answer["free"]
    start = salon.at(13.25)
    assert fresh(session, salon.busy) == [(salon.staff["Boris"], None, start, start + 60)]
    somebody.post(answer["undo"])
    session.rollback()
    assert salon.busy() == before


def test_a_drop_on_somebody_needs_the_right_to_force_it(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    anna = salon.staff["Anna"]
    salon.book(12, Wanted(cut, anna))
    visit = salon.book(10, Wanted(cut, anna))
    line = line_of(session, visit)
    session.commit()
    values = {"line": line, "at": f"{DAY}T12:30"}
    somebody, manager = login(), login("manager")
    assert not somebody.post(f"{HERE}/landing", values, status=422).json["force"]
    somebody.post(f"{HERE}/landing", values | {"force": "1"}, status=403)
    assert fresh(session, lambda: salon.visit(visit).starts.hour) == 7  # ten in Moscow
    assert manager.post(f"{HERE}/landing", values, status=422).json["force"]
    assert manager.post(f"{HERE}/landing", values | {"force": "1"}).json["free"]


def test_a_visit_is_stretched_as_far_as_there_is_room(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    anna = salon.staff["Anna"]
    salon.book(12, Wanted(cut, anna))
    visit = salon.book(10, Wanted(cut, anna))
    line = line_of(session, visit)
    session.commit()
    somebody = login()
    somebody.post(f"{HERE}/landing", {"line": line, "minutes": 135}, status=422)
    assert somebody.post(f"{HERE}/landing", {"line": line, "minutes": 90}).json["undo"]
    assert fresh(session, lambda: salon.lines(visit)[0].minutes) == 90
    somebody.post(f"{HERE}/landing", {"line": line, "minutes": 9999}, status=422)


def test_what_lies_over_another_is_changed_by_who_may_put_it_there(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    anna = salon.staff["Anna"]
    salon.book(12, Wanted(cut, anna))
    visit = salon.book(12.5, Wanted(cut, anna), force=True)
    line = line_of(session, visit)
    session.commit()
    values = {"line": line, "minutes": 90}
    somebody, manager = login(), login("manager")
    assert not somebody.post(f"{HERE}/landing", values, status=422).json["force"]
    somebody.post(f"{HERE}/landing", values | {"force": "1"}, status=403)
    # Shorter is not over more than before.
    assert somebody.post(f"{HERE}/landing", values | {"minutes": 45}).json["free"]
    assert manager.post(f"{HERE}/landing", values, status=422).json["force"]
    assert manager.post(f"{HERE}/landing", values | {"force": "1"}).json["free"]
    assert fresh(session, lambda: salon.lines(visit)[0].minutes) == 90
    # Where it is free it lies over nothing any more.
    assert manager.post(f"{HERE}/landing", {"line": line, "at": f"{DAY}T15:00", "force": "1"}).json["free"]
    assert not visits(session)[1].overlap


def test_a_visit_is_dragged_from_room_to_room(login: Enter, salon: Salon, session: Session, cut: int) -> None:
    first = salon.room("Chair", needed_by=[cut])
    kind = session.scalars(select(ResourceType.id)).one()
    second = save(session, Resource, {"name": "Window", "type": kind})
    laser = save(session, Resource, {"name": "Laser"})
    anna, boris = salon.staff["Anna"], salon.staff["Boris"]
    line = line_of(session, salon.book(10, Wanted(cut, anna)))
    salon.book(12, Wanted(cut, boris, rooms=(second,)), values={"visitor": "Вера"})
    session.commit()
    somebody = login()
    here = {"line": line, "left": first}

    def land(hour: str, room: int, status: int = 200) -> Any:
        given = here | {"room": room, "at": f"{DAY}T{hour}"}
        assert somebody.get(f"{HERE}/landing", params=given).json["free"] is (status == 200)
        return somebody.post(f"{HERE}/landing", given, status=status).json

    # The specialist is free then, the room is not.
    assert "Вера" in land("12:00", second, 422)["text"]
    assert "is not done there" in land("10:00", laser, 422)["text"]
    assert land("10:00", second)["undo"]
    rooms = fresh(session, lambda: [row[1] for row in salon.busy() if row[1] and row[2] == salon.at(10)])
    assert rooms == [second]
    # At another time it stays in its room.
    here["left"] = second
    land("14:00", second)
    rooms = fresh(session, lambda: [row[1] for row in salon.busy() if row[1] and row[2] == salon.at(14)])
    assert rooms == [second]


def test_a_visit_that_is_stretched_over_a_session_is_told_so_before_the_drop(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    anna = salon.staff["Anna"]
    line = line_of(session, salon.book(10, Wanted(cut, anna)))
    starts = moment(salon.at(12)).astimezone(ZoneInfo("Europe/Moscow"))
    save(session, Group, {"item": cut, "staff": anna, "starts": starts, "minutes": 60, "seats": 3})
    session.commit()
    desk = login()
    for length, free in ((120, True), (135, False)):
        asked = desk.get(f"{HERE}/landing?line={line}&minutes={length}").json
        assert asked["free"] is free
        desk.post(f"{HERE}/landing", {"line": line, "minutes": length}, status=200 if free else 422)


def test_free_time_of_a_room_is_booked_in_that_room(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    salon.room("Chair", needed_by=[cut])
    kind = session.scalars(select(ResourceType.id)).one()
    second = save(session, Resource, {"name": "Window", "type": kind})
    nails = salon.service("Nails", 30, by=[salon.staff["Anna"]])
    session.commit()
    asked = login().get(f"{HERE}/book?room={second}&at={DAY}T10:00").forms["book"]
    asked["item0"] = str(nails)
    assert "not done in this room" in asked.submit("save", status=422)
    asked["item0"] = str(cut)
    asked.submit("save").follow()
    assert [row[1] for row in fresh(session, salon.busy) if row[1]] == [second]


@pytest.mark.parametrize("line", ["", "x", "9" * 30])
def test_what_is_no_visit_is_refused(login: Enter, cut: int, line: str) -> None:
    login().post(f"{HERE}/landing", {"line": line}, status=400)


def test_visits_of_others_are_not_moved(login: Enter, salon: Salon, session: Session, cut: int) -> None:
    line = line_of(session, salon.book(10, Wanted(cut)))
    session.commit()
    login("specialist").post(f"{HERE}/landing", {"line": line, "at": f"{DAY}T12:00"}, status=403)
    login().post(f"{HERE}/landing", {"line": 99999}, status=404)


def test_a_new_salon_is_led_to_its_first_visit(session: Session, salon: Salon, login: Enter) -> None:
    somebody = login("owner")

    def left() -> list[str]:
        return [a.get_text() for a in somebody.get("/o/jasmine").html.select(".steps a")]

    assert "Say what can be booked" in left()
    assert "give a service a duration" in somebody.get(f"{HERE}/book").text
    item = salon.service("Haircut", 60, by=[salon.person("Anna")])
    session.commit()
    assert "Say what can be booked" not in left()
    assert "Book as your clients will" in left()
    assert "give a service a duration" not in somebody.get(f"{HERE}/book").text
    booked = salon.book(10, Wanted(item))
    session.commit()
    assert not [step for step in left() if "Book as" in step]
    save(session, Contact, {"name": "Мария", "kind": "person"})
    session.commit()
    login()  # a second person, who was the last thing missing
    assert not somebody.get("/o/jasmine").html.select(".steps li")
    card = somebody.get(f"/o/jasmine/r/bookings.appointment/{booked}")
    assert card.html.h1.get_text(strip=True).endswith(", 10:00\u202fAM")
    who = somebody.get(f"/o/jasmine/r/schedule.staff/{salon.staff['Anna']}")
    assert [one for one in who.html.select(".panel h2") if "Who does what" in one.get_text()]
