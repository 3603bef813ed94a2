"""Clients who are there twice: warned of before saving, found in the base afterwards.

Nothing here compares everybody with everybody: rows meet only under a shared phone, e-mail address, tax number or
name key. A key that very many share (a phone of noughts, the salon's own) says nothing about anybody and is
passed over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select

from parlour.access.rules import predicate
from parlour.db.session import Session
from parlour.errors import NotAllowed
from parlour.plugins.contacts.derived import PARTS, parts_of
from parlour.plugins.contacts.likeness import BORN, alike, born_alike, name_keys
from parlour.plugins.contacts.models import Contact, ContactEmail, ContactPhone, Distinct, NameKey
from parlour.records.clean import clean_one
from parlour.records.defaults import defaults_of
from parlour.records.query import read, visible
from parlour.records.registry import Field, RecordType, fields_of, record_type
from parlour.records.values import Fault, digits_of, key_of

# More clients than this never share a phone or an e-mail address unless it is made up.
SHARED_AT_MOST = 20
# Namesakes under one key that are still looked at one by one.
NAMESAKES_AT_MOST = 60
CHUNK = 200
WARNED_AT_MOST = 5

# Why two cards may be one, strongest first, and the field that one must be allowed to read to be told so. "born" is
# the same birthday with the same first name: who marries changes the last one.
REASONS = {
    "phone": "phones",
    "email": "emails",
    "tax_number": "tax_number",
    "born": "birthday",
    "name": "name",
}
_COMPARED = ("kind", "name", *PARTS, "legal_name", "birthday", "sex", "tax_number")


@dataclass(frozen=True)
class Lookalike:
    """A card that may be the one about to be saved.

    Without an id it is one of which this person may know no more than that it exists.
    """

    id: int | None
    title: str | None
    reasons: tuple[str, ...]
    archived: bool = False


@dataclass(frozen=True)
class Pair:
    """Two cards that may be one; `first` has the smaller id."""

    first: int
    second: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Pairs:
    """Pairs of one page, and the cursor of the next one."""

    pairs: Sequence[Pair]
    next: tuple[int, int] | None


def duplicates_of(
    session: Session, values: Mapping[str, Any], exclude_id: int | None = None
) -> list[Lookalike]:
    """Cards that the one with these values may be a second copy of, strongest reason first.

    `values` are as a form or a program gives them; what cannot be understood is left aside. Matches of which this
    person may not read the matching field come back as a single nameless one.
    """
    kind = record_type(Contact)
    card = _understood(session, kind, values)
    found = _matching(session, card, exclude_id)
    if not found:
        return []
    readable = {item.name for item in fields_of(session, kind)}
    rows = {row["id"]: row for row in _visible_rows(session, kind, found)}
    shown: list[Lookalike] = []
    hidden = False
    for row_id, reasons in found.items():
        told = tuple(reason for reason in REASONS if reason in reasons and REASONS[reason] in readable)
        row = rows.get(row_id)
        if row is None or not told or "name" not in readable:
            hidden = True
            continue
        shown.append(Lookalike(row_id, row["name"], told, row["archived_at"] is not None))
    order = list(REASONS)
    shown.sort(key=lambda one: (one.archived, order.index(one.reasons[0]), one.id))
    shown = shown[:WARNED_AT_MOST]
    return [*shown, Lookalike(None, None, ())] if hidden else shown


def _understood(session: Session, kind: RecordType, values: Mapping[str, Any]) -> dict[str, Any]:
    """The clean values of the fields that duplicates are told by."""
    defaults = defaults_of(session)
    card: dict[str, Any] = {}
    for name in (*_COMPARED, "phones", "emails"):
        if name not in values:
            continue
        item = kind.field(name)
        if item.storage == "part":
            card[name] = _clean_lines(item, values[name], defaults)
            continue
        try:
            card[name] = clean_one(item, values[name], defaults)
        except Fault:
            continue
    if card.get("kind") != "company" and not any(card.get(part) for part in PARTS) and card.get("name"):
        card.update(parts_of(card["name"]) or {})
    return card


def _clean_lines(item: Field, given: Any, defaults: Any) -> list[dict[str, Any]]:
    """Lines one by one, so that a half-typed second phone does not hide the first."""
    lines: list[dict[str, Any]] = []
    for one in given if isinstance(given, Sequence) and not isinstance(given, str) else [given]:
        try:
            lines.extend(clean_one(item, [one], defaults))
        except Fault:
            continue
    return lines


def _matching(session: Session, card: Mapping[str, Any], exclude_id: int | None) -> dict[int, set[str]]:
    """Ids of cards that share something with these values, with the reasons; whoever may see them."""
    found: dict[int, set[str]] = defaultdict(set)
    numbers = [digits_of(line["number"]) for line in card.get("phones") or ()]
    addresses = [key_of(line["address"]) for line in card.get("emails") or ()]
    sources: list[tuple[str, Any, Any, Iterable[str]]] = [
        ("phone", ContactPhone.owner_id, ContactPhone.number_key, numbers),
        ("email", ContactEmail.owner_id, ContactEmail.address_key, addresses),
        ("tax_number", Contact.id, Contact.tax_number_key, [key_of(card.get("tax_number"))]),
    ]
    for reason, owner, column, keys in sources:
        wanted = [key for key in keys if key]
        if wanted:
            statement = select(owner).where(column.in_(wanted)).limit(SHARED_AT_MOST)
            for row_id in session.scalars(statement):
                found[row_id].add(reason)
    for row_id, why in _namesakes(session, card):
        found[row_id].add(why)
    found.pop(exclude_id, None)  # type: ignore[arg-type]
    return found


def _namesakes(session: Session, card: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Cards with nearly the same name, and with the same birthday and first name."""
    keys = name_keys(card)
    if not keys:
        return []
    statement = select(NameKey.contact_id).where(NameKey.key.in_(sorted(keys))).distinct()
    ids = list(session.scalars(statement.order_by(NameKey.contact_id.desc()).limit(NAMESAKES_AT_MOST * 4)))
    rows = _rows(session, ids)
    return [
        *((row["id"], "name") for row in rows if alike(card, row)),
        *((row["id"], "born") for row in rows if born_alike(card, row)),
    ]


