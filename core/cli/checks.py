"""What `parlour doctor` looks at: one small function for each thing, all in one list at the end."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from ctypes.util import find_library
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Engine, inspect, make_url, text

from parlour.cli.common import words
from parlour.db.base import METADATA
from parlour.db.engine import make_engine, site_role_fault
from parlour.settings import Settings

PACKAGES = ("parlour", "pyramid", "sqlalchemy", "alembic", "celery", "deform", "weasyprint", "psycopg")
# Below this the disk is said to be nearly full.
LITTLE_SPACE = 500 * 1024 * 1024
# Characters of a secret: fewer can be guessed; a made one has 64.
WEAK, SHORT = 12, 32
# Seconds by which two clocks may differ before log-ins and reminders suffer.
CLOCKS = 5.0


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `state` is "ok", "note" (nothing is broken) or "wrong"."""

    what: str
    state: str
    text: str


@dataclass(frozen=True)
class Check:
    """One look. `what` names it when it fails itself; one that needs a database is left out when none answers."""

    what: str
    look: Callable[[Settings, Engine], Iterator[Finding]]
    needs_database: bool = False


def _versions(_given: Settings, _engine: Engine) -> Iterator[Finding]:
    yield Finding("versions", "ok", ", ".join(_packages()))


def _packages() -> Iterator[str]:
    yield f"python {platform.python_version()}"
    for name in PACKAGES:
        try:
            yield f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            yield f"{name} -"


def _data_folder(given: Settings, _engine: Engine) -> Iterator[Finding]:
    given.data.mkdir(parents=True, exist_ok=True)
    if not os.access(given.data, os.W_OK):
        yield Finding("data folder", "wrong", f"{given.data} cannot be written.")
        return
    free = shutil.disk_usage(given.data).free
    text_ = f"{given.data}, {free // 2**20} MB free"
    yield Finding("data folder", "wrong" if free < LITTLE_SPACE else "ok", text_)


def _database(_given: Settings, engine: Engine) -> Iterator[Finding]:
    with engine.connect() as connection:
        asks = "SELECT sqlite_version()" if engine.dialect.name == "sqlite" else "SHOW server_version"
        version = connection.execute(text(asks)).scalar_one()
    yield Finding("database", "ok", f"{engine.dialect.name} {version}")


def _role(_given: Settings, engine: Engine) -> Iterator[Finding]:
    fault = site_role_fault(engine)
    if fault:
        yield Finding("database role", "wrong", f"{fault}; the site refuses to run like this")
    elif engine.dialect.name == "postgresql":
        yield Finding("database role", "ok", "bound by row-level security")


def _tables(given: Settings, _engine: Engine) -> Iterator[Finding]:
    from parlour.migrations import runner
    from parlour.plugin.models import UNINSTALLED

    for item in runner.status(given):
        name = f"tables of {item.owner}"
        if item.pending:
            yield Finding(
                name, "wrong", f"{len(item.pending)} migrations are pending; run: parlour db upgrade"
            )
        elif item.note in (runner.ABSENT, UNINSTALLED):
            yield Finding(name, "note", item.note)
        elif item.note:
            yield Finding(name, "wrong", item.note)
        else:
            yield Finding(name, "ok", f"at {item.current or 'nothing to keep'}")


def _plugins(given: Settings, engine: Engine) -> Iterator[Finding]:
    from parlour.plugin.registry import boot

    found = boot(given, engine=engine)
    for name, item in found.loaded.items():
        yield Finding(f"plugin {name}", "ok", item.manifest.version)
    for name, fault in found.quarantined.items():
        detail = f" ({fault.detail})" if fault.detail else ""
        yield Finding(f"plugin {name}", "wrong", words(fault.message) + detail)


def _jobs(_given: Settings, engine: Engine) -> Iterator[Finding]:
    with engine.connect() as connection:
        if not inspect(connection).has_table("core_job"):
            return
        rows = connection.execute(
            text("SELECT state, count(*) FROM core_job WHERE state IN ('failed', 'uncertain') GROUP BY state")
        ).all()
    for state, count in rows:
        yield Finding("jobs", "note", f"{count} {state}")


def _pdf(_given: Settings, _engine: Engine) -> Iterator[Finding]:
    """WeasyPrint loads these when the first PDF is made, which is late to find them missing."""
    if find_library("pango-1.0") is None:
        yield Finding("PDF", "note", "Pango is not installed; documents cannot be made as PDF")
    elif find_library("harfbuzz-subset") is None:
        yield Finding("PDF", "note", "libharfbuzz-subset is not installed; PDFs take several times as long")
    else:
        yield Finding("PDF", "ok", "Pango and HarfBuzz are there")


def _broker(given: Settings, _engine: Engine) -> Iterator[Finding]:
    if not given.broker_url:
        yield Finding("broker", "ok", "none; the site does its jobs itself")
        return
    from kombu.connection import Connection

    try:
        with Connection(given.broker_url, connect_timeout=3) as connection:  # type: ignore[no-untyped-call]
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=5)
    except Exception as error:  # each transport has faults of its own
        yield Finding("broker", "wrong", f"does not answer: {error}")
    else:
        yield Finding("broker", "ok", "answers")


