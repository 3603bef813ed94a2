"""Looking for free time by several wishes at once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.plugins.bookings.frontdesk.finding import Wish, free_starts
from parlour.plugins.bookings.offers import Wanted
from parlour.testing.site import Enter
from tests.plugins.bookings.conftest import MONDAY, Salon

PAGE = f"/o/jasmine/bookings/day/free?since={MONDAY.isoformat()}&until={MONDAY.isoformat()}"


@pytest.fixture
def cut(salon: Salon, session: Session) -> int:
    """An hour by Anna, who works from nine to six, and by Boris, who begins at two."""
    people = [salon.person("Anna"), salon.person("Boris", "14:00")]
    item = salon.service("Haircut", 60, by=people)
    session.commit()
    return item


def clocks(session: Session, wanted: list[Wanted], **wish: Any) -> dict[date, list[str]]:
    found = free_starts(session, wanted, Wish(**{"first": MONDAY, "last": MONDAY, **wish}))
    return {
        day: [f"{one.clock // 60:02}:{one.clock % 60:02}" for one in starts] for day, starts in found.items()
    }


def test_what_is_found_is_what_is_offered(salon: Salon, session: Session, cut: int) -> None:
    salon.book(9, Wanted(cut, salon.staff["Anna"]))
    wanted = [Wanted(cut)]
    assert clocks(session, wanted) == {MONDAY: salon.starts(*wanted)}
    assert clocks(session, wanted)[MONDAY][0] == "10:00"


def test_days_and_hours_narrow_it(salon: Salon, session: Session, cut: int) -> None:
    week = MONDAY + timedelta(days=6)
    wanted = [Wanted(cut, salon.staff["Anna"])]
    found = clocks(session, wanted, last=week, weekdays=frozenset({2, 4}), earliest=16 * 60, latest=17 * 60)
    assert found == {MONDAY + timedelta(days=more): ["16:00", "16:30", "17:00"] for more in (1, 3)}


def test_a_chain_is_found_as_a_whole_and_in_its_room(salon: Salon, session: Session, cut: int) -> None:
    wash = salon.service("Wash", 30, by=[salon.staff["Boris"]])
    basin = salon.room("Basin", needed_by=[wash])
    wanted = [Wanted(cut), Wanted(wash, rooms=(basin,))]
    assert clocks(session, wanted)[MONDAY][0] == "13:00"  # Anna first, then Boris from two on
    salon.book(14, Wanted(wash, rooms=(basin,)))
    assert clocks(session, wanted)[MONDAY][0] == "13:30"


def test_what_cannot_be_asked_for_is_refused(session: Session, cut: int) -> None:
    with pytest.raises(Refusal):
        free_starts(session, [Wanted(cut)], Wish(MONDAY, MONDAY - timedelta(days=1)))
    with pytest.raises(Refusal):
        free_starts(session, [Wanted(cut)], Wish(MONDAY, MONDAY + timedelta(days=400)))


def test_nothing_that_is_over_is_found(session: Session, cut: int) -> None:
    assert clocks(session, [Wanted(cut)], first=date(2020, 5, 4), last=date(2020, 5, 5)) == {}


def test_a_time_that_is_pressed_opens_the_form_filled_in(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    boris = salon.staff["Boris"]
    desk = login()
    page = desk.get(f"{PAGE}&item0={cut}&staff={boris}&item1={cut}&staff1=&minutes=150&client=7")
    link = page.html.select_one(".find-times a")
    assert link["title"] == "Boris"
    query = {name: values[0] for name, values in parse_qs(urlsplit(str(link["href"])).query).items()}
    assert query == {
        "at": f"{MONDAY.isoformat()}T14:00",
        "item0": str(cut),
        "staff": str(boris),
        "item1": str(cut),
        "minutes": "150",
        "client": "7",
    }
    asked = desk.get(str(link["href"])).forms["book"]
    assert [asked[name].value for name in ("item0", "staff", "item1", "time", "minutes")] == [
        str(cut),
        str(boris),
        str(cut),
        "14:00",
        "150",
    ]


def test_the_page_asks_for_a_service_and_takes_another_box(login: Enter, cut: int) -> None:
    desk = login()
    page = desk.get("/o/jasmine/bookings/day/free")
    assert "Choose a service" in page
    page = desk.get(f"{PAGE}&item0={cut}&more=1")
    assert [one["name"] for one in page.html.select("select[name^=item]")] == ["item0", "item1"]
    # What nobody sends is left out, and a time that nobody has is said to be none.
    page = desk.get(f"{PAGE}&item0={cut}&staff=999&weekday=x&weekday=7&part=night&branch=9&room=x")
    assert "No time is free then" in page
    # Enter looks for times, whichever button stands first.
    assert "name" not in page.html.select_one("form.find-form [type=submit]").attrs
    login("specialist").get(PAGE, status=403)


def test_a_room_or_a_length_that_does_not_go_with_it_is_said(
    login: Enter, salon: Salon, session: Session, cut: int
) -> None:
    room = salon.room("Basin", needed_by=[])
    session.commit()
    desk = login()
    assert "not done in this room" in desk.get(f"{PAGE}&item0={cut}&room={room}")
    assert "Between 61 and 1440 minutes." in desk.get(f"{PAGE}&item0={cut}&item1={cut}&minutes=30")
