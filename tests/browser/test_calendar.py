"""The calendar's day in a real browser: booking by a click, moving by hand and by keys, and what other desks do meanwhile."""

from __future__ import annotations

import re
from itertools import count

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import func, select

from parlour.plugins.bookings.models import Appointment
from tests.browser.conftest import Enter
from tests.browser.desk import Desk

# Days far ahead, one for each test: the salon works, and nobody has booked.
_MONTHS = count(1)


@pytest.fixture
def day() -> str:
    return f"2031-{3 + next(_MONTHS):02}-03"


def open_day(desk: Desk, day: str) -> None:
    desk.go(f"/bookings/day?date={day}")
    expect(desk.page.locator(".cal-col").first).to_be_visible()


def book(desk: Desk, column: int = 0, place: int = 2, name: str = "Ольга") -> None:
    desk.page.locator(".cal-col").nth(column).locator("a.cal-free").nth(place).click()
    dialog = desk.page.locator("dialog.dialog-form")
    dialog.locator("[name=new_name]").fill(name)
    dialog.locator("[name=item0]").select_option(index=1)
    dialog.locator("[type=submit]").first.click()
    expect(visits(desk).filter(has_text=name)).to_be_visible()
    desk.flash("Booked.")


def visits(desk: Desk) -> Locator:
    return desk.page.locator("a.cal-visit")


def rows(visit: Locator) -> int:
    """The row of the grid on which a visit begins."""
    found = re.search(r"at-(\d+)", visit.get_attribute("class") or "")
    assert found
    return int(found[1])


def test_a_click_on_free_time_books(enter: Enter, day: str) -> None:
    desk = enter("owner")
    open_day(desk, day)
    book(desk)
    expect(visits(desk)).to_have_count(1)
    expect(visits(desk)).to_contain_text("Ольга")
    assert desk.fits()
    desk.page.locator("[data-flash] form button").click()
    expect(visits(desk)).to_have_count(0)


def test_a_visit_is_dragged_and_taken_back(enter: Enter, day: str) -> None:
    desk = enter("owner")
    open_day(desk, day)
    book(desk)
    visit = visits(desk).first
    before = rows(visit)
    box = visit.bounding_box()
    assert box
    mouse = desk.page.mouse
    mouse.move(box["x"] + 40, box["y"] + 10)
    mouse.down()
    # An hour is twelve rows.
    mouse.move(box["x"] + 40, box["y"] + 10 + 7 * 12, steps=6)
    expect(desk.page.locator(".cal-ghost")).to_be_visible()
    mouse.up()
    expect(visits(desk).first).to_have_class(re.compile(rf"\bat-{before + 12}\b"))
    desk.flash("Moved to ${time}.", time=desk.page.locator(".cal-time").first.inner_text().split("–")[0])
    desk.page.locator("[data-flash] form button").click()
    expect(visits(desk).first).to_have_class(re.compile(rf"\bat-{before}\b"))


def test_what_is_in_the_way_is_seen_before_the_drop(enter: Enter, day: str) -> None:
    desk = enter("receptionist")
    desk.expected.add(422)
    open_day(desk, day)
    book(desk, place=0, name="Вера")
    book(desk, place=4, name="Анна")
    visit = visits(desk).filter(has_text="Анна")
    before = rows(visit)
    first = visits(desk).filter(has_text="Вера").bounding_box()
    box = visit.bounding_box()
    assert box and first
    mouse = desk.page.mouse
    mouse.move(box["x"] + 40, box["y"] + 10)
    mouse.down()
    mouse.move(first["x"] + 40, first["y"] + 12, steps=6)
    shadow = desk.page.locator(".cal-ghost.taken")
    expect(shadow).to_contain_text("Вера")
    mouse.up()
    expect(desk.page.locator("[data-flash]")).to_contain_text("Вера")
    assert rows(visits(desk).filter(has_text="Анна")) == before


def test_a_visit_is_carried_by_keys(enter: Enter, day: str) -> None:
    desk = enter("owner")
    open_day(desk, day)
    book(desk)
    visit = visits(desk).first
    before = rows(visit)
    visit.focus()
    keys = desk.page.keyboard
    keys.press("Alt+ArrowDown")
    keys.press("ArrowDown")
    expect(desk.page.locator(".cal-ghost")).to_be_visible()
    keys.press("Escape")
    expect(desk.page.locator(".cal-ghost")).to_have_count(0)
    keys.press("Alt+ArrowDown")
    keys.press("ArrowDown")
    keys.press("Enter")
    # Two steps of a quarter of an hour.
    expect(visits(desk).first).to_have_class(re.compile(rf"\bat-{before + 6}\b"))
    # The focus stays with the visit.
    expect(visits(desk).first).to_be_focused()
    keys.press("ArrowDown")
    expect(desk.page.locator("a.cal-free:focus")).to_have_count(1)


def test_another_desks_booking_comes_by_itself(enter: Enter, day: str) -> None:
    one, other = enter("owner"), enter("receptionist")
    open_day(one, day)
    open_day(other, day)
    book(other, name="Ольга")
    # Nothing is pressed here. The page asks every second and a half.
    expect(visits(one)).to_contain_text("Ольга")
    with one.salon.session() as session:
        assert session.scalar(select(func.count()).select_from(Appointment))


def test_a_day_is_one_sheet_of_paper(enter: Enter, day: str) -> None:
    desk = enter("owner")
    open_day(desk, day)
    book(desk)
    paper = desk.page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
