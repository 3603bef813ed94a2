"""Who comes back to the widget: to move or cancel, with a code, by the links of messages, and those who wait."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import expect
from sqlalchemy import select

from parlour.access.plugin_settings import save_plugin_settings
from parlour.plugins.bookings import waiting
from parlour.plugins.bookings.models import Appointment, Review, Waiting
from parlour.plugins.bookings.tokens import make_token, make_waiting_token
from parlour.plugins.catalog.models import Item
from parlour.plugins.messages.models import Message
from parlour.records.write import save
from tests.browser.salon import phone
from tests.browser.widget.visitors import Host, Visit


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
    expect(widget.get_by_text(f"Until now: {before}")).to_be_visible()
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
        # Back to the form and on again: the code that is on its way is the one that is asked for.
        visitor.press("Back")
        widget.locator("[name=comment]").fill("With a fringe")
        widget.locator("[type=submit]").click()
        visitor.heading("Is it you?")
        code = code_of(number)
        # With the last digit it goes on by itself.
        widget.locator("#code").press_sequentially(f"{(int(code) + 1) % 10**6:06}")
        expect(widget.locator("#code-error")).to_contain_text("wrong")
        expect(widget.locator("#code")).to_be_focused()
        visitor.looks_right()
        widget.locator("#code").fill(f"{code[:3]} {code[3:]}")
        visitor.heading("You are booked")
        expect(widget.get_by_text("For Little Masha")).to_be_visible()
        # The next visit is not for her by itself.
        visitor.press("Book another visit")
        visitor.press("Blow-dry")
        widget.locator(".row").first.click()
        widget.locator(".times button").first.click()
        expect(widget.locator("[name=phone]")).to_have_value(number)
        expect(widget.locator("[name=other]")).not_to_be_checked()
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


def test_a_visit_that_was_is_reviewed_by_the_link_of_a_message(visit: Visit, host: Host) -> None:
    with host.salon.session() as session:
        unsaid = ~select(Review.id).where(Review.appointment_id == Appointment.id).exists()
        done = session.scalars(
            select(Appointment.id).where(Appointment.status == "done", unsaid).limit(1)
        ).one()
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
    visitor.widget.get_by_text("Code of an offer").click()
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
