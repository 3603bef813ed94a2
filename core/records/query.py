"""Reading records: plain rows under the access rules, in a fixed number of statements however many rows there are.

One statement brings a page with all that hangs on its rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import aliased

from parlour.access.rules import predicate
from parlour.db.session import KEPT, Session
from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.records import attached
from parlour.records.filters import compile_filter
from parlour.records.keyset import Keyset, Page
from parlour.records.kinds import LinkKind
from parlour.records.operators import Predicate
from parlour.records.registry import Field, RecordType, fields_of
from parlour.records.search import search_predicate

COUNTED_EXACTLY = 1000
CHUNK = 500

Row = dict[str, Any]


@dataclass(frozen=True)
class Sort:
    """Order of a list: a field's key (or first column) and the id."""

    field: Field
    descending: bool = False

    @property
    def column_name(self) -> str:
        return self.field.key_column or self.field.columns[0]


def visible(
    session: Session,
    record: RecordType,
    *,
    action: str = "read",
    filter: Any = None,
    q: str = "",
    archived: bool | None = False,
) -> list[Predicate]:
    """The conditions that pick the rows a person may see. `archived` None means both."""
    conditions: list[Predicate] = []
    allowed = predicate(session, record, action)
    if allowed is not None:
        conditions.append(allowed)
    if archived is not None:
        conditions.append(
            record.cls.archived_at.is_not(None) if archived else record.cls.archived_at.is_(None)
        )
    if filter:
        conditions.append(compile_filter(session, record, filter))
    if q.strip():
        conditions.append(search_predicate(session, record, q))
    return conditions


def sort_of(session: Session, record: RecordType, wanted: str | None) -> Sort:
    """The order named by "field" or "-field". Raises Refusal for a field that cannot be sorted by."""
    name = wanted or record.sort_field
    descending = name.startswith("-")
    name = name.lstrip("-")
    for item in fields_of(session, record):
        if item.name == name and item.sortable and item.storage == "column":
            return Sort(item, descending)
    if not wanted:  # the usual order is by something this person may not read
        first = next((f for f in fields_of(session, record) if f.sortable and f.storage == "column"), None)
        if first is not None:
            return Sort(first)
    raise Refusal(_("The list cannot be sorted by ${field}.", mapping={"field": name[:80]}))


def page(
    session: Session,
    record: RecordType,
    *,
    fields: Sequence[Field] | None = None,
    filter: Any = None,
    q: str = "",
    sort: str | None = None,
    after: str | None = None,
    before: str | None = None,
    limit: int = 50,
    archived: bool | None = False,
    action: str = "read",
) -> Page:
    """One page of rows. Raises Refusal for a filter, order or cursor that cannot be understood."""
    shown = list(fields) if fields is not None else fields_of(session, record)
    order = sort_of(session, record, sort)
    cls = record.cls
    # A search reads the index of the order alone and goes to the rows themselves for what it finds there.
    on = aliased(cls) if q.strip() and session.get_bind().dialect.name == "postgresql" else cls
    column = getattr(on, order.column_name)
    keyset = Keyset(column, on.id, order.descending, after, before, limit)
    conditions = visible(session, record, action=action, filter=filter, archived=archived)
    if q.strip():
        conditions.append(search_predicate(session, record, q, on))
    rows = read(
        session,
        record,
        shown,
        [*conditions, *keyset.conditions],
        order_by=keyset.order,
        limit=limit + 1,
        extra=[column],
        titled=True,
        through=None if on is cls else on,
    )
    found = keyset.page(rows, lambda row: (row["_extra"][0], row["id"]))
    for row in found.rows:
        del row["_extra"]
    return found


