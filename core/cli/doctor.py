"""`parlour doctor`: is everything as it should be on this machine?"""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from ctypes.util import find_library
from dataclasses import asdict, dataclass
from importlib import metadata

import click
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from parlour.cli.common import as_json, settings, show, words
from parlour.db.engine import make_engine, site_role_fault
from parlour.errors import ParlourError
from parlour.settings import Settings

PACKAGES = ("parlour", "pyramid", "sqlalchemy", "alembic", "celery", "deform", "weasyprint", "psycopg")
# Below this the disk is said to be nearly full.
LITTLE_SPACE = 500 * 1024 * 1024


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `state` is "ok", "note" (nothing is broken) or "wrong"."""

    what: str
    state: str
    text: str


@click.command()
@as_json
def doctor(as_json: bool) -> None:
    """Show every setting with its source, and check database, plugins, files and broker. Exits 1 when
    something is wrong.
    """
    given = settings()
    findings = list(examine(given))
    wrong = [finding for finding in findings if finding.state == "wrong"]
    shown = [{"setting": name, "value": value, "source": source} for name, value, source in given.shown()]
    if as_json:
        click.echo(
            json.dumps(
                {"ok": not wrong, "settings": shown, "findings": [asdict(finding) for finding in findings]},
                ensure_ascii=False,
                indent=1,
            )
        )
    else:
        show(shown, ["setting", "value", "source"], json_wanted=False)
        click.echo("")
        show([asdict(finding) for finding in findings], ["what", "state", "text"], json_wanted=False)
        click.echo(f"\n{len(wrong)} things are wrong." if wrong else "\nEverything is in order.")
    if wrong:
        click.get_current_context().exit(1)


def examine(given: Settings) -> Iterator[Finding]:
    """Every finding, in the order in which somebody would repair things."""
    yield Finding("versions", "ok", ", ".join(_versions()))
    yield from _guarded("data folder", lambda: _data_folder(given))
    engine = make_engine(given.database_url)
    try:
        reachable = True
        for finding in _guarded("database", lambda: _database(engine)):
            reachable = reachable and finding.state != "wrong"
            yield finding
        if reachable:
            yield from _guarded("database role", lambda: _role(engine))
            yield from _guarded("tables", lambda: _tables(given))
            yield from _guarded("plugins", lambda: _plugins(given, engine))
            yield from _guarded("jobs", lambda: _jobs(engine))
    finally:
        engine.dispose()
    yield from _guarded("broker", lambda: _broker(given))
    yield from _guarded("mail", lambda: _mail(given))
    yield from _pdf()


def _guarded(what: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """A look that raises is a finding too."""
    try:
        yield from look()
    except ParlourError as error:
        yield Finding(what, "wrong", words(error.message))
    except (SQLAlchemyError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        yield Finding(what, "wrong", str(cause).strip().splitlines()[0])


def _versions() -> Iterator[str]:
    yield f"python {platform.python_version()}"
    for name in PACKAGES:
        try:
            yield f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            yield f"{name} -"


def _data_folder(given: Settings) -> Iterator[Finding]:
    given.data.mkdir(parents=True, exist_ok=True)
    if not os.access(given.data, os.W_OK):
        yield Finding("data folder", "wrong", f"{given.data} cannot be written.")
        return
    free = shutil.disk_usage(given.data).free
    text_ = f"{given.data}, {free // 2**20} MB free"
    yield Finding("data folder", "wrong" if free < LITTLE_SPACE else "ok", text_)


def _database(engine: Engine) -> Iterator[Finding]:
    with engine.connect() as connection:
        asks = "SELECT sqlite_version()" if engine.dialect.name == "sqlite" else "SHOW server_version"
        version = connection.execute(text(asks)).scalar_one()
    yield Finding("database", "ok", f"{engine.dialect.name} {version}")


def _role(engine: Engine) -> Iterator[Finding]:
    fault = site_role_fault(engine)
    if fault:
        yield Finding("database role", "wrong", f"{fault}; the site refuses to run like this")
    elif engine.dialect.name == "postgresql":
        yield Finding("database role", "ok", "bound by row-level security")


def _tables(given: Settings) -> Iterator[Finding]:
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


def _jobs(engine: Engine) -> Iterator[Finding]:
    with engine.connect() as connection:
        if not inspect(connection).has_table("core_job"):
            return
        rows = connection.execute(
            text("SELECT state, count(*) FROM core_job WHERE state IN ('failed', 'uncertain') GROUP BY state")
        ).all()
    for state, count in rows:
        yield Finding("jobs", "note", f"{count} {state}")


def _pdf() -> Iterator[Finding]:
    """WeasyPrint loads these when the first PDF is made, which is late to find them missing."""
    if find_library("pango-1.0") is None:
        yield Finding("PDF", "note", "Pango is not installed; documents cannot be made as PDF")
    elif find_library("harfbuzz-subset") is None:
        yield Finding("PDF", "note", "libharfbuzz-subset is not installed; PDFs take several times as long")
    else:
        yield Finding("PDF", "ok", "Pango and HarfBuzz are there")


def _broker(given: Settings) -> Iterator[Finding]:
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


def _mail(given: Settings) -> Iterator[Finding]:
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
