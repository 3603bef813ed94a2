"""How the words of a search are looked for on PostgreSQL: the rows of a word are looked up by index, or the list is read
in its order until the page is full, whichever is expected to cost less.

What it costs is counted in rows of the index of the order, which are read with nothing else. Measured in a million
clients, where such a row takes 0.3 microseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, prod, sqrt
from typing import Any

from sqlalchemy import Text, case, cast, column, func, select, table
from sqlalchemy.dialects.postgresql import ARRAY, REGCLASS

from parlour.db.session import Session
from parlour.records.operators import Predicate
from parlour.records.registry import RecordType

# Shorter words have no trigram that an index could be asked for.
TRIGRAM = 3
# Rows that fill a page; and how many of the first names of a list are looked at, of which so many are no accident.
PAGE, PROBED, OFTEN = 80, 3000, 15
# A page of a table that an index sends to, the look at another table for a row of the list, and a row of the list that is
# brought for itself.
BLOCK, PROBE, FETCHED = 15, 5, 20
# What reading in vain to the end of the list counts: two words that are common may never stand together.
RISK = 0.05
# Of rows linked to something so many are counted.
COUNTED = 50_000
_TABLES = table("pg_class", column("oid"), column("reltuples"), column("relpages"))


@dataclass(frozen=True, eq=False)
class Place:
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


@dataclass(frozen=True)
class Rows:
    """In how many rows of a place a word is expected; for the column of the order also how often among the first names
    of the list (0 to 1), because a name that begins late in the alphabet would be waited for.
    """

    rows: float
    early: float | None = None


@dataclass(frozen=True)
class Expected:
    """What is known of the places of a search, and the number of rows of the record."""

    total: float
    places: dict[Place, Rows]
    # Pages of the tables of these places.
    blocks: dict[str, float]

    def common(self, place: Place) -> bool:
        """Whether to bring all its rows would take longer than to try them one by one."""
        return self.places[place].rows > many(self.total)


def cost(known: Expected, place: Place, length: int = TRIGRAM) -> float:
    """What it costs to look up the rows of a place in which a word of so many letters stands."""
    rows = known.places[place].rows if length >= TRIGRAM else known.total
    return rows if place.link else found_in(known, place, rows)


def found_in(known: Expected, place: Place, rows: float) -> float:
    """What it costs to bring so many rows that lie anywhere in the table of a place."""
    blocks = max(known.blocks[place.cls.__tablename__], 1)
    return rows + BLOCK * blocks * (1 - exp(-rows / blocks))


def many(total: float) -> float:
    """From how many rows of a table reading on until a page is full costs less than looking up all of them."""
    return max(2000, 12 * sqrt(max(total, 0)))


@dataclass(frozen=True)
class Unit:
    """Words that are looked up at once: mostly one."""

    words: tuple[int, ...]
    # Ids of the rows in which they stand, by index; for words too short for one the whole table is read.
    ids: Any
    rows: float
    cost: float
    # The share of the list's rows with them; and of those left after a look at the index of the order.
    share: float
    tried: float


def ordered(record: RecordType, place: Place) -> bool:
    """Whether a place is the column by which the list is ordered."""
    return place.cls is record.cls and place.column == f"{record.sort_field}_key"


def expected(session: Session, record: RecordType, places: Sequence[Place]) -> Expected:
    """Asks the database once how common the words are in their places."""
    asked: dict[Any, Any] = {"rows": _size(record.cls, "reltuples")}
    for place in places:
        asked[place.cls.__tablename__] = _size(place.cls, "relpages")
        asked[_key(place)] = (
            _linked(place) if place.link else _estimated(place.cls, place.column, [place.pattern])
        )
        if ordered(record, place):
            asked[(*_key(place), "early")] = _early(record, place)
    known = _asked(session, record.cls.__tablename__, asked)
    return Expected(
        max(known["rows"], 1),
        {
            place: Rows(
                known[_key(place)],
                known[(*_key(place), "early")] / PROBED if ordered(record, place) else None,
            )
            for place in places
        },
        {name: known[name] for name in {place.cls.__tablename__ for place in places}},
    )


def expected_together(session: Session, cls: Any, column: str, patterns: Sequence[str]) -> float:
    """In how many rows all the patterns are expected to stand in one column."""
    key = (column, "\n".join(patterns))
    return float(_asked(session, cls.__tablename__, {key: _estimated(cls, column, patterns)})[key])


def looked_up(units: Sequence[Unit], total: float) -> list[Unit]:
    """The units that are looked up, cut with each other; whatever is left is tried row by row. None of them where
    reading the list in its order until a page is full is expected to cost less.
    """
    share = prod(unit.share for unit in units)
    row = 1 + PROBE * prod(unit.tried for unit in units)
    reading_on = row * min(total, PAGE / share) if share else float("inf")
    if len(units) > 1:
        reading_on += RISK * row * total
    chosen, spent, left = [], 0.0, total
    for unit in sorted(units, key=lambda unit: unit.cost):
        one_by_one = FETCHED * left
        if unit.cost <= one_by_one:
            chosen.append(unit)
            spent += unit.cost
            left *= min(1, unit.rows / total)
        else:
            spent += one_by_one
    return chosen if spent + FETCHED * left <= reading_on else []


def is_frequent(session: Session, cls: Any, column: str, pattern: str) -> bool:
    """Whether a pattern stands in so many rows of a table that looking them up would take longer than trying them."""
    key = (column, pattern)
    asked = {key: _estimated(cls, column, [pattern]), "rows": _size(cls, "reltuples")}
    known = _asked(session, cls.__tablename__, asked)
    return bool(known[key] > many(known["rows"]))


def texts(values: Sequence[str]) -> Any:
    return cast(list(values), ARRAY(Text))


def _asked(session: Session, table: str, asked: dict[Any, Any]) -> dict[Any, float]:
    """The answers, asked once per session: a list asks for its page and for its number of rows."""
    known: dict[Any, float] = session.scope.cache.setdefault(f"expected {table}", {})
    fresh = {key: question for key, question in asked.items() if key not in known}
    if fresh:
        known.update(zip(fresh, session.raw(select(*fresh.values())).one(), strict=True))
    return known


def _key(place: Place) -> tuple[str, str, str]:
    return place.link or place.cls.__tablename__, place.column, place.pattern


def _size(cls: Any, what: str) -> Any:
    wanted = cast(cls.__tablename__, REGCLASS)
    return select(_TABLES.c[what]).where(_TABLES.c.oid == wanted).scalar_subquery()


def _estimated(cls: Any, column: str, patterns: Sequence[str]) -> Any:
    return func.parlour_expected(cast(cls.__tablename__, REGCLASS), column, texts(patterns))


def _early(record: RecordType, place: Place) -> Any:
    """How many of the first names of the list have it; what few have is taken for an accident."""
    cls: Any = record.cls
    key = getattr(cls, place.column)
    first = select(key.label("key")).order_by(key, cls.id).limit(PROBED).subquery()
    often = select(func.count()).where(first.c.key.like(place.pattern, escape="\\")).scalar_subquery()
    return case((often >= OFTEN, often), else_=0)


def _linked(place: Place) -> Any:
    """How many rows are linked to what is called so, counted up to a number beyond which nothing changes."""
    return select(func.count()).select_from(place.ids.limit(COUNTED).subquery()).scalar_subquery()
