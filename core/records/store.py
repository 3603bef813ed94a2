"""The statements behind the write path: rows, side tables, parts and pairs, each in batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, select, text, update
from sqlalchemy.exc import IntegrityError

from parlour.db.base import now
from parlour.db.session import WRITE_PATH, Session, insert_stamped
from parlour.errors import Invalid
from parlour.i18n import _
from parlour.records.registry import Field, RecordType
from parlour.records.values import key_of

if TYPE_CHECKING:
    from parlour.records.write import RowChange

CHUNK = 500
# Under this key a session keeps numbers of rows to come, by table.
_KEPT = "parlour_kept_ids"
_OURS = {WRITE_PATH: True}


def columns_of(item: Field, value: Any) -> dict[str, Any]:
    """The column values of one field, its key included."""
    held = item.kind.to_columns(value)
    if len(held) == 1 and "" in held:
        found = {item.attr: held[""]}
    else:
        found = {f"{item.attr}{suffix}": one for suffix, one in held.items()}
    if item.key_column:
        found[item.key_column] = item.kind.key(value)
    return found


def store(
    session: Session, record: RecordType, batch: Sequence[RowChange], assigned: Mapping[int, int | None]
) -> None:
    """Put a checked batch into the tables; new rows get their ids."""
    _insert(session, record, [row for row in batch if row.kind == "create"], assigned)
    _update(session, record, [row for row in batch if row.kind in ("update", "archive", "restore")])
    saved = [row for row in batch if row.kind in ("create", "update")]
    for item in record.fields:
        rows = [row for row in saved if item.name in row.new]
        if not rows:
            continue
        if item.storage == "part":
            _replace_lines(session, item, rows)
        elif item.storage == "links":
            _replace_pairs(session, item, rows)
    _side_tables(session, record, saved)
    doomed = [row.id for row in batch if row.kind == "delete"]
    for start in range(0, len(doomed), CHUNK):
        table = record.cls.__table__
        session.execute(
            delete(table).where(
                table.c.organisation_id == session.scope.organisation_id,
                table.c.id.in_(doomed[start : start + CHUNK]),
            ),
            execution_options=_OURS,
        )


def _own_fields(record: RecordType, rows: Sequence[RowChange]) -> list[Field]:
    """The fields in the record's own table that some row of the batch fills in."""
    named = {name for row in rows for name in row.new}
    return [
        item
        for item in record.fields
        if item.name in named and item.storage in ("column", "link") and item.cls is record.cls
    ]


def _insert(
    session: Session, record: RecordType, rows: Sequence[RowChange], assigned: Mapping[int, int | None]
) -> None:
    if not rows:
        return
    scope, moment = session.scope, now()
    common = {
        "organisation_id": scope.organisation_id,
        "version": 1,
        "created_at": moment,
        "created_by": scope.user_id,
        "updated_at": moment,
        "updated_by": scope.user_id,
        "extra": {},
    }
    fresh = [row for row in rows if not assigned.get(row.position)]
    for row, row_id in zip(fresh, reserve_ids(session, record.cls.__table__, len(fresh)), strict=True):
        row.id = row_id
    for row in rows:
        row.id = row.id or int(assigned[row.position] or 0)
    fields = _own_fields(record, rows)
    made = []
    for row in rows:
        values = {"id": row.id, **common}
        for item in fields:
            values.update(columns_of(item, row.new.get(item.name)))
        made.append(values)
    insert_stamped(session, record.cls, made)


def reserve_ids(session: Session, table: Any, count: int) -> list[int]:
    """The next `count` numbers of a table, taken beforehand so that rows go in as one plain batch.

    SQLite has one writer at a time and remembers the last number of each table, so that no number is ever given twice.
    """
    kept = kept_ids(session, table, count)
    if kept or not count:
        return kept
    if session.get_bind().dialect.name == "sqlite":
        last = (
            session.raw(
                text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}
            ).scalar()
            or 0
        )
        return list(range(last + 1, last + 1 + count))
    sequence = func.pg_get_serial_sequence(table.name, "id")
    return list(
        session.raw(select(func.nextval(sequence)).select_from(func.generate_series(1, count))).scalars()
    )


