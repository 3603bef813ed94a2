"""Switching a plugin off and on: live with the next request, and nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from parlour.plugin import lifecycle
from parlour.plugin.registry import current
from tests.browser.desk import Desk
from tests.browser.salon import CONTACT, Salon


@pytest.fixture(autouse=True)
def _on_again(salon: Salon) -> Iterator[None]:
    """Other tests want their plugins back, whatever happened here."""
    yield
    with salon.session() as session:
        for name in current().order:
            lifecycle.enable(session, name)
        session.commit()


def test_the_settings_of_bookings_copy_what_goes_into_a_web_site(desk: Desk) -> None:
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.go("/settings/plugins/bookings")
    copies = desk.main.locator("[data-copy]")
    expect(copies).to_have_count(3)
    copies.first.click()
    expect(copies.first).to_contain_text(desk.say("Copied"))
    slug = desk.salon.organisation.slug
    taken = desk.page.evaluate("navigator.clipboard.readText()")
    assert taken == desk.page.locator("#booking-page").inner_text()
    assert taken.endswith(f"/widget/{slug}/bookings")
    assert desk.fits()
    desk.context.clear_permissions()


def test_a_plugin_that_is_switched_off_is_gone_and_comes_back_with_its_data(desk: Desk) -> None:
    row = desk.salon.client("Выключаева Анна")
    desk.go("/plugins")
    lit = desk.main.locator("[role=switch][aria-checked=true]")
    switches = desk.main.locator("[role=switch]").count()
    # Those that others stand on wait until these are off.
    for _each in current().order:
        on = desk.main.locator("[role=switch][aria-checked=true]:not([disabled])")
        if on.count():
            left = lit.count()
            on.last.click()
            # On the way from page to page there is no switch at all.
            expect(desk.main.locator("[role=switch]")).to_have_count(switches)
            expect(lit).to_have_count(left - 1)
    expect(lit).to_have_count(0)
    text = "${name} is off. Everything it knows is kept."
    said = [
        re.escape(desk.say(text, name=desk.say(item.manifest.title))) for item in current().loaded.values()
    ]
    expect(desk.page.locator("[data-flash]")).to_contain_text(re.compile("|".join(said)))
    assert desk.fits()
    address = desk.salon.home
    menu = desk.page.locator("nav.side, nav.bottom-bar").locator(f"a[href*='{CONTACT}']")
    expect(menu).to_have_count(0)
    for path in (f"/r/{CONTACT}", f"/r/{CONTACT}/{row}", f"/r/{CONTACT}/new", "/contacts/birthdays"):
        assert desk.context.request.get(f"{address}{path}").status == 404, path
    desk.go()
    expect(desk.main.locator(".panel")).not_to_have_count(0)
    desk.go("/plugins")
    clients = desk.page.locator("#plugin-contacts").get_by_role("switch")
    clients.click()
    desk.flash("${name} is on.", name=desk.say("Clients"))
    expect(desk.page.locator("#plugin-contacts").get_by_role("switch")).to_have_attribute(
        "aria-checked", "true"
    )
    expect(menu.first).to_be_attached()
    desk.card(row)
    expect(desk.page.locator("h1")).to_contain_text("Выключаева Анна")


def test_a_plugin_that_others_need_says_so_and_stays(desk: Desk) -> None:
    if "visitors" not in current().order:
        pytest.skip("the vendor's sample plugin is not installed here")
    desk.go("/plugins")
    card = desk.page.locator("#plugin-contacts")
    expect(card.get_by_role("switch")).to_be_disabled()
    expect(card).to_contain_text(desk.say("Stays on while these use it"))
    expect(desk.page.locator("#plugin-visitors")).to_contain_text(desk.say("Needs"))
