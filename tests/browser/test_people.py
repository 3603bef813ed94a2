"""Who works here and what they may do."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.desk import Desk


def test_somebody_new_gets_a_password_to_hand_over_and_comes_in_with_it(desk: Desk, enter: Enter) -> None:
    email = f"new-{desk.locale}@jasmine.test"
    desk.go("/settings/members")
    assert desk.fits()
    desk.more("Add with a password")
    desk.main.locator("input[name=email]").fill(email)
    desk.main.locator("input[name=name]").fill("Nina Novaya")
    desk.main.get_by_label(desk.say("everywhere")).nth(2).check()
    desk.main.locator(".form-buttons [type=submit]").click()
    password = desk.page.locator("[data-once]").inner_text()
    assert len(password) >= 10
    assert desk.fits()
    stranger = enter(None, locale=desk.locale)
    stranger.go("~/login")
    stranger.page.locator("#email").fill(email)
    stranger.page.locator("#password").fill(password)
    stranger.page.keyboard.press("Enter")
    expect(stranger.page).not_to_have_url(re.compile("/login"))
    desk.go("/settings/members")
    row = desk.rows().filter(has_text=email)
    expect(row).to_contain_text("Nina Novaya")
    row.locator("details.menu summary").click()
    row.locator("form[action$='/active'] .menu-item").click()
    desk.confirm()
    expect(desk.rows().filter(has_text=email)).to_contain_text(desk.say("switched off"))


def test_who_is_invited_chooses_a_password_and_begins(desk: Desk, enter: Enter) -> None:
    email = f"invited-{desk.locale}@jasmine.test"
    desk.go("/settings/members")
    desk.main.locator(".page-actions .btn-primary").click()
    desk.main.locator("input[name=email]").fill(email)
    desk.main.get_by_label(desk.say("everywhere")).nth(2).check()
    desk.main.locator(".form-buttons [type=submit]").click()
    link = desk.page.locator("[data-once]").inner_text()
    assert desk.fits()
    desk.go("/settings/members")
    expect(desk.main.locator(".found li", has_text=email)).to_be_visible()
    assert desk.fits()
    stranger = enter(None, locale=desk.locale)
    stranger.go(f"~{urlsplit(link).path}")
    assert stranger.fits()
    stranger.page.locator("input[name=name]").fill("Ivan Invited")
    stranger.page.locator("input[name=password]").fill("eleven purple geese")
    stranger.page.keyboard.press("Enter")
    expect(stranger.page).to_have_url(re.compile("/o/jasmine$"))
    desk.go("/settings/members")
    expect(desk.rows().filter(has_text=email)).to_contain_text("Ivan Invited")
    expect(desk.main.locator(".found li", has_text=email)).to_have_count(0)


def test_a_role_of_ones_own_may_do_what_is_ticked(desk: Desk) -> None:
    title = f"Trainee {desk.locale}"
    desk.go("/settings/roles/new")
    desk.main.locator("input[name=title]").fill(title)
    desk.main.locator(".form-buttons [type=submit]").click()
    desk.heading(title)
    cell = desk.page.locator("input[name=permission][value='contacts:contact:read']")
    cell.check()
    assert desk.fits()
    desk.main.locator(".form-buttons [type=submit]").click()
    expect(desk.page.locator("[data-flash] .alert")).to_be_visible()
    desk.go("/settings/roles")
    desk.main.get_by_role("link", name=title).click()
    expect(cell).to_be_checked()


def test_the_owners_role_cannot_be_narrowed(desk: Desk) -> None:
    desk.go("/settings/roles/1")
    expect(desk.page.locator("input[name=permission]").first).to_be_disabled()
    expect(desk.main.locator(".form-buttons")).to_have_count(0)


def test_a_receptionist_finds_no_settings_and_is_told_so_by_the_address(receptionist: Desk) -> None:
    desk = receptionist
    desk.go()
    expect(desk.page.locator("nav.side a[href$='/settings']")).to_have_count(0)
    desk.go("/settings/organisation")
    expect(desk.page.locator("h1")).to_have_text(desk.say("You may not do this"))
    assert desk.fits()


def test_a_branch_is_added_and_closed(desk: Desk) -> None:
    name = f"Jasmine {desk.locale}"
    desk.go("/settings/branches/new")
    desk.main.locator("input[name=name]").fill(name)
    desk.main.locator(".form-buttons [type=submit]").click()
    row = desk.main.locator(".found li", has_text=name)
    expect(row).to_be_visible()
    row.locator("form button").click()
    desk.confirm()
    expect(row).to_contain_text(desk.say("closed"))
