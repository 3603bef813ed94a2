"""Deleting: archive first. A delete shows what it would take along, empties links to the rows, and can be undone as a whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, select

from parlour.access.protection import require_bulk_delete
from parlour.access.rules import allows
from parlour.db.session import Session
from parlour.errors import Conflict, Invalid, NotAllowed, NotFound, ParlourError, Refusal
from parlour.i18n import _
from parlour.records.query import may_read, read, visible
from parlour.records.registry import Field, RecordType, links_to
from parlour.records.write import Change, Written, open_change_set, write

CHUNK = 500
Effect = Literal["goes", "stays", "blocks"]


@dataclass(frozen=True)
class Consequence:
    """Rows of one record that refer to what is to be deleted: they go along, stay without the link, or stand in the way."""

    record: RecordType
    field: Field
    count: int
    effect: Effect


@dataclass(frozen=True)
class Doomed:
    """Rows of one record that a delete removes."""

    record: RecordType
    ids: list[int]


def consequences(session: Session, record: RecordType, ids: Sequence[int]) -> list[Consequence]:
    """What refers to these rows, counted over the whole organisation, whoever may see it."""
    found = []
    for source, item in links_to(record):
        count = _count(session, item, ids)
        if count:
            found.append(Consequence(source, item, count, _effect(item)))
    return found


def _effect(item: Field) -> Effect:
    if item.on_delete == "CASCADE":
        return "goes"
    return "blocks" if item.required or item.on_delete == "RESTRICT" else "stays"


def _count(session: Session, item: Field, ids: Sequence[int], without: Collection[int] = ()) -> int:
    """How many rows refer to these, those of `without` not counted."""
    if without:
        return len(_referring(session, item, ids) - set(without))
    column, count = _reference(item), 0
    for start in range(0, len(ids), CHUNK):
        some = column.in_(ids[start : start + CHUNK])
        count += int(session.scalar(select(func.count()).select_from(item.cls).where(some)) or 0)
    return count


def _referring(session: Session, item: Field, ids: Sequence[int]) -> set[int]:
    owner = item.cls.owner_id if item.storage == "links" else item.cls.id
    found: set[int] = set()
    for start in range(0, len(ids), CHUNK):
        found.update(
            session.scalars(select(owner).where(_reference(item).in_(ids[start : start + CHUNK])).distinct())
        )
    return found


def taken_along(session: Session, record: RecordType, ids: Sequence[int]) -> list[Doomed]:
    """The rows themselves, then those that go along with them, and with those, in the order in which they are found."""
    doomed = [Doomed(record, sorted(set(ids)))]
    known: dict[str, set[int]] = {record.name: set(ids)}
    for one in doomed:
        for source, item in links_to(one.record):
            if _effect(item) == "goes":
                fresh = _referring(session, item, one.ids) - known.setdefault(source.name, set())
                if fresh:
                    known[source.name] |= fresh
                    doomed.append(Doomed(source, sorted(fresh)))
    return doomed


def left_behind(session: Session, doomed: Sequence[Doomed]) -> list[Consequence]:
    """What refers to doomed rows and does not go along: it stays without the link, or stands in the way."""
    going: dict[str, set[int]] = {}
    for one in doomed:
        going.setdefault(one.record.name, set()).update(one.ids)
    found = []
    for one in doomed:
        for source, item in links_to(one.record):
            effect = _effect(item)
            count = 0 if effect == "goes" else _count(session, item, one.ids, going.get(source.name, ()))
            if count:
                found.append(Consequence(source, item, count, effect))
    return found


def refused(session: Session, doomed: Sequence[Doomed]) -> Any:
    """Why a plugin will not let these rows go, as one sentence; None when all of them do. Writes nothing."""
    try:
        for place, one in enumerate(doomed):
            write(session, one.record, _acts(one, along=place > 0), system=place > 0, dry_run=True)
    except ParlourError as error:
        return _reason(error)
    return None


def _reason(error: ParlourError) -> Any:
    if isinstance(error, Invalid):
        return next((why for row in error.errors.values() for why in row.values()), error.message)
    return error.message


def _acts(doomed: Doomed, *, along: bool) -> list[Change]:
    return [Change(id=row_id, act="delete", along=along) for row_id in doomed.ids]


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


def delete(
    session: Session, record: RecordType, ids: Sequence[int], *, version: int | None = None
) -> Written:
    """Delete rows for good (undo brings them back). In the same change set links to them become empty, and what belongs to
    them goes along: who may delete a client may delete what is written about them.

    More than one at a time needs core:bulk_delete and the organisation's switch; `version` is what the one row must have.
    Raises NotAllowed, NotFound, Conflict, and Refusal when rows that cannot do without them refer to them, or when a
    plugin refuses.
    """
    wanted = sorted(set(ids))
    if not allows(session, record.permission("delete")):
        raise NotAllowed(_("You may not delete this."))
    if len(wanted) > 1:
        require_bulk_delete(session)
    conditions = [record.cls.id.in_(wanted), *visible(session, record, action="delete", archived=None)]
    mine = {
        row["id"]: row for row in read(session, record, (), conditions, order_by=[record.cls.id], lock=True)
    }
    for row_id in wanted:
        if row_id not in mine:
            if not may_read(session, record, row_id):
                raise NotFound(_("There is no such record, or it is not yours to see."))
            raise NotAllowed(_("You may not delete this."))
        if version is not None and version != mine[row_id]["version"]:
            raise Conflict(_("Somebody has changed this record since you opened it."), mine[row_id])
    doomed = taken_along(session, record, wanted)
    blocking = [found for found in left_behind(session, doomed) if found.effect == "blocks"]
    if blocking:
        raise Refusal(
            _(
                "${name} refers to it and cannot do without; archive it instead.",
                mapping={"name": blocking[0].record.plural},
            )
        )
    # Asked of everybody before the first link is emptied: what they look at must still be there.
    why = refused(session, doomed)
    if why:
        raise Refusal(why)
    try:
        with session.begin_nested():
            made = open_change_set(session, label="delete")
            # What hangs on something goes before it, so that undo brings it back after it.
            for place, one in reversed(list(enumerate(doomed))):
                detach(session, one.record, one.ids, made)
                acts = _acts(one, along=place > 0)
                written = write(session, one.record, acts, change_set=made, system=place > 0)
    except Invalid as error:
        raise Refusal(_reason(error)) from error
    return written


def detach(
    session: Session, record: RecordType, ids: Sequence[int], change_set: int, keep: int | None = None
) -> None:
    """Empty every link to the rows, or point it at `keep`, along the write path."""
    for source, item in links_to(record):
        if keep is None and _effect(item) == "goes":
            continue
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