def _mail(given: Settings, _engine: Engine) -> Iterator[Finding]:
    """Whether the mail server lets us in. No letter is sent."""
    from parlour.jobs.context import NotSent
    from parlour.mail.letters import sender_address
    from parlour.mail.server import connected, server_of

    if not given.mail_url:
        yield Finding("mail", "ok", "none; links are shown to be handed over")
        return
    server, sender = server_of(given), sender_address(given)
    try:
        with connected(server):
            yield Finding("mail", "ok", f"{server.host} answers; letters come from {sender}")
    except NotSent as error:
        yield Finding("mail", "wrong", f"{server.host}:{server.port} does not let us in: {error}")
    if server.open_password:
        yield Finding(
            "mail", "note", "the password travels unencrypted; use smtps:// or smtp+starttls:// if you can"
        )


def _permissions(given: Settings, _engine: Engine) -> Iterator[Finding]:
    """Everything that the salon knows lies in the data folder."""
    open_to = given.data.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    if open_to:
        yield Finding(
            "data folder", "note", f"others on this machine may look into it; run: chmod 700 {given.data}"
        )
    kept = given.data / "secret"
    if kept.exists() and kept.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding("secret", "wrong", f"others on this machine can read it; run: chmod 600 {kept}")


def _secret(given: Settings, _engine: Engine) -> Iterator[Finding]:
    if len(given.secret) < WEAK or len(set(given.secret)) < WEAK // 2:
        yield Finding("secret", "wrong", "can be guessed; leave PARLOUR_SECRET out and a strong one is made")
    elif len(given.secret) < SHORT:
        yield Finding("secret", "note", f"is short; take {SHORT} characters or more that nobody has chosen")
    else:
        yield Finding("secret", "ok", "is long enough")


def _owner(given: Settings, _engine: Engine) -> Iterator[Finding]:
    """Whether migrations, backups and copies could connect."""
    if given.owner_database_url == given.database_url:
        return
    owner = make_engine(given.owner_database_url)
    try:
        with owner.connect() as connection:
            connection.execute(text("SELECT 1"))
        yield Finding("database owner", "ok", f"{make_url(given.owner_database_url).username} may connect")
    finally:
        owner.dispose()


def _row_security(_given: Settings, engine: Engine) -> Iterator[Finding]:
    """Whether PostgreSQL itself keeps organisations apart, in every table that belongs to one; plugins are loaded."""
    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        protected = set(
            connection.scalars(
                text(
                    "SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid"
                    " WHERE relrowsecurity AND relnamespace = current_schema()::regnamespace"
                )
            )
        )
        there = set(inspect(connection).get_table_names())
    scoped = {table.name for table in METADATA.tables.values() if table.info.get("scoped")} & there
    for name in sorted(scoped - protected):
        yield Finding(
            f"table {name}", "wrong", "row-level security is off, so nothing keeps organisations apart in it"
        )
    if scoped <= protected:
        yield Finding("row-level security", "ok", f"on for all {len(scoped)} tables of organisations")


def _clock(_given: Settings, engine: Engine) -> Iterator[Finding]:
    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        before = datetime.now(UTC)
        there = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        after = datetime.now(UTC)
    off = max((before - there).total_seconds(), (there - after).total_seconds(), 0.0)
    if off > CLOCKS:
        yield Finding(
            "clock", "wrong", f"differs from the database's by {off:.0f} s; let both ask a time server"
        )
    else:
        yield Finding("clock", "ok", "agrees with the database's")


def _zones(_given: Settings, engine: Engine) -> Iterator[Finding]:
    """Whether the local times of every organisation can be computed here."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("core_organisation"):
            return
        names = set(connection.scalars(text("SELECT DISTINCT zone FROM core_organisation")))
    missing = []
    for name in sorted(names | {"Europe/Moscow"}):
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            missing.append(name)
    if missing:
        yield Finding(
            "time zones", "wrong", f"unknown here: {', '.join(missing)}; run: pip install --upgrade tzdata"
        )
    else:
        yield Finding("time zones", "ok", f"tzdata {metadata.version('tzdata')}")


def _fonts(_given: Settings, _engine: Engine) -> Iterator[Finding]:
    """Without letters a document shows boxes."""
    if shutil.which("fc-list") is None:
        yield Finding("fonts", "note", "fontconfig is not installed, so the fonts of PDFs are not known")
        return
    said = subprocess.run(
        ["fc-list", ":lang=ru", "family"], capture_output=True, encoding="utf-8", check=False, timeout=60
    )
    found = sorted({line.partition(",")[0].strip() for line in said.stdout.splitlines() if line.strip()})
    if found:
        yield Finding("fonts", "ok", f"{len(found)} with Cyrillic letters, as {found[0]}")
    else:
        yield Finding("fonts", "note", "none has Cyrillic letters; install one, as fonts-dejavu-core")


# In the order in which somebody would repair things.
CHECKS = (
    Check("versions", _versions),
    Check("data folder", _data_folder),
    Check("data folder", _permissions),
    Check("secret", _secret),
    Check("database", _database),
    Check("database owner", _owner),
    Check("database role", _role, needs_database=True),
    Check("tables", _tables, needs_database=True),
    Check("plugins", _plugins, needs_database=True),
    Check("row-level security", _row_security, needs_database=True),
    Check("clock", _clock, needs_database=True),
    Check("time zones", _zones, needs_database=True),
    Check("jobs", _jobs, needs_database=True),
    Check("broker", _broker),
    Check("mail", _mail),
    Check("PDF", _pdf),
    Check("fonts", _fonts),
)
