"""The widget in a real browser, on a page of another origin under the strictest policy that it works with."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

from parlour.access.plugin_settings import save_plugin_settings
from parlour.demo.beside import Page as Answer
from parlour.demo.beside import serve
from parlour.plugins.bookings import waiting
from parlour.plugins.bookings.demo import sample_site
from parlour.plugins.bookings.models import Appointment, Group, Review, Waiting
from parlour.plugins.bookings.tokens import make_token, make_waiting_token
from parlour.plugins.catalog.models import Item
from parlour.plugins.messages.models import Message
from parlour.records.write import save
from tests.browser.conftest import PATIENCE
from tests.browser.salon import Salon, phone

AXE = Axe().axe_script
_names = count(1)


@dataclass
class Host:
    """A salon's web site, and one that the salon does not know."""

    salon: Salon
    own: str
    foreign: str


@dataclass
class Visitor:
    """Somebody at the host's page."""

    page: Page
    asked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def widget(self) -> Locator:
        return self.page.locator("parlour-booking")

    def heading(self, text: str) -> None:
        expect(self.widget.locator("h2")).to_have_text(text)

    def press(self, name: str) -> None:
        self.widget.get_by_role("button", name=name).first.click()

    def looks_right(self) -> None:
        """Nothing is wider than the screen and nothing keeps anybody out."""
        wide = self.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, "the page scrolls sideways"
        self.page.evaluate(AXE)
        found = self.page.evaluate("axe.run('parlour-booking').then((all) => all.violations)")
        assert not found, [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]

    def to_times(self, service: str = "Blow-dry", who: int = 0) -> None:
        self.widget.locator(".row").first.click()
        self.press(service)
        self.widget.locator(".row").nth(who).click()
        expect(self.widget.locator(".times button").first).to_be_visible()

    def fill_in(self) -> str:
        number = phone()
        self.widget.locator("[name=name]").fill(f"Widget Visitor {next(_names)}")
        self.widget.locator("[name=phone]").fill(number)
        self.widget.locator("[name=data]").check()
        return number

    def book(self) -> str:
        self.to_times()
        self.widget.locator(".times button").first.click()
        number = self.fill_in()
        self.widget.locator("[type=submit]").click()
        self.heading("You are booked")
        return number


@pytest.fixture(scope="module")
def host(salon: Salon) -> Host:
    addresses = []
    for known in (True, False):
        listener = socket.create_server(("127.0.0.1", 0))
        own = f"http://localhost:{listener.getsockname()[1]}"
        with salon.session() as session:
            pages = dict(sample_site(session, salon.address, own))
            if known:
                session.commit()
        for locale in ("ru", "ar"):
            altered = pages["/"].html.replace("<parlour-booking ", f'<parlour-booking locale="{locale}" ')
            pages[f"/{locale}"] = Answer(altered, pages["/"].headers)
        policy = pages["/"].headers["Content-Security-Policy"]
        for name in ("script-src", "connect-src"):
            less = "; ".join(part for part in policy.split("; ") if not part.startswith(name))
            assert less != policy
            pages[f"/without-{name}"] = Answer(pages["/"].html, {"Content-Security-Policy": less})
        serve(listener, pages)
        addresses.append(own)
    return Host(salon, *addresses)


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(chromium: Browser, host: Host) -> Iterator[Visit]:
    opened: list[tuple[Any, Visitor]] = []

    def open_page(path: str = "/", *, at: str = "", width: int = 390, theme: str = "light") -> Visitor:
        scheme: Any = theme
        window = chromium.new_context(
            viewport={"width": width, "height": 844},
            color_scheme=scheme,
            locale="en-GB",
            timezone_id="Europe/Moscow",
            reduced_motion="reduce",
        )
        window.set_default_timeout(PATIENCE)
        visitor = Visitor(window.new_page())
        page = visitor.page
        page.on("request", lambda request: visitor.asked.append(request.url))
        page.on("console", lambda said: said.type == "error" and visitor.faults.append(said.text))
        page.on("pageerror", lambda error: visitor.faults.append(str(error)))
        page.goto(f"{at or host.own}{path}")
        opened.append((window, visitor))
        return visitor

    yield open_page
    faults = [fault for _window, visitor in opened for fault in visitor.faults]
    for window, _visitor in opened:
        window.close()
    assert not faults, faults


