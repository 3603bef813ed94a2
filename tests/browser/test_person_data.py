"""Everything about a person: handed out on request, and erased for good."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.salon import phone


def test_all_data_of_a_person_are_handed_out(desk: Desk, tmp_path: Path) -> None:
    number = phone()
    desk.card(desk.salon.client("Выданова Анна", phones=[{"number": number}], note="Likes tea"))
    desk.more("Personal data")
    assert desk.fits()
    with desk.page.expect_download() as waiting:
        desk.main.locator(".panel .page-actions .btn").first.click()
    path = tmp_path / "copy.json"
    waiting.value.save_as(path)
    text = path.read_text("utf-8")
    json.loads(text)
    assert number in text
    assert "Likes tea" in text


def test_a_person_is_erased_after_the_name_was_typed(desk: Desk) -> None:
    name = f"Стираева{desk.locale} Анна"
    row = desk.salon.client(name, phones=[{"number": phone()}], note="Likes tea")
    desk.card(row, "/person")
    erase = desk.main.locator(".btn-danger")
    expect(erase).to_be_disabled()
    word = str(desk.page.locator("[data-must-be]").get_attribute("data-must-be"))
    assert "Анна" in word
    desk.page.locator("[data-must-be]").fill(word)
    erase.click()
    expect(desk.page.locator("[data-flash] .alert")).to_be_visible()
    desk.clients(f"?q={name.split()[0]}")
    expect(desk.main).to_contain_text(desk.say("Nothing fits"))
    left = json.dumps(desk.salon.row(row), default=str, ensure_ascii=False)
    assert name.split()[0] not in left
    assert "Likes tea" not in left
