"""Clients who are equal in one field or in two, chosen by whoever looks: the finder beside the suggestions of `duplicates`.

Values are compared as search compares them, by their keys: without case, ё and the marks of phones. An empty value is equal to
none. Costs the same few statements whatever the fields and however many clients there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, and_, func, or_, select

from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.plugins.contacts.models import Contact, Distinct
from parlour.records.query import visible
from parlour.records.registry import Field, fields_of, record_type

# Clients of one group that are shown; the others come up when these are merged.
SHOWN = 6
# Groups of one client, who may have fifty phones, and each the same as somebody else's.
MOST = 200


@dataclass(frozen=True)
class Group:
    """Clients who are equal: `ids` are the first of them, smallest first, `count` is how many there are."""

    ids: list[int]
    count: int


@dataclass(frozen=True)
class Groups:
    """Groups of one page, and the cursor of the next one: the smallest id in its first group."""

    groups: Sequence[Group]
    next: int | None


def comparable(session: Session) -> list[Field]:
    """The fields by which this person may compare clients."""
    return [item for item in fields_of(session, record_type(Contact)) if _compares(item)]


def _compares(item: Field) -> bool:
    if item.computed or item.secret or item.guarded or item.kind.name in ("boolean", "file"):
        return False
    multiline = bool(getattr(item.kind, "multiline", False))
    return (item.storage in ("column", "extension", "link") and not multiline) or item.storage == "part"


def find_equal(session: Session, names: Sequence[str], after: int = 0, limit: int = 20) -> Groups:
    """Groups of clients that are equal in the one or two fields named, archived ones and those told apart left out.

    Only clients and fields that this person may read count. Raises NotAllowed, and Refusal for other fields.
    """
    known = {item.name: item for item in comparable(session)}
    if not 1 <= len(set(names)) == len(names) <= 2 or set(names) - set(known):
        raise Refusal(_("Choose one field to compare by, or two different ones."))
    fields = [known[name] for name in names]
    keys = [column for item in fields for column in _columns(item)]
    conditions = [*visible(session, record_type(Contact)), *(column.is_not(None) for column in keys)]
    conditions += [column != "" for column in keys if isinstance(column.type, String)]
    first, count = func.min(Contact.id), func.count(Contact.id.distinct())
    equal = (
        _from(fields, select(first, count, *keys))
        .where(*conditions)
        .group_by(*keys)
        .having(count > 1)
        .order_by(first, *keys)
    )
    found = session.execute(equal.having(first >= after).limit(limit + 1)).all()
    following = None
    if len(found) > limit:
        # A page ends between clients, never between two groups of one, of whom one may be in more than a page holds.
        following = found[limit][0]
        if found[0][0] == following:
            found = session.execute(equal.having(first == following).limit(MOST)).all()
            following += 1
        else:
            found = [row for row in found if row[0] < following]
    if not found:
        return Groups([], None)
    members = _members(session, fields, keys, conditions, [tuple(row[2:]) for row in found])
    apart = _told_apart(session, {row_id for ids in members.values() for row_id in ids})
    groups = []
    for row in found:
        ids = members.get(tuple(row[2:]), [])
        left = [ids[0], *(one for one in ids[1:] if (ids[0], one) not in apart)] if ids else []
        if len(left) > 1:
            groups.append(Group(left, row[1] - (len(ids) - len(left))))
    return Groups(groups, following)


def _columns(item: Field) -> list[Any]:
    inner = item.lines[0] if item.storage == "part" else item
    # The key of a birthday is its day without the year.
    names = [inner.key_column] if inner.key_column and item.kind.name != "birthday" else inner.columns
    return [getattr(item.cls, name) for name in names]


def _from(fields: Sequence[Field], statement: Any) -> Any:
    statement = statement.select_from(Contact)
    sides = {item.cls: item.storage for item in fields if item.cls is not Contact}
    for side, storage in sides.items():
        statement = statement.join(side, (side.owner_id if storage == "part" else side.id) == Contact.id)
    return statement


def _members(
    session: Session,
    fields: Sequence[Field],
    keys: Sequence[Any],
    conditions: Sequence[Any],
    wanted: Sequence[tuple[Any, ...]],
) -> dict[tuple[Any, ...], list[int]]:
    """The first clients of each group by its values, in one statement."""
    equal = [and_(*(key == value for key, value in zip(keys, values, strict=True))) for values in wanted]
    named = [key.label(f"key{place}") for place, key in enumerate(keys)]
    rows = (
        _from(fields, select(Contact.id.label("id"), *named))
        .where(*conditions, or_(*equal))
        .distinct()
        .subquery()
    )
    parts = [rows.c[f"key{place}"] for place in range(len(keys))]
    place = func.row_number().over(partition_by=parts, order_by=rows.c.id).label("place")
    counted = select(rows.c.id, *parts, place).subquery()
    found: dict[tuple[Any, ...], list[int]] = {}
    statement = select(counted).where(counted.c.place <= SHOWN).order_by(counted.c.id)
    for row in session.execute(statement):
        found.setdefault(tuple(row[1:-1]), []).append(row[0])
    return found


def _told_apart(session: Session, ids: set[int]) -> set[tuple[int, int]]:
    pairs = select(Distinct.first_id, Distinct.second_id)
    return {
        tuple(row)
        for row in session.execute(pairs.where(Distinct.first_id.in_(ids), Distinct.second_id.in_(ids)))
    }
