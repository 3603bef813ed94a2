"""Finding somebody: from every page, and in the list."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.desk import Desk
from tests.browser.salon import CONTACT, phone


def test_the_slash_key_finds_somebody_from_any_page(enter: Enter) -> None:
    desk = enter("receptionist")
    row = desk.salon.client("Золотова Веста", phones=[{"number": phone()}])
    desk.go()
    desk.page.keyboard.press("/")
    desk.page.keyboard.type("золотова в")
    expect(desk.page.get_by_role("option")).to_have_count(1)
    desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.press("Enter")
    expect(desk.page).to_have_url(re.compile(f"/r/{CONTACT}/{row}$"))
    expect(desk.page.locator("h1")).to_contain_text("Золотова Веста")


def test_the_slash_key_works_on_a_russian_keyboard(enter: Enter) -> None:
    desk = enter("receptionist", locale="ru")
    desk.go()
    # Chromium's driver types Latin letters only: this is the event that the key makes in a Russian layout.
    desk.page.locator("body").dispatch_event("keydown", {"key": ".", "code": "Slash", "bubbles": True})
    expect(desk.page.locator("[data-suggest]")).to_be_focused()


def test_who_is_called_so_comes_before_whose_tag_is_called_so(enter: Enter) -> None:
    desk = enter("receptionist")
    desk.salon.client("Абрамова Инна", tags=["айва"])
    desk.salon.client("Айвазова Инна")
    desk.go()
    desk.page.locator("[data-suggest]").fill("айва")
    expect(desk.page.get_by_role("option")).to_have_count(2)
    expect(desk.page.get_by_role("option").first).to_contain_text("Айвазова Инна")


def test_enter_shows_all_that_was_found(receptionist: Desk) -> None:
    desk = receptionist
    desk.salon.client("Йотова Ёлка", phones=[{"number": phone()}])
    desk.go()
    desk.page.locator("[data-suggest]").fill("йотова елка")
    desk.page.keyboard.press("Enter")
    expect(desk.page).to_have_url(re.compile("/search[?]q="))
    expect(desk.main.get_by_role("link", name="Йотова Ёлка").first).to_be_visible()
    assert desk.fits()


def test_any_digits_of_a_phone_find_its_owner_in_the_list(receptionist: Desk) -> None:
    desk = receptionist
    number = phone()
    desk.salon.client("Цифрова Нина", phones=[{"number": number}])
    desk.clients()
    for typed in (
        number[-6:],
        f"8{number[2:]}",
        f"8 ({number[2:5]}) {number[5:8]}-{number[8:10]}-{number[10:]}",
    ):
        desk.main.locator(".list-search input").fill(typed)
        desk.page.keyboard.press("Enter")
        expect(desk.rows()).to_have_count(1)
        expect(desk.rows()).to_contain_text("Цифрова Нина")


def test_finding_nothing_offers_the_way_back(receptionist: Desk) -> None:
    desk = receptionist
    desk.clients("?q=qwertyuiop")
    expect(desk.main).to_contain_text(desk.say("Nothing fits"))
    desk.main.locator(".empty a").click()
    expect(desk.rows()).to_have_count(50)
