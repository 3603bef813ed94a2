"""The widget in a real browser, on a page of another origin under the strictest policy that it works with."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from parlour.demo.beside import Page as Answer
from parlour.demo.beside import serve
from parlour.plugins.bookings.demo import sample_site
from tests.browser.conftest import PATIENCE
from tests.browser.salon import Salon
from tests.browser.widget.visitors import Host, Visit, Visitor


@pytest.fixture(scope="package")
def host(salon: Salon) -> Host:
    addresses = []
    for known in (True, False):
        listener = socket.create_server(("127.0.0.1", 0))
        own = f"http://localhost:{listener.getsockname()[1]}"
        with salon.session() as session:
            pages = dict(sample_site(session, salon.address, own))
            if known:
                session.commit()
        for locale in ("ru", "ar"):
            altered = pages["/"].html.replace("<parlour-booking ", f'<parlour-booking locale="{locale}" ')
            pages[f"/{locale}"] = Answer(altered, pages["/"].headers)
        policy = pages["/"].headers["Content-Security-Policy"]
        for name in ("script-src", "connect-src"):
            less = "; ".join(part for part in policy.split("; ") if not part.startswith(name))
            assert less != policy
            pages[f"/without-{name}"] = Answer(pages["/"].html, {"Content-Security-Policy": less})
        serve(listener, pages)
        addresses.append(own)
    return Host(salon, *addresses)


@pytest.fixture
def visit(chromium: Browser, host: Host) -> Iterator[Visit]:
    opened: list[tuple[Any, Visitor]] = []

    def open_page(path: str = "/", *, at: str = "", width: int = 390, theme: str = "light") -> Visitor:
        scheme: Any = theme
        window = chromium.new_context(
            viewport={"width": width, "height": 844},
            color_scheme=scheme,
            locale="en-GB",
            timezone_id="Europe/Moscow",
            reduced_motion="reduce",
        )
        window.set_default_timeout(PATIENCE)
        visitor = Visitor(window.new_page())
        page = visitor.page
        page.on("request", lambda request: visitor.asked.append(request.url))
        page.on("console", lambda said: said.type == "error" and visitor.faults.append(said.text))
        page.on("pageerror", lambda error: visitor.faults.append(str(error)))
        page.goto(f"{at or host.own}{path}")
        opened.append((window, visitor))
        return visitor

    yield open_page
    faults = [fault for _window, visitor in opened for fault in visitor.faults]
    for window, _visitor in opened:
        window.close()
    assert not faults, faults
