"""`parlour messages bounces`: what mail servers say about letters, out of the mailbox to which they say it."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import Engine

from parlour.access.organisations import all_organisations
from parlour.cli.common import as_json, choose, site
from parlour.db.session import Scope, open_session
from parlour.errors import NotFound, Refusal
from parlour.plugin.gate import enabled
from parlour.plugins.messages import reports
from parlour.plugins.messages.mailboxes import mails


@click.group(name="messages")
def commands() -> None:
    """What comes back of messages."""


@commands.command()
@click.argument("source", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--org", "org", metavar="SLUG", help="Only letters of this organisation; otherwise of all.")
@as_json
def bounces(source: Path, org: str | None, as_json: bool) -> None:
    """Read notifications of mail servers from SOURCE: a mailbox (mbox), a folder (Maildir), one mail, or "-" for stdin.

    Reading the same twice changes nothing, and nothing is taken out of the mailbox.
    """
    found: Counter[str] = Counter(noted=0, others=0, unknown=0)
    with site() as engine:
        organisations = _organisations(engine, org)
        with _opened(source) as place:
            for raw in mails(place):
                found[_noted(engine, organisations, raw)] += 1
    if as_json:
        click.echo(json.dumps(found))
        return
    click.echo(f"Notifications written down: {found['noted']}")
    click.echo(f"  about letters that are not known here: {found['unknown']}")
    click.echo(f"  other mail, left alone: {found['others']}")


@contextmanager
def _opened(source: Path) -> Iterator[Path]:
    """Where the mails lie; what is piped in is put into a file."""
    if str(source) != "-":
        yield source
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mails"
        file.write_bytes(sys.stdin.buffer.read())
        yield file


def _organisations(engine: Engine, org: str | None) -> list[int]:
    """The organisations whose letters are meant, of those that send any."""
    with open_session(engine) as session:
        if org is not None:
            return [choose(session, org)]
        ids = [one.id for one in all_organisations(session) if one.archived_at is None]
    sending = []
    for number in ids:
        with open_session(engine, Scope(number, trusted=True, via="cli")) as session:
            if "messages" in enabled(session):
                sending.append(number)
    return sending


def _noted(engine: Engine, organisations: list[int], raw: bytes) -> str:
    """Write one mail down where its letter was sent; what became of it."""
    try:
        notice = reports.read(raw)
    except Refusal:
        return "others"
    for number in organisations:
        with open_session(engine, Scope(number, trusted=True, via="cli")) as session:
            try:
                reports.note(session, notice)
            except NotFound:
                continue
            session.commit()
            return "noted"
    return "unknown"
