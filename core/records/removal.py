"""Deleting: archive first. A delete shows what it would take along, empties links to the rows, and can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from parlour.access.rules import allows
from parlour.db.session import Session
from parlour.errors import NotAllowed, Refusal
from parlour.i18n import _
from parlour.records.query import visible
from parlour.records.registry import Field, RecordType, links_to
from parlour.records.write import Change, Written, open_change_set, write

CHUNK = 500


@dataclass(frozen=True)
class Consequence:
    """Rows of one record that refer to what is to be deleted. `blocks` when they cannot do without it."""

    record: RecordType
    field: Field
    count: int
    blocks: bool


def consequences(session: Session, record: RecordType, ids: Sequence[int]) -> list[Consequence]:
    """What refers to these rows, counted over the whole organisation, whoever may see it."""
    found = []
    for source, item in links_to(record):
        column = _reference(item)
        count = int(
            session.execute(select(func.count()).select_from(item.cls).where(column.in_(ids))).scalar_one()
        )
        if count:
            found.append(Consequence(source, item, count, item.required))
    return found


def _reference(item: Field) -> Any:
    return item.cls.target_id if item.storage == "links" else getattr(item.cls, f"{item.attr}_id")


def referred_to(session: Session, record: RecordType, ids: Sequence[int]) -> set[int]:
    """Those of the rows to which something refers."""
    used: set[int] = set()
    for _source, item in links_to(record):
        column = _reference(item)
        for start in range(0, len(ids), CHUNK):
            used.update(
                session.scalars(select(column).where(column.in_(ids[start : start + CHUNK])).distinct())
            )
    return used


def archive(session: Session, record: RecordType, ids: Sequence[int], *, restore: bool = False) -> Written:
    """Put rows away, or bring them back."""
    act: Any = "restore" if restore else "archive"
    return write(session, record, [Change(id=row_id, act=act) for row_id in ids], label=act)


def delete(session: Session, record: RecordType, ids: Sequence[int]) -> Written:
    """Delete rows for good (undo brings them back). Links to them become empty, in the same change set.

    More than one at a time needs core:bulk_delete. Raises NotAllowed, NotFound, and Refusal when rows that cannot do without
    them refer to them.
    """
    wanted = sorted(set(ids))
    if not allows(session, record.permission("delete")) or (
        len(wanted) > 1 and not allows(session, "core:bulk_delete")
    ):
        raise NotAllowed(_("You may not delete this."))
    mine = set(
        session.scalars(
            select(record.cls.id).where(
                record.cls.id.in_(wanted), *visible(session, record, action="delete", archived=None)
            )
        )
    )
    if mine != set(wanted):
        raise NotAllowed(_("You may not delete this."))
    blocking = [found for found in consequences(session, record, wanted) if found.blocks]
    if blocking:
        raise Refusal(
            _(
                "${name} refers to it and cannot do without; archive it instead.",
                mapping={"name": blocking[0].record.plural},
            )
        )
    made = open_change_set(session, label="delete")
    detach(session, record, wanted, made)
    return write(session, record, [Change(id=row_id, act="delete") for row_id in wanted], change_set=made)


def detach(
    session: Session, record: RecordType, ids: Sequence[int], change_set: int, keep: int | None = None
) -> None:
    """Empty every link to the rows, or point it at `keep`, along the write path."""
    for source, item in links_to(record):
        column = _reference(item)
        if item.storage == "links":
            pair = item.cls
            owners: dict[int, list[int]] = {}
            touched = select(pair.owner_id).where(pair.target_id.in_(ids))
            for owner, target in session.execute(
                select(pair.owner_id, pair.target_id)
                .where(pair.owner_id.in_(touched))
                .order_by(pair.owner_id)
            ):
                owners.setdefault(owner, []).append(target)
            changes = []
            for owner, targets in owners.items():
                left = {target for target in targets if target not in ids} | ({keep} if keep else set())
                changes.append(Change({item.name: sorted(left)}, owner))
        else:
            rows = session.scalars(select(item.cls.id).where(column.in_(ids)).order_by(item.cls.id))
            changes = [Change({item.name: keep}, row_id) for row_id in rows]
        for start in range(0, len(changes), CHUNK):
            write(session, source, changes[start : start + CHUNK], change_set=change_set, system=True)
