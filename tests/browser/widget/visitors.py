"""Somebody at a salon's web site, and what tests of the widget do there all the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.salon import Salon, phone

AXE = Axe().axe_script
_names = count(1)


@dataclass
class Host:
    """A salon's web site, and one that the salon does not know."""

    salon: Salon
    own: str
    foreign: str


@dataclass
class Visitor:
    """Somebody at the host's page."""

    page: Page
    asked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def widget(self) -> Locator:
        return self.page.locator("parlour-booking")

    def heading(self, text: str) -> None:
        expect(self.widget.locator("h2")).to_have_text(text)

    def press(self, name: str) -> None:
        self.widget.get_by_role("button", name=name).first.click()

    def looks_right(self) -> None:
        """Nothing is wider than the screen and nothing keeps anybody out."""
        wide = self.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, "the page scrolls sideways"
        self.page.evaluate(AXE)
        found = self.page.evaluate("axe.run('parlour-booking').then((all) => all.violations)")
        assert not found, [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]

    def to_times(self, service: str = "Blow-dry", who: int = 0) -> None:
        self.widget.locator(".row").first.click()
        self.press(service)
        self.widget.locator(".row").nth(who).click()
        expect(self.widget.locator(".times button").first).to_be_visible()

    def fill_in(self) -> str:
        number = phone()
        self.widget.locator("[name=name]").fill(f"Widget Visitor {next(_names)}")
        self.widget.locator("[name=phone]").fill(number)
        self.widget.locator("[name=data]").check()
        return number

    def book(self) -> str:
        self.to_times()
        self.widget.locator(".times button").first.click()
        number = self.fill_in()
        self.widget.locator("[type=submit]").click()
        self.heading("You are booked")
        return number


# `visit(path, at=..., width=390, theme="light")`: somebody new at a page of the host.
Visit = Callable[..., Visitor]
