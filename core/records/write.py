"""The one write path. Forms, API, bulk work, import, merge, jobs and plugins' services change records here and nowhere else.

    clean -> access and locks -> compute -> diff -> check hooks -> unique -> rows, parts, links -> history -> changed hooks

Everything works on a batch: a fixed number of statements per thousand rows, and one call per hook. Whoever writes past this
path would miss history, triggers, segments and stock, so the flush guard and the session refuse it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from parlour.access.protection import require_bulk_delete
from parlour.access.rules import allows, predicate
from parlour.db.base import now
from parlour.db.bulk import gathered, is_gathering
from parlour.db.session import Session, insert_rows
from parlour.errors import Conflict, Invalid, NotAllowed, NotFound
from parlour.i18n import _
from parlour.plugin.calls import changed, check, happened
from parlour.records import clean, files, store, together
from parlour.records.defaults import defaults_of
from parlour.records.models import Change as HistoryRow
from parlour.records.models import ChangeSet
from parlour.records.query import read
from parlour.records.registry import Field, RecordType, enabled_record, fields_of, record_type

Act = Literal["save", "archive", "restore", "delete"]
CHUNK = 500


@dataclass(frozen=True)
class Change:
    """What is wanted of one row: new values (a new row without `id`), or an act on an existing one.

    `version` is the version that the person saw; when the row has moved on since, the write is refused with Conflict.
    `assign_id` gives a row that undo brings back the number it had; `along` marks one that is deleted with what it belongs to.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    id: int | None = None
    version: int | None = None
    act: Act = "save"
    assign_id: int | None = None
    along: bool = False


@dataclass
class RowChange:
    """One row of a batch as hooks see it: `old` and `new` hold only the fields that differ, as plain values."""

    position: int
    id: int
    kind: str
    old: dict[str, Any]
    new: dict[str, Any]
    # The whole row before, as far as it was read.
    before: dict[str, Any]
    # Deleted because the row goes to which it belongs.
    along: bool = False
    # In which it is written down: a hook that writes more because of it joins it, so that one undo takes back both.
    change_set: int | None = None

    def value(self, name: str) -> Any:
        """The field as it will stand after the write."""
        return self.new[name] if name in self.new else self.before.get(name)


@dataclass
class Written:
    """What a write did. `ids` are in the order of the changes; `change_set` is None when nothing was different."""

    change_set: int | None
    ids: list[int]
    rows: list[RowChange]

    @property
    def created(self) -> int:
        return sum(row.kind == "create" for row in self.rows)

    @property
    def updated(self) -> int:
        return sum(row.kind != "create" for row in self.rows)


def write(
    session: Session,
    record: RecordType | str | type,
    changes: Sequence[Change],
    *,
    label: str | None = None,
    change_set: int | None = None,
    undoes: int | None = None,
    system: bool = False,
    dry_run: bool = False,
) -> Written:
    """Write a batch of changes to one record, all or nothing. `dry_run` checks everything and writes nothing.

    `change_set` joins an earlier one, so that a merge or an import is undone as a whole. `system` writes computed fields and
    passes by the person's rights (never by the organisation): only for plugins' own upkeep and undo.
    Raises Invalid (keyed by the position in `changes`), Conflict, NotAllowed, NotFound.
    """
    kind = enabled_record(session, record_type(record).name)
    if not changes:
        return Written(change_set, [], [])
    writable = kind.fields if system else fields_of(session, kind, "write")
    fields = {item.name: item for item in writable}
    rows, errors = clean.clean_values(session, fields, [change.values for change in changes])
    before = _before(session, kind, changes, rows, system, lock=not dry_run)
    batch: list[RowChange] = []
    for position, (change, values) in enumerate(zip(changes, rows, strict=True)):
        if change.id is None:
            start = clean.defaults_for(kind, values, defaults_of(session))
            batch.append(RowChange(position, 0, "create", {}, {**start, **values}, {}))
        else:
            act = {"save": "update"}.get(change.act, change.act)
            now_there = before[change.id]
            batch.append(RowChange(position, change.id, act, {}, dict(values), now_there, along=change.along))
    if kind.compute is not None:
        kind.compute(session, [row for row in batch if row.kind in ("create", "update")])
    clean.check_required(kind, batch, errors)
    clean.check_links(session, kind, batch, errors, system)
    if errors:
        raise Invalid(_("Some values cannot be saved."), errors)
    batch = [row for row in batch if _keep_differences(row)]
    ids = [change.id or 0 for change in changes]
    if not batch:
        return Written(change_set, ids, [])
    store.check_unique(session, kind, batch)
    together.check_together(session, kind, batch)
    check(session, "check_changes", record=kind, rows=batch)
    if dry_run:
        return Written(change_set, ids, batch)
    try:
        with _savepoint(session):
            made = change_set or open_change_set(session, label=label, undoes=undoes)
            clean.make_linked(session, kind, batch, made)
            store.store(
                session, kind, batch, {row.position: changes[row.position].assign_id for row in batch}
            )
            if not system:
                _check_created(session, kind, [row.id for row in batch if row.kind == "create"])
            files.attach(session, kind, batch)
            record_history(session, kind, batch, made)
    except IntegrityError as error:
        refused = together.refused(session, kind, str(error.orig))
        if refused is not None:
            raise Invalid(_("Some values cannot be saved."), {batch[0].position: refused}) from error
        raise store.explain(kind, batch, error) from error
    for row in batch:
        ids[row.position], row.change_set = row.id, made
    store.expire(session, kind, [row.id for row in batch])
    changed(session, "records_changed", record=kind, rows=batch)
    for what in dict.fromkeys(row.kind for row in batch):
        happened(
            session,
            "records_happened",
            record=kind.name,
            ids=[row.id for row in batch if row.kind == what],
            kind=what,
        )
    return Written(made, ids, batch)


