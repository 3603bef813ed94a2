"""`parlour messages bounces`: what mail servers say about letters, out of the mailbox to which they say it."""

from __future__ import annotations

import json
import mailbox
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
from sqlalchemy import Engine

from parlour.access.organisations import all_organisations
from parlour.cli.common import as_json, choose, site
from parlour.db.session import Scope, open_session
from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.plugin.gate import enabled
from parlour.plugins.messages import reports


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
        for raw in _mails(source):
            found[_noted(engine, organisations, raw)] += 1
    if as_json:
        click.echo(json.dumps(found))
        return
    click.echo(f"Notifications written down: {found['noted']}")
    click.echo(f"  about letters that are not known here: {found['unknown']}")
    click.echo(f"  other mail, left alone: {found['others']}")


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
    for number in organisations:
        with open_session(engine, Scope(number, trusted=True, via="cli")) as session:
            try:
                reports.take_notice(session, raw)
            except NotFound:
                continue
            except Refusal:
                return "others"
            session.commit()
            return "noted"
    return "unknown"


def _mails(source: Path) -> Iterator[bytes]:
    """Each mail as it came. Raises Refusal for what is not there."""
    if str(source) == "-":
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "mails"
            file.write_bytes(sys.stdin.buffer.read())
            yield from _mails(file)
        return
    try:
        if source.is_dir():
            if not (source / "cur").is_dir():
                raise Refusal(
                    _("${name} is no Maildir: it has no folder cur.", mapping={"name": str(source)})
                )
            box: mailbox.Mailbox[mailbox.Message] = mailbox.Maildir(source, create=False)  # type: ignore[assignment]
        else:
            raw = source.read_bytes()
            if not raw.startswith(b"From "):
                yield raw
                return
            box = mailbox.mbox(source, create=False)  # type: ignore[assignment]
        for key in box.keys():  # noqa: SIM118  a mailbox is no dictionary
            yield box.get_bytes(key)
    except OSError as error:
        raise Refusal(_("${name} cannot be read.", mapping={"name": str(source)})) from error
