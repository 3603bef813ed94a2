"""`parlour doctor`: is everything as it should be on this machine?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

import click
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from parlour.cli.checks import CHECKS, Check, Finding
from parlour.cli.common import as_json, settings, show, words
from parlour.db.engine import make_engine
from parlour.errors import ParlourError
from parlour.settings import Settings


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
        click.echo(f"\nWrong: {len(wrong)}." if wrong else "\nEverything is in order.")
    if wrong:
        click.get_current_context().exit(1)


def examine(given: Settings) -> Iterator[Finding]:
    """Every finding, in the order in which somebody would repair things."""
    engine = make_engine(given.database_url)
    reachable = True
    try:
        for check in CHECKS:
            if check.needs_database and not reachable:
                continue
            for finding in _guarded(check, given, engine):
                if check.what == "database" and finding.state == "wrong":
                    reachable = False
                yield finding
    finally:
        engine.dispose()


def _guarded(check: Check, given: Settings, engine: Engine) -> Iterator[Finding]:
    """A look that raises is a finding too."""
    try:
        yield from check.look(given, engine)
    except ParlourError as error:
        yield Finding(check.what, "wrong", words(error.message))
    except (SQLAlchemyError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        yield Finding(check.what, "wrong", str(cause).strip().splitlines()[0])
