"""Search: every word must be found somewhere in what the person may read.

Words are compared with key columns. Numbers of three digits and more also look into phones, with the trunk prefix of the
organisation's country taken off ("8 913" finds +7 913).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, case, false, or_, select

from parlour.db.session import Session
from parlour.errors import NotAllowed
from parlour.records.defaults import Defaults, defaults_of
from parlour.records.filters import Predicate
from parlour.records.kinds import PhoneKind
from parlour.records.registry import Field, RecordType, enabled_records, fields_of
from parlour.records.values import digits_of, key_of, like_pattern

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


def search_predicate(session: Session, record: RecordType, text: str) -> Predicate:
    """Rows of the record in which every word of `text` is found."""
    fields = [item for item in fields_of(session, record) if item.search and not item.secret]
    defaults = defaults_of(session)
    return and_(*(_word(record, fields, word, defaults) for word in words_of(text)))


def _word(record: RecordType, fields: list[Field], word: str, defaults: Defaults) -> Predicate:
    found: list[Predicate] = []
    for item in fields:
        if item.storage in ("column", "extension"):
            pattern = _pattern(item, word, defaults)
            if pattern is None or item.key_column is None:
                continue
            column = getattr(item.cls, item.key_column)
            matches = column.like(pattern, escape="\\")
            if item.storage == "extension":
                matches = record.cls.id.in_(select(item.cls.id).where(matches))
            found.append(matches)
        elif item.storage == "part":
            for inner in item.lines:
                pattern = _pattern(inner, word, defaults) if inner.search else None
                if pattern is not None and inner.key_column is not None:
                    key = getattr(item.cls, inner.key_column)
                    found.append(
                        record.cls.id.in_(select(item.cls.owner_id).where(key.like(pattern, escape="\\")))
                    )
        elif item.storage in ("link", "links") and item.target is not None:
            found.append(_by_target(record, item, word))
    return or_(false(), *found)


def _by_target(record: RecordType, item: Field, word: str) -> Predicate:
    """Rows whose tag, company, ... is called so."""
    assert item.target is not None
    target: Any = item.target.cls
    named = select(target.id).where(
        getattr(target, f"{item.target.title_field}_key").like(like_pattern(word), escape="\\")
    )
    if item.storage == "link":
        return getattr(record.cls, f"{item.attr}_id").in_(named)  # type: ignore[no-any-return]
    return record.cls.id.in_(select(item.cls.owner_id).where(item.cls.target_id.in_(named)))  # type: ignore[no-any-return]


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
    from parlour.records.query import decorate, read, sort_of, visible

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
        rows = read(session, record, shown, conditions, order_by=by, limit=limit)
        decorate(session, shown, rows)
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
