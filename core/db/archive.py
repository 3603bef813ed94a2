"""The backup's file: a zip of one JSON-lines file per table, the blobs, and a manifest with a checksum for
each of them.

    manifest.json            what is in here, written last
    tables/<table>.jsonl     one row a line: a list in the order of the manifest's columns
    files/<path>             as under the data folder

The rows are plain, so that a backup of either kind of database can be restored into either.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import IO, Any

from sqlalchemy import Column, Date, DateTime, Double, LargeBinary, Numeric, Table, Time

from parlour.errors import Refusal
from parlour.i18n import _

FORMAT = 1
MANIFEST = "manifest.json"
BLOCK = 1 << 20


@dataclass
class Manifest:
    """What a backup holds. `owners` maps the core and each plugin to the revision at which its tables stood."""

    parlour: str
    kind: str
    made_at: str
    owners: dict[str, str]
    plugins: dict[str, str]
    columns: dict[str, list[str]] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)
    # Table -> highest number ever given to a row of it.
    numbers: dict[str, int] = field(default_factory=dict)
    files: int = 0
    # Path in the archive -> SHA-256 of its content.
    checksums: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT


class Writer:
    """Writes entries one after the other, summing them up as they pass."""

    def __init__(self, file: IO[bytes], manifest: Manifest):
        self.zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self.manifest = manifest

    def add(self, path: str, blocks: Iterator[bytes]) -> None:
        checksum = hashlib.sha256()
        info = zipfile.ZipInfo(path, datetime.now(UTC).timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        with self.zip.open(info, "w", force_zip64=True) as entry:
            for block in blocks:
                checksum.update(block)
                entry.write(block)
        self.manifest.checksums[path] = checksum.hexdigest()

    def close(self) -> None:
        self.zip.writestr(MANIFEST, json.dumps(asdict(self.manifest), indent=1))
        self.zip.close()


class Reader:
    """An archive whose every entry has been compared with its checksum. Raises Refusal for anything that is
    not right.
    """

    def __init__(self, file: Path):
        wrong = _("${file} is not a backup of Parlour.", mapping={"file": str(file)})
        try:
            self.zip = zipfile.ZipFile(file)
            self.manifest = Manifest(**json.loads(self.zip.read(MANIFEST)))
        except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
            raise Refusal(wrong) from error
        if self.manifest.format != FORMAT:
            raise Refusal(_("This backup was made by a newer Parlour. Install that version to restore it."))
        self._verify(file)

    def _verify(self, file: Path) -> None:
        names = set(self.zip.namelist()) - {MANIFEST}
        for name in sorted(names ^ self.manifest.checksums.keys()):
            raise _damaged(file, name)
        for name, checksum in self.manifest.checksums.items():
            place = PurePosixPath(name)
            if place.is_absolute() or ".." in place.parts or place.parts[0] not in ("tables", "files"):
                raise _damaged(file, name)
            found = hashlib.sha256()
            try:
                with self.zip.open(name) as entry:
                    while block := entry.read(BLOCK):
                        found.update(block)
            except (
                zipfile.BadZipFile,
                zlib.error,
                OSError,
                EOFError,
                ValueError,
                NotImplementedError,
            ) as error:
                raise _damaged(file, name) from error
            if found.hexdigest() != checksum:
                raise _damaged(file, name)

    def rows(self, table: str) -> Iterator[list[Any]]:
        with self.zip.open(f"tables/{table}.jsonl") as entry:
            for line in entry:
                yield json.loads(line)

    def files(self) -> Iterator[tuple[PurePosixPath, IO[bytes]]]:
        """Path below the data folder, and content, of each blob."""
        for name in self.manifest.checksums:
            if name.startswith("files/"):
                with self.zip.open(name) as entry:
                    yield PurePosixPath(name), entry

    def close(self) -> None:
        self.zip.close()


def _damaged(file: Path, entry: str) -> Refusal:
    return Refusal(
        _(
            "The backup ${file} is damaged: ${entry} is not what was written.",
            mapping={"file": str(file), "entry": entry},
        )
    )


def to_plain(value: Any) -> Any:
    """A database value as JSON can carry it; `from_plain` knows by the column's type what it was."""
    if isinstance(value, datetime):
        return (value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode("ascii")
    return value


def from_plain(column: Column[Any]) -> Callable[[Any], Any] | None:
    """What turns a column's plain value into the database's, or None when it is the same already.

    Moments are UTC in the archive; a column that knows offsets gets one.
    """
    kind = column.type
    if isinstance(kind, DateTime):
        zone = UTC if kind.timezone else None
        return lambda value: datetime.fromisoformat(value).replace(tzinfo=zone)
    if isinstance(kind, Date):
        return date.fromisoformat
    if isinstance(kind, Time):
        return time.fromisoformat
    if isinstance(kind, LargeBinary):
        return base64.b64decode
    if isinstance(kind, Numeric) and not isinstance(kind, Double) and kind.asdecimal:
        return Decimal
    return None


def order_of(table: Table) -> list[Column[Any]]:
    """The columns by which a table's rows are written: its primary key, or all of them."""
    return list(table.primary_key.columns) or list(table.columns)