@pytest.mark.parametrize(
    ("path", "width", "theme"),
    [("/", 390, "light"), ("/", 280, "dark"), ("/ar", 390, "light"), ("/ru", 1000, "dark")],
)
def test_a_visit_is_booked_and_every_step_can_be_used_by_everybody(
    visit: Visit, host: Host, path: str, width: int, theme: str
) -> None:
    visitor = visit(f"{path}?utm_source=poster", width=width, theme=theme)
    widget = visitor.widget
    expect(widget.locator(".row").first).to_be_visible()
    # Two requests beside the host's own page, and under 60 kB together.
    assert [url for url in visitor.asked if not url.startswith((host.own, "data:"))] == [
        f"{host.salon.address}/widget/{host.salon.organisation.slug}/bookings/widget.js",
        f"{host.salon.address}/api/v1/public/{host.salon.organisation.slug}/bookings",
    ]
    sizes = visitor.page.evaluate(
        "performance.getEntriesByType('resource').map((one) => one.encodedBodySize)"
    )
    assert sum(sizes) < 60_000
    direction = widget.locator("[part=widget]").evaluate("(one) => getComputedStyle(one).direction")
    assert direction == ("rtl" if path == "/ar" else "ltr")
    visitor.looks_right()
    widget.locator(".row").first.click()
    visitor.looks_right()
    widget.locator(".row").nth(3).click()
    # Faces are painted when they are seen, and the strict policy of the page says nothing against it.
    expect(widget.locator(".face canvas").first).to_be_visible()
    visitor.looks_right()
    widget.locator(".row").first.click()
    expect(widget.locator(".times button").first).to_be_visible()
    visitor.looks_right()
    widget.locator(".times button").first.click()
    widget.locator("[type=submit]").click()
    expect(widget.locator("[aria-invalid=true]").first).to_be_focused()
    visitor.looks_right()
    number = visitor.fill_in()
    visitor.looks_right()
    widget.locator("[type=submit]").click()
    expect(widget.locator(".visit")).to_be_visible()
    visitor.looks_right()
    widget.locator(".acts button").first.click()
    expect(widget.locator(".visit")).to_be_visible()
    visitor.looks_right()
    assert visitor.page.context.cookies() == []
    with host.salon.session() as session:
        made = session.execute(
            select(Appointment.source, Appointment.campaign).where(Appointment.phone == number)
        ).all()
    assert [tuple(one) for one in made] == [("online", "utm_source=poster")]


def test_an_addition_is_added_to_what_it_goes_with_by_one_tap(visit: Visit) -> None:
    visitor = visit()
    chosen = visitor.widget.locator(".chosen li")
    mask = visitor.widget.get_by_role("button", name="Treatment mask")
    visitor.widget.locator(".row").first.click()
    expect(visitor.widget.get_by_role("button", name="Haircut").first).to_be_visible()
    expect(mask).to_have_count(0)
    # One specialist does it here, so nobody is asked who; a double tap is one.
    visitor.widget.get_by_role("button", name="Colouring").dblclick()
    expect(chosen).to_have_count(1)
    visitor.press("Add a service")
    visitor.heading("What else?")
    expect(visitor.widget.locator("h3").first).to_have_text("Goes well with it")
    expect(mask).to_contain_text("20 min")
    visitor.looks_right()
    mask.dblclick()
    expect(chosen).to_have_count(2)
    expect(visitor.widget.locator(".times button").first).to_be_visible()
    # It does not stay alone when what it was added to is taken away.
    visitor.press("Remove Colouring")
    visitor.heading("What would you like?")
    expect(chosen).to_have_count(0)


