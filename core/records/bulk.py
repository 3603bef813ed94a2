"""Bulk work: one change to many rows, undone as a whole.

Which rows a person may change is decided when they ask; a large piece of work then goes on as a job, in batches
that hold the database for a fraction of a second each and continue after a kill where they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from parlour.access.rules import allows
from parlour.db.session import Session
from parlour.errors import NotAllowed, Refusal
from parlour.i18n import _
from parlour.records.clean import to_json
from parlour.records.query import read, visible
from parlour.records.registry import Field, RecordType, enabled_record, fields_of
from parlour.records.values import key_of
from parlour.records.write import Change, open_change_set, write

if TYPE_CHECKING:
    from parlour.jobs import JobContext

LABEL = "bulk"
JOB = "core.bulk"
# Up to here the work is done while the person waits.
AT_ONCE = 200
BATCH = 200
# So many are tried while the person waits where one row may be refused and another not; the job tries all first.
TRIED = 1_000
MAX_ROWS = 50_000
# How lists (tags, phones) are changed; everything else is replaced.
ADD, REMOVE, REPLACE = "add", "remove", "replace"


def chosen(
    session: Session,
    record: RecordType,
    ids: Sequence[int] | None,
    *,
    action: str = "write",
    filter: Any = None,
    q: str = "",
    archived: bool | None = False,
) -> list[int]:
    """Ids of the rows that this person may so act on: those of `ids`, or with None all that fit.

    Raises NotAllowed, Refusal for more than `MAX_ROWS`.
    """
    if ids is None:
        conditions = visible(session, record, action=action, filter=filter, q=q, archived=archived)
    else:
        conditions = [
            record.cls.id.in_(sorted(set(ids))),
            *visible(session, record, action=action, archived=None),
        ]
    statement = select(record.cls.id).where(*conditions).order_by(record.cls.id).limit(MAX_ROWS + 1)
    found = list(session.scalars(statement))
    if len(found) > MAX_ROWS:
        raise Refusal(_("At most ${n} records can be changed at once.", mapping={"n": MAX_ROWS}))
    return found


def require_bulk(session: Session) -> None:
    """Raises NotAllowed for who may not change many records at once."""
    if not allows(session, "core:bulk"):
        raise NotAllowed(_("You may not change many records at once."))


def settable(session: Session, record: RecordType) -> list[Field]:
    """The fields that can be set on many rows: what is unique to a row, or its name, is not among them."""
    return [
        item
        for item in fields_of(session, record, "write")
        if not item.unique and item.name != record.title_field and item.kind.name != "file"
    ]


def set_field(
    session: Session,
    record: RecordType,
    ids: Sequence[int],
    name: str,
    value: Any,
    mode: str = REPLACE,
    *,
    change_set: int | None = None,
) -> int | None:
    """Set one field on rows, or add to or remove from its list. Returns the change set, None if nothing differed.

    Raises Refusal for a field that cannot be set, Invalid, NotAllowed.
    """
    item = next((one for one in settable(session, record) if one.name == name), None)
    if item is None:
        raise Refusal(_("${field} cannot be set on many records at once.", mapping={"field": name[:80]}))
    if mode == REPLACE or item.storage not in ("part", "links"):
        changes = [Change({name: value}, row_id) for row_id in ids]
    else:
        changes = list(_list_changes(session, record, item, ids, value, mode))
    return _write(session, record, changes, change_set)


def archive(
    session: Session,
    record: RecordType,
    ids: Sequence[int],
    *,
    restore: bool = False,
    change_set: int | None = None,
) -> int | None:
    """Put rows away, or bring them back."""
    changes = [Change(id=row_id, act="restore" if restore else "archive") for row_id in ids]
    return _write(session, record, changes, change_set)


def _write(
    session: Session, record: RecordType, changes: Sequence[Change], change_set: int | None
) -> int | None:
    return write(session, record, changes, label=LABEL, change_set=change_set).change_set


def _list_changes(
    session: Session, record: RecordType, item: Field, ids: Sequence[int], value: Any, mode: str
) -> Iterator[Change]:
    rows = read(session, record, [item], [record.cls.id.in_(ids)])
    given = list(value or ())
    gone = _known(session, item, given) if mode == REMOVE else set()
    for row in rows:
        now = list(row[item.name])
        if mode == ADD:
            after = now + [one for one in given if one not in now]
        elif item.storage == "part":
            main = item.lines[0].name
            after = [line for line in now if line[main] not in gone]
        else:
            after = [one for one in now if one not in gone]
        yield Change({item.name: after}, row["id"])


def _known(session: Session, item: Field, given: Sequence[Any]) -> set[Any]:
    """What is to be removed: main values of lines, or ids, for which titles may stand as well."""
    if item.storage == "part":
        main = item.lines[0].name
        return {one[main] if isinstance(one, Mapping) else one for one in given}
    found: set[Any] = {one for one in given if isinstance(one, int)}
    words = [key_of(one) for one in given if isinstance(one, str)]
    if words:
        assert item.target is not None
        cls = item.target.cls
        key = getattr(cls, f"{item.target.title_field}_key")
        found.update(session.scalars(select(cls.id).where(key.in_(words))))
    return found


# ---- in the background


def ask_for(session: Session, record: RecordType, ids: Sequence[int], work: Mapping[str, Any]) -> int:
    """Enqueue the work on many rows and return the job's id. `work` is plain JSON; see `_do`.

    The first rows are tried now, so that what cannot be saved is said to the person and not to a log.
    """
    from parlour.jobs import enqueue

    _try(session, record, ids[: TRIED if _each_by_itself(record, work) else BATCH], work)
    return enqueue(session, JOB, {"record": record.name, "ids": list(ids), "work": dict(work)})


def _each_by_itself(record: RecordType, work: Mapping[str, Any]) -> bool:
    """Whether what fits one row may not fit another: the field is unique together with others."""
    return work["act"] == "set" and any(work["field"] in names for names in record.unique_together)


def _try(session: Session, record: RecordType, ids: Sequence[int], work: Mapping[str, Any]) -> None:
    """Refuse what cannot be saved before anything is written. Raises Invalid."""
    if work["act"] == "set" and work["mode"] == REPLACE:
        for start in range(0, len(ids), BATCH):
            some = [Change({work["field"]: work["value"]}, row_id) for row_id in ids[start : start + BATCH]]
            write(session, record, some, label=LABEL, dry_run=True)


def _still_there(session: Session, record: RecordType, ids: Sequence[int]) -> list[int]:
    return list(session.scalars(select(record.cls.id).where(record.cls.id.in_(ids)).order_by(record.cls.id)))


def run(
    session: Session, job: JobContext, *, record: str, ids: Sequence[int], work: Mapping[str, Any]
) -> Any:
    """The handler of JOB: goes through the rows in batches, all in one change set."""
    kind = enabled_record(session, record)
    position = job.position or {}
    done = int(position.get("done", 0))
    change_set = position.get("change_set")
    if not position and len(ids) > TRIED and _each_by_itself(kind, work):
        # The trial writes nothing, and on SQLite holds nobody up.
        session.commit()
        with job.reader() as reading:
            for start in range(0, len(ids), BATCH):
                _try(reading, kind, _still_there(reading, kind, ids[start : start + BATCH]), work)
    while done < len(ids):
        job.stop_if_cancelled()
        if change_set is None:
            change_set = open_change_set(session, label=LABEL)
        _do(session, kind, _still_there(session, kind, ids[done : done + BATCH]), work, change_set)
        done = min(done + BATCH, len(ids))
        job.checkpoint({"done": done, "change_set": change_set}, done, len(ids))
    return {"change_set": change_set, "rows": done}


def _do(
    session: Session, record: RecordType, ids: Sequence[int], work: Mapping[str, Any], change_set: int
) -> None:
    if work["act"] == "set":
        set_field(session, record, ids, work["field"], work["value"], work["mode"], change_set=change_set)
    else:
        archive(session, record, ids, restore=work["act"] == "restore", change_set=change_set)


def value_as_json(item: Field, value: Any) -> Any:
    """A value as a job's arguments carry it; the write path reads it back."""
    return to_json(item, value)
