"""Taking data along, and that it is written down who did."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.desk import Desk
from tests.browser.salon import phone


@pytest.mark.parametrize("form", ["csv", "xlsx", "json", "vcf"])
def test_what_the_list_shows_is_downloaded(enter: Enter, tmp_path: Path, form: str) -> None:
    desk = enter("manager", locale="ru" if form == "csv" else "en")
    desk.salon.client(f"Выгрузкина {form}", phones=[{"number": phone()}])
    desk.clients("?q=выгрузкина")
    desk.more("Export to a file")
    desk.main.locator(f"input[name=format][value={form}]").check()
    with desk.page.expect_download() as waiting:
        desk.main.locator(".form-buttons [type=submit]").click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    assert path.name.startswith("jasmine-contact-")
    assert path.suffix == f".{form}"
    assert path.stat().st_size > 100
    if form == "csv":
        with path.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.reader(opened, delimiter=";" if ";" in path.read_text("utf-8-sig") else ","))
        assert "Имя" in " ".join(rows[0])
        assert any("Выгрузкина csv" in cell for cell in rows[1])


def test_an_export_stands_in_the_log_of_data_that_left(desk: Desk) -> None:
    desk.clients("?q=anna")
    desk.more("Export to a file")
    with desk.page.expect_download():
        desk.main.locator(".form-buttons [type=submit]").click()
    desk.go("/settings/log")
    assert desk.user is not None
    expect(desk.main.locator(".found li").first).to_contain_text(desk.user.name)


def test_who_may_not_export_is_not_offered_it_and_not_let_in(enter: Enter) -> None:
    desk = enter("specialist")
    desk.clients()
    expect(desk.main.get_by_text("Export to a file")).to_have_count(0)
    desk.clients("/export")
    desk.heading("You may not do this")
