"""The calendar's week, its list of visits, and group sessions in it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Engine, select

from parlour.access.models import AccessLog, Organisation
from parlour.db.session import Session
from parlour.plugins.bookings import groups, services
from parlour.plugins.bookings.frontdesk import calendar_list, calendar_rows
from parlour.plugins.bookings.models import Group
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.schedule.models import Absence
from parlour.records.write import save
from parlour.testing.people import trusted
from parlour.testing.site import Enter, statements
from tests.plugins.bookings.conftest import MONDAY, Salon
from tests.plugins.bookings.test_calendar import client, places, texts

HERE = "/o/jasmine/bookings/day"
DAY = MONDAY.isoformat()
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def cut(salon: Salon, session: Session) -> int:
    """A haircut of an hour by Anna and by Boris, who work from nine to six."""
    item = salon.service("Haircut", 60, by=[salon.person("Anna"), salon.person("Boris")])
    session.commit()
    return item


def asked(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_the_way_to_other_views_keeps_day_and_choices(login: Enter, salon: Salon, cut: int) -> None:
    anna = str(salon.staff["Anna"])
    page = login().get(f"{HERE}?date={DAY}&staff={anna}&colour=service&status=booked")
    kept = {"date": DAY, "staff": anna, "colour": "service", "status": "booked"}
    links = [str(link["href"]) for link in page.html.select(".cal-views a")]
    assert [urlsplit(link).path for link in links] == [HERE, f"{HERE}/week", f"{HERE}/list"]
    assert all(asked(link) == kept for link in links)
    # Choosing another specialist keeps the rest as well.
    form = page.html.select_one(".cal-choices")
    boxes = {str(box["name"]): str(box["value"]) for box in form.select("input")}
    assert boxes == {name: value for name, value in kept.items() if name != "staff"}
    assert texts(page, ".cal-head h2") == ["Anna"]


def test_a_week_of_one_specialist_has_a_column_for_each_day(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    anna, boris = salon.staff["Anna"], salon.staff["Boris"]
    salon.book(10, Wanted(cut, anna), values={"client": client(session, "Мария")})
    services.book(
        session,
        [Wanted(cut, anna)],
        salon.at(12, TUESDAY),
        by="staff",
        values={"client": client(session, "Ольга")},
    )
    salon.book(10, Wanted(cut, boris), values={"client": client(session, "Вера")})
    session.commit()
    page = login().get(f"{HERE}/week?date={TUESDAY.isoformat()}&staff={anna}")
    columns = page.html.select(".cal-col")
    assert [column["data-date"] for column in columns] == [
        (MONDAY + timedelta(days=more)).isoformat() for more in range(7)
    ]
    there = [[str(name.string) for name in column.select("a.cal-visit strong")] for column in columns]
    assert there == [["Мария"], ["Ольга"], [], [], [], [], []]
    assert places(page, "a.cal-visit") == [(60, 120), (180, 240)]


def test_a_week_costs_as_many_queries_as_a_day(
    login: Enter, salon: Salon, session: Session, engine: Engine, cut: int
) -> None:
    anna = salon.staff["Anna"]
    for hour in (9, 11, 13):
        for more in range(7):
            start = salon.at(hour, MONDAY + timedelta(days=more))
            services.book(session, [Wanted(cut, anna)], start, by="staff")
    session.commit()
    desk = login("owner")
    pages = [f"{HERE}?date={DAY}&staff={anna}", f"{HERE}/week?date={DAY}&staff={anna}"]
    counts = []
    for page in pages:
        desk.get(page)
        with statements(engine) as made:
            desk.get(page)
        counts.append(len(made))
    # A day says besides how many wait for it.
    assert counts[0] == counts[1] + 1
    with statements(engine) as made:
        desk.get(f"{HERE}/week?date={DAY}")
    assert len(made) < counts[0]


def test_the_week_of_all_says_how_full_each_day_is(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    anna = salon.staff["Anna"]
    for hour in (9, 10, 11):
        salon.book(hour, Wanted(cut, anna))
    save(
        session,
        Absence,
        {"staff": anna, "reason": "vacation", "since": TUESDAY, "until": TUESDAY},
    )
    session.commit()
    page = login().get(f"{HERE}/week?date={DAY}")
    rows = [
        [" ".join(cell.get_text(" ").split()) for cell in row.select("td")]
        for row in page.html.select("tbody tr")
    ]
    # Three hours of nine.
    assert rows[0][:3] == ["33% 3 visits", "– Vacation", "0%"]
    assert rows[1][0] == "0%"
    total = page.html.select_one("tfoot td")
    assert " ".join(total.get_text(" ").split()) == "17% 3 visits"
    link = asked(str(page.html.select_one("tbody td a")["href"]))
    assert link == {"date": DAY, "staff": str(anna)}


def test_an_absence_over_several_days_ends_at_its_hour_on_the_last(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    """Not at that hour on each of them."""
    away = {"staff": salon.staff["Anna"], "since": MONDAY, "since_time": "14:00", "until": TUESDAY}
    save(session, Absence, {**away, "until_time": "12:00"})
    session.commit()
    page = login().get(f"{HERE}/week?date={DAY}&staff={salon.staff['Anna']}")
    # The window begins at nine; what lies outside of it is cut off.
    assert places(page, ".cal-away") == [(300, 540), (0, 180)]


@pytest.fixture
def yoga(salon: Salon, session: Session) -> int:
    item = salon.service("Yoga", 60, by=[salon.person("Yuri")])
    group = save(
        session,
        Group,
        {
            "item": item,
            "staff": salon.staff["Yuri"],
            "starts": f"{DAY} 10:00",
            "minutes": 60,
            "seats": 3,
        },
    )
    session.commit()
    return group


def test_a_session_stands_in_its_specialists_column_and_its_places_nowhere(
    login: Enter, salon: Salon, session: Session, yoga: int
) -> None:
    before = calendar_rows.stamp(session, MONDAY)
    groups.book_seats(session, yoga, by="staff", seats=2, values={"client": client(session, "Мария")})
    assert calendar_rows.stamp(session, MONDAY) != before
    session.commit()
    page = login().get(f"{HERE}?date={DAY}")
    assert texts(page, ".cal-head h2") == ["Yuri"]
    [block] = page.html.select("a.cal-visit")
    assert "2 of 3 places taken" in block.get_text()
    assert places(page, "a.cal-visit") == [(60, 120)]
    # It is moved on its card: its places go along.
    assert "data-line" not in block.attrs
    assert "Мария" not in page
    groups.book_seats(session, yoga, by="staff")
    session.commit()
    assert "Full: 3 of 3" in login().get(f"{HERE}?date={DAY}")


def test_a_session_that_is_moved_is_noticed(salon: Salon, session: Session, yoga: int) -> None:
    before = calendar_rows.stamp(session, MONDAY)
    save(session, Group, {"note": "Bring a mat"}, yoga)
    assert calendar_rows.stamp(session, MONDAY) != before


# ---- the list


def names(page: Any) -> list[str]:
    return texts(page, ".cal-list .name a")


def test_the_list_has_the_visits_of_a_period_with_what_is_asked_for(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    anna, boris = salon.staff["Anna"], salon.staff["Boris"]
    salon.book(10, Wanted(cut, anna), values={"client": client(session, "Мария")})
    gone = salon.book(12, Wanted(cut, boris), values={"client": client(session, "Ольга")})
    services.cancel(session, gone, by="staff")
    later = salon.at(9, date(2031, 5, 20))
    services.book(
        session, [Wanted(cut, boris)], later, by="staff", values={"client": client(session, "Вера")}
    )
    session.commit()
    desk = login()
    page = desk.get(f"{HERE}/list?date={DAY}")
    assert names(page) == ["Мария", "Ольга"]
    row = " ".join(page.html.select_one(".cal-list-day + tr").get_text(" ").split())
    assert "Haircut" in row
    assert "Anna" in row
    assert "1,000" in row
    assert names(desk.get(f"{HERE}/list?date={DAY}&status=booked")) == ["Мария"]
    assert names(desk.get(f"{HERE}/list?date={DAY}&staff={boris}")) == ["Ольга"]
    assert names(desk.get(f"{HERE}/list?date={DAY}&period=month")) == ["Мария", "Ольга", "Вера"]
    assert names(desk.get(f"{HERE}/list?date={TUESDAY.isoformat()}&period=day")) == []
    nothing = desk.get(f"{HERE}/list?date={DAY}&status=done")
    assert "Show all of them" in nothing


def test_the_list_goes_on_by_key(
    login: Enter, salon: Salon, session: Session, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar_list, "SHOWN", 2)
    for hour, name in ((9, "А"), (10, "Б"), (11, "В"), (12, "Г"), (13, "Д")):
        salon.book(hour, Wanted(cut), values={"client": client(session, name)})
    session.commit()
    page = login().get(f"{HERE}/list?date={DAY}")
    seen = [names(page)]
    while following := page.html.select_one("a[rel=next].btn-sm"):
        page = page.goto(str(following["href"]))
        seen.append(names(page))
    assert seen == [["А", "Б"], ["В", "Г"], ["Д"]]
    back = page.html.select_one("a[rel=prev].btn-sm")
    assert names(page.goto(str(back["href"]))) == ["В", "Г"]


def test_it_is_noted_who_saw_the_list(
    login: Enter, salon: Salon, session: Session, engine: Engine, organisation: Organisation, cut: int
) -> None:
    salon.book(10, Wanted(cut, salon.staff["Anna"]), values={"client": client(session, "Мария")})
    session.commit()
    desk = login()
    desk.get(f"{HERE}/list?date={DAY}")
    desk.get(f"{HERE}/week?date={DAY}&staff={salon.staff['Anna']}")
    with trusted(engine, organisation) as fresh:
        lines = fresh.execute(
            select(AccessLog.record, AccessLog.row_count).where(AccessLog.user_id == desk.user.id)
        ).all()
    assert [tuple(line) for line in lines] == [("contacts.contact", 1)] * 2