def test_specialists_show_faces_and_tell_about_themselves(visit: Visit) -> None:
    visitor = visit(width=280)
    widget = visitor.widget
    widget.locator(".row").first.click()
    assert not [url for url in visitor.asked if "/photos/" in url]
    visitor.press("Haircut")
    anna = widget.get_by_role("button", name="Anna Petrova")
    expect(anna.locator(".face canvas")).to_be_visible()
    assert [url for url in visitor.asked if "/photos/" in url]
    told = widget.get_by_text("Colour for eleven years")
    expect(told).to_be_hidden()
    widget.get_by_text("About Anna Petrova").click()
    expect(told).to_be_visible()
    visitor.looks_right()
    # A photo that does not come leaves the initials.
    other = visit()
    other.page.route("**/photos/**", lambda route: route.abort())
    other.widget.locator(".row").first.click()
    other.press("Haircut")
    expect(other.widget.locator(".face").get_by_text("AP")).to_be_visible()
    expect(other.widget.locator(".face canvas")).to_have_count(0)
    other.looks_right()
    other.faults.clear()


def test_a_russian_visitor_reads_russian(visit: Visit) -> None:
    visitor = visit("/ru")
    visitor.heading("Где?")
    visitor.widget.locator(".row").first.click()
    visitor.heading("Что хотите сделать?")
    expect(visitor.widget.locator(".price").first).to_contain_text("₽")


def test_a_visit_is_booked_by_keyboard_alone(visit: Visit) -> None:
    visitor = visit(width=280)
    widget, keys = visitor.widget, visitor.page.keyboard
    expect(widget.locator(".row").first).to_be_visible()

    def reach(what: Locator) -> None:
        for _step in range(60):
            if what.evaluate("(one) => one.getRootNode().activeElement === one"):
                return
            keys.press("Tab")
        raise AssertionError("Tab does not lead there")

    for row in (0, 3, 0):
        reach(widget.locator(".row").nth(row))
        before = widget.locator("h2").inner_text()
        keys.press("Enter")
        expect(widget.locator("h2")).not_to_have_text(before)
        expect(widget.locator("h2")).to_be_focused()
    reach(widget.locator(".times button").first)
    keys.press("Space")
    visitor.heading("Who comes?")
    reach(widget.locator("[name=name]"))
    keys.type("Key Board")
    keys.press("Tab")
    keys.type(phone())
    reach(widget.locator("[name=data]"))
    keys.press("Space")
    reach(widget.locator("[type=submit]"))
    keys.press("Enter")
    visitor.heading("You are booked")


