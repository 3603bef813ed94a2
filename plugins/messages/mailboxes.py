"""Mails that lie on this machine: in a mailbox (mbox), a folder (Maildir) or a file. Nothing is taken out."""

from __future__ import annotations

import mailbox
import time
from calendar import timegm
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from parlour.errors import Refusal
from parlour.i18n import _


def mails(source: Path, since: datetime | None = None) -> Iterator[bytes]:
    """Each mail as it came, of a mailbox those that have arrived `since` then. Raises Refusal for what cannot be read."""
    first = since.timestamp() if since is not None else 0.0
    try:
        if source.is_dir():
            yield from _of_folder(source, first)
        else:
            yield from _of_file(source, first)
    except OSError as error:
        raise Refusal(_("${name} cannot be read.", mapping={"name": str(source)})) from error


def _of_folder(source: Path, first: float) -> Iterator[bytes]:
    if not (source / "cur").is_dir():
        raise Refusal(_("${name} is no Maildir: it has no folder cur.", mapping={"name": str(source)}))
    box = mailbox.Maildir(source, create=False)
    for key in box.keys():  # noqa: SIM118  a mailbox is no dictionary
        if box.get_message(key).get_date() >= first:
            yield box.get_bytes(key)


def _of_file(source: Path, first: float) -> Iterator[bytes]:
    with source.open("rb") as file:
        single = file.read(5) != b"From "
    if single:
        yield source.read_bytes()
        return
    box = mailbox.mbox(source, create=False)
    for key in box.keys():  # noqa: SIM118
        if _arrived(box.get_bytes(key, from_=True)) >= first:
            yield box.get_bytes(key)


def _arrived(raw: bytes) -> float:
    """When a mail was put into the mailbox, by the line above it (RFC 4155); now, where that says nothing."""
    head = raw.partition(b"\n")[0].decode("latin-1").split()
    try:
        return float(timegm(time.strptime(" ".join(head[-5:]), "%a %b %d %H:%M:%S %Y")))
    except ValueError:
        return datetime.now(UTC).timestamp()
