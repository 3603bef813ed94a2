"""Coming in and going out."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from parlour.demo import LOGINS
from tests.browser.conftest import Enter

SCREENS = pytest.mark.parametrize(("width", "locale"), [(1280, "en"), (390, "ru"), (1280, "ru"), (390, "en")])


@SCREENS
def test_who_says_the_right_password_is_in_and_can_leave(enter: Enter, width: int, locale: str) -> None:
    owner = next(login for login in LOGINS if login.role == "owner")
    desk = enter(None, width=width, locale=locale)
    desk.go("~/")
    expect(desk.page).to_have_url(re.compile("/login"))
    desk.page.locator("#email").fill(owner.email)
    desk.page.locator("#password").fill(owner.password)
    desk.page.keyboard.press("Enter")
    expect(desk.page).to_have_url(desk.salon.home)
    expect(desk.page.locator("h1")).to_have_text(re.compile("Today|Сегодня"))
    assert desk.fits()
    desk.page.locator(".top details.menu").last.locator("summary").click()
    desk.page.locator(".top .menu-sheet form[action$='/logout'] button").click()
    expect(desk.page).to_have_url(re.compile("/login"))
    desk.go()
    expect(desk.page).to_have_url(re.compile("/login"))


@SCREENS
def test_a_wrong_password_is_told_in_the_readers_language(enter: Enter, width: int, locale: str) -> None:
    desk = enter(None, width=width, locale=locale)
    desk.go("~/login")
    desk.page.locator("#email").fill("nobody@jasmine.test")
    desk.page.locator("#password").fill("not the password")
    desk.button("Log in").click()
    told = desk.page.get_by_role("alert")
    expect(told).to_be_visible()
    assert bool(re.search("[а-яё]", told.inner_text())) == (locale == "ru")
    assert desk.page.locator("#email").input_value() == "nobody@jasmine.test"
    assert desk.page.locator("#password").input_value() == ""
    assert desk.fits()


def test_the_password_can_be_looked_at_and_the_language_changed_before_logging_in(enter: Enter) -> None:
    desk = enter(None)
    desk.go("~/login")
    desk.page.locator("#password").fill("seen")
    desk.page.locator("[data-reveal]").click()
    expect(desk.page.locator("#password")).to_have_attribute("type", "text")
    desk.page.get_by_role("button", name="Русский").click()
    expect(desk.page.locator("html")).to_have_attribute("lang", "ru")
    expect(desk.page.locator("h1")).not_to_have_text("Log in")


def test_who_comes_by_a_link_lands_there_after_logging_in(enter: Enter) -> None:
    desk = enter(None)
    desk.go("/settings/branches")
    desk.page.locator("#email").fill(LOGINS[0].email)
    desk.page.locator("#password").fill(LOGINS[0].password)
    desk.page.keyboard.press("Enter")
    expect(desk.page).to_have_url(re.compile("/settings/branches$"))