def test_a_time_that_somebody_else_takes_meanwhile_costs_one_more_tap(visit: Visit, host: Host) -> None:
    visitor = visit()
    visitor.to_times(who=1)
    with visitor.page.expect_response("**/holds") as answer:
        visitor.widget.locator(".times button").first.click()
    held = answer.value
    number = visitor.fill_in()
    body = {**held.request.post_data_json, "hold": held.json()["hold"], "consents": ["data"]}
    body["client"] = {"name": "Somebody Faster", "phone": phone()}
    taken = Request(
        held.url.replace("/holds", "/appointments"),
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    assert urlopen(taken).status == 201
    visitor.widget.locator("[type=submit]").click()
    expect(visitor.widget.get_by_role("alert")).to_contain_text("has just been taken")
    visitor.looks_right()
    visitor.widget.locator(".times button").last.click()
    # What was typed is still there.
    expect(visitor.widget.locator("[name=phone]")).to_have_value(number)
    visitor.widget.locator("[type=submit]").click()
    visitor.heading("You are booked")
    # The refusal is an answer, but browsers write it down as a fault.
    assert all("409" in fault for fault in visitor.faults)
    visitor.faults.clear()


def test_a_visit_is_moved_and_cancelled_by_who_booked_it(visit: Visit, host: Host) -> None:
    visitor = visit()
    visitor.to_times()
    widget = visitor.widget
    widget.locator(".strip button:not([aria-disabled])").nth(3).click()
    widget.locator(".times button").first.click()
    number = visitor.fill_in()
    widget.locator("[type=submit]").click()
    visitor.heading("You are booked")
    with visitor.page.expect_download() as file:
        widget.get_by_role("link", name="Add to calendar").click()
    assert file.value.suggested_filename == "visit.ics"
    visitor.page.reload()
    visitor.press("My visits")
    before = widget.locator(".visit b").inner_text()
    visitor.press("Move")
    visitor.heading("Move the visit")
    visitor.looks_right()
    widget.locator(".strip button:not([aria-disabled])").nth(4).click()
    widget.locator(".times button").last.click()
    visitor.heading("The visit is moved")
    expect(widget.locator(".visit b")).not_to_have_text(before)
    visitor.press("My visits")
    visitor.press("Cancel the visit")
    visitor.looks_right()
    visitor.press("Yes, cancel it")
    expect(widget.locator(".badge")).to_have_text("cancelled by you")
    expect(widget.get_by_role("button", name="Book again")).to_be_visible()
    with host.salon.session() as session:
        status = session.scalars(select(Appointment.status).where(Appointment.phone == number)).all()
    assert status == ["cancelled_client"]


def test_a_code_shows_who_books_and_finds_their_visits_in_another_browser(visit: Visit, host: Host) -> None:
    def setting(code: str) -> None:
        with host.salon.session() as session:
            save_plugin_settings(session, "bookings", {"code": code})
            session.commit()

    seen: set[str] = set()

    def code_of(number: str) -> str:
        """From the journal, where SMS of the demo go; sent by a job, so it may take a moment."""
        asked = select(Message.body).where(Message.address == number, Message.kind == "bookings.code")
        for _try in range(100):
            with host.salon.session() as session:
                text = session.scalars(asked.order_by(Message.id.desc())).first() or ""
            found = re.search(r"\b\d{6}\b", text)
            if found and found[0] not in seen:
                seen.add(found[0])
                return found[0]
            time.sleep(0.1)
        raise AssertionError("no code has come")

    setting("always")
    try:
        visitor = visit()
        widget = visitor.widget
        visitor.to_times()
        widget.locator(".times button").first.click()
        number = visitor.fill_in()
        widget.locator("[name=other]").check()
        expect(widget.locator("[name=visitor]")).to_be_focused()
        visitor.looks_right()
        widget.locator("[name=visitor]").fill("Little Masha")
        widget.locator("[type=submit]").click()
        visitor.heading("Is it you?")
        expect(widget.locator("#code")).to_be_focused()
        expect(widget.get_by_role("button", name="Another code in")).to_be_disabled()
        code = code_of(number)
        # With the last digit it goes on by itself.
        widget.locator("#code").press_sequentially(f"{(int(code) + 1) % 10**6:06}")
        expect(widget.locator("#code-error")).to_contain_text("wrong")
        expect(widget.locator("#code")).to_be_focused()
        visitor.looks_right()
        widget.locator("#code").fill(f"{code[:3]} {code[3:]}")
        visitor.heading("You are booked")
        assert all("422" in fault for fault in visitor.faults)
        visitor.faults.clear()
    finally:
        setting("none")
    with host.salon.session() as session:
        made = session.execute(
            select(Appointment.visitor, Appointment.to_check).where(Appointment.phone == number)
        )
        assert [tuple(one) for one in made] == [("Little Masha", False)]
    other = visit()
    other.press("My visits")
    other.looks_right()
    other.widget.get_by_label("Phone", exact=True).fill(number)
    other.press("Find my visits")
    other.heading("Is it you?")
    other.widget.locator("#code").fill(code_of(number))
    expect(other.widget.locator(".visit")).to_have_count(1)
    other.press("Forget it here")
    expect(other.widget.locator(".visit")).to_have_count(0)
    assert other.page.evaluate("localStorage.length") == 0
    other.faults.clear()


def test_places_in_a_group_session_are_booked_for_several(visit: Visit, host: Host) -> None:
    noon = datetime.now(ZoneInfo(host.salon.organisation.zone)).replace(hour=12, minute=0, second=0)
    with host.salon.session() as session:
        item = session.scalars(select(Item.id).where(Item.code == "009")).one()
        values = {"item": item, "starts": noon + timedelta(days=3), "minutes": 90, "seats": 4}
        group = save(session, Group, values)
        session.commit()
    try:
        visitor = visit(width=280, theme="dark")
        widget = visitor.widget
        widget.locator(".row").first.click()
        visitor.press("Classes and group sessions")
        visitor.looks_right()
        visitor.press("12:00 PM · Brows")
        widget.get_by_label("Places").select_option("3")
        expect(widget.get_by_label("Places")).to_be_focused()
        visitor.fill_in()
        widget.locator("[name=guests]").fill("Olga, Vera")
        visitor.looks_right()
        expect(widget.locator(".chosen")).to_contain_text("1 h 30 min")
        widget.locator("[type=submit]").click()
        visitor.heading("You are booked")
        expect(widget.locator(".visit")).to_contain_text("Places: 3")
        # Meanwhile somebody else was faster.
        visitor.press("Book another visit")
        visitor.press("Classes and group sessions")
        visitor.press("12:00 PM · Brows")
        visitor.fill_in()
        with host.salon.session() as session:
            save(session, Group, {"seats": 3}, group)
            session.commit()
        widget.locator("[type=submit]").click()
        expect(widget.get_by_role("alert")).to_contain_text("All places are taken")
        expect(widget.get_by_role("button", name="no place left")).to_be_disabled()
        visitor.looks_right()
        assert all("409" in fault for fault in visitor.faults)
        visitor.faults.clear()
    finally:
        with host.salon.session() as session:
            save(session, Group, {"cancelled": True}, group)
            session.commit()


def test_a_visit_that_was_is_reviewed_by_the_link_of_a_message(visit: Visit, host: Host) -> None:
    with host.salon.session() as session:
        done = session.scalars(select(Appointment.id).where(Appointment.status == "done").limit(1)).one()
        token = make_token(session, done)
        session.commit()
    page = f"/widget/{host.salon.organisation.slug}/bookings?locale=en#review={token}"
    visitor = visit(page, at=host.salon.address)
    widget = visitor.widget
    visitor.heading("How was it?")
    widget.locator("[type=submit]").click()
    expect(widget.locator("#rating-error")).to_be_visible()
    expect(widget.locator("[name=rating]").first).to_be_focused()
    visitor.looks_right()
    visitor.page.keyboard.press("ArrowRight")
    visitor.page.keyboard.press("ArrowRight")
    expect(widget.get_by_role("radio", name="3 of 5 stars")).to_be_checked()
    expect(widget.locator(".rate .on")).to_have_count(3)
    widget.locator("[name=text]").fill("Quick and kind")
    widget.locator("[type=submit]").click()
    expect(widget.get_by_role("alert")).to_contain_text("your review has arrived")
    visitor.looks_right()
    with host.salon.session() as session:
        said = session.execute(
            select(Review.id, Review.rating, Review.text).where(Review.appointment_id == done)
        ).one()
        assert tuple(said)[1:] == (3, "Quick and kind")
        save(session, Review, {"published": True}, said.id)
        session.commit()
    # And everybody reads it.
    other = visit()
    other.widget.locator(".row").first.click()
    other.press("Haircut")
    other.press("What others say")
    expect(other.widget.get_by_text("Quick and kind")).to_be_visible()
    other.looks_right()


def test_who_finds_no_time_that_suits_joins_the_waiting_list(visit: Visit, host: Host) -> None:
    visitor = visit()
    widget = visitor.widget
    visitor.to_times(who=1)
    visitor.press("Join the waiting list")
    visitor.looks_right()
    until = widget.get_by_label("Last day").input_value()
    widget.get_by_label("Last day").fill("2020-01-01")
    widget.get_by_label("Part of the day").select_option("Evening")
    number = visitor.fill_in()
    widget.locator("[type=submit]").click()
    expect(widget.get_by_label("Last day")).to_be_focused()
    expect(widget.locator("#until-error")).to_contain_text("days ahead")
    visitor.looks_right()
    widget.get_by_label("Last day").fill(until)
    widget.locator("[type=submit]").click()
    visitor.heading("You are on the waiting list")
    visitor.looks_right()
    assert all("422" in fault for fault in visitor.faults)
    visitor.faults.clear()
    with host.salon.session() as session:
        row = session.execute(select(Waiting.id, Waiting.earliest).where(Waiting.phone == number)).one()
        assert row.earliest == 17 * 60
    # What is waited for stands beside the visits, and one leaves from there.
    visitor.page.reload()
    visitor.press("My visits")
    expect(widget.locator(".visit")).to_contain_text("Blow-dry")
    visitor.looks_right()
    visitor.press("Leave the waiting list")
    expect(widget.get_by_role("button", name="Yes, take me off")).to_be_focused()
    visitor.looks_right()
    visitor.press("No, keep me on it")
    visitor.press("Leave the waiting list")
    visitor.press("Yes, take me off")
    expect(widget.get_by_role("alert")).to_contain_text("not on the waiting list any more")
    expect(widget.locator(".visit")).to_have_count(0)
    assert visitor.page.evaluate("localStorage.length") == 0
    with host.salon.session() as session:
        assert session.scalars(select(Waiting.status).where(Waiting.id == row.id)).one() == "closed"


def test_the_link_of_an_offer_shows_it_to_be_taken_or_left(visit: Visit, host: Host) -> None:
    day = datetime.now(ZoneInfo(host.salon.organisation.zone)).date()
    with host.salon.session() as session:
        item = session.scalars(select(Item.id).where(Item.code == "005")).one()
        wish = {"item": item, "visitor": "Waits Long", "phone": phone()}
        made = save(session, Waiting, {**wish, "since": day, "until": day + timedelta(days=8)})
        assert made in waiting.fill(session)
        token = make_waiting_token(session, made)
        session.commit()
    page = f"/widget/{host.salon.organisation.slug}/bookings?locale=en#waiting={token}"
    visitor = visit(page, at=host.salon.address, width=280)
    expect(visitor.widget.locator(".visit .note")).to_contain_text("A time has come free")
    visitor.looks_right()
    visitor.press("Take the offered time")
    visitor.heading("You are booked")
    visitor.press("My visits")
    expect(visitor.widget.locator(".visit")).to_have_count(1)
    expect(visitor.widget.get_by_role("heading", name="Waiting list")).to_have_count(0)


def test_a_time_that_was_offered_to_who_waits_is_taken_by_its_code(visit: Visit, host: Host) -> None:
    day = datetime.now(ZoneInfo(host.salon.organisation.zone)).date()
    with host.salon.session() as session:
        item = session.scalars(select(Item.id).where(Item.code == "005")).one()
        wish = {"item": item, "visitor": "Waits Long", "phone": phone()}
        made = save(session, Waiting, {**wish, "since": day, "until": day + timedelta(days=8)})
        assert made in waiting.fill(session)
        code = waiting.new_token(session, made)
        session.commit()
    visitor = visit()
    visitor.press("My visits")
    visitor.widget.get_by_label("Code of an offer").fill("not-this-one")
    visitor.press("Take the offered time")
    expect(visitor.widget.get_by_role("alert")).to_contain_text("no such offer")
    visitor.looks_right()
    visitor.widget.get_by_label("Code of an offer").fill(code)
    visitor.press("Take the offered time")
    visitor.heading("You are booked")
    visitor.press("My visits")
    expect(visitor.widget.locator(".visit")).to_have_count(1)
    assert all("404" in fault for fault in visitor.faults)
    visitor.faults.clear()


def test_whatever_fails_there_is_a_way_on(visit: Visit, host: Host) -> None:
    link = host.salon.organisation.slug
    # The script does not come: what the page has written into the element.
    silent = visit()
    silent.page.route("**/widget.js", lambda route: route.abort())
    silent.page.reload()
    expect(silent.widget.get_by_role("link", name=f"/widget/{link}/bookings")).to_be_visible()
    silent.faults.clear()
    # The script comes and nobody answers it.
    visitor = visit()
    expect(visitor.widget.locator(".row").first).to_be_visible()
    visitor.page.route("**/api/**", lambda route: route.abort())
    visitor.page.reload()
    visitor.heading("Booking does not answer at the moment.")
    expect(visitor.widget.get_by_role("link", name="Open the booking page")).to_be_visible()
    expect(visitor.widget.get_by_role("link", name=f"/widget/{link}/bookings")).to_be_visible()
    visitor.looks_right()
    # And when it is there again, it goes on without a new page; the same in the middle of a booking.
    visitor.page.unroute("**/api/**")
    visitor.press("Try again")
    visitor.to_times()
    visitor.widget.locator(".times button").first.click()
    visitor.fill_in()
    visitor.page.route("**/appointments", lambda route: route.abort())
    visitor.widget.locator("[type=submit]").click()
    visitor.heading("Booking does not answer at the moment.")
    expect(visitor.widget.get_by_role("link", name="Call")).to_be_visible()
    visitor.page.unroute("**/appointments")
    visitor.press("Try again")
    visitor.heading("You are booked")
    visitor.faults.clear()


def test_the_documented_policy_is_the_least_and_is_obeyed(visit: Visit, host: Host) -> None:
    """The control of all tests here: the pages' policy does stop what it does not name."""
    for name in ("script-src", "connect-src"):
        visitor = visit(f"/without-{name}")
        written = visitor.widget.get_by_role("link", name=f"/widget/{host.salon.organisation.slug}/bookings")
        expect(written).to_be_visible()
        expect(visitor.widget.locator("h2")).to_have_count(1 if name == "connect-src" else 0)
        assert any("Content Security Policy" in fault for fault in visitor.faults)
        visitor.faults.clear()


def test_a_salon_without_anything_to_book_says_whom_to_call(visit: Visit) -> None:
    visitor = visit()
    expect(visitor.widget.locator(".row").first).to_be_visible()
    visitor.widget.evaluate("(one) => { one.data.services = []; one.start(); }")
    visitor.widget.locator(".row").first.click()
    expect(visitor.widget.get_by_text("There is nothing to be booked online")).to_be_visible()
    expect(visitor.widget.get_by_role("link", name="Call")).to_be_visible()
    visitor.looks_right()


def test_days_without_a_free_time_lead_to_others_and_to_the_telephone(visit: Visit) -> None:
    visitor = visit()
    expect(visitor.widget.locator(".row").first).to_be_visible()
    visitor.widget.evaluate(
        "(one) => { const call = one.call; one.call = (path, ...rest) => path.startsWith('/slots')"
        " ? { ok: true, data: { items: [] } } : call.call(one, path, ...rest); }"
    )
    visitor.widget.locator(".row").first.click()
    visitor.press("Blow-dry")
    visitor.widget.locator(".row").nth(1).click()
    expect(visitor.widget.get_by_text("No time is free until")).to_be_visible()
    expect(visitor.widget.get_by_role("button", name="Anybody who is free")).to_be_visible()
    expect(visitor.widget.get_by_role("link", name="Call")).to_be_visible()
    visitor.looks_right()


def test_only_a_web_site_that_the_salon_names_shows_the_frame_and_may_book(visit: Visit, host: Host) -> None:
    visitor = visit("/frame")
    inside = visitor.page.frame_locator("iframe").locator("parlour-booking")
    expect(inside.locator(".row").first).to_be_visible()
    assert visitor.page.context.cookies() == []
    with visitor.page.expect_request("**/widget.js"):
        visitor.page.evaluate(
            "() => { window.told = []; addEventListener('message', (one) => told.push(one.data.height)); }"
        )
        visitor.page.locator("iframe").evaluate("(one) => { one.src += '?locale=ru'; }")
    visitor.page.wait_for_function("() => window.told.some((height) => height > 100)")
    expect(inside.locator("h2")).to_have_text("Где?")

    stranger = visit("/frame", at=host.foreign)
    expect(stranger.page.frame_locator("iframe").locator("parlour-booking")).to_have_count(0)
    stranger.faults.clear()
    stranger = visit("/", at=host.foreign)
    stranger.heading("Booking does not answer at the moment.")
    assert any("CORS" in fault for fault in stranger.faults)
    stranger.faults.clear()
