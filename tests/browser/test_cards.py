"""Looking at a client and changing the card: nothing typed is ever lost."""

from __future__ import annotations

import re

from playwright.sync_api import Dialog, expect

from tests.browser.conftest import Enter
from tests.browser.desk import Desk
from tests.browser.salon import CONTACT, phone


def save(desk: Desk) -> None:
    desk.main.locator(".form-buttons [type=submit]").first.click()


def test_a_click_shows_the_preview_and_a_second_one_the_card(enter: Enter) -> None:
    desk = enter("receptionist")
    row = desk.salon.client("Показова Анна", phones=[{"number": phone()}], must_know="Hard of hearing")
    desk.clients("?q=показова")
    desk.rows().first.click()
    preview = desk.page.locator("[data-preview-panel]")
    expect(preview).to_contain_text("Hard of hearing")
    expect(desk.page).to_have_url(re.compile(f"preview={row}"))
    desk.page.reload()
    expect(preview).to_contain_text("Hard of hearing")
    desk.page.keyboard.press("Escape")
    expect(preview).to_be_hidden()
    desk.rows().first.click()
    expect(preview.locator("h2")).to_have_text("Показова Анна")
    desk.rows().first.click()
    expect(desk.page).to_have_url(re.compile(f"/r/{CONTACT}/{row}$"))


def test_on_a_phone_a_touch_opens_the_card(enter: Enter) -> None:
    desk = enter("receptionist", width=390, locale="ru")
    row = desk.salon.client("Тачева Анна")
    desk.clients("?q=тачева")
    desk.rows().first.get_by_role("link", name="Тачева Анна").tap()
    expect(desk.page).to_have_url(re.compile(f"/r/{CONTACT}/{row}$"))


def test_an_edit_is_saved_shown_in_the_timeline_and_taken_back(receptionist: Desk) -> None:
    desk = receptionist
    row = desk.salon.client("Правкина Ольга", phones=[{"number": phone()}])
    desk.card(row)
    desk.main.locator(".card-head .btn-primary").click()
    desk.box("Profession").fill("Pilot")
    save(desk)
    desk.flash("Saved")
    expect(desk.page).to_have_url(re.compile(f"/r/{CONTACT}/{row}$"))
    expect(desk.page.locator("#timeline")).to_contain_text("Pilot")
    assert desk.user is not None
    expect(desk.page.locator("#timeline")).to_contain_text(desk.user.name)
    assert desk.fits()
    desk.page.locator("[data-flash]").get_by_role("button", name=desk.say("Undo")).click()
    desk.flash("It is undone.")
    assert desk.salon.row(row)["profession"] in (None, "")


def test_saving_a_full_card_untouched_changes_nothing(enter: Enter) -> None:
    desk = enter("owner")
    assert desk.user is not None
    row = desk.salon.client(
        "Полнова Анна Ивановна",
        phones=[{"number": phone(), "label": "work"}, {"number": phone()}],
        emails=[{"address": f"a{phone()[1:]}@example.com", "label": "home"}],
        addresses=[{"street": "Tverskaya 1", "city": "Moscow", "kind": "actual"}],
        documents=[{"number": "4510 123456", "kind": "passport"}],
        responsible=[{"user": desk.user.id}],
        tags=["brows", "gift"],
        birthday="1990-02-28",
        sex="female",
        must_know="Latex",
        health_notes="Asthma",
        note="Two\nlines",
        spent_before={"amount": "1250.50", "currency": "RUB"},
        silent=True,
        preferred_channel="sms",
        website="https://example.com/anna",
    )
    before = desk.salon.row(row)
    desk.card(row, "/edit")
    save(desk)
    expect(desk.page).to_have_url(re.compile(f"/r/{CONTACT}/{row}$"))
    assert desk.salon.row(row) == before
    desk.card(row, "/edit")
    desk.box("Profession").fill("Pilot")
    save(desk)
    desk.flash("Saved")
    after = desk.salon.row(row)
    assert {name for name in before if before[name] != after[name]} == {"profession", "version"}


