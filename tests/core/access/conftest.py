"""What the tests of access share: an organisation's people, and a record to write rules about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from pyramid.router import Router
from sqlalchemy import Engine
from sqlalchemy.orm import Mapped
from webtest import TestApp

from parlour.access.memberships import Duty, add_member
from parlour.access.models import Organisation, User
from parlour.access.roles import role_by_code
from parlour.db import rls
from parlour.db.base import METADATA
from parlour.db.session import Scope, Session, open_session
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.migrations.owner import grant
from parlour.records import registry
from parlour.records.declare import integer, record_base, text, user
from parlour.settings import Settings

PASSWORD = "correct horse battery"


def inside(engine: Engine, organisation: Organisation) -> Session:
    """A session as Parlour itself."""
    return open_session(engine, Scope(organisation.id, trusted=True))


def twice_at_once(engine: Engine, act: Callable[[Session, Barrier, int], None]) -> int:
    """Two transactions of one act that meet at the barrier; in how many it was not too late for it."""
    barrier = Barrier(2)

    def one(number: int) -> int:
        with open_session(engine) as session:
            try:
                act(session, barrier, number)
                session.commit()
            except NotFound:
                return 0
            return 1

    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(one, range(2)))


def employ(
    engine: Engine, organisation: Organisation, email: str, *roles: str, branch: int | None = None
) -> User:
    """A member who can log in with PASSWORD; committed."""
    with inside(engine, organisation) as session:
        duties = [Duty(role_by_code(session, code).id, branch) for code in roles]
        person, _made = add_member(
            session, email, email.partition("@")[0].title(), duties, password=PASSWORD, temporary=False
        )
        session.commit()
        return person


@pytest.fixture
def owner(engine: Engine, organisation: Organisation) -> User:
    return employ(engine, organisation, "owner@example.com", "owner")


@pytest.fixture(scope="module")
def _probe_class() -> Iterator[Any]:
    """A record that exists for these tests only, and is nowhere afterwards."""
    base = record_base("core")

    class Probe(base, name="core.probe", title=_("Probe")):  # type: ignore[misc, valid-type]
        name: Mapped[str] = text(_("Name"), required=True)
        phone: Mapped[str | None] = text(_("Phone"))
        note: Mapped[str | None] = text(_("Note"))
        health: Mapped[str | None] = text(_("Health"), guarded=True)
        weight: Mapped[int | None] = integer(_("Weight"))
        responsible: Mapped[int | None] = user(_("Responsible"))

    yield Probe
    registry._records.pop("core.probe")
    METADATA.remove(Probe.__table__)
    base.registry.dispose()


@pytest.fixture
def probe(
    _probe_class: Any, owner_engine: Engine, settings: Settings, organisation: Organisation
) -> registry.RecordType:
    """The record, with its table made in this test's database under row-level security."""
    with owner_engine.begin() as connection:
        _probe_class.__table__.create(connection)
        rls.protect(connection, "core_probe")
        grant(connection, settings)
    return registry.record_type("core.probe")


@pytest.fixture
def site(app: Router) -> Router:
    return app


@pytest.fixture
def browser(site: Router) -> Callable[..., TestApp]:
    """`browser()` is another browser each time."""

    def fresh(address: str = "192.0.2.1", **environ: Any) -> TestApp:
        return TestApp(site, extra_environ={"REMOTE_ADDR": address, **environ})

    return fresh


def form(response: Any, action: str) -> Any:
    """The form of a page that posts to this address."""
    return next(item for item in response.forms.values() if item.action == action)


def log_in(app: TestApp, email: str, password: str = PASSWORD, **kw: Any) -> Any:
    page = app.get("/login")
    asked = form(page, "/login")
    asked["email"], asked["password"] = email, password
    return asked.submit(**kw)


@pytest.fixture
def as_owner(browser: Callable[..., TestApp], owner: User) -> TestApp:
    """A browser in which the owner has logged in."""
    app = browser()
    log_in(app, "owner@example.com", status=303)
    return app


@pytest.fixture
def as_(
    browser: Callable[..., TestApp], engine: Engine, organisation: Organisation
) -> Callable[..., TestApp]:
    """`as_("manager")`: a browser in which somebody with these roles has logged in."""

    def enter(*roles: str) -> TestApp:
        email = f"{roles[0]}@example.com"
        employ(engine, organisation, email, *roles)
        app = browser()
        log_in(app, email, status=303)
        return app

    return enter
