"""Fields that are unique together: the combination of their values stands on one row of the organisation at most.

A row in which one of them is empty is compared with none. Text counts by its key, so "VIP" and "vip" are one value; archived
rows count, as they do for a single unique field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, and_, or_, select

from parlour.access.rules import predicate
from parlour.db.session import Session
from parlour.errors import Invalid, NotAllowed
from parlour.i18n import _
from parlour.records.registry import Field, RecordType, fields_of
from parlour.records.store import columns_of

if TYPE_CHECKING:
    from parlour.records.write import RowChange

# Combinations compared by one statement; each costs as many parameters as it has columns.
CHUNK = 100
Names = tuple[str, ...]


def index_name(table: str, names: Names) -> str:
    return f"uq_{table}_{'_'.join(names)}"


def indexes(table: str, combinations: Sequence[Names], columns: Mapping[str, Sequence[str]]) -> list[Index]:
    """The unique indexes behind a declaration; `columns` has the columns of every field. Raises ValueError."""
    made = []
    for names in combinations:
        unknown = [name for name in names if not columns.get(name)]
        if unknown or len(set(names)) < 2:
            raise ValueError(f"unique_together of {table} names two or more own fields, not {names}.")
        parts = [column for name in names for column in columns[name]]
        made.append(Index(index_name(table, names), "organisation_id", *parts, unique=True))
    return made


def needed(record: RecordType, names: set[str]) -> set[str]:
    """The fields that must be read of a row of which these change: all of every combination that is touched."""
    return {name for some in record.unique_together if names & set(some) for name in some}


def check_together(session: Session, record: RecordType, batch: Sequence[RowChange]) -> None:
    """Refuse combinations that another row has, or that stand twice in the batch. Raises Invalid by position."""
    errors: dict[int, dict[str, Any]] = {}
    for names in record.unique_together:
        fields = [record.field(name) for name in names]
        moving = [row for row in batch if row.kind in ("create", "update") and set(names) & set(row.new)]
        seen: dict[tuple[Any, ...], RowChange] = {}
        for row in moving:
            found = combination(fields, {name: row.value(name) for name in names})
            if found in seen:
                errors.setdefault(row.position, {}).update(_refusal(session, record, fields, None))
            elif found is not None:
                seen[found] = row
        writing = {row.id for row in moving if row.id}
        for found, row_id in _standing(session, record, fields, list(seen)):
            if row_id not in writing and found in seen:
                refused = _refusal(session, record, fields, row_id)
                errors.setdefault(seen[found].position, {}).update(refused)
    if errors:
        raise Invalid(_("Some values cannot be saved."), errors)


def combination(fields: Sequence[Field], values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What the database compares of a row, None where a value is missing."""
    found: list[Any] = []
    for item in fields:
        stored = columns_of(item, values.get(item.name))
        found += [stored[name] for name in compared(item)]
    return None if None in found else tuple(found)


def compared(item: Field) -> list[str]:
    """The columns of a field that its index holds."""
    return [item.key_column] if item.key_column else item.columns


def _standing(
    session: Session, record: RecordType, fields: Sequence[Field], wanted: Sequence[tuple[Any, ...]]
) -> Iterator[tuple[tuple[Any, ...], int]]:
    columns = [getattr(record.cls, name) for item in fields for name in compared(item)]
    for start in range(0, len(wanted), CHUNK):
        some = [
            and_(*(column == value for column, value in zip(columns, values, strict=True)))
            for values in wanted[start : start + CHUNK]
        ]
        for *values, row_id in session.execute(select(*columns, record.cls.id).where(or_(*some))):
            yield tuple(values), row_id


def _refusal(
    session: Session, record: RecordType, fields: Sequence[Field], row_id: int | None
) -> dict[str, Any]:
    """The sentence at the first field that this person may read. It names the other row to those only who may read it
    and every field of the combination: to others the name would tell what that row holds.
    """
    readable = {item.name for item in fields_of(session, record)}
    if any(item.name not in readable for item in fields):
        at = next((item.name for item in fields if item.name in readable), "")
        return {at: _("Another record has these values already.")}
    titles = {f"field{place}": item.title for place, item in enumerate(fields)}
    both = _both(len(fields), titles)
    name = _name_of(session, record, row_id, readable)
    if name is None:
        return {fields[0].name: _("There is one with the same ${fields} already.", mapping={"fields": both})}
    said = {"fields": both, "name": name}
    return {fields[0].name: _("“${name}” has the same ${fields} already.", mapping=said)}


def _both(count: int, titles: Mapping[str, Any]) -> Any:
    if count == 2:
        return _("“${field0}” and “${field1}”", mapping=titles)
    if count == 3:
        return _("“${field0}”, “${field1}” and “${field2}”", mapping=titles)
    return _("“${field0}”, “${field1}” and others", mapping=titles)


def _name_of(session: Session, record: RecordType, row_id: int | None, readable: set[str]) -> str | None:
    """What a row is called, if this person may see it."""
    scope = session.scope
    # A job works with all rights for somebody whose own are not at hand here.
    for_somebody = scope.trusted and scope.user_id is not None
    if row_id is None or for_somebody or record.title_field not in readable:
        return None
    try:
        allowed = predicate(session, record, "read")
    except NotAllowed:
        return None
    title = getattr(record.cls, record.title_field)
    statement = select(title).where(record.cls.id == row_id)
    found = session.scalars(statement if allowed is None else statement.where(allowed)).first()
    return str(found)[:80] if found else None


def refused(session: Session, record: RecordType, message: str) -> dict[str, Any] | None:
    """The sentence for a combination that the database refused, told by its message; None for another refusal."""
    table = record.cls.__tablename__
    # PostgreSQL names the index, SQLite the columns.
    words = set(re.findall(r"[\w.]+", message))
    for names in record.unique_together:
        fields = [record.field(name) for name in names]
        columns = {f"{table}.{column}" for item in fields for column in compared(item)}
        named = {word for word in words if word.startswith(f"{table}.")} - {f"{table}.organisation_id"}
        if index_name(table, names) in words or columns == named:
            return _refusal(session, record, fields, None)
    return None
