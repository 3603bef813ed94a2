"""Entering somebody new: fast, from anywhere, and not twice."""

from __future__ import annotations

import re
import time

from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.desk import Desk
from tests.browser.salon import CONTACT, phone

CARD = re.compile(rf"/r/{CONTACT}/\d+$")


def test_a_new_client_takes_a_key_a_name_and_a_phone(enter: Enter) -> None:
    desk = enter("receptionist")
    number = phone()
    desk.go()
    began = time.monotonic()
    desk.page.keyboard.press("n")
    desk.page.keyboard.press("Enter")
    expect(desk.box("Name")).to_be_focused()
    desk.page.keyboard.type("Скорова Анна")
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.type(f"8{number[2:]}")
    desk.page.keyboard.press("Enter")
    expect(desk.page).to_have_url(CARD)
    assert time.monotonic() - began < 60
    row = desk.salon.row(int(desk.path.rpartition("/")[2]))
    assert row["name"] == "Скорова Анна"
    assert [line["number"] for line in row["phones"]] == [number]


def test_on_a_phone_the_button_under_the_thumb_does_the_same(enter: Enter) -> None:
    desk = enter("receptionist", width=390, locale="ru")
    desk.clients()
    desk.main.locator(".page-actions .btn-primary").tap()
    desk.box("Name").fill("Большова Анна")
    tel = desk.main.locator("input[type=tel]").first
    expect(tel).to_be_visible()
    tel.fill(phone())
    assert desk.fits()
    desk.main.locator(".form-buttons [type=submit]").first.tap()
    expect(desk.page).to_have_url(CARD)


def test_who_has_this_phone_already_is_shown_before_anything_is_saved(receptionist: Desk) -> None:
    desk = receptionist
    number = phone()
    there = desk.salon.client("Тутова Мария", phones=[{"number": number}])
    desk.go(f"/r/{CONTACT}/new")
    desk.box("Name").fill("Другова Мария")
    desk.main.locator("input[type=tel]").first.fill(f"8 {number[2:5]} {number[5:8]} {number[8:]}")
    desk.page.keyboard.press("Tab")
    found = desk.page.locator("[data-matches] li").first
    expect(found).to_contain_text("Тутова Мария")
    expect(found).to_contain_text(desk.say("the same phone"))
    expect(found.get_by_role("link")).to_have_attribute("href", re.compile(f"/{there}$"))
    assert desk.fits()
    assert desk.path.endswith("/new")
    desk.main.locator(".form-buttons [type=submit]").first.click()
    expect(desk.page).to_have_url(CARD)
    assert not desk.path.endswith(f"/{there}"), "two people may share a phone; it was said, and saved"


def test_saving_at_once_is_stopped_until_the_likeness_was_seen(enter: Enter) -> None:
    desk = enter("receptionist")
    number = phone()
    desk.salon.client("Тутова Дарья", phones=[{"number": number}])
    desk.go(f"/r/{CONTACT}/new")
    desk.box("Name").fill("Тутова Дарья")
    desk.main.locator("input[type=tel]").first.fill(number)
    desk.page.keyboard.press("Enter")
    anyway = desk.button("It is somebody else: save")
    expect(anyway).to_be_visible()
    expect(desk.page.locator("[data-matches] li").first).to_contain_text("Тутова Дарья")
    assert desk.path.endswith("/new")
    anyway.click()
    expect(desk.page).to_have_url(CARD)


def test_save_and_new_opens_the_next_empty_form(enter: Enter) -> None:
    desk = enter("receptionist")
    desk.go(f"/r/{CONTACT}/new")
    desk.box("Name").fill("Перваяева Ольга")
    desk.button("Save and new").click()
    desk.flash("Added")
    assert desk.path.endswith("/new")
    assert desk.box("Name").input_value() == ""