@contextmanager
def as_one(
    session: Session,
    numbers: Mapping[Any, int] | None = None,
    refused: Callable[[IntegrityError], Exception | None] | None = None,
) -> Iterator[None]:
    """All writes of this block or none, in as few statements as the database allows: what is inserted waits for the end of the
    block, or until something else is asked. For a plugin's service that writes several records, all of them found beforehand.

    `numbers` says how many rows of which classes there will be, so that their numbers are taken at once. Rows that are linked
    to are not looked up for `system` writes. Within the block nobody may catch what a write raises and go on; what the database
    refuses at the end is raised as what `refused` makes of it, else as Invalid.
    """
    if is_gathering(session):
        yield
        return
    try:
        with session.begin_nested(), store.keeping_ids(session, numbers or {}), gathered(session):
            yield
    except IntegrityError as error:
        known = refused(error) if refused is not None else None
        wrong = Invalid(_("Some values cannot be saved."), {0: {"": store.reason(error)}})
        raise known or wrong from error


def _savepoint(session: Session) -> AbstractContextManager[Any]:
    """What a single write undoes when the database refuses it; nothing where that is undone as a whole."""
    return nullcontext() if is_gathering(session) else session.begin_nested()


def next_number(session: Session, cls: type) -> int:
    """The number of a row that is about to be written, for `Change.assign_id`: what belongs to it can be written before it."""
    return store.reserve_ids(session, cls.__table__, 1)[0]  # type: ignore[attr-defined]


def save(
    session: Session,
    record: RecordType | str | type,
    values: Mapping[str, Any],
    row_id: int | None = None,
    **more: Any,
) -> int:
    """Write one row and return its id: the short form of `write` for plugins' services."""
    version = more.pop("version", None)
    return write(session, record, [Change(values, row_id, version)], **more).ids[0]


def _keep_differences(row: RowChange) -> bool:
    """Reduce a row to what differs from before; False when nothing does."""
    if row.kind == "create":
        return True
    if row.kind in ("archive", "restore", "delete"):
        if row.kind == "archive" and row.before["archived_at"] is not None:
            return False
        if row.kind == "restore" and row.before["archived_at"] is None:
            return False
        row.old = {
            name: value for name, value in row.before.items() if row.kind == "delete" and name not in STANDARD
        }
        row.new = {}
        return True
    row.new = {name: value for name, value in row.new.items() if value != row.before.get(name)}
    row.old = {name: row.before.get(name) for name in row.new}
    return bool(row.new)


STANDARD = ("id", "version", "archived_at")


