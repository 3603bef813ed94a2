"""The site in tests: put together once per process, given each test's own database; browsers that are logged in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from pyramid.router import Router
from sqlalchemy import Engine, event

from parlour.access.models import Organisation
from parlour.app import make_app
from parlour.db.engine import reader
from parlour.plugin.registry import current
from parlour.settings import Settings
from parlour.testing import people
from parlour.testing.browsers import Browser, Program, browser_of, program_of
from parlour.web.api.limits import calls_of

Enter = Callable[..., Browser]
# The site and the generation of plugins that it was put together with.
_assembled: dict[int, Router] = {}


@pytest.fixture
def app(settings: Settings, engine: Engine) -> Iterator[Router]:
    """The whole site over this test's database."""
    site = _assembled.get(current().generation)
    if site is None:
        site = make_app(settings, engine=engine)
        # What a page leaves in the log of access is there when the next line of a test looks for it.
        site.registry["parlour.access_log"].pause = 0
        _assembled.clear()
        _assembled[current().generation] = site
    site.registry["parlour.settings"] = settings
    site.registry["parlour.engine"], site.registry["parlour.reader"] = engine, reader(engine)
    site.registry["parlour.set_up"] = False
    yield site
    calls_of(site.registry).close()


@pytest.fixture
def login(app: Router, engine: Engine, organisation: Organisation) -> Enter:
    """`login("receptionist")`: a browser in which somebody new in that ready-made role, or in none, is logged in."""

    def somebody(role: str | None = "receptionist", where: Organisation = organisation) -> Browser:
        with people.trusted(engine, where) as session:
            user = people.add_person(session, role)
            session.commit()
        browser = browser_of(app, engine, user)
        browser.user = user
        return browser

    return somebody


@pytest.fixture
def program(app: Router, engine: Engine, organisation: Organisation) -> Callable[..., Program]:
    """`program("receptionist", scopes=["read"])`: a program with a token of somebody new in that role, or in none."""

    def somebody(
        role: str | None = "owner", where: Organisation = organisation, scopes: Sequence[str] = ()
    ) -> Program:
        with people.trusted(engine, where) as session:
            user = people.add_person(session, role)
            made = program_of(app, session, user, scopes=scopes)
            session.commit()
        return made

    return somebody


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Every statement that is run on the engine within the block, without beginnings and ends of transactions."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN", "SET TRANSACTION", "SAVEPOINT", "RELEASE")):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
