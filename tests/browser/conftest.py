"""Real Chromium on a real site: the furnished salon of `parlour demo`, served once for all of these tests.

Whatever a page says on the console, every script that fails and everything that the content policy stops fails the test.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright
from sqlalchemy import select

from parlour.access.models import Organisation
from parlour.access.policy import COOKIE
from parlour.db.engine import make_engine
from parlour.db.session import open_session, system
from parlour.plugin.registry import Plugins
from tests.browser.desk import Desk
from tests.browser.salon import Salon
from tests.browser.server import serving, settings_of
from tests.browser.windows import Look, Windows

HERE = Path(__file__).parent
# The one without a window to draw does the same work in half of the time.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
)
# Milliseconds; the machine may be busy with the other half of the tests.
PATIENCE = 15_000

Enter = Callable[..., Desk]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def _playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium(_playwright: Playwright) -> Iterator[Browser]:
    """The system's Chromium, or the one that Playwright brought."""
    own = _playwright.chromium.executable_path
    found = next(filter(None, map(shutil.which, NAMES)), own if Path(own).exists() else None)
    if found is None:
        pytest.skip(f"there is no Chromium here (looked for {', '.join(NAMES)} and Playwright's own)")
    browser = _playwright.chromium.launch(executable_path=found, args=list(SWITCHES))
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def salon(chromium: Browser, plugins: Plugins, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Salon]:
    """The furnished salon of `parlour demo`, in a server process of its own."""
    folder = tmp_path_factory.mktemp("salon")
    with serving(folder, "demo", "--port", "0", "--data", str(folder)) as address:
        engine = make_engine(settings_of(folder).database_url)
        with open_session(engine) as session, system(session):
            organisation = session.scalars(select(Organisation)).one()
            session.expunge(organisation)
        yield Salon(address, engine, organisation)
        engine.dispose()


@pytest.fixture(scope="session")
def windows(chromium: Browser) -> Windows:
    return Windows(chromium)


@contextmanager
def desks(windows: Windows, salon: Salon) -> Iterator[Enter]:
    """What the fixture `enter` does, for as long as a test wants it; faults that were not looked at fail at the end."""
    opened: list[tuple[Look, Desk]] = []

    def open_desk(
        role: str | None = "owner",
        *,
        width: int = 1280,
        locale: str = "en",
        theme: str = "light",
        at: Salon = salon,
    ) -> Desk:
        look = Look(width, locale, theme)
        window = windows.take(look)
        window.set_default_timeout(PATIENCE)
        user = None
        if role is not None:
            token, user = at.log_in(role, locale)
            window.add_cookies([{"name": COOKIE, "value": token, "url": at.address}])
        desk = Desk(at, window, locale, user)
        opened.append((look, desk))
        return desk

    yield open_desk
    faults = [fault for _look, desk in opened for fault in desk.faults]
    for look, desk in opened:
        windows.give_back(look, desk.context, desk.salon.address)
    assert not faults, faults


@pytest.fixture
def enter(windows: Windows, salon: Salon) -> Iterator[Enter]:
    """`enter("owner", width=390, locale="ru")`: somebody new at a screen of their own; None for a stranger."""
    with desks(windows, salon) as open_desk:
        yield open_desk


@pytest.fixture(params=[(1280, "en"), (390, "ru")], ids=["1280-en", "390-ru"])
def desk(request: pytest.FixtureRequest, enter: Enter) -> Desk:
    """The owner: once at the desk in English, once with a phone in Russian."""
    width, locale = request.param
    return enter("owner", width=width, locale=locale)


@pytest.fixture(params=[(1280, "ru"), (390, "en")], ids=["1280-ru", "390-en"])
def receptionist(request: pytest.FixtureRequest, enter: Enter) -> Desk:
    """The receptionist: once at the desk in Russian, once with a phone in English."""
    width, locale = request.param
    return enter("receptionist", width=width, locale=locale)
