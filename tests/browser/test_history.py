"""Who changed what, from what to what, and taking it back."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.salon import CONTACT


def test_the_history_says_who_changed_what_and_takes_it_back(desk: Desk) -> None:
    row = desk.salon.client("Историна Анна", profession="Clerk")
    desk.card(row, "/edit")
    desk.box("Profession").fill("Pilot")
    desk.main.locator(".form-buttons [type=submit]").first.click()
    desk.flash("Saved")
    desk.more("History")
    latest = desk.main.locator(".timeline-item").first
    assert desk.user is not None
    for said in (desk.user.name, desk.say("Profession"), "Clerk", "Pilot"):
        expect(latest).to_contain_text(said)
    assert desk.fits()
    latest.get_by_role("button", name=desk.say("Undo")).click()
    desk.flash("It is undone.")
    assert desk.salon.row(row)["profession"] == "Clerk"
    assert desk.path.endswith(f"/r/{CONTACT}/{row}/history")
    expect(desk.main.locator(".timeline-item")).to_have_count(3)