def kept_ids(session: Session, table: Any, count: int) -> list[int]:
    """So many of the numbers that `keeping_ids` has taken; none when there are not so many left."""
    kept: list[int] = session.info.get(_KEPT, {}).get(table.name, [])
    if len(kept) < count:
        return []
    taken, kept[:] = kept[:count], kept[count:]
    return taken


@contextmanager
def keeping_ids(session: Session, wanted: Mapping[Any, int]) -> Iterator[None]:
    """Take numbers of several tables (classes, and how many) in one statement; within the block `reserve_ids` gives them out.

    Those that are left over are lost. On SQLite a number is known when its row goes in, so none is kept.
    """
    names = [cls.__tablename__ for cls, count in wanted.items() for _number in range(count)]
    if not names or session.get_bind().dialect.name == "sqlite":
        yield
        return
    found = session.connection().exec_driver_sql(_numbers(tuple(names))).one()
    kept: dict[str, list[int]] = defaultdict(list)
    for name, number in zip(names, found, strict=True):
        kept[name].append(number)
    session.info[_KEPT] = kept
    try:
        yield
    finally:
        session.info.pop(_KEPT, None)


@lru_cache(maxsize=200)
def _numbers(names: tuple[str, ...]) -> str:
    taken = (f"nextval(pg_get_serial_sequence('{name}', 'id'))" for name in names)
    return f"SELECT {', '.join(taken)}"


def _update(session: Session, record: RecordType, rows: Sequence[RowChange]) -> None:
    """Rows that change the same columns go in one statement."""
    scope, moment = session.scope, now()
    shapes: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    fields = _own_fields(record, rows)
    for row in rows:
        values: dict[str, Any] = {}
        for item in fields:
            if item.name in row.new:
                values.update(columns_of(item, row.new[item.name]))
        if row.kind != "update":
            values["archived_at"] = moment if row.kind == "archive" else None
        shapes[tuple(values)].append(
            {"row_id": row.id, **{f"v_{name}": value for name, value in values.items()}}
        )
    table = record.cls.__table__
    for names, parameters in shapes.items():
        statement = (
            update(table)
            .where(table.c.id == bindparam("row_id"), table.c.organisation_id == scope.organisation_id)
            .values(
                {
                    **{name: bindparam(f"v_{name}") for name in names},
                    "version": table.c.version + 1,
                    "updated_at": moment,
                    "updated_by": scope.user_id,
                }
            )
        )
        session.execute(statement, parameters, execution_options=_OURS)


def _side_tables(session: Session, record: RecordType, rows: Sequence[RowChange]) -> None:
    """Extensions: a side row is made when its first field is filled in."""
    sides: dict[Any, list[Field]] = defaultdict(list)
    for item in record.fields:
        if item.storage == "extension" or (item.storage == "link" and item.cls is not record.cls):
            sides[item.cls].append(item)
    organisation_id = session.scope.organisation_id
    for cls, fields in sides.items():
        touched = [row for row in rows if any(item.name in row.new for item in fields)]
        if not touched:
            continue
        table = cls.__table__
        ids = [row.id for row in touched if row.kind != "create"]
        present: set[int] = set()
        for start in range(0, len(ids), CHUNK):
            present.update(session.scalars(select(cls.id).where(cls.id.in_(ids[start : start + CHUNK]))))
        fresh, shapes = [], defaultdict(list)
        for row in touched:
            values: dict[str, Any] = {}
            for item in fields:
                if item.name in row.new or row.id not in present:
                    values.update(columns_of(item, row.new.get(item.name)))
            if row.id in present:
                shapes[tuple(values)].append({"row_id": row.id, **{f"v_{k}": v for k, v in values.items()}})
            else:
                fresh.append({"id": row.id, "organisation_id": organisation_id, **values})
        insert_stamped(session, cls, fresh)
        for names, parameters in shapes.items():
            statement = (
                update(table)
                .where(table.c.id == bindparam("row_id"), table.c.organisation_id == organisation_id)
                .values({name: bindparam(f"v_{name}") for name in names})
            )
            session.execute(statement, parameters, execution_options=_OURS)


