"""Two cards of one person become one, and come apart again."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.desk import Desk
from tests.browser.salon import CONTACT, phone


def test_two_cards_are_merged_and_taken_apart_again(desk: Desk) -> None:
    first, second = phone(), phone()
    keep = desk.salon.client("Слиянова Мария", phones=[{"number": first}], tags=["left"])
    lose = desk.salon.client(
        "Слиянова Мария Ивановна",
        phones=[{"number": second}],
        birthday="1980-03-04",
        profession="Pilot",
        tags=["right"],
    )
    desk.go(f"/r/{CONTACT}/merge?keep={keep}&lose={lose}")
    expect(desk.page.locator("table.versus")).to_contain_text("Pilot")
    assert desk.fits()
    desk.page.locator("input[name=choose-name][value=right]").check()
    desk.main.locator(".form-buttons [type=submit]").click()
    desk.flash("The two are one now.")
    expect(desk.page).to_have_url(re.compile(f"/r/{CONTACT}/{keep}$"))
    row = desk.salon.row(keep)
    assert row["name"] == "Слиянова Мария Ивановна"
    assert (row["birthday"], row["profession"]) == ("1980-03-04", "Pilot")
    assert {line["number"] for line in row["phones"]} == {first, second}
    assert {tag["title"] for tag in row["tags"]} == {"left", "right"}
    assert desk.salon.row(lose)["archived_at"] is not None
    desk.page.locator("[data-flash]").get_by_role("button", name=desk.say("Undo")).click()
    desk.flash("It is undone.")
    row = desk.salon.row(keep)
    assert (row["name"], row["birthday"]) == ("Слиянова Мария", None)
    assert [line["number"] for line in row["phones"]] == [first]
    other = desk.salon.row(lose)
    assert other["archived_at"] is None
    assert [line["number"] for line in other["phones"]] == [second]


def test_the_page_of_duplicates_leads_to_the_merge_and_remembers_who_is_not_the_same(enter: Enter) -> None:
    desk = enter("owner")
    number = phone()
    desk.salon.client("Яяяндекс Анна", phones=[{"number": number}])
    desk.salon.client("Яяяндекс А.", phones=[{"number": number}])
    desk.go("/contacts/duplicates?by=phone")
    pair = desk.main.locator(".pairs li", has_text="Яяяндекс А.")
    while not pair.count():
        desk.main.locator("a[rel=next]").click()
    pair.get_by_role("link", name="Compare and merge").click()
    desk.heading("Merge")
    desk.page.go_back()
    pair.get_by_role("button", name="Not the same").click()
    desk.flash("Noted: these are two different clients.")
    expect(pair).to_have_count(0)


def test_two_chosen_rows_are_merged_from_the_list(enter: Enter) -> None:
    desk = enter("owner")
    desk.salon.client("Списочнова Ида")
    desk.salon.client("Списочнова Ида Львовна")
    desk.clients("?q=списочнова")
    for row in desk.rows().all():
        row.locator(".row-check").check()
    desk.page.locator(".bulk-bar details.menu summary").click()
    desk.page.locator(".bulk-bar").get_by_role("button", name="Merge").click()
    desk.heading("Merge")
    expect(desk.page.locator("table.versus")).to_contain_text("Списочнова Ида Львовна")
