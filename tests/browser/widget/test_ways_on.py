"""Where nothing can be booked, nobody answers or a page forbids it, the widget shows a way on."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.widget.visitors import Host, Visit


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
    visitor.widget.evaluate("(one) => { one.data.services = []; one.data.sessions = false; one.start(); }")
    visitor.widget.locator(".row").first.click()
    expect(visitor.widget.get_by_text("There is nothing to be booked online")).to_be_visible()
    expect(visitor.widget.get_by_role("link", name="Call")).to_be_visible()
    visitor.looks_right()


def test_the_way_back_of_the_browser_goes_back_by_one_step(visit: Visit, host: Host) -> None:
    visitor = visit(f"/widget/{host.salon.organisation.slug}/bookings?locale=en", at=host.salon.address)
    page, widget = visitor.page, visitor.widget
    visitor.to_times()
    widget.locator(".times button").first.click()
    visitor.heading("Who comes?")
    for heading in ("When?", "Who does it?", "What would you like?"):
        page.go_back()
        visitor.heading(heading)
    # The button in the widget goes the same way, and what it has gone is not gone once more.
    visitor.press("Haircut")
    visitor.press("Back")
    visitor.heading("What would you like?")
    page.go_back()
    visitor.heading("Where?")
    visitor.book()
    page.go_back()
    expect(widget.get_by_role("button", name="Haircut").first).to_be_visible()
    # Then it leads out.
    page.go_back()
    expect(page).to_have_url("about:blank")


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
