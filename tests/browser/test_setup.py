"""The first run: an empty database, and a salon a minute later."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from parlour.testing.browsers import inline_parts
from tests.browser.conftest import Enter
from tests.browser.desk import Desk
from tests.browser.salon import CONTACT, Salon
from tests.browser.server import serving
from tests.browser.test_pages import serious


@pytest.fixture(params=[(1280, "en"), (390, "ru")], ids=["1280-en", "390-ru"])
def stranger(
    request: pytest.FixtureRequest, chromium: Browser, salon: Salon, enter: Enter, tmp_path: Path
) -> Iterator[Desk]:
    """The first visitor of a site that has nothing in it."""
    width, locale = request.param
    with serving(tmp_path, "serve", "--port", "0", "--workers", "1") as address:
        empty = Salon(address, salon.engine, salon.organisation)
        yield enter(None, width=width, locale=locale, at=empty)


def test_an_empty_site_opens_its_set_up_and_then_a_salon_without_anybody(stranger: Desk) -> None:
    desk, page = stranger, stranger.page
    desk.go("~/")
    expect(page).to_have_url(re.compile("/setup$"))
    assert not inline_parts(page.content())
    assert serious(page) == []
    assert desk.fits()
    page.locator("#country").select_option("KZ")
    expect(page.locator("#currency")).to_have_value("KZT")
    expect(page.locator("#region")).to_have_value("KZ")
    page.locator("#organisation").fill("Lotus")
    page.locator("#password").fill("short")
    page.locator("button[value=start]").click()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    expect(page.locator("#error-email")).to_be_visible()
    assert page.locator("#organisation").input_value() == "Lotus"
    assert desk.fits()
    page.locator("#language").select_option(desk.locale)
    page.locator("#name").fill("Olga Lotos")
    page.locator("#email").fill("olga@lotus.test")
    page.locator("#password").fill("a long enough password")
    page.locator("button[value=start]").click()
    expect(page).to_have_url(re.compile("/o/lotus$"))
    expect(page.locator(".steps li")).not_to_have_count(0)
    assert serious(page) == []
    assert desk.fits()
    page.goto(f"{desk.salon.address}/o/lotus/r/{CONTACT}")
    empty = page.locator(".empty")
    expect(empty.get_by_role("link", name=desk.say("Import from a file"))).to_be_visible()
    assert serious(page) == []
    assert desk.fits()
    page.goto(f"{desk.salon.address}/setup")
    expect(page).not_to_have_url(re.compile("/setup$"))
