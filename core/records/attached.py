"""What hangs on a row, the lines of its parts and the rows that it is linked to, brought by the statement that reads the row.

Each is one column with an array in JSON, which the database puts together. A statement for each would be a round trip for
each, and cost a client's card more than everything else that is done for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, and_, func, null, select
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import aliased
from sqlalchemy.types import TypeEngine

from parlour.access.rules import predicate
from parlour.db.session import Session
from parlour.db.several import decoder
from parlour.errors import NotAllowed
from parlour.records.registry import Field, RecordType, fields_of

Reader = Callable[[Any], Any]


@lru_cache(maxsize=1000)
def column(owner: Any, item: Field, dialect: str) -> Any:
    """The column that brings a part, or the ids of linked rows, of rows of `owner`."""
    here: Any = item.cls
    if item.storage == "links":
        return _gathered(owner, select(here.target_id.label("line")), here, [here.target_id], dialect)
    values = [getattr(here, name) for inner in item.lines for name in inner.columns]
    found = select(_array(dialect, values))
    return _gathered(owner, found, here, [here.position, here.id], dialect, nested=True)


Seen = tuple[Any, ...] | None


def seen_titles(session: Session, item: Field) -> Seen:
    """The conditions on linked rows whose titles the person may read; None when it is those of no row."""
    assert item.target is not None
    found = readable_titles(session, item.target, _linked(item))
    return None if found is None else tuple(found)


def named_column(owner: Any, item: Field, dialect: str, seen: Seen) -> Any:
    """The column that brings what linked rows are called: a title for a link, pairs of id and title for a list of them.

    None stands for the title of a row that the person may not read.
    """
    # Only what asks for no condition is the same for everybody.
    build = _named.__wrapped__ if seen else _named
    return build(owner, item, dialect, seen)


@lru_cache(maxsize=1000)
def _linked(item: Field) -> Any:
    """What stands for the linked rows: an alias, because a row may be linked to one of its own record."""
    assert item.target is not None
    return aliased(item.target.cls)


@lru_cache(maxsize=1000)
def _named(owner: Any, item: Field, dialect: str, seen: Seen) -> Any:
    assert item.target is not None
    here: Any = item.cls
    entity = _linked(item)
    title: Any = null() if seen is None else getattr(entity, item.target.title_field)
    if item.storage == "link":
        if seen is None:
            return title
        return select(title).where(entity.id == getattr(here, item.columns[0]), *seen).scalar_subquery()
    found = select(_array(dialect, [here.target_id, title]))
    if seen is not None:
        found = found.outerjoin_from(here, entity, and_(entity.id == here.target_id, *seen))
    return _gathered(owner, found, here, [here.target_id], dialect, nested=True)


def readable_titles(session: Session, target: RecordType, entity: Any) -> list[Any] | None:
    """The conditions on rows whose titles the person may read; None when it is those of no row."""
    if not any(one.name == target.title_field for one in fields_of(session, target)):
        return None
    try:
        allowed = predicate(session, target, "read", entity=entity)
    except NotAllowed:
        return None
    return [] if allowed is None else [allowed]


def _array(dialect: str, values: Sequence[Any]) -> Any:
    build = func.json_build_array if dialect == "postgresql" else func.json_array
    return build(*values).label("line")


def _gathered(
    owner: Any, found: Any, here: Any, order: Sequence[Any], dialect: str, *, nested: bool = False
) -> Any:
    """The lines found for each row of the owner, in this order, as one array."""
    lines = found.where(here.owner_id == owner.id).order_by(*order).correlate(owner).subquery()
    line = lines.c.line
    if dialect == "postgresql":
        return select(func.json_agg(line, type_=JSON)).scalar_subquery()
    # SQLite forgets on the way that a line is JSON already.
    return select(func.json_group_array(func.json(line) if nested else line, type_=JSON)).scalar_subquery()


@lru_cache(maxsize=1000)
def reader(item: Field, dialect: Dialect) -> Reader:
    """What makes of `column` the value of its field: ids, or a dict for each line of a part."""
    if item.storage == "links":
        return lambda brought: brought or []
    places: list[tuple[Field, int, int]] = []
    types: list[TypeEngine[Any]] = []
    for inner in item.lines:
        places.append((inner, len(types), len(types) + len(inner.columns)))
        types += [getattr(item.cls, name).type for name in inner.columns]
    decoders = [(at, decode) for at, kind in enumerate(types) if (decode := decoder(kind, dialect))]
    names = [inner.name for inner in item.lines]
    if not decoders and all(inner.kind.plain for inner in item.lines):
        return lambda brought: [dict(zip(names, line, strict=True)) for line in brought or ()]

    def read(brought: Sequence[list[Any]] | None) -> list[dict[str, Any]]:
        for line in brought or ():
            for at, decode in decoders:
                if line[at] is not None:
                    line[at] = decode(line[at])
        return [
            {
                inner.name: line[start] if inner.kind.plain else inner.kind.from_columns(line[start:end])
                for inner, start, end in places
            }
            for line in brought or ()
        ]

    return read
