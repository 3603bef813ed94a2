"""Search: every word must be found somewhere in what the person may read.

Words are compared with key columns. Numbers of three digits and more also look into phones, with the trunk prefix of the
organisation's country taken off ("8 913" finds +7 913).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from sqlalchemy import (
    BigInteger,
    and_,
    any_,
    case,
    cast,
    false,
    func,
    intersect,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, REGCLASS
from sqlalchemy.orm import aliased

from parlour.db.session import Session
from parlour.errors import NotAllowed
from parlour.records import ways
from parlour.records.attached import readable_titles
from parlour.records.defaults import Defaults, defaults_of
from parlour.records.kinds import PhoneKind
from parlour.records.operators import Predicate
from parlour.records.registry import Field, RecordType, enabled_records, fields_of
from parlour.records.values import digits_of, key_of, like_pattern
from parlour.records.ways import Place

MAX_WORDS = 8
# Country codes whose national numbers are dialled with a trunk prefix that people write down.
TRUNK = {"RU": "8", "KZ": "8", "BY": "80", "UA": "0", "DE": "0", "GB": "0", "FR": "0", "IT": ""}


def words_of(text: str) -> list[str]:
    """The words of a search, as keys; a phone typed with blanks and brackets is one word."""
    folded = key_of(text)
    digits = digits_of(folded)
    if len(digits) >= 5 and not any(char.isalpha() for char in folded):
        return [digits]
    return folded.split(" ")[:MAX_WORDS]


def search_predicate(session: Session, record: RecordType, text: str, on: Any = None) -> Predicate:
    """Rows of the record (or of `on`, an alias of its table) in which every word of `text` is found. Asks PostgreSQL once
    how common the words are, and then looks their rows up by index or tries them in the order of the list: see `ways`.
    """
    fields = [item for item in fields_of(session, record) if item.search and not item.secret]
    defaults = defaults_of(session)
    words = words_of(text)
    on = record.cls if on is None else on
    places = [_places(session, record, on, fields, word, defaults) for word in words]
    if not all(places):
        return false()
    if session.get_bind().dialect.name != "postgresql":
        return and_(*(or_(*(place.holds for place in found)) for found in places))
    known = ways.expected(session, record, [place for found in places for place in found])
    units = _units(session, record, words, places, known)
    chosen = ways.looked_up(units, known.total)
    conditions: list[Predicate] = []
    if chosen:
        some = [unit.ids for unit in chosen]
        ids: Any = intersect(*some) if len(some) > 1 else some[0]
        # An array is made once; the planner might ask for a list again and again.
        conditions.append(on.id == any_(func.array(ids.scalar_subquery(), type_=ARRAY(BigInteger))))
    # Of words that are looked up together one may have been found elsewhere, and the others not.
    done = {at for unit in chosen if len(unit.words) == 1 for at in unit.words}
    for at, found in enumerate(places):
        if at not in done:
            one_by_one = {place for place in found if known.common(place) or ways.ordered(record, place)}
            conditions.append(_read(on, found, one_by_one, whole=len(words[at]) < ways.TRIGRAM))
    return and_(*conditions)


def _units(
    session: Session,
    record: RecordType,
    words: Sequence[str],
    places: Sequence[Sequence[Place]],
    known: ways.Expected,
) -> list[ways.Unit]:
    """The words one by one, and those together that are seldom but in the column by which the list is ordered."""
    units = {at: _unit(record, at, len(word), places[at], known) for at, word in enumerate(words)}
    own: dict[int, Place] = {}
    for at, word in enumerate(words):
        column = next((place for place in places[at] if ways.ordered(record, place)), None)
        elsewhere = any(known.common(place) for place in places[at] if place is not column)
        if column is not None and len(word) >= ways.TRIGRAM and not elsewhere:
            own[at] = column
    if len(own) < 2:
        return list(units.values())
    first = next(iter(own.values()))
    patterns = sorted({place.pattern for place in own.values()})
    rows = ways.expected_together(session, first.cls, first.column, patterns)
    others = [place for at, column in own.items() for place in places[at] if place is not column]
    ids = union_all(_found_together(first, patterns), *(place.ids for place in others))
    together = ways.Unit(
        tuple(own),
        ids,
        rows + sum(known.places[place].rows for place in others),
        ways.found_in(known, first, rows) + sum(ways.cost(known, place) for place in others),
        prod(units[at].share for at in own),
        prod(units[at].tried for at in own),
    )
    return [together, *(unit for at, unit in units.items() if at not in own)]


def _unit(
    record: RecordType, at: int, length: int, places: Sequence[Place], known: ways.Expected
) -> ways.Unit:
    share, tried = 0.0, True
    for place in places:
        rows = known.places[place]
        if rows.early is not None:
            share += rows.early
        elif length >= ways.TRIGRAM or place.link:  # the planner knows nothing of shorter words
            share += rows.rows / known.total
        tried = tried and (rows.early is not None or not known.common(place))
    share = min(share, 1)
    return ways.Unit(
        (at,),
        union_all(*(place.ids for place in places)),
        sum(known.places[place].rows for place in places),
        sum(ways.cost(known, place, length) for place in places),
        share,
        share if tried else 1,
    )


def _found(cls: Any, owner: str, column: str, pattern: str) -> Any:
    """Ids of rows in whose column the pattern is found, by way of the index; see the migrations from `core_0007` on."""
    return select(func.parlour_search(cast(cls.__tablename__, REGCLASS), owner, column, pattern).label("id"))


def _found_together(place: Place, patterns: Sequence[str]) -> Any:
    """Ids of rows in whose column all the patterns are found."""
    table = cast(place.cls.__tablename__, REGCLASS)
    return select(func.parlour_search_all(table, place.owner, place.column, ways.texts(patterns)).label("id"))


def looked_up(session: Session, cls: Any, column: str, pattern: str) -> Any:
    """Ids of the rows of a class in whose column the pattern is found, by way of the index.

    None where looking at the rows is no slower: on SQLite, and for what is found in many of them.
    """
    if session.get_bind().dialect.name != "postgresql" or ways.is_frequent(session, cls, column, pattern):
        return None
    return _found(cls, "id", column, pattern)


def _read(on: Any, places: Sequence[Place], one_by_one: set[Place], *, whole: bool) -> Predicate:
    """That a word stands in one of its places, tried row by row where it is common. The rows in whose other places it
    stands are looked up once before, unless the word is too short for that (`whole`).

    Under row-level security the planner knows nothing about LIKE and takes every word for a seldom one. What
    stands in a CASE it takes to hold for half of all rows, which is what a common word wants.
    """
    row_by_row = [place for place in places if place in one_by_one or (whole and not place.link)]
    holds = [place.holds for place in row_by_row]
    others = [place.ids for place in places if place not in row_by_row]
    if others:
        holds.append(on.id.in_(union_all(*others)))
    return case((or_(*holds), true()), else_=false())


def _places(
    session: Session, record: RecordType, on: Any, fields: list[Field], word: str, defaults: Defaults
) -> list[Place]:
    found: list[Place] = []
    for item in fields:
        if item.storage in ("column", "extension"):
            pattern = _pattern(item, word, defaults)
            if pattern is not None and item.key_column is not None:
                found.append(_place(record, on, item.cls, "id", item.key_column, pattern))
        elif item.storage == "part":
            for inner in item.lines:
                pattern = _pattern(inner, word, defaults) if inner.search else None
                if pattern is not None and inner.key_column is not None:
                    found.append(_place(record, on, item.cls, "owner_id", inner.key_column, pattern))
        elif item.storage in ("link", "links") and item.target is not None:
            found += _by_target(session, record, on, item, word)
    return found


def _place(record: RecordType, on: Any, cls: Any, owner: str, column: str, pattern: str) -> Place:
    holds = getattr(on if cls is record.cls else cls, column).like(pattern, escape="\\")
    if cls is not record.cls:
        # Looked up row by row: that the owner is named twice keeps the planner from reading the whole table first.
        holds = (
            select(cls.id)
            .where(getattr(cls, owner) == on.id, on.id.is_not(None), holds)
            .correlate(on)
            .exists()
        )
    return Place(cls, owner, column, pattern, holds, _found(cls, owner, column, pattern))


def _by_target(session: Session, record: RecordType, on: Any, item: Field, word: str) -> list[Place]:
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
        owner = item.cls.id
        holds = (own if item.cls is not record.cls else getattr(on, f"{item.attr}_id")).in_(named)
    else:
        pair = item.cls
        own, owner = pair.target_id, pair.owner_id
        # As in `_place`, looked up row by row: to make a list of all who have a tag would take longest.
        holds = select(own).where(owner == on.id, on.id.is_not(None), own.in_(named)).correlate(on).exists()
    # Made into an array first, they are few for the planner, and the rows linked to them are found by index.
    ids = select(owner).where(own == any_(func.array(by_index.scalar_subquery(), type_=ARRAY(BigInteger))))
    link = f"{item.cls.__tablename__}.{item.attr}"
    return [Place(item.target.cls, "id", column, pattern, holds, ids, link)]


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
