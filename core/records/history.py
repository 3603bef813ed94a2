"""History: who changed what, when and through what; and undo, which reverses a whole change set.

Undo writes along the one write path, so it is itself a change set that can be undone. A field that somebody has changed since
is left alone and listed: undo never throws away later work. Postings (money, points, stock) are not records of this kind; their
own documents reverse them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from parlour.access.protection import protected
from parlour.access.rules import allows
from parlour.db.session import Session
from parlour.errors import Invalid, NotAllowed, NotFound, Refusal
from parlour.i18n import _
from parlour.records.clean import to_json
from parlour.records.defaults import defaults_of
from parlour.records.models import Change as HistoryRow
from parlour.records.models import ChangeSet
from parlour.records.query import may_read, read, titles
from parlour.records.registry import Field, RecordType, enabled_records, fields_of, record_type
from parlour.records.write import Change, open_change_set, write

UNDO_BATCH = 500


@dataclass(frozen=True)
class FieldChange:
    """One field's old and new value in JSON form; links carry {"id", "title"}."""

    field: Field
    old: Any
    new: Any


@dataclass(frozen=True)
class Event:
    """What one change set did to one row. `at` is UTC; `who` is None for Parlour itself."""

    change_set: int
    at: datetime
    user_id: int | None
    who: str | None
    via: str
    label: str | None
    kind: str
    undone: bool
    changes: Sequence[FieldChange]