def _rows(session: Session, ids: Sequence[int]) -> list[dict[str, Any]]:
    """What is compared of cards; with no regard to access, so it never leaves this module unfiltered."""
    kind = record_type(Contact)
    fields = [kind.field(name) for name in _COMPARED]
    rows: list[dict[str, Any]] = []
    for start in range(0, len(ids), 500):
        rows.extend(read(session, kind, fields, [Contact.id.in_(ids[start : start + 500])]))
    return rows


def _visible_rows(session: Session, kind: RecordType, ids: Iterable[int]) -> list[dict[str, Any]]:
    try:
        conditions = visible(session, kind, archived=None)
    except NotAllowed:
        return []
    return read(session, kind, [kind.field("name")], [Contact.id.in_(sorted(ids)), *conditions])


def find_duplicates(
    session: Session,
    after: tuple[int, int] | None = None,
    limit: int = 20,
    by: Collection[str] = tuple(REASONS),
) -> Pairs:
    """Pairs of cards that may be one, by id, from the cursor `after` on, for the reasons `by`; archived ones and
    pairs that somebody has called distinct are left out. Costs a fixed number of statements per few hundred cards.

    Only cards that this person may read are paired, and only by fields that they may read. Raises NotAllowed.
    """
    kind = record_type(Contact)
    allowed = predicate(session, kind, "read")
    conditions = [Contact.archived_at.is_(None)] + ([] if allowed is None else [allowed])
    readable = {item.name for item in fields_of(session, kind)}
    reasons = [reason for reason, field in REASONS.items() if field in readable and reason in by]
    cursor = after or (0, 0)
    pairs: list[Pair] = []
    while len(pairs) <= limit:
        # The first card of the cursor may have further partners.
        statement = select(Contact.id).where(Contact.id >= cursor[0], *conditions)
        ids = list(session.scalars(statement.order_by(Contact.id).limit(CHUNK)))
        if not ids:
            return Pairs(pairs, None)
        found = _pairs_of(session, ids, reasons, conditions)
        fresh = [pair for pair in found if (pair.first, pair.second) > cursor]
        pairs.extend(fresh)
        cursor = (ids[-1] + 1, 0)
        if len(ids) < CHUNK and len(pairs) <= limit:
            return Pairs(pairs, None)
    pairs = pairs[:limit]
    return Pairs(pairs, (pairs[-1].first, pairs[-1].second))


