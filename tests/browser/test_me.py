"""What everybody chooses for themselves: language, colours, branch, a folded menu."""

from __future__ import annotations

import re

import pyotp
from playwright.sync_api import Locator, expect

from parlour.access.models import User
from parlour.access.passwords import hash_password
from parlour.db.session import system
from tests.browser.conftest import Enter
from tests.browser.desk import Desk

PAPER = {"light": "rgb(250, 248, 246)", "dark": "rgb(23, 19, 22)"}


def mine(desk: Desk) -> Locator:
    """The menu behind one's own picture, opened."""
    menu = desk.page.locator(".top details.menu").last
    menu.locator("summary").click()
    return menu.locator(".menu-sheet")


def test_the_language_changes_at_once_and_stays(enter: Enter) -> None:
    desk = enter("receptionist")
    desk.clients()
    mine(desk).get_by_role("button", name="Русский").click()
    expect(desk.page.locator("html")).to_have_attribute("lang", "ru")
    expect(desk.page.locator("h1")).to_contain_text("Клиенты")
    desk.go()
    expect(desk.page.locator("h1")).to_contain_text("Сегодня")
    mine(desk).get_by_role("button", name="English").click()
    expect(desk.page.locator("h1")).to_contain_text("Today")


def test_the_colours_change_at_once_and_stay(enter: Enter) -> None:
    desk = enter("receptionist", width=390, locale="ru")
    desk.go()
    body = desk.page.locator("body")
    expect(body).to_have_css("background-color", PAPER["light"])
    with desk.page.expect_response(re.compile("/theme$")):
        mine(desk).locator("button[value=dark]").click()
    expect(body).to_have_css("background-color", PAPER["dark"])
    desk.clients()
    expect(body).to_have_css("background-color", PAPER["dark"])
    with desk.page.expect_response(re.compile("/theme$")):
        mine(desk).locator("button[name=theme]").first.click()
    expect(body).to_have_css("background-color", PAPER["light"])


def test_colours_follow_the_system_until_somebody_chooses(enter: Enter) -> None:
    desk = enter("receptionist", theme="dark")
    desk.go()
    expect(desk.page.locator("body")).to_have_css("background-color", PAPER["dark"])


def test_one_works_in_one_branch_or_in_all(desk: Desk) -> None:
    desk.go()
    menu = desk.page.locator(".top details.menu").first
    menu.locator("summary").click()
    menu.get_by_role("button", name="Jasmine on Nevsky").click()
    expect(menu.locator("summary")).to_have_attribute("aria-label", re.compile("Jasmine on Nevsky"))
    menu.locator("summary").click()
    menu.locator("button[name=branch]").first.click()
    expect(menu.locator("summary")).to_have_attribute(
        "aria-label", re.compile(re.escape(desk.say("All branches")))
    )


def test_the_menu_folds_and_stays_folded(enter: Enter) -> None:
    desk = enter("receptionist")
    desk.go()
    side = desk.page.locator("nav.side")
    wide = side.bounding_box()
    desk.page.locator("[data-fold-nav]").click()
    desk.clients()
    narrow = side.bounding_box()
    assert wide is not None
    assert narrow is not None
    assert narrow["width"] < wide["width"] / 2
    assert desk.fits()


def test_the_menu_of_a_phone_opens_from_the_bar_below(enter: Enter) -> None:
    desk = enter("owner", width=390, locale="ru")
    desk.go()
    desk.page.locator("[data-show-menu]").tap()
    side = desk.page.locator("nav.side")
    expect(side).to_be_visible()
    side.locator("a[href$='/contacts/birthdays']").tap()
    expect(desk.page).to_have_url(re.compile("/contacts/birthdays$"))


def test_a_name_and_a_password_are_changed_in_ones_own_account(enter: Enter) -> None:
    desk = enter("receptionist")
    desk.go("~/me")
    desk.page.locator("#profile input[name=name]").fill("Darya Novaya")
    desk.page.locator("#profile [type=submit]").click()
    expect(desk.page.locator("#profile input[name=name]")).to_have_value("Darya Novaya")
    desk.page.locator("#password input[name=current]").fill("wrong")
    desk.page.locator("#password input[name=password]").fill("short")
    desk.page.locator("#password [type=submit]").click()
    expect(desk.page.locator("#password .field-error").first).to_be_visible()


def test_a_second_factor_is_set_up_by_scanning_and_typing(enter: Enter) -> None:
    desk = enter("receptionist", width=390, locale="ru")
    assert desk.user is not None
    with desk.salon.session() as session, system(session):
        session.get_one(User, desk.user.id).password_hash = hash_password("seven blue herons")
        session.commit()
    desk.go("~/me/factor")
    expect(desk.page.locator("img.enrol-picture")).to_have_js_property("complete", True)
    assert desk.page.locator("img.enrol-picture").evaluate("image => image.naturalWidth") > 100
    assert desk.fits()
    secret = desk.page.locator("[data-secret]").inner_text().replace(" ", "")
    desk.page.locator("input[name=code]").fill("12")
    desk.page.locator("input[name=current]").fill("seven blue herons")
    desk.page.locator("#factor [type=submit]").click()
    expect(desk.page.locator(".field-error")).to_be_visible()
    desk.page.locator("input[name=code]").fill(pyotp.TOTP(secret).now())
    desk.page.locator("input[name=current]").fill("seven blue herons")
    desk.page.locator("#factor [type=submit]").click()
    expect(desk.page.locator(".codes [data-once]")).to_have_count(10)
    assert desk.fits()
    desk.go("~/me/factor")
    expect(desk.page.locator("#off")).to_be_visible()
    assert desk.fits()
