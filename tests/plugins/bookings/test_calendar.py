"""The calendar's day: what stands in it, for whom, and at what cost."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, select

from parlour.access.models import AccessLog, Branch, Organisation, Rule
from parlour.access.roles import role_by_code
from parlour.db.session import Session
from parlour.plugins.bookings import occupied, services
from parlour.plugins.bookings.frontdesk import calendar_rows
from parlour.plugins.bookings.models import Appointment
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.clocks import moment
from parlour.plugins.schedule.models import Absence
from parlour.records.write import save
from parlour.testing.people import trusted
from parlour.testing.site import Enter, statements
from tests.plugins.bookings.conftest import MONDAY, Salon

PAGE = f"/o/jasmine/bookings/day?date={MONDAY.isoformat()}"


@pytest.fixture
def cut(salon: Salon, session: Session) -> int:
    """A haircut of an hour by Anna, who works from nine to six."""
    item = salon.service("Haircut", 60, by=[salon.person("Anna")], after=10)
    session.commit()
    return item


def client(session: Session, name: str) -> int:
    return save(session, Contact, {"name": name, "kind": "person"})


def texts(page: Any, selector: str) -> list[str]:
    return [" ".join(item.get_text(" ", strip=True).split()) for item in page.html.select(selector)]


def places(page: Any, selector: str) -> list[tuple[int, int]]:
    """From and to, in minutes since the first hour shown."""
    found = []
    for item in page.html.select(selector):
        at, span = (re.search(rf"{name}-(\d+)", " ".join(item["class"])) for name in ("at", "for"))
        assert at and span
        found.append((int(at[1]) * 5, (int(at[1]) + int(span[1])) * 5))
    return found


def test_a_visit_stands_at_its_time_with_its_buffer_and_the_rest_is_free(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    maria = client(session, "Мария")
    salon.book(10, Wanted(cut), values={"client": maria})
    session.commit()
    page = login().get(PAGE)
    assert texts(page, ".cal-head h2") == ["Anna"]
    assert texts(page, "a.cal-visit strong") == ["Мария"]
    assert texts(page, ".cal-what") == ["Haircut"]
    # The window begins at nine.
    assert places(page, "a.cal-visit") == [(60, 120)]
    assert places(page, ".cal-buffer") == [(120, 130)]
    free = places(page, ".cal-free")
    assert free[:4] == [(0, 30), (30, 60), (130, 150), (150, 180)]
    assert free[-1] == (510, 540)
    assert not page.html.select("[style]")


def test_a_pause_is_open_and_can_be_booked(login: Enter, salon: Salon, session: Session) -> None:
    dye = salon.service("Dye", 120, by=[salon.person("Anna")], gap_from=30, gap=60)
    salon.book(9, Wanted(dye))
    session.commit()
    page = login().get(PAGE)
    assert places(page, ".cal-visit") == [(0, 30), (90, 120)]
    assert places(page, ".cal-gap") == [(30, 90)]
    assert places(page, ".cal-free")[:3] == [(30, 60), (60, 90), (120, 150)]


def test_absences_close_a_day_and_are_named(login: Enter, salon: Salon, session: Session, cut: int) -> None:
    save(
        session,
        Absence,
        {
            "staff": salon.staff["Anna"],
            "reason": "sick",
            "since": MONDAY,
            "until": MONDAY,
            "since_time": "12:00",
            "until_time": "18:00",
        },
    )
    session.commit()
    page = login().get(PAGE)
    assert texts(page, ".cal-away") == ["Ill"]
    assert places(page, ".cal-free")[-1] == (150, 180)


def test_what_somebody_keeps_while_they_fill_in_the_form_is_no_free_time(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    from unittest.mock import patch

    with patch("parlour.plugins.bookings.offers._open_to_clients", lambda start, end, *_more: (start, end)):
        occupied.hold(session, [Wanted(cut)], salon.at(9), network="here")
    session.commit()
    page = login().get(PAGE)
    assert places(page, ".cal-taken") == [(0, 70)]
    assert places(page, ".cal-free")[0] == (70, 90)


def test_rooms_have_columns_too(login: Enter, salon: Salon, session: Session, cut: int) -> None:
    salon.room("Chair", needed_by=[cut])
    salon.book(10, Wanted(cut))
    session.commit()
    page = login().get(f"{PAGE}&by=rooms")
    assert texts(page, ".cal-head h2") == ["Chair"]
    assert len(page.html.select("a.cal-visit")) == 1


def test_visits_over_each_other_stand_side_by_side(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    salon.book(10, Wanted(cut))
    salon.book(10.5, Wanted(cut), force=True)
    salon.book(14, Wanted(cut))
    session.commit()
    page = login().get(PAGE)
    lanes = [re.search(r"lane-\w+", " ".join(one["class"]))[0] for one in page.html.select("a.cal-visit")]  # type: ignore[index]
    assert lanes == ["lane-1", "lane-2", "lane-all"]


def test_cancelled_visits_are_not_in_the_way(login: Enter, salon: Salon, session: Session, cut: int) -> None:
    visit = salon.book(10, Wanted(cut))
    services.cancel(session, visit, by="staff")
    session.commit()
    assert not login().get(PAGE).html.select("a.cal-visit")


def test_a_role_that_sees_some_visits_sees_those_alone(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    for hour, name in ((10, "Мария"), (12, "Ольга")):
        salon.book(hour, Wanted(cut), values={"client": client(session, name)})
    session.add(
        Rule(
            role_id=role_by_code(session, "specialist").id,
            kind="restriction",
            permission="bookings:appointment:read",
            filter=["client.name", "=", "Ольга"],
            source="organisation",
            number=1,
        )
    )
    session.commit()
    page = login("specialist").get(PAGE)
    assert texts(page, "a.cal-visit strong") == ["Ольга"]
    # The hidden one is no free time all the same.
    assert (60, 130) in places(page, ".cal-taken")
    assert len(login().get(PAGE).html.select("a.cal-visit")) == 2


def test_who_may_not_book_is_offered_nothing(login: Enter, cut: int) -> None:
    page = login("specialist").get(PAGE)
    assert not page.html.select(".cal-free")
    assert not page.html.select("[data-movable]")
    assert login().get(PAGE).html.select(".cal-free")


def test_it_is_noted_who_saw_which_clients(
    login: Enter, salon: Salon, session: Session, engine: Engine, organisation: Organisation, cut: int
) -> None:
    desk = login()
    desk.get(PAGE)
    salon.book(10, Wanted(cut), values={"client": client(session, "Мария")})
    session.commit()
    desk.get(PAGE)
    with trusted(engine, organisation) as fresh:
        lines = fresh.execute(
            select(AccessLog.record, AccessLog.row_count, AccessLog.detail).where(
                AccessLog.user_id == desk.user.id
            )
        ).all()
    # A day without anybody is no look at anybody.
    assert [tuple(line) for line in lines] == [("contacts.contact", 1, {"day": MONDAY.isoformat()})]


def test_an_open_page_is_told_what_changed_and_nothing_otherwise(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    desk = login()
    page = desk.get(PAGE)
    stamp = page.html.select_one("[data-calendar]")["data-stamp"]
    headers = {"X-Fragment": "1", "If-None-Match": str(stamp)}
    assert desk.get(PAGE, headers=headers).status_int == 304
    visit = salon.book(10, Wanted(cut))
    session.commit()
    answer = desk.get(PAGE, headers=headers)
    assert "<html" not in answer.text
    assert "cal-visit" in answer.text
    headers["If-None-Match"] = answer.headers["ETag"]
    assert desk.get(PAGE, headers=headers).status_int == 304
    services.move(session, visit, salon.at(12), by="staff")
    session.commit()
    assert desk.get(PAGE, headers=headers).status_int == 200


@pytest.mark.parametrize("change", ["status", "line", "absence", "away"])
def test_the_stamp_follows_everything_that_is_drawn(
    salon: Salon, session: Session, cut: int, change: str
) -> None:
    visit = salon.book(10, Wanted(cut))
    boris = salon.person("Boris")
    salon.service("Shave", 30, by=[boris])
    before = calendar_rows.stamp(session, MONDAY)
    assert calendar_rows.stamp(session, MONDAY) == before
    other_day = calendar_rows.stamp(session, date(2031, 5, 8))
    if change == "status":
        services.set_status(session, visit, "arrived")
    elif change == "line":
        from parlour.plugins.bookings.models import Line

        line = session.scalars(select(Line.id).where(Line.appointment_id == visit)).one()
        save(session, Line, {"minutes": 45}, line)
    elif change == "absence":
        save(session, Absence, {"staff": boris, "since": MONDAY, "until": MONDAY})
    else:
        services.move(session, visit, salon.at(10, date(2031, 5, 6)), by="staff")
    assert calendar_rows.stamp(session, MONDAY) != before
    assert calendar_rows.stamp(session, date(2031, 5, 8)) == other_day


def test_how_long_somebody_waits_goes_on_while_nothing_is_written(
    salon: Salon, session: Session, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = salon.book(10, Wanted(cut))
    stamps = []
    for status in (None, "arrived"):
        if status:
            services.set_status(session, visit, status)
        for minute in (0, 1):
            at = moment(salon.at(9.5) + minute)
            monkeypatch.setattr(calendar_rows, "now", lambda at=at: at)
            stamps.append(calendar_rows.stamp(session, MONDAY))
    assert stamps[0] == stamps[1] != stamps[2] != stamps[3]


def test_a_full_day_costs_as_many_queries_as_one_with_one_visit(
    login: Enter, salon: Salon, session: Session, engine: Engine, cut: int
) -> None:
    salon.book(9, Wanted(cut), values={"client": client(session, "Мария")})
    session.commit()
    desk = login("owner")
    desk.get(PAGE)
    with statements(engine) as nearly_empty:
        desk.get(PAGE)
    for number in range(6):
        who = salon.person(f"Person {number}")
        item = salon.service(f"Service {number}", 60, by=[who])
        for hour in (9, 11, 13, 15):
            salon.book(hour, Wanted(item), values={"client": client(session, f"Client {number} {hour}")})
    session.commit()
    with statements(engine) as full:
        page = desk.get(PAGE)
    assert len(page.html.select("a.cal-visit")) == 25
    assert len(full) == len(nearly_empty) < 30
    stamp = page.html.select_one("[data-calendar]")["data-stamp"]
    with statements(engine) as idle:
        desk.get(PAGE, headers={"X-Fragment": "1", "If-None-Match": str(stamp)})
    assert sum("bookings_appointment" in each for each in idle) == 1
    assert len(idle) <= 10


def test_a_branch_shows_whoever_works_there(login: Enter, salon: Salon, session: Session) -> None:
    branch = Branch(name="Second", zone="Asia/Novosibirsk")
    session.add(branch)
    session.flush()
    salon.person("Anna")
    salon.person("Boris", branch=branch.id)
    session.commit()
    desk = login("owner")
    assert texts(desk.get(PAGE), ".cal-head h2") == ["Anna", "Boris"]
    page = desk.get(f"{PAGE}&branch={branch.id}")
    assert "Boris" in texts(page, ".cal-head h2")


@pytest.mark.parametrize("text", ["x", "2026-13-40", "0001-01-01", "9999-12-31", ""])
def test_a_date_that_is_none_is_today(login: Enter, cut: int, text: str) -> None:
    page = login().get("/o/jasmine/bookings/day", params={"date": text})
    assert page.html.select_one(".cal-nav [aria-current]") is not None


def test_the_rows_reach_over_a_whole_day(login: Enter, cut: int) -> None:
    sheet = login().get("/o/jasmine/bookings/rows-5.css")
    assert sheet.content_type == "text/css"
    assert ".at-287{" in sheet.text and ".for-288{" in sheet.text


def test_visits_of_a_night_are_cut_off_at_midnight(login: Enter, salon: Salon, session: Session) -> None:
    item = salon.service("Night", 120, by=[salon.person("Nina", "22:00", "2:00")])
    salon.book(23, Wanted(item))
    session.commit()
    desk = login()
    [(start, end)] = places(desk.get(PAGE), "a.cal-visit")
    assert end - start == 60
    tomorrow = desk.get(PAGE.replace("05-05", "05-06"))
    [(start, end), *_rest] = places(tomorrow, "a.cal-visit")
    assert (start, end) == (0, 60)
    assert session.scalars(select(Appointment.id)).all()