def _clear(session: Session, cls: Any, rows: Sequence[RowChange]) -> None:
    ids = [row.id for row in rows if row.kind != "create"]
    table = cls.__table__
    for start in range(0, len(ids), CHUNK):
        session.execute(
            delete(table).where(
                table.c.organisation_id == session.scope.organisation_id,
                table.c.owner_id.in_(ids[start : start + CHUNK]),
            ),
            execution_options=_OURS,
        )


def _replace_lines(session: Session, item: Field, rows: Sequence[RowChange]) -> None:
    _clear(session, item.cls, rows)
    made = []
    for row in rows:
        for position, line in enumerate(row.new[item.name] or ()):
            values: dict[str, Any] = {
                "organisation_id": session.scope.organisation_id,
                "owner_id": row.id,
                "position": position,
            }
            for inner in item.lines:
                values.update(columns_of(inner, line.get(inner.name)))
            made.append(values)
    insert_stamped(session, item.cls, made)


def _replace_pairs(session: Session, item: Field, rows: Sequence[RowChange]) -> None:
    _clear(session, item.cls, rows)
    organisation_id = session.scope.organisation_id
    insert_stamped(
        session,
        item.cls,
        [
            {"organisation_id": organisation_id, "owner_id": row.id, "target_id": target}
            for row in rows
            for target in row.new[item.name] or ()
        ],
    )


def check_unique(session: Session, record: RecordType, batch: Sequence[RowChange]) -> None:
    """Say at the field that a unique value is taken, before the database refuses it. Says nothing about whose it is."""
    errors: dict[int, dict[str, Any]] = {}
    for item in record.fields:
        if not item.unique or item.storage != "column":
            continue
        column = getattr(record.cls, item.key_column or item.columns[0])
        seen: dict[Any, int] = {}
        for row in batch:
            if row.new.get(item.name) is None:
                continue
            value = (
                item.kind.key(row.new[item.name])
                if item.key_column
                else columns_of(item, row.new[item.name])[item.columns[0]]
            )
            if value in seen:
                errors.setdefault(row.position, {})[item.name] = _taken(row.new[item.name])
            seen[value] = row.position
        values = list(seen)
        writing = {row.id for row in batch if row.id and item.name in row.new}
        for start in range(0, len(values), CHUNK):
            some = values[start : start + CHUNK]
            for value, row_id in session.execute(select(column, record.cls.id).where(column.in_(some))):
                position = seen[value]
                if row_id not in writing:
                    owner = next(row for row in batch if row.position == position)
                    errors.setdefault(position, {})[item.name] = _taken(owner.new[item.name])
    if errors:
        raise Invalid(_("Some values cannot be saved."), errors)


def _taken(value: Any) -> Any:
    return _("${value} is taken already.", mapping={"value": str(value)[:80]})


def explain(record: RecordType, batch: Sequence[RowChange], error: IntegrityError) -> Invalid:
    """What the database refused, in words. Reached when another writer came between the check and the write."""
    refused = key_of(str(error.orig))
    first = batch[0].position
    for item in record.fields:
        column = item.key_column or (item.columns[0] if item.columns else item.name)
        if item.unique and (
            f"uq_{record.cls.__tablename__}_{item.attr}" in refused or f".{column}" in refused
        ):
            return Invalid(
                _("Some values cannot be saved."), {first: {item.name: _("This is taken already.")}}
            )
    return Invalid(_("Some values cannot be saved."), {first: {"": reason(error)}})


def reason(error: IntegrityError) -> Any:
    """What the database refused, where no field is to blame."""
    if "foreign key" in key_of(str(error.orig)):
        return _("Another record refers to this one, or the record it refers to is gone.")
    return _("The database refused these values.")


def expire(session: Session, record: RecordType, ids: Sequence[int]) -> None:
    """Forget objects of these rows that somebody has loaded: they are out of date now."""
    wanted = set(ids)
    for row in list(session.identity_map.values()):
        if isinstance(row, record.cls) and row.id in wanted:
            session.expire(row)
