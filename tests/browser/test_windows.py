"""A window that one test has left is as good as new for the next."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.salon import Salon
from tests.browser.windows import Look, Windows

LOOK = Look(1280, "en", "light")
STORED = "[localStorage.length, sessionStorage.length, document.cookie, history.length]"


@pytest.fixture
def windows(chromium: Browser) -> Windows:
    return Windows(chromium)


def test_the_next_test_gets_the_same_window_emptied(windows: Windows, salon: Salon) -> None:
    window = windows.take(LOOK)
    page = window.new_page()
    page.goto(f"{salon.address}/login")
    new = page.evaluate(STORED)
    page.goto(f"{salon.address}/cookies")
    page.evaluate("localStorage.a = sessionStorage.b = 1; document.cookie = 'c=1'")
    window.set_offline(True)
    used = page.evaluate(STORED)
    assert [left != right for left, right in zip(new, used, strict=True)] == [True] * 4, "the control"
    windows.give_back(LOOK, window, salon.address)
    assert windows.take(LOOK) is window
    page = window.new_page()
    page.goto(f"{salon.address}/login")
    assert page.evaluate(STORED) == new
    window.close()


def test_nobody_gets_a_window_that_is_used_or_looks_otherwise(windows: Windows, salon: Salon) -> None:
    first, second = windows.take(LOOK), windows.take(LOOK)
    assert first is not second
    windows.give_back(LOOK, first, salon.address)
    dark = windows.take(Look(1280, "en", "dark"))
    assert dark is not first
    for window in (first, second, dark):
        window.close()
