"""Booking in the widget: services, specialists, times, places in sessions, by finger and by keyboard."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import select

from parlour.plugins.bookings.models import Appointment, Group
from parlour.plugins.catalog.models import Item
from parlour.records.write import save
from tests.browser.salon import phone
from tests.browser.widget.visitors import Host, Visit


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
    # Below the way to group sessions the services begin.
    widget.locator(".row").nth(4).click()
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


def test_a_price_that_begins_later_is_told_before_a_time_is_chosen(visit: Visit, host: Host) -> None:
    with host.salon.session() as session:
        item = session.scalars(select(Item.id).where(Item.code == "005")).one()
        today = datetime.now(ZoneInfo(host.salon.organisation.zone)).date()
        then = (today + timedelta(days=12)).isoformat()
        before = {"prices": [{"price": "1800"}]}
        save(session, Item, {"prices": [*before["prices"], {"price": "1950", "since": then}]}, item)
        session.commit()
    try:
        visitor = visit()
        visitor.to_times()
        told = visitor.widget.get_by_text("On this day it costs ₽1,950.")
        expect(told).to_have_count(0)
        visitor.widget.locator(".strip button:not([aria-disabled])").last.click()
        expect(told).to_be_visible()
        visitor.looks_right()
    finally:
        with host.salon.session() as session:
            save(session, Item, before, item)
            session.commit()


def test_another_service_leaves_the_day_that_was_chosen(visit: Visit) -> None:
    visitor = visit()
    widget = visitor.widget
    visitor.to_times()
    day = widget.locator(".strip button:not([aria-disabled])").nth(4)
    chosen = day.get_attribute("data-day")
    day.click()
    visitor.press("Add a service")
    visitor.press("Haircut")
    widget.locator(".row").first.click()
    pressed = widget.locator(".strip [aria-pressed=true]")
    expect(pressed).to_have_attribute("data-day", str(chosen))
    visitor.press("Remove Haircut")
    expect(widget.locator(".chosen li")).to_have_count(1)
    expect(pressed).to_have_attribute("data-day", str(chosen))


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

    for row in (0, 4, 0):
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