def _before(
    session: Session,
    record: RecordType,
    changes: Sequence[Change],
    rows: Sequence[dict[str, Any]],
    system: bool,
    lock: bool,
) -> dict[int, dict[str, Any]]:
    """Read and lock the rows to be changed, after checking that this person may change them."""
    creating = any(change.id is None for change in changes)
    if creating and not system and not allows(session, record.permission("create")):
        raise NotAllowed(_("You may not add to ${name}.", mapping={"name": record.plural}))
    wanted = {change.id: change for change in changes if change.id is not None}
    if not wanted:
        return {}
    if len(wanted) < sum(change.id is not None for change in changes):
        raise Invalid(_("One row is changed twice."), {0: {"": _("One row is changed twice.")}})
    deleting = any(change.act == "delete" for change in changes)
    if deleting and not system and sum(change.act == "delete" for change in changes) > 1:
        require_bulk_delete(session)
    names = {name for values in rows for name in values} | set(_computed_from(record))
    names |= together.needed(record, names)
    fields = [item for item in record.fields if deleting or item.name in names or item.computed]
    found: dict[int, dict[str, Any]] = {}
    ids = sorted(wanted)
    actions = () if system else ("write", "delete") if deleting else ("write",)
    conditions = [predicate(session, record, action) for action in actions]
    allowed = [condition for condition in conditions if condition is not None]
    for start in range(0, len(ids), CHUNK):
        some = [record.cls.id.in_(ids[start : start + CHUNK]), *allowed]
        # Rows are locked in the order of their ids, so two batches never wait for each other in a circle.
        for row in read(session, record, fields, some, order_by=[record.cls.id], lock=lock):
            found[row["id"]] = row
    for row_id, change in wanted.items():
        if row_id not in found:
            if session.execute(
                select(record.cls.id).where(record.cls.id == row_id)
            ).first() is None or not _sees(session, record, row_id):
                raise NotFound(_("There is no such record, or it is not yours to see."))
            raise NotAllowed(_("You may not change this record."))
        if change.version is not None and change.version != found[row_id]["version"]:
            raise Conflict(_("Somebody has changed this record since you opened it."), found[row_id])
    return found


def _check_created(session: Session, record: RecordType, ids: Sequence[int]) -> None:
    """Refuse new rows outside the rows that this person may add ("own clients only", "my branch")."""
    allowed = predicate(session, record, "create") if ids else None
    if allowed is None:
        return
    found = 0
    for start in range(0, len(ids), CHUNK):
        some = select(func.count()).select_from(record.cls)
        found += session.execute(
            some.where(record.cls.id.in_(ids[start : start + CHUNK]), allowed)
        ).scalar_one()
    if found < len(ids):
        raise NotAllowed(
            _("You may add to ${name} only what your role is limited to.", mapping={"name": record.plural})
        )


def _sees(session: Session, record: RecordType, row_id: int) -> bool:
    from parlour.records.query import may_read

    return may_read(session, record, row_id)


def _computed_from(record: RecordType) -> Sequence[str]:
    return getattr(record.compute, "needs", ())


def open_change_set(session: Session, *, label: str | None = None, undoes: int | None = None) -> int:
    """Begin a change set for the session's person and return its id."""
    scope = session.scope
    values = {"at": now(), "user_id": scope.user_id, "via": scope.via, "label": label, "undoes": undoes}
    kept = store.kept_ids(session, ChangeSet.__table__, 1)
    if kept:
        insert_rows(session, ChangeSet, [{"id": kept[0], **values}])
        return kept[0]
    made = ChangeSet(**values)
    session.add(made)
    session.flush()
    return int(made.id)


def record_history(session: Session, record: RecordType, batch: Sequence[RowChange], change_set: int) -> None:
    """Write down what every row of the batch had and has."""
    by_name = {item.name: item for item in record.fields}
    insert_rows(
        session,
        HistoryRow,
        [
            {
                "change_set_id": change_set,
                "record": record.name,
                "row_id": row.id,
                "kind": row.kind,
                "values": _history_values(by_name, row),
            }
            for row in batch
        ],
    )


def _history_values(by_name: Mapping[str, Field], row: RowChange) -> dict[str, Any]:
    names = row.new if row.kind in ("create", "update") else row.old
    made = row.kind == "create"
    values = {}
    for name in names:
        value = row.new.get(name)
        if made and value is None:
            continue  # most fields of a new row
        item = by_name[name]
        new = clean.to_json(item, value)
        if made and new in ([], False):
            continue
        # A secret is noted as changed, never with its text.
        values[name] = ["•", "•"] if item.secret else [clean.to_json(item, row.old.get(name)), new]
    return values
