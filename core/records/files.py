"""Files of records: a row here, a blob under the data folder, served only to who may read the record."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from parlour.db.base import BigId, Moment, now, scoped_base
from parlour.db.session import Session
from parlour.errors import NotAllowed, NotFound, Refusal
from parlour.i18n import _
from parlour.jobs.outbox import enqueue
from parlour.records import blobs, content, dangerous
from parlour.records.kinds import FileKind
from parlour.records.models import Change, ChangeSet
from parlour.settings import Settings

if TYPE_CHECKING:
    from parlour.records.registry import Field, RecordType
    from parlour.records.write import RowChange

Base: Any = scoped_base("core")

LIMIT = 20_000_000
# Beside the megabytes of PARLOUR_FILES_MB: rows and inodes have an end as well.
MAX_FILES = 500_000
# What was uploaded and never saved goes after a week. The files of a deleted row go when undoing that is
# past.
UNATTACHED = timedelta(days=7)
DELETED = timedelta(days=90)
SWEEP_JOB = "core.sweep_files"
CHUNK = 500


class File(Base):  # type: ignore[misc]
    """A file of a record. Two rows with the same content share one blob within their organisation."""

    __tablename__ = "core_file"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id", name="uq_core_file_scope"),
        Index("ix_core_file_row", "organisation_id", "record", "row_id"),
        Index("ix_core_file_sha256", "organisation_id", "sha256"),
        Index("ix_core_file_created", "organisation_id", "created_at"),
        {"info": {"owner": "core", "scoped": True}},
    )

    # Whose file it is: a record type's name, the row (NULL until the form that uploads is saved), and the
    # field or part.
    record: Mapped[str] = mapped_column(String(128))
    row_id: Mapped[int | None] = mapped_column(BigId)
    slot: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    # By content; what the browser or the name says counts for nothing.
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigId)
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    created_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("core_user.id", ondelete="SET NULL"))


def store(
    session: Session,
    settings: Settings,
    stream: IO[bytes],
    name: str,
    *,
    record: str,
    slot: str = "",
    limit: int = LIMIT,
    kinds: Collection[str] | None = None,
    photo: bool = False,
) -> File:
    """Keep an upload and return its row, which is nobody's until a record's row is saved with it (`attach`).

    `record` and `slot` are the record's and the field's name. At most `limit` bytes are read. `kinds` are the
    media types allowed, None for all. A `photo` is made anew: turned upright, without its metadata, at most
    2048 pixels long. Raises Refusal with one sentence for the person who uploads; then nothing is kept: of what is
    too large, a program or full of macros, and when the organisation's space is used up (two uploads at the same moment
    may pass that by one file).
    """
    organisation_id = session.scope.organisation_id
    with blobs.incoming(settings) as folder:
        received = folder / "received"
        blobs.receive(stream, received, limit)
        forbidden = dangerous.danger(received, name)
        if forbidden is not None:
            raise Refusal(forbidden)
        from parlour.records import images  # the decoders are loaded when the first file comes

        place = received
        width: int | None = None
        height: int | None = None
        if photo:
            place = folder / "photo"
            kind, width, height = images.photo(received, place)
        else:
            kind = content.content_type(received)
            if kinds is not None and kind not in kinds:
                raise Refusal(_("A file of this kind cannot be kept here."))
            if kind in content.SHOWN:
                width, height = images.size(received) or (None, None)
        thumb = _thumbnail(place, folder / "thumb") if width else None
        sha256 = blobs.digest(place)
        length = place.stat().st_size
        _check_space(session, settings, length)
        blobs.put(settings, organisation_id, sha256, place, thumb)
    made = File(
        record=record,
        slot=slot,
        name=content.safe_name(name, kind, rename=photo),
        content_type=kind,
        size=length,
        sha256=sha256,
        width=width,
        height=height,
        created_by=session.scope.user_id,
    )
    session.add(made)
    session.flush()
    return made


def _check_space(session: Session, settings: Settings, length: int) -> None:
    used, count = session.execute(select(func.coalesce(func.sum(File.size), 0), func.count(File.id))).one()
    if count >= MAX_FILES or (settings.files_mb and used + length > settings.files_mb * 1_000_000):
        raise Refusal(
            _("There is no space for more files here. Remove some, or ask who runs the site for more.")
        )


def _thumbnail(picture: Path, target: Path) -> Path | None:
    from parlour.records import images

    try:
        images.thumbnail(picture, target)
    except Refusal:  # too large or damaged: kept all the same, only not shown small
        return None
    return target


def file_of(session: Session, file_id: int) -> File:
    """A file of the organisation, whoever asks; for jobs and services. Raises NotFound."""
    found: File | None = None
    if 0 < file_id < 1 << 63:  # what a number in the database can be
        found = session.scalars(select(File).where(File.id == file_id)).one_or_none()
    if found is None:
        raise _missing()
    return found


def readable(session: Session, file_id: int) -> File:
    """A file that this person may see: of a row and a field that they may read, or an upload of their own.

    Raises NotFound for every other one.
    """
    from parlour.records.query import may_read
    from parlour.records.registry import enabled_record, fields_of

    file = file_of(session, file_id)
    scope = session.scope
    if scope.trusted:
        return file
    if file.row_id is None:
        if scope.user_id is None or file.created_by != scope.user_id:
            raise _missing()
        return file
    try:
        record = enabled_record(session, file.record)
        if not may_read(session, record, file.row_id):
            raise _missing()
        shown = {item.name for item in fields_of(session, record)}
    except NotAllowed as error:
        raise _missing() from error
    if file.slot not in shown:
        raise _missing()
    return file


def path_of(settings: Settings, file: File) -> Path:
    """Where the content lies."""
    return blobs.place_of(settings, file.organisation_id, file.sha256)


def thumb_of(settings: Settings, file: File) -> Path:
    """Where the small picture lies; only pictures have one, and of them those that could be read."""
    return blobs.thumb_of(settings, file.organisation_id, file.sha256)


def refused(
    session: Session, record: RecordType, item: Field, rows: Sequence[RowChange], *, system: bool
) -> dict[int, Any]:
    """What is wrong with the files that a batch puts into a field, by the row's position; for the write path.

    A person may put in what they have just uploaded for this field, and what the row holds already; nothing
    else, or knowing a number would be enough to see any file. Merging and undoing (`system`) move files
    between rows.
    """
    ids = sorted({row.new[item.name] for row in rows if row.new.get(item.name)})
    known = {found.id: found for found in _in_chunks(session, ids)}
    faults: dict[int, Any] = {}
    for row in rows:
        if not row.new.get(item.name):
            continue
        file = known.get(row.new[item.name])
        if file is None or not (
            system or session.scope.trusted or _theirs(session, file, record, item, row.id)
        ):
            faults[row.position] = _("There is no such file.")
        elif isinstance(item.kind, FileKind) and item.kind.image and file.content_type not in content.SHOWN:
            faults[row.position] = _("This is not a picture.")
    return faults


def _theirs(session: Session, file: File, record: RecordType, item: Field, row_id: int) -> bool:
    if file.record != record.name or file.slot != item.name:
        return False
    if file.row_id is None:
        return session.scope.user_id is not None and file.created_by == session.scope.user_id
    return bool(row_id) and file.row_id == row_id


def _in_chunks(session: Session, ids: Sequence[int]) -> Iterator[File]:
    for start in range(0, len(ids), CHUNK):
        yield from session.scalars(select(File).where(File.id.in_(ids[start : start + CHUNK])))


def attach(session: Session, record: RecordType, batch: Sequence[RowChange]) -> None:
    """Files that a batch has put into fields belong to those rows from now on; called by the write path."""
    for item in record.fields:
        if not isinstance(item.kind, FileKind):
            continue
        for row in batch:
            if row.new.get(item.name):
                own = {"record": record.name, "row_id": row.id, "slot": item.name}
                statement = update(File).where(File.id == row.new[item.name]).values(**own)
                session.execute(statement, execution_options=_PLAIN)


def count_of(session: Session, record: str, ids: Sequence[int]) -> int:
    """How many files rows have."""
    count = 0
    for start in range(0, len(ids), CHUNK):
        mine = (File.record == record, File.row_id.in_(ids[start : start + CHUNK]))
        count += session.scalar(select(func.count()).select_from(File).where(*mine)) or 0
    return count


def remove_of(session: Session, record: str, ids: Sequence[int]) -> int:
    """Remove the files of rows for good; returns how many. The contents go within two hours."""
    count = 0
    for start in range(0, len(ids), CHUNK):
        gone = delete(File).where(File.record == record, File.row_id.in_(ids[start : start + CHUNK]))
        count += len(session.scalars(gone.returning(File.id), execution_options=_PLAIN).all())
    if count:
        # Later than what is young now, so that a file from this very minute goes too.
        enqueue(session, SWEEP_JOB, run_at=now() + timedelta(seconds=blobs.YOUNG + 60))
    return count


def prune(session: Session) -> int:
    """Remove rows of uploads that were never saved, and of rows deleted long ago; returns how many."""
    old = delete(File).where(File.row_id.is_(None), File.created_at < now() - UNATTACHED)
    count = len(session.scalars(old.returning(File.id), execution_options=_PLAIN).all())
    for name in session.scalars(select(File.record).where(File.row_id.is_not(None)).distinct()).all():
        ids = _long_gone(session, name)
        if ids:
            gone = delete(File).where(File.record == name, File.row_id.in_(ids))
            count += len(session.scalars(gone.returning(File.id), execution_options=_PLAIN).all())
    return count


def _long_gone(session: Session, name: str) -> list[int]:
    """Rows that have files, are deleted, and have been for so long that nobody undoes it."""
    from parlour.records.registry import record_type

    try:
        cls = record_type(name).cls
    except NotFound:  # its plugin is not loaded; nobody knows what is there
        return []
    mine = select(File.row_id).where(File.record == name, File.row_id.is_not(None)).distinct()
    missing: list[int] = list(
        session.scalars(mine.where(~select(cls.id).where(cls.id == File.row_id).exists()))
    )
    gone: list[int] = []
    for start in range(0, len(missing), CHUNK):
        part = missing[start : start + CHUNK]
        last = (
            select(Change.row_id)
            .join(ChangeSet, ChangeSet.id == Change.change_set_id)
            .where(Change.record == name, Change.row_id.in_(part))
            .group_by(Change.row_id)
            .having(func.max(ChangeSet.at) >= now() - DELETED)
        )
        gone.extend(set(part) - set(session.scalars(last)))
    return gone


def sweep(session: Session, settings: Settings) -> int:
    """Remove the organisation's contents that no row refers to any more; returns how many."""

    def referenced(hashes: list[str]) -> set[str]:
        return {found for part in _parts(hashes) for found in session.scalars(_with_hash(part))}

    return blobs.sweep(settings, session.scope.organisation_id, referenced)


def _parts(hashes: Sequence[str]) -> Iterator[Sequence[str]]:
    return (hashes[start : start + CHUNK] for start in range(0, len(hashes), CHUNK))


def _with_hash(hashes: Sequence[str]) -> Any:
    return select(File.sha256).where(File.sha256.in_(hashes))


_PLAIN = {"synchronize_session": False}


def _missing() -> NotFound:
    return NotFound(_("There is no such file, or it is not yours to see."))
