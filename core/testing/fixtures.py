"""Fixtures that every test may ask for: a database of its own on each kind of server, an organisation, sessions.

Vendors use them too, with `pytest_plugins = ["parlour.testing.fixtures"]` in their conftest.py.

PARLOUR_TEST_DATABASES   "sqlite", "postgresql" or "sqlite,postgresql" (the default)
PARLOUR_TEST_POSTGRESQL  a server, as somebody who may create roles and databases
PARLOUR_TEST_NO_SKIPS=1  turns every skip into a failure
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from parlour.access.models import Organisation
from parlour.db.engine import make_engine
from parlour.db.session import Session
from parlour.plugin.registry import Plugins, boot
from parlour.settings import Settings
from parlour.testing import databases, people, salons, thrift
from parlour.testing.databases import Database

# The site comes with them; failed checks of the conformance suite show their values.
pytest_plugins = ["parlour.testing.site", "parlour.testing.mailbox"]
pytest.register_assert_rewrite("parlour.testing.conformance")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        kinds = [
            pytest.param(kind, marks=[pytest.mark.postgresql] if kind == "postgresql" else [])
            for kind in databases.wanted()
        ]
        metafunc.parametrize("database_kind", kinds, indirect=True, scope="session")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
    outcome: Any = yield
    report = outcome.get_result()
    if os.environ.get("PARLOUR_TEST_NO_SKIPS") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped, and PARLOUR_TEST_NO_SKIPS=1 forbids that: {report.longrepr}"


@pytest.fixture(scope="session", autouse=True)
def _templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    databases.keep_templates_in(tmp_path_factory.mktemp("templates"))
    yield
    databases.forget_templates()


@pytest.fixture(scope="session", autouse=True)
def _thrift() -> Iterator[None]:
    with thrift.spared():
        yield


@pytest.fixture(autouse=True)
def _logs() -> None:
    """A command that ran in this process before has set up logs on a stream that is closed by now."""
    thrift.plain_logs()


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """Every plugin that is installed with pip here, loaded once for the whole process."""
    loaded = boot()
    # Before a module brings plugins of its own, which would stand in every later test's database.
    databases.make_templates()
    return loaded


@pytest.fixture(scope="session")
def database_kind(request: pytest.FixtureRequest) -> str:
    """Runs the test once for each kind of database."""
    kind: str = request.param
    missing = databases.absent(kind)
    if missing:
        pytest.skip(f"{kind}: {missing}")
    return kind


@pytest.fixture
def database(
    database_kind: str, plugins: Plugins, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A database of this test's own with all tables and no rows."""
    with databases.fresh(database_kind, tmp_path_factory.mktemp("data")) as made:
        yield made


@pytest.fixture
def empty_database(database_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database of this test's own without any table."""
    with databases.fresh(database_kind, tmp_path_factory.mktemp("data"), empty=True) as made:
        yield made


@pytest.fixture
def settings(database: Database) -> Settings:
    return database.settings


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """The site's engine; on PostgreSQL its role is bound by row-level security."""
    made = make_engine(settings.database_url)
    thrift.share_statements(made)
    yield made
    made.dispose()


@pytest.fixture
def owner_engine(settings: Settings) -> Iterator[Engine]:
    """The engine of the role that owns the tables."""
    made = make_engine(settings.owner_database_url)
    yield made
    made.dispose()


@pytest.fixture
def organisation(engine: Engine, plugins: Plugins) -> Organisation:
    """A salon in Russia (phones +7, RUB, Moscow time) that speaks English, with every loaded plugin on; committed."""
    return salons.jasmine(engine, plugins)


@pytest.fixture
def other_organisation(engine: Engine, plugins: Plugins, organisation: Organisation) -> Organisation:
    """Another salon in the same database, for tests that nothing passes between the two."""
    return salons.orchid(engine, plugins)


@pytest.fixture
def session(engine: Engine, organisation: Organisation) -> Iterator[Session]:
    """A session in the organisation as Parlour itself: no access rules."""
    with people.trusted(engine, organisation) as made:
        yield made


@pytest.fixture
def session_as(engine: Engine, organisation: Organisation) -> Iterator[Callable[..., Session]]:
    """`session_as("receptionist")`: a session as somebody new in that ready-made role, under all access
    rules.
    """
    opened: list[Session] = []

    def enter(role: str, *, name: str = "", branch_id: int | None = None) -> Session:
        with people.trusted(engine, organisation) as session:
            user = people.add_person(session, role, name=name, branch_id=branch_id)
            session.commit()
        opened.append(people.session_of(engine, organisation, user, branch_id=branch_id))
        # What was read for that must not keep SQLite's write lock until the test gets to it.
        opened[-1].rollback()
        return opened[-1]

    yield enter
    for session in opened:
        session.close()