def read(
    session: Session,
    record: RecordType,
    fields: Sequence[Field],
    conditions: Sequence[Predicate],
    *,
    order_by: Sequence[Any] = (),
    limit: int | None = None,
    extra: Sequence[Any] = (),
    lock: bool = False,
    titled: bool = False,
    through: Any = None,
) -> list[Row]:
    """Rows with the plain values of `fields`, parts as lists. Adds "id", "version" and "archived_at".

    Links are ids, or with `titled` {"id", "title"}; a title that the person may not read shows as its number.
    """
    cls = record.cls
    seen = _seen(session, fields) if titled else {}
    dialect = session.get_bind().dialect
    if extra or any(seen.values()):
        made = _select(cls, fields, dialect, seen, extra)
    else:
        made = _select_all(cls, tuple(fields), dialect, _open(seen) if titled else None)
    statement = made.statement.where(*conditions).order_by(*order_by)
    if through is not None:
        statement = statement.join(through, through.id == cls.id)
    if limit is not None:
        statement = statement.limit(limit)
    if lock:
        # Rows that refer to these hold a weaker lock on them, which only a lock on the key itself would wait for:
        # two who write something about one client at once must not stop each other.
        statement = statement.with_for_update(of=cls, key_share=True)
    return [made.row(found) for found in session.execute(statement)]


@dataclass(frozen=True)
class _Select:
    """A statement that brings rows with all that hangs on them, and how a row is made of what it brings."""

    statement: Any
    begin: int
    places: list[tuple[str, int, int, attached.Reader | None]]
    hung: list[tuple[str, int, attached.Reader]]
    named: list[tuple[Field, int]]

    def row(self, found: Any) -> Row:
        row: Row = {"id": found[0], "version": found[1], "archived_at": found[2]}
        if self.begin > 3:
            row["_extra"] = found[3 : self.begin]
        for name, start, end, made in self.places:
            row[name] = found[start] if made is None else made(found[start:end])
        for name, at, value in self.hung:
            row[name] = value(found[at])
        for item, at in self.named:
            if item.storage == "links":
                row[item.name] = [_titled(*pair) for pair in found[at] or ()]
            elif row[item.name]:
                row[item.name] = _titled(row[item.name], found[at])
        return row


def _seen(session: Session, fields: Sequence[Field]) -> dict[Field, attached.Seen]:
    """For each link the conditions on rows whose titles the person may read."""
    return {item: attached.seen_titles(session, item) for item in fields if item.storage in ("link", "links")}


def _select(
    cls: Any,
    fields: Sequence[Field],
    dialect: Dialect,
    seen: Mapping[Field, attached.Seen],
    extra: Sequence[Any] = (),
) -> _Select:
    """All rows of `cls`; links that are in `seen` come with what the linked rows are called."""
    columns: list[Any] = [cls.id, cls.version, cls.archived_at, *extra]
    made = _Select(None, len(columns), [], [], [])
    sides: list[Any] = []
    for item in fields:
        if item.storage in ("column", "link", "extension"):
            end = len(columns) + len(item.columns)
            convert = None if item.kind.plain else item.kind.from_columns
            made.places.append((item.name, len(columns), end, convert))
            columns.extend(getattr(item.cls, name) for name in item.columns)
            if item.storage == "extension" and item.cls not in sides:
                sides.append(item.cls)
        if item in seen:
            made.named.append((item, len(columns)))
            columns.append(attached.named_column(cls, item, dialect.name, seen[item]))
        elif item.storage in ("part", "links"):
            made.hung.append((item.name, len(columns), attached.reader(item, dialect)))
            columns.append(attached.column(cls, item, dialect.name))
    statement = select(*columns)
    for side in sides:
        statement = statement.outerjoin(side, side.id == cls.id)
    return replace(made, statement=statement)


@lru_cache(maxsize=500)
def _select_all(
    cls: Any, fields: tuple[Field, ...], dialect: Dialect, seen: frozenset[Field] | None
) -> _Select:
    """All rows, for whoever may read every title of the links in `seen` and none of the others, or without titles; made once."""
    links = [item for item in fields if item.storage in ("link", "links")] if seen is not None else []
    return _select(cls, fields, dialect, {item: () if item in (seen or ()) else None for item in links})


def _open(seen: Mapping[Field, attached.Seen]) -> frozenset[Field]:
    """The links of which the person may read every title, where no other is asked for by a condition."""
    return frozenset(item for item, some in seen.items() if some is not None)


@lru_cache(maxsize=500)
def _select_one(cls: Any, fields: tuple[Field, ...], dialect: Dialect, seen: frozenset[Field]) -> _Select:
    """The row `:row_id`, for whoever sees every row, and every title of the links in `seen`; made once."""
    made = _select_all(cls, fields, dialect, seen)
    statement = made.statement.where(cls.id == bindparam("row_id", type_=cls.id.type))
    return replace(made, statement=statement.execution_options(**{KEPT: True}))


