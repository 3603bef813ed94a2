"""Working in a list: choosing rows, filters that stay, and the keyboard alone."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.desk import Desk
from tests.browser.salon import CONTACT


def three(desk: Desk, surname: str) -> list[int]:
    return [desk.salon.client(f"{surname} {name}") for name in ("Анна", "Белла", "Вера")]


def choose_all(desk: Desk) -> None:
    for check in desk.page.locator(".row-check").all():
        check.check()


def undo(desk: Desk) -> None:
    desk.page.locator("[data-flash]").get_by_role("button", name=desk.say("Undo")).click()
    desk.flash("It is undone.")


def test_a_tag_is_given_to_the_chosen_and_taken_back_at_once(desk: Desk) -> None:
    surname = f"Меточкина{desk.locale}"
    rows = three(desk, surname)
    desk.clients(f"?q={surname}")
    choose_all(desk)
    bar = desk.page.locator(".bulk-bar")
    expect(bar).to_be_visible()
    expect(bar.locator("[data-bulk-count]")).to_contain_text("3")
    assert desk.fits()
    bar.locator("button[value=set]").click()
    which = desk.main.get_by_role("combobox").first
    which.fill(desk.say("Tags"))
    desk.page.get_by_role("option", name=desk.say("Tags"), exact=True).click()
    desk.main.locator(".form-buttons [type=submit]").first.click()
    tags = desk.main.locator("input[role=combobox]").last
    tags.fill("gift")
    tags.press("Enter")
    desk.main.locator(".form-buttons [type=submit]").first.click()
    desk.flash(desk.plural("${n} record is changed", "${n} records are changed", 3))
    assert all([tag["title"] for tag in desk.salon.row(row)["tags"]] == ["gift"] for row in rows)
    undo(desk)
    assert not any(desk.salon.row(row)["tags"] for row in rows)


def test_the_chosen_go_to_the_archive_and_come_back(desk: Desk) -> None:
    surname = f"Архивова{desk.locale}"
    rows = three(desk, surname)
    desk.clients(f"?q={surname}")
    choose_all(desk)
    desk.page.locator(".bulk-bar button[value=archive]").click()
    expect(desk.main).to_contain_text(desk.say("Nothing fits"))
    assert all(desk.salon.row(row)["archived_at"] for row in rows)
    undo(desk)
    expect(desk.rows()).to_have_count(3)


def test_all_that_fit_are_those_that_were_found_and_no_others(enter: Enter) -> None:
    desk = enter("owner")
    rows = [desk.salon.client(f"Многова Анна{number}") for number in range(52)]
    other = desk.salon.client("Прочева Анна")
    desk.clients("?q=многова")
    desk.page.locator(".row-check").first.check()
    desk.page.locator(".bulk-bar input[name=all]").check()
    desk.page.locator(".bulk-bar button[value=archive]").click()
    expect(desk.main).to_contain_text(desk.say("Nothing fits"))
    assert desk.salon.row(rows[-1])["archived_at"]
    assert not desk.salon.row(other)["archived_at"]


def test_a_filter_reads_as_a_sentence_and_stays_as_a_tab(desk: Desk) -> None:
    title = f"Pilots {desk.locale}"
    desk.salon.client(f"Летова{desk.locale} Анна", profession="Pilot")
    desk.clients()
    desk.main.locator(".list-tools details.menu summary").click()
    sheet = desk.page.locator("[data-filter-form]")
    sheet.locator("#filter-field").select_option("profession")
    assert desk.fits()
    sheet.locator("input[name=value]:visible").fill("pilot")
    sheet.locator("[type=submit]").click()
    chip = desk.main.locator(".chip")
    expect(chip).to_contain_text(desk.say("Profession"))
    expect(chip).to_contain_text("pilot")
    expect(desk.rows().first).to_be_visible()
    desk.more("Save this filter as a segment")
    desk.main.locator("input[name=title]").fill(title)
    desk.main.locator(".form-buttons [type=submit]").first.click()
    desk.heading(title)
    assert desk.fits()
    desk.clients()
    desk.main.locator(".tabs").get_by_role("link", name=title).click()
    expect(desk.rows().first).to_be_visible()
    expect(desk.page.locator("h1")).to_contain_text(title)


def test_each_condition_asks_for_its_own_kind_of_answer(enter: Enter) -> None:
    desk = enter("receptionist")
    desk.clients()
    desk.main.locator(".list-tools details.menu summary").click()
    sheet = desk.page.locator("[data-filter-form]")
    sheet.locator("#filter-field").select_option("tags")
    expect(sheet.locator("[data-filter-field=tags] select[name=value]")).to_be_visible()
    sheet.locator("[data-filter-field=tags] [data-filter-op]").select_option("empty")
    expect(sheet.locator("[name=value]:visible")).to_have_count(0)
    sheet.locator("[type=submit]").click()
    expect(desk.main.locator(".chip")).to_be_visible()
    desk.main.locator(".chip a").click()
    expect(desk.main.locator(".chip")).to_have_count(0)


def test_the_list_is_turned_round_and_read_page_by_page(enter: Enter) -> None:
    desk = enter("receptionist")
    desk.clients()
    first = desk.rows().first.locator("td.name").inner_text()
    desk.main.locator("a[rel=next]").click()
    expect(desk.rows().first.locator("td.name")).not_to_have_text(first)
    desk.main.locator("a[rel=prev]").click()
    expect(desk.rows().first.locator("td.name")).to_have_text(re.compile(re.escape(first.split("\n")[-1])))
    desk.main.locator("thead a").first.click()
    expect(desk.main.locator("th[aria-sort=descending]")).to_be_visible()
    desk.main.locator("h1 a.count").click()
    expect(desk.page.locator("h1 .count")).not_to_contain_text("+")


def test_the_keyboard_alone_is_enough(enter: Enter) -> None:
    desk = enter("receptionist")
    rows = three(desk, "Клавишина")
    desk.clients("?q=клавишина")
    press = desk.page.keyboard.press
    for key in ("j", "j", "x"):
        press(key)
    expect(desk.page.locator("tr.current")).to_contain_text("Белла")
    expect(desk.page.locator(".bulk-bar [data-bulk-count]")).to_contain_text("1")
    press("x")
    press("k")
    press("Enter")
    expect(desk.page.locator("[data-preview-panel] h2")).to_contain_text("Анна")
    press("Enter")
    expect(desk.page).to_have_url(re.compile(f"/r/{CONTACT}/{rows[0]}$"))
    press("e")
    expect(desk.page.locator("form[data-form]").first).to_be_visible()


def test_tab_reaches_the_one_thing_that_a_page_is_for(enter: Enter) -> None:
    desk = enter("receptionist")
    desk.clients()
    press = desk.page.keyboard.press
    press("Tab")
    expect(desk.page.locator(".skip-link")).to_be_focused()
    press("Enter")
    primary = desk.main.locator(".page-actions .btn-primary")
    for _step in range(6):
        press("Tab")
        if primary.evaluate("button => button === document.activeElement"):
            break
    expect(primary).to_be_focused()
    outline = primary.evaluate(
        "button => getComputedStyle(button).outlineStyle + getComputedStyle(button).boxShadow"
    )
    assert outline != "nonenone", "nobody sees where they are"
    press("Enter")
    expect(desk.box("Name")).to_be_focused()


def test_the_keys_can_be_looked_up_and_switched_off(enter: Enter) -> None:
    desk = enter("receptionist")
    desk.go()
    desk.page.keyboard.press("?")
    dialog = desk.page.locator("#keys")
    expect(dialog).to_be_visible()
    dialog.locator("[data-keys-switch]").uncheck()
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("/")
    expect(desk.page.locator("[data-suggest]")).not_to_be_focused()
