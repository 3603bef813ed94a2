"""The calendar's day in a real browser: booking by a click, moving by hand and by keys, and what other desks do meanwhile."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import func, select

from parlour.plugins.bookings import services
from parlour.plugins.bookings.models import Appointment, Need, Skill
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.catalog.models import Item
from parlour.plugins.schedule.clocks import minutes
from parlour.plugins.schedule.models import Resource, ResourceType, Staff
from parlour.records.write import save
from tests.browser.conftest import Enter
from tests.browser.desk import Desk

# Days far ahead, one for each test: the salon works, and nobody has booked.
_WEEKS = count(1)


@pytest.fixture
def day() -> str:
    return (date(2031, 4, 3) + timedelta(weeks=next(_WEEKS))).isoformat()


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


def test_a_stretch_of_free_time_is_marked_and_booked(enter: Enter, day: str) -> None:
    desk = enter("owner")
    open_day(desk, day)
    piece = desk.page.locator(".cal-col").first.locator("a.cal-free").nth(2)
    box = piece.bounding_box()
    assert box
    mouse = desk.page.mouse
    mouse.move(box["x"] + 40, box["y"] + 4)
    mouse.down()
    # An hour and a half is eighteen rows of seven pixels.
    mouse.move(box["x"] + 40, box["y"] + 7 * 18, steps=6)
    expect(desk.page.locator(".cal-ghost")).to_be_visible()
    mouse.up()
    dialog = desk.page.locator("dialog.dialog-form")
    expect(dialog.locator("input[name=minutes]")).to_have_value("90")
    # A box for another service comes without leaving the dialog, and may stay empty.
    dialog.locator("[name=item0]").select_option(index=1)
    dialog.locator("[name=more]").click()
    expect(dialog.get_by_role("combobox", name="And then")).to_be_visible()
    dialog.locator("[name=new_name]").fill("Ольга")
    dialog.locator("[type=submit]").first.click()
    expect(visits(desk).filter(has_text="Ольга")).to_have_class(re.compile(r"\bfor-18\b"))


def test_a_stretch_is_marked_by_keys(enter: Enter, day: str) -> None:
    desk = enter("owner")
    open_day(desk, day)
    desk.page.locator(".cal-col").first.locator("a.cal-free").nth(2).focus()
    keys = desk.page.keyboard
    keys.press("Shift+ArrowDown")
    keys.press("Shift+ArrowDown")
    keys.press("Shift+ArrowDown")
    keys.press("Escape")
    expect(desk.page.locator(".cal-ghost")).to_have_count(0)
    keys.press("Shift+ArrowDown")
    keys.press("Shift+ArrowDown")
    keys.press("Enter")
    expect(desk.page.locator("dialog.dialog-form input[name=minutes]")).to_have_value("45")


class Finger:
    """A finger on the screen, as Chromium itself hears of one."""

    def __init__(self, desk: Desk):
        self.page = desk.page
        self.screen = desk.context.new_cdp_session(desk.page)

    def send(self, kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y} for x, y in points]
        self.screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def drag(self, x: float, y: float, down: float, *, rest: float = 450) -> None:
        self.send("touchStart", (x, y))
        self.page.wait_for_timeout(rest)
        for step in range(1, 7):
            self.send("touchMove", (x, y + down * step / 6))
        self.page.wait_for_timeout(100)
        self.send("touchEnd")


def test_a_finger_that_rests_lifts_a_visit_and_one_that_goes_on_scrolls(enter: Enter, day: str) -> None:
    desk = enter("owner", width=390)
    open_day(desk, day)
    book(desk)
    visit = visits(desk).first
    visit.scroll_into_view_if_needed()
    before = rows(visit)
    box = visit.bounding_box()
    assert box
    finger = Finger(desk)
    x, y = box["x"] + 60, box["y"] + 12
    # Half an hour is six rows of eight pixels.
    finger.drag(x, y, 48)
    expect(visits(desk).first).to_have_class(re.compile(rf"\bat-{before + 6}\b"))
    expect(desk.page.locator("[data-flash] form button")).to_be_visible()
    box = visits(desk).first.bounding_box()
    assert box
    scrolled = "document.querySelector('[data-cal-scroll]').scrollTop"
    at = desk.page.evaluate(scrolled)
    finger.drag(box["x"] + 60, box["y"] + 12, -60, rest=0)
    desk.page.wait_for_function(f"{scrolled} > {at}")
    assert rows(visits(desk).first) == before + 6


def test_a_finger_marks_free_time(enter: Enter, day: str) -> None:
    desk = enter("owner", width=390)
    open_day(desk, day)
    piece = desk.page.locator(".cal-col").first.locator("a.cal-free").nth(1)
    piece.scroll_into_view_if_needed()
    box = piece.bounding_box()
    assert box
    Finger(desk).drag(box["x"] + 60, box["y"] + 4, 8 * 12)
    expect(desk.page.locator("dialog.dialog-form input[name=minutes]")).to_have_value("60")


def drag(desk: Desk, visit: Locator, to: Locator) -> None:
    """Carry a visit sideways into another column."""
    visit.scroll_into_view_if_needed()
    box, there = visit.bounding_box(), to.bounding_box()
    assert box and there
    mouse = desk.page.mouse
    mouse.move(box["x"] + 20, box["y"] + 10)
    mouse.down()
    mouse.move(there["x"] + 30, box["y"] + 10, steps=6)
    expect(desk.page.locator(".cal-ghost")).to_be_visible()
    mouse.up()


def test_a_visit_is_dragged_into_another_room(enter: Enter, day: str) -> None:
    desk = enter("owner")
    with desk.salon.session() as session:
        kind = save(session, ResourceType, {"name": f"Laser {day}"})
        rooms = [save(session, Resource, {"name": f"{name} {day}", "type": kind}) for name in ("Blue", "Red")]
        item = save(session, Item, {"name": f"Я {day}", "bookings_minutes": 60, "bookings_online": False})
        for staff in session.scalars(select(Staff.id)).all():
            save(session, Skill, {"staff": staff, "item": item})
        save(session, Need, {"item": item, "type": kind})
        start = datetime.fromisoformat(f"{day}T15:00").replace(tzinfo=ZoneInfo("Europe/Moscow"))
        services.book(session, [Wanted(item, rooms=(rooms[0],))], minutes(start), by="staff")
        session.commit()
    desk.go(f"/bookings/day?date={day}&by=rooms")
    columns = [desk.page.locator(f".cal-col[data-column='{room}']") for room in rooms]
    visit = columns[0].locator("a.cal-visit")
    before = rows(visit)
    drag(desk, visit, columns[1])
    expect(columns[1].locator("a.cal-visit")).to_have_class(re.compile(rf"\bat-{before}\b"))
    expect(columns[0].locator("a.cal-visit")).to_have_count(0)


def test_in_a_week_a_visit_is_dragged_to_another_day(enter: Enter, day: str) -> None:
    desk = enter("owner")
    open_day(desk, day)
    book(desk)
    staff = desk.page.locator(".cal-col").first.get_attribute("data-column")
    desk.go(f"/bookings/day/week?date={day}&staff={staff}")
    columns = desk.page.locator(".cal-col")
    visit = columns.locator("a.cal-visit")
    before = rows(visit)
    there = columns.nth(4)
    # A day on which they work, and not the one on which it is.
    expect(there.locator("a.cal-free").first).to_be_attached()
    assert there.get_attribute("data-date") != day
    drag(desk, visit, there)
    expect(there.locator("a.cal-visit")).to_have_class(re.compile(rf"\bat-{before}\b"))
