"""Windows of the browser, handed on from one test to the next, emptied.

A window that is new has to be drawn and loads every style and script anew; together that took longer than most tests.
Each test still gets a tab of its own, without cookies and without anything that was stored.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from playwright.sync_api import Browser, BrowserContext

NARROW = 390


class Look(NamedTuple):
    """How a window is set up for good: pixels, language and light."""

    width: int
    locale: str
    theme: str


class Windows:
    """The windows of one browser. The first tab of each stays blank, because a window closes with its last one."""

    def __init__(self, chromium: Browser):
        self._chromium = chromium
        self._free: dict[Look, list[BrowserContext]] = defaultdict(list)

    def take(self, look: Look) -> BrowserContext:
        """A window of this look that nobody uses, or a new one."""
        if self._free[look]:
            return self._free[look].pop()
        narrow = look.width <= NARROW
        window = self._chromium.new_context(
            viewport={"width": look.width, "height": 844 if narrow else 800},
            locale={"en": "en-GB", "ru": "ru-RU"}[look.locale],
            color_scheme="dark" if look.theme == "dark" else "light",
            is_mobile=narrow,
            has_touch=narrow,
            reduced_motion="reduce",
        )
        window.new_page()
        return window

    def give_back(self, look: Look, window: BrowserContext, address: str) -> None:
        """Empty a window that has been at this site."""
        blank, *tabs = window.pages
        for tab in tabs:
            tab.close()
        window.set_offline(False)
        window.clear_cookies()
        stored = {"origin": address, "storageTypes": "local_storage,indexeddb,cache_storage,service_workers"}
        devtools = window.new_cdp_session(blank)
        devtools.send("Storage.clearDataForOrigin", stored)
        devtools.detach()
        self._free[look].append(window)
