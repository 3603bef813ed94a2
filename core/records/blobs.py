"""Contents of files on disk: files/<organisation>/<aa>/<sha256>, beside it <sha256>.thumb.

Content appears whole or not at all: it is written elsewhere, flushed to the disk and renamed into its place.
Rows and blobs cannot be committed together. A row without a blob never comes to be, because the blob is in
its place before the row is committed; a blob without a row is harmless for a while, and swept up later.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import structlog

from parlour.errors import Refusal, disk_full
from parlour.i18n import _
from parlour.settings import Settings

log = structlog.get_logger(__name__)

BLOCK = 1 << 18
INCOMING = "incoming"
# Seconds for which a blob without a row is left alone: whoever placed it may not have committed yet.
YOUNG = 3600
ABANDONED = 24 * 3600


def place_of(settings: Settings, organisation_id: int, sha256: str) -> Path:
    """Where a content lies."""
    return settings.files / str(organisation_id) / sha256[:2] / sha256


def thumb_of(settings: Settings, organisation_id: int, sha256: str) -> Path:
    """Where the small picture of a content lies, if it has one."""
    place = place_of(settings, organisation_id, sha256)
    return place.with_name(f"{place.name}.thumb")


@contextmanager
def incoming(settings: Settings) -> Iterator[Path]:
    """A folder for files in the making, on the same file system; it is gone at the end of the block.

    Raises Refusal when the disk is full or does not work, in words for the person at the screen.
    """
    folder = settings.data / INCOMING / f"{secrets.token_hex(12)}.part"
    try:
        folder.mkdir(parents=True)
        yield folder
    except OSError as error:
        log.exception("file_not_stored", exc_info=error)
        if disk_full(error):
            raise Refusal(
                _("The server's disk is full, so the file was not saved. Tell who looks after the server.")
            ) from error
        raise Refusal(
            _("The server could not save the file. Try again, or tell who looks after the server.")
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def receive(stream: IO[bytes], path: Path, limit: int) -> int:
    """Write a stream to `path`; returns its size. Raises Refusal past `limit` bytes, and for an empty one."""
    size = 0
    with path.open("xb") as out:
        while block := stream.read(BLOCK):
            size += len(block)
            if size > limit:
                most = max(1, limit // 1_000_000)
                raise Refusal(_("The file has more than ${n} MB, which is the most.", mapping={"n": most}))
            out.write(block)
    if not size:
        raise Refusal(_("The file is empty."))
    return size


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def put(
    settings: Settings, organisation_id: int, sha256: str, content: Path, thumb: Path | None = None
) -> None:
    """Move a content, and its small picture, into place.

    The same content again takes the place of the first, as if it were new: the sweep then leaves it alone.
    """
    place = place_of(settings, organisation_id, sha256)
    with _lock(settings, organisation_id, fcntl.LOCK_SH):
        place.parent.mkdir(parents=True, exist_ok=True)
        if thumb is not None:
            _settle(thumb, thumb_of(settings, organisation_id, sha256))
        _settle(content, place)
        _flush(place.parent)


def sweep(settings: Settings, organisation_id: int, referenced: Callable[[list[str]], set[str]]) -> int:
    """Remove contents that no row refers to; returns how many.

    `referenced` tells which of some hashes have a row. Under a lock that keeps contents from being placed
    meanwhile: between the question and the removal nobody can count on a blob that is about to go.
    """
    count = 0
    for folder in sorted((settings.files / str(organisation_id)).glob("??")):
        with _lock(settings, organisation_id, fcntl.LOCK_EX):
            old = [path for path in folder.iterdir() if time.time() - path.stat().st_mtime > YOUNG]
            hashes = {path.name.partition(".")[0] for path in old}
            gone = hashes - referenced(sorted(hashes)) if hashes else set()
            for path in old:
                if path.name.partition(".")[0] in gone:
                    path.unlink()
                    count += "." not in path.name
    return count


def sweep_incoming(settings: Settings) -> None:
    """Remove what uploads left behind whose process was killed."""
    for folder in (settings.data / INCOMING).glob("*.part"):
        if time.time() - folder.stat().st_mtime > ABANDONED:
            shutil.rmtree(folder, ignore_errors=True)


def _settle(part: Path, place: Path) -> None:
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.chmod(0o600)
    os.utime(part)
    os.replace(part, place)


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _lock(settings: Settings, organisation_id: int, kind: int) -> Iterator[None]:
    path = settings.data / INCOMING / f"{organisation_id}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, kind)
        yield
