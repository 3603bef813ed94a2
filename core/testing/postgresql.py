"""The PostgreSQL server of the tests: where it is, its two roles, and databases that come and go.

`PARLOUR_TEST_POSTGRESQL` names a server as somebody who may create roles and databases; without it the usual
local places are tried.
"""

from __future__ import annotations

import getpass
import os
from functools import lru_cache

from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

OWNER, SITE = "parlour_test_owner", "parlour_test_site"
PASSWORD = "parlour_test"
PREFIX = "parlour_test_"
# No test pulls the server's plug: nobody need wait for the disk at each commit.
HASTE = "synchronous_commit=off"
# Any constant: several test processes must not make the roles at the same moment.
ROLES_LOCK = 7_061_726_6


@lru_cache(maxsize=1)
def server() -> Engine | None:
    """An engine on the server's maintenance database, or None when no server answers as somebody with enough
    rights.
    """
    given = os.environ.get("PARLOUR_TEST_POSTGRESQL")
    for url in [make_url(given)] if given else _usual_places():
        try:
            engine = create_engine(
                url.set(drivername="postgresql+psycopg"),
                isolation_level="AUTOCOMMIT",
                poolclass=NullPool,
                connect_args={"connect_timeout": 2},
            )
            with engine.connect() as connection:
                may = connection.execute(
                    text(
                        "SELECT rolsuper OR rolcreatedb AND rolcreaterole FROM pg_roles WHERE rolname = user"
                    )
                ).scalar_one()
                if may:
                    _make_roles(connection)
                    _drop_left_overs(connection)
                    return engine
        except (SQLAlchemyError, ModuleNotFoundError):  # no server, no rights, or no driver
            continue
    return None


def _usual_places() -> list[URL]:
    users = [getpass.getuser(), "postgres"]
    hosts = [None, "127.0.0.1"]
    return [
        URL.create("postgresql", username=user, host=host, database="postgres")
        for host in hosts
        for user in users
    ]


def _make_roles(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ROLES_LOCK})
    try:
        settings = connection.execute(text("SELECT rolname, rolconfig FROM pg_roles"))
        there: dict[str, list[str] | None] = {name: config for name, config in settings}
        for role in (OWNER, SITE):
            if role not in there:
                connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'"))
            if HASTE not in (there.get(role) or []):
                connection.execute(text(f"ALTER ROLE {role} SET {HASTE}"))
    finally:
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ROLES_LOCK})


def _drop_left_overs(connection: Connection) -> None:
    """Databases of test runs that were killed: their names carry the process that made them."""
    names = connection.execute(
        text("SELECT datname FROM pg_database WHERE datname LIKE :like"), {"like": f"{PREFIX}%"}
    )
    for name in names.scalars().all():
        process = name.removeprefix(PREFIX).partition("_")[0]
        if process.isdigit() and not _alive(int(process)):
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def name_of(suffix: str) -> str:
    """The name of a database of this test process."""
    return f"{PREFIX}{os.getpid()}_{suffix}"


def create(name: str, template: str | None = None) -> None:
    engine = server()
    assert engine is not None
    with engine.connect() as connection:
        copy = f' TEMPLATE "{template}"' if template else " TEMPLATE template0 ENCODING 'UTF8'"
        connection.execute(text(f'CREATE DATABASE "{name}" OWNER {OWNER}{copy}'))


def drop(name: str) -> None:
    engine = server()
    assert engine is not None
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def url(name: str, role: str) -> str:
    """The URL of one of the tests' databases as one of the two roles."""
    engine = server()
    assert engine is not None
    base = engine.url.set(database=name, username=role, password=PASSWORD)
    return base.render_as_string(hide_password=False)