def history_of(
    session: Session, record: RecordType, row_id: int, *, before: int | None = None, limit: int = 50
) -> list[Event]:
    """The latest events of one row, newest first, with the fields that this person may read.

    `before` is the change set from which to go on. Raises NotFound for a row that is not theirs to see.
    """
    if not may_read(session, record, row_id):
        raise NotFound(_("There is no such record, or it is not yours to see."))
    statement = (
        select(
            HistoryRow.id,
            HistoryRow.kind,
            HistoryRow.values,
            ChangeSet.id,
            ChangeSet.at,
            ChangeSet.user_id,
            ChangeSet.via,
            ChangeSet.label,
            ChangeSet.undone_by,
        )
        .join(ChangeSet, ChangeSet.id == HistoryRow.change_set_id)
        .where(HistoryRow.record == record.name, HistoryRow.row_id == row_id)
        .order_by(HistoryRow.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(HistoryRow.change_set_id < before)
    found = session.execute(statement).all()
    readable = {item.name: item for item in fields_of(session, record)}
    names = defaults_of(session).names
    linked = _link_titles(session, readable, [row[2] for row in found])
    events = []
    for _id, kind, values, change_set, at, user_id, via, label, undone_by in found:
        changes = [
            FieldChange(item, linked(item, values[name][0]), linked(item, values[name][1]))
            for name, item in readable.items()
            if name in values
        ]
        if changes or kind != "update":
            who = names.get(user_id) if user_id else None
            events.append(
                Event(change_set, at, user_id, who, via, label, kind, undone_by is not None, changes)
            )
    return events


def _link_titles(
    session: Session, readable: Mapping[str, Field], all_values: Sequence[Mapping[str, Any]]
) -> Any:
    """A function that puts titles to the ids of links, all read in one statement per linked record."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for values in all_values:
        for name, pair in values.items():
            item = readable.get(name)
            if item is not None and item.target is not None:
                for side in pair:
                    ids = side if isinstance(side, list) else [side]
                    wanted[item.target.name].update(one for one in ids if isinstance(one, int))
    known = {name: titles(session, record_type(name), ids) for name, ids in wanted.items()}

    def put(item: Field, value: Any) -> Any:
        if item.target is None or value is None:
            return value
        names = known.get(item.target.name, {})
        if isinstance(value, list):
            return [{"id": one, "title": names.get(one, f"#{one}")} for one in value]
        return {"id": value, "title": names.get(value, f"#{value}")}

    return put


@dataclass
class Undone:
    """What an undo did: how many rows went back, and those left alone, each with the reason."""

    change_set: int | None
    rows: int = 0
    left: list[tuple[str, int, Any]] = field(default_factory=list)


def undo(session: Session, change_set_id: int) -> Undone:
    """Reverse a change set. Rows and fields changed since are left alone and listed.

    Raises NotFound, NotAllowed (only one's own acts, unless with core:undo), Refusal when it has been undone already.
    """
    # One change set is undone by one person at a time.
    done = session.scalars(select(ChangeSet).where(ChangeSet.id == change_set_id).with_for_update()).first()
    if done is None:
        raise NotFound(_("There is no such change."))
    if done.undone_by is not None:
        raise Refusal(_("This has been undone already."))
    if (
        not session.scope.trusted
        and done.user_id != session.scope.user_id
        and not allows(session, "core:undo")
    ):
        raise NotAllowed(_("You may undo what you did yourself."))
    with _undoing(session, done.label):
        return _take_back(session, done)


def undoing(session: Session) -> str | None:
    """While something is undone: the label of what, such as "move", or "" where it has none; None at all other times."""
    found: str | None = session.scope.cache.get(_UNDOING)
    return found


_UNDOING = "core.undoing"


@contextmanager
def _undoing(session: Session, label: str | None) -> Iterator[None]:
    session.scope.cache[_UNDOING] = label or ""
    try:
        yield
    finally:
        del session.scope.cache[_UNDOING]


def _take_back(session: Session, done: ChangeSet) -> Undone:
    change_set_id = done.id
    result = Undone(None)
    made = open_change_set(session, label="undo", undoes=change_set_id)
    known = {record.name: record for record in enabled_records(session)}
    last: int | None = None
    while True:
        statement = (
            select(HistoryRow.id, HistoryRow.record, HistoryRow.row_id, HistoryRow.kind, HistoryRow.values)
            .where(HistoryRow.change_set_id == change_set_id)
            .order_by(HistoryRow.id.desc())
            .limit(UNDO_BATCH)
        )
        rows = session.execute(statement if last is None else statement.where(HistoryRow.id < last)).all()
        if not rows:
            break
        last = rows[-1][0]
        for record_name, kind, run in _runs(rows):
            record = known.get(record_name)
            if record is None:
                for row in run:
                    result.left.append((record_name, row.row_id, _("Its plugin is switched off.")))
                continue
            if kind == "create":
                again = done.undoes is not None
                _undo_created(session, record, run, change_set_id, made, result, again=again)
            else:
                _undo_run(session, record, kind, run, made, result)
    done.undone_by = made
    result.change_set = made
    session.flush()
    return result


def _runs(rows: Sequence[Any]) -> list[tuple[str, str, list[Any]]]:
    """Neighbouring rows of one record and kind, each row once per run, so that they are written as one batch."""
    runs: list[tuple[str, str, list[Any]]] = []
    for row in rows:
        if (
            runs
            and runs[-1][0] == row.record
            and runs[-1][1] == row.kind
            and all(row.row_id != other.row_id for other in runs[-1][2])
        ):
            runs[-1][2].append(row)
        else:
            runs.append((row.record, row.kind, [row]))
    return runs


def _undo_run(
    session: Session,
    record: RecordType,
    kind: str,
    run: Sequence[Any],
    made: int,
    result: Undone,
) -> None:
    ids = [row.row_id for row in run]
    fields = {item.name: item for item in record.fields}
    current = {row["id"]: row for row in read(session, record, record.fields, [record.cls.id.in_(ids)])}
    changes: list[Change] = []
    held = protected(session, record)
    for row in run:
        now_values = current.get(row.row_id)
        if kind == "delete":
            if now_values is None:
                values = {
                    name: pair[0]
                    for name, pair in row.values.items()
                    if name in fields and not fields[name].secret
                }
                changes.append(Change(values, assign_id=row.row_id))
            continue
        if now_values is None:
            result.left.append((record.name, row.row_id, _("It has been deleted since.")))
            continue
        if kind in ("archive", "restore"):
            changes.append(Change(id=row.row_id, act="restore" if kind == "archive" else "archive"))
            continue
        back = {}
        for name, (old, new) in row.values.items():
            item = fields.get(name)
            if item is None or item.secret:
                result.left.append(
                    (
                        record.name,
                        row.row_id,
                        _("The old value of ${field} is not kept.", mapping={"field": name}),
                    )
                )
            elif name in held:
                result.left.append(
                    (record.name, row.row_id, _("${field} is protected.", mapping={"field": item.title}))
                )
            elif to_json(item, now_values.get(name)) != new:
                result.left.append(
                    (
                        record.name,
                        row.row_id,
                        _("${field} has been changed since.", mapping={"field": item.title}),
                    )
                )
            else:
                back[name] = old
        if back:
            changes.append(Change(back, row.row_id))
    _write_back(session, record, changes, made, result)


def _write_back(
    session: Session,
    record: RecordType,
    changes: Sequence[Change],
    made: int,
    result: Undone,
) -> None:
    """Write old values back. A row that they do not fit any more, because another has them by now, is left alone."""
    left = list(changes)
    while left:
        try:
            result.rows += len(write(session, record, left, change_set=made, system=True).rows)
            return
        except Invalid as refused:
            bad = {position: why for position, why in refused.errors.items() if position < len(left)}
            for position, reasons in bad.items():
                row_id = left[position].id or left[position].assign_id or 0
                result.left.append((record.name, row_id, next(iter(reasons.values()), refused.message)))
            if not bad:
                raise
            left = [change for position, change in enumerate(left) if position not in bad]


def _undo_created(
    session: Session,
    record: RecordType,
    run: Sequence[Any],
    undone: int,
    made: int,
    result: Undone,
    *,
    again: bool,
) -> None:
    """Take out rows that the change set made, unless somebody has worked on them or refers to them since.

    `again` when they had only been brought back by an undo: then a delete is done once more, with all that goes along.
    """
    from parlour.records.removal import referred_to

    rows = [row.row_id for row in run]
    ids = list(session.scalars(select(record.cls.id).where(record.cls.id.in_(rows)).order_by(record.cls.id)))
    used = referred_to(session, record, ids)
    touched = set(
        session.scalars(
            select(HistoryRow.row_id)
            .join(ChangeSet, ChangeSet.id == HistoryRow.change_set_id)
            .where(
                HistoryRow.record == record.name,
                HistoryRow.row_id.in_(ids),
                HistoryRow.id > max((row.id for row in run), default=0),
                HistoryRow.change_set_id.not_in([made, undone]),
                ChangeSet.undone_by.is_(None),
                ChangeSet.undoes.is_(None),
            )
        )
    )
    doomed = []
    for row_id in ids:
        if row_id in used:
            result.left.append((record.name, row_id, _("Something refers to it by now.")))
        elif row_id in touched:
            result.left.append((record.name, row_id, _("It has been changed since.")))
        else:
            doomed.append(Change(id=row_id, act="delete", along=again))
    if doomed:
        result.rows += len(write(session, record, doomed, change_set=made, system=True).rows)
