"""Actions that ask for something first: a dialog above the card or the list, and the same as a page without scripts."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.desk import Desk
from tests.browser.salon import CONTACT


def test_a_client_is_blocked_with_a_reason_without_leaving_the_card(desk: Desk) -> None:
    row = desk.salon.client(f"Спорова{desk.locale} Анна")
    desk.go(f"/r/{CONTACT}/{row}")
    desk.more("Put on the block-list")
    dialog = desk.page.locator("dialog.dialog-form")
    expect(dialog.locator("[name=reason]")).to_be_focused()
    assert desk.fits()
    dialog.locator("[name=reason]").fill("Three no-shows")
    dialog.locator("[type=submit]").first.click()
    desk.flash("On the block-list now.")
    assert desk.salon.row(row)["blocked_reason"] == "Three no-shows"


def test_what_is_missing_is_said_in_the_dialog_and_the_chosen_rows_stay_chosen(enter: Enter) -> None:
    desk = enter("owner")
    rows = [desk.salon.client(f"Ничьева {name}") for name in ("Анна", "Вера")]
    desk.clients("?q=Ничьева")
    for check in desk.page.locator(".row-check").all():
        check.check()
    desk.page.locator(".bulk-bar details summary").click()
    desk.page.locator('.bulk-bar button[value="act:assign"]').click()
    dialog = desk.page.locator("dialog.dialog-form")
    with desk.page.expect_response(lambda answer: answer.status == 422):
        dialog.locator("[type=submit]").first.click()
    expect(dialog.locator("[data-error-summary]")).to_be_focused()
    dialog.locator("[name=user]").select_option(index=1)
    dialog.locator("[type=submit]").first.click()
    desk.flash("They have somebody who looks after them now.")
    assert all(desk.salon.row(row)["responsible"] for row in rows)


def test_the_salon_sees_its_colour_before_and_after_it_is_saved(enter: Enter) -> None:
    desk = enter("owner")
    desk.go("/settings/organisation")
    box = desk.page.locator("[name=colour]")
    box.fill("#ffee00")
    expect(desk.page.locator("[data-colour-preview]")).to_contain_text("darkened to #")
    expect(desk.page.locator("[data-colour-pick]")).to_have_value("#ffee00")
    box.fill("")
    expect(desk.page.locator("[data-colour-preview]")).not_to_contain_text("darkened to #")


def test_a_lost_connection_is_said_for_as_long_as_it_lasts(enter: Enter) -> None:
    desk = enter("owner")
    desk.go()
    line = desk.page.locator("[data-offline-line]")
    expect(line).to_be_hidden()
    desk.context.set_offline(True)
    expect(line).to_contain_text("No connection.")
    desk.context.set_offline(False)
    expect(line).to_be_hidden()
