"""A person at the screen: a page of Chromium, logged in, in one language and at one width, whose faults are all noted."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Response, expect

from parlour.access.models import User
from parlour.i18n import localizer
from tests.browser.salon import CONTACT, Salon

# What the browser says itself about every answer that is no success; answers are judged by `Desk._answered`.
_LOADING = "Failed to load resource"


class Desk:
    """What one person sees and does. Visible words are looked up by their English source in the person's language."""

    def __init__(self, salon: Salon, context: BrowserContext, locale: str, user: User | None):
        self.salon = salon
        self.context = context
        self.locale = locale
        self.user = user
        self.loc = localizer(locale, "Europe/Moscow", "RUB", "RU")
        self.faults: list[str] = []
        # Answers of the server that a test is after, by status.
        self.expected: set[int] = set()
        self.page: Page = self.watch(context.new_page())

    def watch(self, page: Page) -> Page:
        """Note whatever goes wrong in the page: scripts that fail, what its policy stops, answers that are none."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("response", self._answered)
        return page

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_LOADING):
            self.faults.append(f"{message.location.get('url')}: {message.text}")

    def _answered(self, answer: Response) -> None:
        wrong = answer.status >= 500 or (
            answer.status >= 400 and answer.request.resource_type != "document" and answer.status != 422
        )
        if wrong and answer.status not in self.expected:
            self.faults.append(f"{answer.request.method} {answer.url}: {answer.status}")

    # ---- words

    def say(self, text: str, **values: Any) -> str:
        return self.loc.translate(text, values)

    def plural(self, one: str, many: str, count: int) -> str:
        return self.loc.plural(one, many, count)

    # ---- places

    def go(self, path: str = "") -> None:
        """Open a page of the salon ("/r/contacts.contact"), or of the whole site ("~/login")."""
        address = f"{self.salon.address}{path[1:]}" if path.startswith("~") else f"{self.salon.home}{path}"
        self.page.goto(address)

    def card(self, row_id: int, verb: str = "") -> None:
        self.go(f"/r/{CONTACT}/{row_id}{verb}")

    def clients(self, query: str = "") -> None:
        self.go(f"/r/{CONTACT}{query}")

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    # ---- parts of a page

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    def button(self, text: str, **values: Any) -> Locator:
        return self.page.get_by_role("button", name=self.say(text, **values), exact=True)

    def link(self, text: str, **values: Any) -> Locator:
        return self.main.get_by_role("link", name=self.say(text, **values), exact=True)

    def box(self, text: str) -> Locator:
        """The first box of a form with this label."""
        return self.main.get_by_label(re.compile(rf"^{re.escape(self.say(text))}( \*)?$")).first

    def rows(self) -> Locator:
        return self.page.locator(".list-table tbody tr")

    def flash(self, text: str, **values: Any) -> None:
        """The message at the top says this."""
        expect(self.page.locator("[data-flash]")).to_contain_text(self.say(text, **values))

    def heading(self, text: str, **values: Any) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(self.say(text, **values))

    def confirm(self) -> None:
        """Say yes to the question on the screen."""
        self.page.locator("dialog[open] button[type=submit]").click()

    def more(self, text: str) -> None:
        """Choose from the dots at the top of a page."""
        self.main.locator(".page-actions details.menu > summary").first.click()
        self.main.locator(".page-actions .menu-sheet").get_by_text(self.say(text), exact=True).click()

    def fits(self) -> bool:
        """Whether nothing is wider than the screen."""
        return bool(
            self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        )
