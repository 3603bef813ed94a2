"""Merge: several rows of one person become one, and nothing is lost.

The kept row takes what it lacks from the others; lists (phones, tags) are united; every link to the others is pointed at it; the
others are archived. All in one change set, so one undo takes it apart again. Plugins settle collisions of their own in the
check hook `check_merge`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parlour.access.protection import protected
from parlour.access.rules import allows
from parlour.db.session import Session
from parlour.errors import Invalid, NotAllowed, NotFound, Refusal
from parlour.i18n import _
from parlour.plugin.calls import check
from parlour.records.query import read, visible
from parlour.records.registry import Field, RecordType, fields_of
from parlour.records.removal import detach
from parlour.records.write import Change, open_change_set, write

MAX_ROWS = 20


def combined(
    session: Session,
    record: RecordType,
    keep: Mapping[str, Any],
    others: Sequence[Mapping[str, Any]],
    choices: Mapping[str, int],
) -> dict[str, Any]:
    """The values that the kept row gets: its own where it has one, else the first other's; lists united.

    `choices` maps a field to the id of the row whose value is to win.
    """
    rows = {row["id"]: row for row in (keep, *others)}
    values: dict[str, Any] = {}
    for item in record.fields:
        if item.computed:
            continue
        chosen = rows.get(choices.get(item.name, 0))
        if item.storage in ("part", "links"):
            values[item.name] = _united(item, keep, others, chosen)
        elif chosen is not None:
            values[item.name] = chosen.get(item.name)
        elif keep.get(item.name) in (None, "", False):
            found = next(
                (row.get(item.name) for row in others if row.get(item.name) not in (None, "", False)), None
            )
            if found is not None:
                values[item.name] = found
        elif _is_prose(item):
            values[item.name] = _joined(item, keep, others)
    return values


def _is_prose(item: Field) -> bool:
    return bool(getattr(item.kind, "multiline", False))


def _joined(item: Field, keep: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> Any:
    texts: list[str] = []
    for row in (keep, *others):
        found = row.get(item.name)
        if found and all(found not in text for text in texts):
            texts.append(found)
    return "\n".join(texts)[: getattr(item.kind, "max_length", None)]


def _united(
    item: Field, keep: Mapping[str, Any], others: Sequence[Mapping[str, Any]], chosen: Any
) -> list[Any]:
    first = chosen if chosen is not None else keep
    rest = [row for row in (keep, *others) if row is not first]
    united: list[Any] = list(first.get(item.name) or [])
    main = item.lines[0].name if item.storage == "part" else ""
    for row in rest:
        for one in row.get(item.name) or []:
            if item.storage == "part":
                twin = next((line for line in united if one[main] and line[main] == one[main]), None)
                if (twin is not None and not item.repeats) or one in united:
                    continue
            elif one in united:
                continue
            united.append(one)
    return united if item.storage == "part" else sorted(united)


def merge(
    session: Session,
    record: RecordType,
    keep: int,
    lose: Sequence[int],
    choices: Mapping[str, int] | None = None,
) -> int:
    """Merge the rows `lose` into `keep` and return the change set, which `undo` takes apart again.

    Raises NotFound, NotAllowed, Refusal.
    """
    losers = sorted(set(lose) - {keep})
    if not losers or len(losers) >= MAX_ROWS:
        raise Refusal(_("Choose between two and ${n} records to merge.", mapping={"n": MAX_ROWS}))
    if not allows(session, record.permission("merge")):
        raise NotAllowed(_("You may not merge."))
    hidden = {item.name for item in record.fields if item.plugin in _enabled(session)} - {
        item.name for item in fields_of(session, record)
    }
    conditions = visible(session, record, action="write", archived=False)
    ids = [keep, *losers]
    rows = {
        row["id"]: row
        for row in read(session, record, record.fields, [record.cls.id.in_(ids), *conditions], lock=True)
    }
    if set(rows) != set(ids):
        raise NotFound(_("One of these records is gone or not yours to change; open the list again."))
    check(session, "check_merge", record=record, keep=keep, lose=losers)
    # What is protected stays as the kept row has it.
    held = protected(session, record)
    picked = {name: row_id for name, row_id in (choices or {}).items() if name not in hidden | held}
    values = combined(session, record, rows[keep], [rows[row_id] for row_id in losers], picked)
    values = {name: value for name, value in values.items() if name not in held}
    made = open_change_set(session, label="merge")
    try:
        detach(session, record, losers, made, keep=keep)
    except Invalid as collision:
        # What hangs on both cannot hang on one: somebody has to say which of the two is right.
        raise Refusal(
            _(
                "They cannot be merged as they are: ${why} Change or delete one of the two first.",
                mapping={"why": next(iter(collision.fields.values()), collision.message)},
            )
        ) from collision
    # A unique value can only move when the row that had it lets it go.
    freed = {
        item.name: None
        for item in record.fields
        if item.unique and not item.required and values.get(item.name)
    }
    for names in record.unique_together:
        able = [name for name in names if not record.field(name).required]
        if able and values.keys() & set(names):
            freed[next((name for name in able if values.get(name)), able[0])] = None
    if freed:
        write(session, record, [Change(freed, row_id) for row_id in losers], change_set=made, system=True)
    write(session, record, [Change(values, keep)], change_set=made, system=True)
    write(
        session, record, [Change(id=row_id, act="archive") for row_id in losers], change_set=made, system=True
    )
    return made


def _enabled(session: Session) -> frozenset[str]:
    from parlour.plugin.gate import enabled

    return enabled(session)