def _pairs_of(
    session: Session, ids: Sequence[int], reasons: Sequence[str], conditions: Sequence[Any]
) -> list[Pair]:
    """Pairs whose smaller id is among `ids`, in order."""
    found: dict[tuple[int, int], set[str]] = defaultdict(set)
    columns: dict[str, tuple[Any, ...]] = {
        "phone": (ContactPhone.owner_id, ContactPhone.number_key, SHARED_AT_MOST),
        "email": (ContactEmail.owner_id, ContactEmail.address_key, SHARED_AT_MOST),
        "tax_number": (Contact.id, Contact.tax_number_key, SHARED_AT_MOST),
        "name": (NameKey.contact_id, NameKey.key, NAMESAKES_AT_MOST),
        "born": (NameKey.contact_id, NameKey.key, NAMESAKES_AT_MOST, NameKey.key.startswith(BORN)),
    }
    mine = set(ids)
    for reason in reasons:
        for one, other in _sharing(session, mine, *columns[reason]):
            found[one, other].add(reason)
    others = sorted({other for pair in found for other in pair})
    known: dict[int, dict[str, Any]] = {}
    for start in range(0, len(others), 500):
        known.update({row["id"]: row for row in _open_rows(session, others[start : start + 500], conditions)})
    apart = _distinct(session, ids)
    pairs = []
    for (one, other), why in sorted(found.items()):
        if one not in known or other not in known or (one, other) in apart:
            continue
        if not alike(known[one], known[other]):
            why.discard("name")
        if not born_alike(known[one], known[other]):
            why.discard("born")
        if why:
            pairs.append(Pair(one, other, tuple(reason for reason in REASONS if reason in why)))
    return pairs


def _sharing(
    session: Session, mine: set[int], owner: Any, column: Any, at_most: int, *only: Any
) -> Iterable[tuple[int, int]]:
    """(smaller id, larger id) of rows that share a key, for those whose smaller id is one of mine."""
    # Three plain statements: nested into one, a database without statistics plans it disastrously.
    own = session.scalars(
        select(column).where(owner.in_(sorted(mine)), column.is_not(None), *only).distinct()
    )
    keys = list(own)
    shared: list[str] = []
    for start in range(0, len(keys), 500):
        some = select(column).where(column.in_(keys[start : start + 500])).group_by(column)
        shared += session.scalars(some.having(func.count().between(2, at_most)))
    groups: dict[str, set[int]] = defaultdict(set)
    for start in range(0, len(shared), 500):
        statement = select(column, owner).where(column.in_(shared[start : start + 500]))
        for key, row_id in session.execute(statement):
            groups[key].add(row_id)
    for group in groups.values():
        for one in group & mine:
            for other in group:
                if other > one:
                    yield one, other


def _open_rows(session: Session, ids: Sequence[int], conditions: Sequence[Any]) -> list[dict[str, Any]]:
    kind = record_type(Contact)
    fields = [kind.field(name) for name in _COMPARED]
    return read(session, kind, fields, [Contact.id.in_(ids), *conditions])


def _distinct(session: Session, ids: Sequence[int]) -> set[tuple[int, int]]:
    statement = select(Distinct.first_id, Distinct.second_id).where(Distinct.first_id.in_(ids))
    return {(first, second) for first, second in session.execute(statement)}


def call_distinct(session: Session, one: int, other: int) -> None:
    """Remember that two cards are two people, so that the pair is not shown again."""
    first, second = sorted((one, other))
    known = select(Distinct.id).where(Distinct.first_id == first, Distinct.second_id == second)
    if session.scalars(known).first() is None:
        session.add(Distinct(first_id=first, second_id=second, user_id=session.scope.user_id))
        session.flush()


def move_distinct(session: Session, keep: int, lose: Sequence[int]) -> None:
    """After a merge, whom the merged cards were told apart from is somebody else than the kept card too."""
    statement = select(Distinct.first_id, Distinct.second_id).where(
        or_(Distinct.first_id.in_(lose), Distinct.second_id.in_(lose))
    )
    gone = {keep, *lose}
    others = {side for pair in session.execute(statement) for side in pair} - gone
    for other in sorted(others):
        call_distinct(session, keep, other)
