"""Bringing in somebody's mess: look, correct, try, bring in, take back."""

from __future__ import annotations

import re

from playwright.sync_api import FilePayload, Locator, expect

from tests.browser.conftest import Enter
from tests.browser.desk import Desk
from tests.browser.salon import CONTACT, phone

ROWS = 60


def messy(surname: str, odd: str) -> FilePayload:
    """A salon's list as an old program of theirs writes it: code page 1251, semicolons, a title, a total."""
    lines = ["База клиентов;;;;", ";;;;", f"ФИО;Моб. тел.;Д.р.;{odd};Откуда узнали"]
    for number in range(ROWS):
        told = phone()
        spelt = f"8 ({told[2:5]}) {told[5:8]}-{told[8:10]}-{told[10:]}"
        lines.append(
            f"{surname} Анна{'аб'[number % 2]}{'вгдеёжзийк'[number // 6]};{spelt};{number % 28 + 1:02d}.03.1980;зелёный;друзья"
        )
    lines.append(f"{surname} Без Телефона;не звонить;32.13.1980;;")
    lines.append("Итого;;;;")
    return {"name": "клиенты.csv", "mimeType": "text/csv", "buffer": "\r\n".join(lines).encode("cp1251")}


def upload(desk: Desk, file: FilePayload) -> None:
    desk.go(f"/r/{CONTACT}/import")
    desk.page.locator("input[type=file]").set_input_files(file)
    desk.main.locator("form [type=submit]").last.click()


def becomes(desk: Desk, column: str) -> Locator:
    return desk.page.locator("table.mapping tr", has_text=column).locator("select")


def created(desk: Desk) -> Locator:
    """The figure beside that of all rows: how many of them are new."""
    return desk.main.locator(".strip .figure").nth(1).locator("dd")


def test_a_messy_file_is_understood_corrected_tried_brought_in_and_taken_back(desk: Desk) -> None:
    # A heading of each run's own: the next file with the same ones is read as this one was corrected.
    surname, odd = {"en": ("Импортова", "Любимый чай"), "ru": ("Ввозова", "Любимый кофе")}[desk.locale]
    upload(desk, messy(surname, odd))
    expect(becomes(desk, "ФИО")).to_have_value("name")
    expect(becomes(desk, "Моб. тел.")).to_have_value("phones")
    expect(becomes(desk, "Д.р.")).to_have_value("birthday")
    expect(becomes(desk, "Откуда узнали")).to_have_value("source")
    expect(becomes(desk, odd)).to_have_value("*")
    assert desk.fits()
    becomes(desk, odd).select_option("profession")
    desk.main.locator(".form-buttons [value=look]").click()
    expect(created(desk)).to_have_text(re.compile(r"6[01]"))
    expect(desk.main).to_contain_text(desk.say("Nothing is written yet. This is what would happen."))
    expect(desk.main.locator(".plain-table")).to_contain_text("32.13.1980")
    assert desk.fits()
    desk.main.locator(".page-actions .btn-primary").click()
    expect(desk.main).to_contain_text(desk.say("The import is done."))
    desk.clients(f"?q={surname}")
    expect(desk.page.locator("h1 .count")).to_have_text(re.compile(r"6[01]"))
    desk.page.go_back()
    desk.more("Undo this import")
    desk.confirm()
    desk.flash("It is undone.")
    desk.clients(f"?q={surname}")
    expect(desk.main).to_contain_text(desk.say("Nothing fits"))


def test_the_choice_of_columns_is_remembered_for_the_next_file_of_this_kind(enter: Enter) -> None:
    desk = enter("owner")
    text = "Имя;Шкафчик\nЯщикова Анна;12\n"
    file: FilePayload = {"name": "lockers.csv", "mimeType": "text/csv", "buffer": text.encode()}
    upload(desk, file)
    becomes(desk, "Шкафчик").select_option("workplace")
    desk.main.locator(".form-buttons [value=look]").click()
    expect(desk.main).to_contain_text("Nothing is written yet")
    upload(desk, file)
    expect(becomes(desk, "Шкафчик")).to_have_value("workplace")


def test_a_file_that_is_none_is_refused_in_one_sentence(desk: Desk) -> None:
    upload(
        desk, {"name": "clients.xlsx", "mimeType": "application/octet-stream", "buffer": b"MZ\x00\x01" * 400}
    )
    expect(desk.page.get_by_role("alert")).to_be_visible()
    expect(desk.page.locator("input[type=file]")).to_be_visible()
    assert desk.fits()
