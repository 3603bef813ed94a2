"""Search: every word must be found somewhere in what the person may read.

Words are compared with key columns. Numbers of three digits and more also look into phones, with the trunk prefix of the
organisation's country taken off ("8 913" finds +7 913).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Text,
    and_,
    any_,
    case,
    cast,
    column,
    false,
    func,
    intersect,
    or_,
    select,
    table,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, REGCLASS
from sqlalchemy.orm import aliased

from parlour.db.session import Session
from parlour.errors import NotAllowed
from parlour.records.attached import readable_titles
from parlour.records.defaults import Defaults, defaults_of
from parlour.records.kinds import PhoneKind
from parlour.records.operators import Predicate
from parlour.records.registry import Field, RecordType, enabled_records, fields_of
from parlour.records.values import digits_of, key_of, like_pattern

MAX_WORDS = 8
# A word that stands so often in so many of the first names is found soon by reading on.
PROBED, OFTEN = 3000, 15
_TABLES = table("pg_class", column("oid"), column("reltuples"))
# Shorter words have no trigram that an index could be asked for.
TRIGRAM = 3
# Country codes whose national numbers are dialled with a trunk prefix that people write down.
TRUNK = {"RU": "8", "KZ": "8", "BY": "80", "UA": "0", "DE": "0", "GB": "0", "FR": "0", "IT": ""}


def words_of(text: str) -> list[str]:
    """The words of a search, as keys; a phone typed with blanks and brackets is one word."""
    folded = key_of(text)
    digits = digits_of(folded)
    if len(digits) >= 5 and not any(char.isalpha() for char in folded):
        return [digits]
    return folded.split(" ")[:MAX_WORDS]


def search_predicate(session: Session, record: RecordType, text: str) -> Predicate:
    """Rows of the record in which every word of `text` is found. Asks PostgreSQL once how common the words are.

    There the rows of seldom words are looked up by index before anything else. For common ones the list is read in
    its order until the page is full.
    """
    fields = [item for item in fields_of(session, record) if item.search and not item.secret]
    defaults = defaults_of(session)
    words = words_of(text)
    places = [_places(session, record, fields, word, defaults) for word in words]
    if not all(places):
        return false()
    if session.get_bind().dialect.name != "postgresql":
        return and_(*(or_(*(place.holds for place in found)) for found in places))
    often = _common(session, record, [place for found in places for place in found])
    together = _together(session, record, words, places, often)
    # Of several words the rows that have a tag are looked up however many they are: perhaps nobody has both, and reading
    # on would come to the end of the list.
    common = often if len(words) == 1 else {place for place in often if not place.link}
    seldom: list[Any] = [_found_together(together, places)] if together else []
    conditions: list[Predicate] = []
    for at, (word, found) in enumerate(zip(words, places, strict=True)):
        if at in together:
            conditions.append(_read(record, found, {together[at]}, whole=False))
        elif common.isdisjoint(found):
            seldom.append(union_all(*(place.ids for place in found)))
        else:
            conditions.append(_read(record, found, common, whole=len(word) < TRIGRAM))
    if seldom:
        ids: Any = intersect(*seldom) if len(seldom) > 1 else seldom[0]
        # An array is made once; the planner might ask for a list again and again.
        conditions.append(record.cls.id == any_(func.array(ids.scalar_subquery(), type_=ARRAY(BigInteger))))
    return and_(*conditions)


@dataclass(frozen=True, eq=False)
class _Place:
    """A column in which a word may stand: of the record itself, or of what belongs to it by `owner`."""

    cls: Any
    owner: str
    column: str
    pattern: str
    # The condition on rows of the record, and the ids of the rows that meet it.
    holds: Predicate
    ids: Any
    # Where what a list has (tags, sources) is linked to the rows, when the word is looked for in that and not in the rows.
    link: str = ""


def _found(cls: Any, owner: str, column: str, pattern: str) -> Any:
    """Ids of rows in whose column the pattern is found, by way of the index; see the migrations from `core_0007` on."""
    return select(func.parlour_search(cast(cls.__tablename__, REGCLASS), owner, column, pattern).label("id"))


def _together(
    session: Session,
    record: RecordType,
    words: Sequence[str],
    places: Sequence[Sequence[_Place]],
    common: set[_Place],
) -> dict[int, _Place]:
    """By their numbers, the words that are looked up together in the column by which the list is ordered: each stands
    there or where it is seldom. Fewer than two of them, or too many rows with all of them, are none.
    """
    ordered = f"{record.sort_field}_key"
    found: dict[int, _Place] = {}
    for at, (word, some) in enumerate(zip(words, places, strict=True)):
        own = next((place for place in some if place.cls is record.cls and place.column == ordered), None)
        if own is not None and len(word) >= TRIGRAM and common.isdisjoint({*some} - {own}):
            found[at] = own
    if len(found) < 2:
        return {}
    patterns = sorted({place.pattern for place in found.values()})
    table = record.cls.__tablename__
    key = (table, ordered, "\n".join(patterns))
    question = func.parlour_frequent_all(cast(table, REGCLASS), ordered, _texts(patterns))
    return {} if _frequent(session, {key: question})[key] else found


def _found_together(together: Mapping[int, _Place], places: Sequence[Sequence[_Place]]) -> Any:
    """Ids of the rows in whose column all the words stand, and of those in which one of them stands elsewhere."""
    some = list(together.values())
    patterns = _texts([place.pattern for place in some])
    table = cast(some[0].cls.__tablename__, REGCLASS)
    all_of_them = select(func.parlour_search_all(table, some[0].owner, some[0].column, patterns).label("id"))
    elsewhere = [place.ids for at in together for place in places[at] if place is not together[at]]
    return union_all(all_of_them, *elsewhere)


def _texts(texts: Sequence[str]) -> Any:
    return cast(list(texts), ARRAY(Text))


_Pattern = tuple[str, str, str]


def _frequent(session: Session, asked: Mapping[_Pattern, Any]) -> dict[_Pattern, bool]:
    """Whether each pattern stands so often in its column of its table that looking for it by index would take longest.

    What the database is asked for that is given with it. Asked once per session: a list asks for its page and for its
    number of rows.
    """
    known: dict[_Pattern, bool] = session.scope.cache.setdefault("frequent", {})
    fresh = {key: question for key, question in asked.items() if key not in known}
    if fresh:
        known.update(zip(fresh, session.raw(select(*fresh.values())).one(), strict=True))
    return known


def _estimated(cls: Any, column: str, pattern: str) -> Any:
    return func.parlour_frequent(cast(cls.__tablename__, REGCLASS), column, pattern)


def _common(session: Session, record: RecordType, places: Sequence[_Place]) -> set[_Place]:
    """Those of the places in which the word stands too often."""
    keys = {place: (place.link or place.cls.__tablename__, place.column, place.pattern) for place in places}
    ordered = f"{record.sort_field}_key"
    known = _frequent(
        session,
        {
            key: _linked_often(record, place)
            if place.link
            else _early(record, place)
            if place.cls is record.cls and place.column == ordered
            else _estimated(place.cls, place.column, place.pattern)
            for place, key in keys.items()
        },
    )
    return {place for place, key in keys.items() if known[key]}


def looked_up(session: Session, cls: Any, column: str, pattern: str) -> Any:
    """Ids of the rows of a class in whose column the pattern is found, by way of the index.

    None where looking at the rows is no slower: on SQLite, and for what is found in many of them.
    """
    if session.get_bind().dialect.name != "postgresql":
        return None
    key = (cls.__tablename__, column, pattern)
    known = _frequent(session, {key: _estimated(cls, column, pattern)})
    return None if known[key] else _found(cls, "id", column, pattern)


def _early(record: RecordType, place: _Place) -> Any:
    """Whether reading the list in its order would fill a page soon: how often the word stands at its beginning."""
    cls: Any = record.cls
    key = getattr(cls, place.column)
    first = select(key.label("key")).order_by(key, cls.id).limit(PROBED).subquery()
    often = select(func.count()).where(first.c.key.like(place.pattern, escape="\\"))
    return often.scalar_subquery() >= OFTEN


def _linked_often(record: RecordType, place: _Place) -> Any:
    """Whether so many rows are linked to what is called so that reading the list in its order would fill a page sooner."""
    wanted = cast(record.cls.__tablename__, REGCLASS)
    rows = select(_TABLES.c.reltuples).where(_TABLES.c.oid == wanted).scalar_subquery()
    # As in `parlour_frequent`.
    many = cast(func.greatest(2000, 12 * func.sqrt(func.greatest(rows, 0))), BigInteger)
    linked = select(func.count()).select_from(place.ids.limit(many).subquery())
    return linked.scalar_subquery() >= many


def _read(record: RecordType, places: Sequence[_Place], common: set[_Place], *, whole: bool) -> Predicate:
    """That a common word stands in one of its places, tried row by row. The rows in whose other places it is seldom are
    looked up once before, unless the word is too short for that (`whole`).

    Under row-level security the planner knows nothing about LIKE and takes every word for a seldom one. What
    stands in a CASE it takes to hold for half of all rows, which is what a common word wants.
    """
    row_by_row = [place for place in places if place in common or (whole and not place.link)]
    holds = [place.holds for place in row_by_row]
    others = [place.ids for place in places if place not in row_by_row]
    if others:
        holds.append(record.cls.id.in_(union_all(*others)))
    return case((or_(*holds), true()), else_=false())


def _places(
    session: Session, record: RecordType, fields: list[Field], word: str, defaults: Defaults
) -> list[_Place]:
    found: list[_Place] = []
    for item in fields:
        if item.storage in ("column", "extension"):
            pattern = _pattern(item, word, defaults)
            if pattern is not None and item.key_column is not None:
                found.append(_place(record, item.cls, "id", item.key_column, pattern))
        elif item.storage == "part":
            for inner in item.lines:
                pattern = _pattern(inner, word, defaults) if inner.search else None
                if pattern is not None and inner.key_column is not None:
                    found.append(_place(record, item.cls, "owner_id", inner.key_column, pattern))
        elif item.storage in ("link", "links") and item.target is not None:
            found += _by_target(session, record, item, word)
    return found


def _place(record: RecordType, cls: Any, owner: str, column: str, pattern: str) -> _Place:
    holds = getattr(cls, column).like(pattern, escape="\\")
    if cls is not record.cls:
        # Looked up row by row: that the owner is named twice keeps the planner from reading the whole table first.
        holds = (
            select(cls.id)
            .where(getattr(cls, owner) == record.cls.id, record.cls.id.is_not(None), holds)
            .correlate(record.cls)
            .exists()
        )
    return _Place(cls, owner, column, pattern, holds, _found(cls, owner, column, pattern))


def _by_target(session: Session, record: RecordType, item: Field, word: str) -> list[_Place]:
    """Rows whose tag, company, ... is called so, as far as the person may see what those are called."""
    assert item.target is not None
    target: Any = aliased(item.target.cls)
    title = item.target.title_field
    seen = readable_titles(session, item.target, target)
    if seen is None:
        return []
    column, pattern = f"{title}_key", like_pattern(word)
    named = select(target.id).where(getattr(target, column).like(pattern, escape="\\"), *seen)
    by_index = _found(item.target.cls, "id", column, pattern)
    if seen:
        by_index = select(target.id).where(target.id.in_(by_index), *seen)
    if item.storage == "link":
        own = getattr(item.cls, f"{item.attr}_id")
        owner, holds = item.cls.id, own.in_(named)
    else:
        pair = item.cls
        own, owner = pair.target_id, pair.owner_id
        # As in `_place`, looked up row by row: to make a list of all who have a tag would take longest.
        holds = (
            select(own)
            .where(owner == record.cls.id, record.cls.id.is_not(None), own.in_(named))
            .correlate(record.cls)
            .exists()
        )
    # Made into an array first, they are few for the planner, and the rows linked to them are found by index.
    ids = select(owner).where(own == any_(func.array(by_index.scalar_subquery(), type_=ARRAY(BigInteger))))
    link = f"{item.cls.__tablename__}.{item.attr}"
    return [_Place(item.target.cls, "id", column, pattern, holds, ids, link)]


def _pattern(item: Field, word: str, defaults: Defaults) -> str | None:
    """The pattern for one field, or None when the word cannot stand in it."""
    if not isinstance(item.kind, PhoneKind):
        return like_pattern(word)
    digits = digits_of(word)
    if len(digits) < 3 or len(digits) != len(word.lstrip("+")):
        return None
    trunk = TRUNK.get(defaults.region or "", "")
    if trunk and digits.startswith(trunk) and not word.startswith("+") and len(digits) > len(trunk) + 2:
        digits = digits[len(trunk) :]
    return like_pattern(digits)


def search_everything(
    session: Session, text: str, limit: int = 6
) -> list[tuple[RecordType, list[dict[str, Any]]]]:
    """The first rows of every record in which something is found, for the search field at the top."""
    from parlour.records.query import read, sort_of, visible

    found = []
    for record in enabled_records(session):
        if record.lookup or not any(item.search for item in record.fields):
            continue
        shown = [
            f for f in fields_of(session, record) if f.name == record.title_field or (f.search and f.listed)
        ]
        if not shown:
            continue
        try:
            conditions = visible(session, record, q=text)
        except NotAllowed:
            continue
        order = sort_of(session, record, None)
        usual = getattr(record.cls, order.column_name)
        by = [*_nearness(record, shown, text), usual.desc() if order.descending else usual, record.cls.id]
        rows = read(session, record, shown, conditions, order_by=by, limit=limit, titled=True)
        if rows:
            found.append((record, rows))
    return found


def _nearness(record: RecordType, shown: list[Field], text: str) -> list[Any]:
    """Whoever is called so comes before those in whose e-mail or tag the word stands."""
    title = next((item for item in shown if item.name == record.title_field), None)
    if title is None or title.key_column is None or title.storage != "column":
        return []
    key = getattr(record.cls, title.key_column)
    inside = like_pattern(words_of(text)[0])
    ranks = ((inside[1:], 0), (f"% {inside[1:]}", 1), (inside, 2))
    return [case(*((key.like(pattern, escape="\\"), rank) for pattern, rank in ranks), else_=3)]