def test_a_part_of_the_card_is_edited_in_place(enter: Enter) -> None:
    desk = enter("receptionist")
    row = desk.salon.client("Местова Вера")
    desk.card(row)
    panel = desk.page.locator("#group-person")
    panel.locator("[data-inline]").click()
    panel.get_by_label("Profession").fill("Baker")
    panel.locator("[type=submit]").click()
    expect(panel).to_contain_text("Baker")
    expect(panel.locator("form")).to_have_count(0)
    assert desk.salon.row(row)["profession"] == "Baker"


def test_a_mistake_is_told_beside_its_box_and_in_words_above(desk: Desk) -> None:
    row = desk.salon.client("Ошибкина Вера", phones=[{"number": phone()}])
    desk.card(row, "/edit")
    desk.box("Profession").fill("Baker")
    desk.main.locator("input[type=tel]").first.fill("12")
    save(desk)
    summary = desk.page.locator("[data-error-summary]")
    expect(summary).to_be_focused()
    expect(desk.main.locator(".field-error").first).to_be_visible()
    assert desk.main.locator("input[type=tel]").first.input_value() == "12"
    assert desk.box("Profession").input_value() == "Baker"
    summary.locator("a").first.click()
    assert desk.fits()
    desk.main.locator("input[type=tel]").first.fill(phone())
    save(desk)
    desk.flash("Saved")


def test_leaving_with_something_unsaved_asks_first(enter: Enter) -> None:
    desk = enter("receptionist")
    desk.card(desk.salon.client("Черновикова Вера"), "/edit")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    desk.page.on("dialog", stay)
    desk.box("Profession").click()
    desk.page.keyboard.type("Pilot")
    expect(desk.page.locator("[data-unsaved-note]")).to_be_visible()
    desk.page.locator("nav.side").get_by_role("link", name="Birthdays").click()
    desk.page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert desk.box("Profession").input_value() == "Pilot"
    save(desk)
    desk.flash("Saved")
    assert asked == ["beforeunload"], "saving asked as well"


def test_what_two_people_changed_is_shown_side_by_side(desk: Desk) -> None:
    row = desk.salon.client("Спорова Вера", profession="Clerk", workplace="Bank")
    desk.card(row, "/edit")
    desk.box("Profession").fill("Pilot")
    desk.box("Works at").fill("Airport")
    desk.salon.change(row, profession="Baker")
    save(desk)
    table = desk.page.locator("table.versus")
    expect(table).to_contain_text("Pilot")
    expect(table).to_contain_text("Baker")
    assert desk.fits()
    table.locator("input[value=theirs]").check()
    save(desk)
    expect(desk.page).to_have_url(re.compile(f"/r/{CONTACT}/{row}$"))
    kept = desk.salon.row(row)
    assert (kept["profession"], kept["workplace"]) == ("Baker", "Airport")


def test_what_two_people_changed_in_different_boxes_is_both_kept(enter: Enter) -> None:
    desk = enter("receptionist")
    row = desk.salon.client("Мирова Вера")
    desk.card(row, "/edit")
    desk.box("Profession").fill("Pilot")
    desk.salon.change(row, workplace="Bank")
    save(desk)
    expect(desk.page).to_have_url(re.compile(f"/r/{CONTACT}/{row}$"))
    kept = desk.salon.row(row)
    assert (kept["profession"], kept["workplace"]) == ("Pilot", "Bank")


def test_a_note_stands_in_the_timeline_at_once(receptionist: Desk) -> None:
    desk = receptionist
    desk.card(desk.salon.client("Заметкина Вера"))
    desk.main.locator(".compose textarea").fill("Called back, comes on Friday")
    desk.main.locator(".compose button").click()
    desk.flash("The note is in the timeline.")
    expect(desk.page.locator("#timeline")).to_contain_text("comes on Friday")


def test_the_photo_of_a_client_is_shown_after_it_was_chosen(enter: Enter) -> None:
    desk = enter("receptionist")
    row = desk.salon.client("Фотова Вера")
    desk.card(row, "/edit")
    picture = desk.page.locator("main").screenshot()
    desk.page.locator("[data-photo] input[type=file]").set_input_files(
        {"name": "me.png", "mimeType": "image/png", "buffer": picture}
    )
    save(desk)
    desk.flash("Saved")
    shown = desk.page.locator(".card-head img.avatar")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.complete && image.naturalWidth > 0")
