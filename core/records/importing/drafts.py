"""The rows of a file as they will stand: each is put to the draft that it belongs to, or becomes a new one.

Drafts of a batch live in memory: existing rows that share a key, and new ones. A row that is the same as a draft changes the
draft, so a person who stands twice in one file becomes one record with one write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from parlour.db.session import Session
from parlour.i18n import _
from parlour.records.importing.along import Along
from parlour.records.importing.convert import Converted
from parlour.records.importing.matching import Lost, Matcher
from parlour.records.query import read
from parlour.records.registry import Field, RecordType
from parlour.records.values import key_of

# So many keys or numbers go into one question.
CHUNK = 500
# Row of the file, column, value, reason.
Tell = Callable[[int, str, Any, Any], None]
ByKey = dict[str, list["Draft"]]


@dataclass(eq=False)
class Draft:
    """A row as it will stand: `values` whole, `changes` what is still to be written."""

    id: int | None
    values: dict[str, Any]
    changes: dict[str, Any]
    outcomes: dict[int, str] = field(default_factory=dict)


class Drafts:
    """Where the rows of one import go. `note` is the field that keeps what loses; `tell` hears what people may want to see."""

    def __init__(
        self,
        session: Session,
        record: RecordType,
        fields: Mapping[str, Field],
        matcher: Matcher,
        along: Along | None,
        *,
        note: str | None,
        dry_run: bool,
        tell: Tell,
    ):
        self.session = session
        self.record = record
        self.fields = fields
        self.matcher = matcher
        self.along = along
        self.note = note
        self.dry_run = dry_run
        self.tell = tell
        self._room = int(getattr(fields[note].kind, "max_length", 0)) if note else 0
        # Rows up to this number were there before; those taken for a row without keys are taken once.
        self.horizon: int = session.scalar(select(func.max(record.cls.id))) or 0
        self.claimed: set[int] = set()
        # A dry run writes nothing, so later batches find what earlier ones would have written here.
        self._kept: tuple[dict[int, Draft], ByKey] = ({}, defaultdict(list))

    def of(self, rows: Sequence[tuple[Converted, dict[str, Any]]]) -> list[Draft]:
        """The drafts that the rows of a batch change or become, each once."""
        by_key = self._existing([values for _row, values in rows])
        return list(dict.fromkeys(self._place(row, values, by_key) for row, values in rows))

    def _existing(self, rows: Sequence[Mapping[str, Any]]) -> ByKey:
        """Drafts of the existing rows that share a key with a row of the batch, by key."""
        keys = {key for values in rows for key in self.matcher.keys(values) or self.matcher.weak_keys(values)}
        ids = sorted(self.matcher.find(self.session, keys)) if keys else []
        known, by_key = self._kept if self.dry_run else ({}, defaultdict(list))
        drafts: list[Draft] = []
        ids = [row_id for row_id in ids if row_id not in known]
        wanted = [item for item in self.record.fields if item.name in self.fields or item.computed]
        for start in range(0, len(ids), CHUNK):
            conditions = [
                self.record.cls.id.in_(ids[start : start + CHUNK]),
                self.record.cls.archived_at.is_(None),
            ]
            for found in read(self.session, self.record, wanted, conditions, order_by=[self.record.cls.id]):
                drafts.append(Draft(found["id"], found, {}))
        beside = self.along.standing(ids) if self.along is not None and ids else {}
        for draft in drafts:
            if self.along is not None:
                draft.values[self.along.kept] = beside.get(draft.id or 0)
            known[draft.id or 0] = draft
            for key in self.matcher.keys(draft.values) or self.matcher.weak_keys(draft.values):
                by_key[key].append(draft)
        return by_key

    def _place(self, row: Converted, values: dict[str, Any], by_key: ByKey) -> Draft:
        """The draft that the row belongs to, changed by it, or a new one."""
        keys = self.matcher.keys(values)
        if not keys:
            return self._place_keyless(row, values, by_key)
        near = list(dict.fromkeys(draft for key in sorted(keys) for draft in by_key.get(key, ())))
        same = [draft for draft in near if self.matcher.same(draft.values, values)]
        if same:
            draft, changes = self._combined(row, values, same)
            draft.values.update(changes)
            draft.changes.update(changes)
            draft.outcomes[row.number] = "updated" if changes else "unchanged"
        else:
            values |= self.matcher.untitled(values) | self._fresh(values)
            draft = Draft(None, dict(values), dict(values), outcomes={row.number: "created"})
            if near:
                self.tell(
                    row.number,
                    "",
                    self.matcher.title(near[0].values),
                    _("This may be a duplicate of another record."),
                )
        for key in self.matcher.keys(draft.values):
            if draft not in by_key[key]:
                by_key[key].append(draft)
        return draft

    def _combined(
        self, row: Converted, values: dict[str, Any], same: Sequence[Draft]
    ) -> tuple[Draft, dict[str, Any]]:
        """The best of the drafts that the row belongs to, with what the row changes in it.

        One that says all that the row says comes before a better one: it is where the row went when the file came the
        first time.
        """
        found: list[tuple[Draft, dict[str, Any], list[Lost]]] = []
        for draft in sorted(same, key=lambda one: self.matcher.better(one.values), reverse=True):
            changes, lost = self._combine(draft, values)
            found.append((draft, self._noted(draft, changes, lost), lost))
        draft, changes, lost = next((one for one in found if not one[1]), found[0])
        for one in lost:
            self.tell(
                row.number,
                one.field.name,
                plain(self.session, one.field, one.value),
                _("Another value stands there; this one is in the note."),
            )
        return draft, changes

    def _combine(self, draft: Draft, values: dict[str, Any]) -> tuple[dict[str, Any], list[Lost]]:
        if self.along is None:
            return self.matcher.combine(draft.values, values, self.fields)
        kept = self.along.kept
        own = {name: value for name, value in values.items() if name != kept}
        changes, lost = self.matcher.combine(draft.values, own, self.fields)
        if kept in values and self.along.differs(draft.values.get(kept), values[kept]):
            changes[kept] = values[kept]
        return changes, lost

    def _fresh(self, values: dict[str, Any]) -> dict[str, Any]:
        return self.along.fresh(values) if self.along is not None else {}

    def _place_keyless(self, row: Converted, values: dict[str, Any], by_key: ByKey) -> Draft:
        """A row that nothing identifies: one that was there before and says the same, else a new one."""
        weak = sorted(self.matcher.weak_keys(values))
        near = list(dict.fromkeys(draft for key in weak for draft in by_key.get(key, ())))
        for draft in near:
            known = draft.id is not None and draft.id <= self.horizon and draft.id not in self.claimed
            if known and self._combine(draft, values) == ({}, []):
                self.claimed.add(draft.id or 0)
                draft.outcomes[row.number] = "unchanged"
                return draft
        values |= self._fresh(values)
        draft = Draft(None, dict(values), dict(values), outcomes={row.number: "created"})
        if near:
            name = self.matcher.title(near[0].values)
            self.tell(row.number, "", name, _("This may be a duplicate of another record."))
        for key in weak:
            by_key[key].append(draft)
        return draft

    def _noted(self, draft: Draft, changes: dict[str, Any], lost: Sequence[Lost]) -> dict[str, Any]:
        """The changes, with every value that lost against another one in the note, once."""
        note = self.note
        if note is None:
            return changes
        for one in lost:
            line = f"{one.field.name}: {plain(self.session, one.field, one.value)}"
            standing = changes.get(note, draft.values.get(note)) or ""
            if key_of(line) not in {key_of(part) for part in standing.split("\n")}:
                text = f"{standing}\n{line}".strip()
                if len(text) <= self._room:
                    changes[note] = text
        return changes


def plain(session: Session, item: Field, value: Any) -> str:
    """A value as it is told."""
    from parlour.records.clean import to_json

    if item.target is not None and isinstance(value, int):
        from parlour.records.query import titles

        return titles(session, item.target, {value}).get(value, str(value))
    found = to_json(item, value)
    return found["amount"] if isinstance(found, dict) and "amount" in found else str(found)