def _titled(row_id: int, title: str | None) -> dict[str, Any]:
    return {"id": row_id, "title": title or f"#{row_id}"}


def decorate(session: Session, fields: Sequence[Field], rows: Sequence[Row]) -> None:
    """Turn the ids of links into {"id", "title"}, as `read` does when it is asked to: for values that were typed."""
    for item in fields:
        if item.target is None:
            continue
        if isinstance(item.kind, LinkKind):
            names = titles(session, item.target, {row[item.name] for row in rows if row[item.name]})
            for row in rows:
                if row[item.name]:
                    row[item.name] = _titled(row[item.name], names.get(row[item.name]))
        else:
            names = titles(session, item.target, {one for row in rows for one in row[item.name]})
            for row in rows:
                row[item.name] = [_titled(one, names.get(one)) for one in row[item.name]]


def titles(session: Session, record: RecordType, ids: set[int]) -> dict[int, str]:
    """What rows are called, for those that the person may read."""
    cls = record.cls
    readable = attached.readable_titles(session, record, cls) if ids else None
    if readable is None:
        return {}
    found: dict[int, str] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), CHUNK):
        statement = select(cls.id, getattr(cls, record.title_field)).where(
            cls.id.in_(wanted[start : start + CHUNK]), *readable
        )
        found.update((row[0], row[1] or f"#{row[0]}") for row in session.execute(statement))
    return found


def get(
    session: Session,
    record: RecordType,
    row_id: int,
    *,
    fields: Sequence[Field] | None = None,
    action: str = "read",
) -> Row:
    """One row with everything the person may read. Raises NotFound, also for a row that exists but is not theirs to see."""
    shown = list(fields) if fields is not None else fields_of(session, record)
    conditions = visible(session, record, action=action, archived=None)
    seen = _seen(session, shown)
    if conditions or any(seen.values()):
        rows = read(session, record, shown, [record.cls.id == row_id, *conditions], titled=True)
    else:
        made = _select_one(record.cls, tuple(shown), session.get_bind().dialect, _open(seen))
        rows = [made.row(found) for found in session.execute(made.statement, {"row_id": row_id})]
    if not rows:
        raise NotFound(_("There is no such record, or it is not yours to see."))
    return rows[0]


def may_read(session: Session, record: RecordType, row_id: int) -> bool:
    """Whether this person may see a row."""
    conditions = visible(session, record, archived=None)
    return (
        session.execute(select(record.cls.id).where(record.cls.id == row_id, *conditions)).first() is not None
    )


def count(
    session: Session,
    record: RecordType,
    *,
    filter: Any = None,
    q: str = "",
    archived: bool | None = False,
    exact: bool = False,
    action: str = "read",
) -> tuple[int, bool]:
    """How many rows there are and whether there are more than that: counting stops at 1,000 unless `exact`."""
    inner = select(record.cls.id).where(
        *visible(session, record, action=action, filter=filter, q=q, archived=archived)
    )
    if exact:
        return int(session.execute(select(func.count()).select_from(inner.subquery())).scalar_one()), False
    found = session.execute(
        select(func.count()).select_from(inner.limit(COUNTED_EXACTLY + 1).subquery())
    ).scalar_one()
    return min(int(found), COUNTED_EXACTLY), found > COUNTED_EXACTLY


def stream(
    session: Session,
    record: RecordType,
    fields: Sequence[Field],
    *,
    filter: Any = None,
    q: str = "",
    ids: Sequence[int] | None = None,
    archived: bool | None = False,
    action: str = "export",
    chunk: int = CHUNK,
) -> Iterator[list[Row]]:
    """All rows in chunks by id, for exports and jobs: memory stays flat however many there are."""
    last = 0
    conditions = visible(session, record, action=action, filter=filter, q=q, archived=archived)
    if ids is not None:
        conditions.append(record.cls.id.in_(ids))
    while True:
        rows = read(
            session,
            record,
            fields,
            [record.cls.id > last, *conditions],
            order_by=[record.cls.id],
            limit=chunk,
            titled=True,
        )
        if not rows:
            return
        last = rows[-1]["id"]
        yield rows
