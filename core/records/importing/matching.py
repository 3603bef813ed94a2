"""Which existing row a row of a file is, and how the two are combined.

A record may bring a `Matcher` of its own (people are told apart by more than one field); with `--key` the fields named decide.
The importer asks for keys in batches and keeps the drafts of the batch in memory, so that a person who stands twice in one file
is found as surely as one who was there before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from parlour.db.session import Session
from parlour.records.registry import Field, RecordType
from parlour.records.store import columns_of
from parlour.records.values import key_of

CHUNK = 500
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Lost:
    """A value of the file that was not taken over, because another one stands there."""

    field: Field
    value: Any


class Matcher:
    """Rows are never the same: everything in the file is new. Base of the others."""

    overwrite = False

    def __init__(self, record: RecordType):
        self.record = record

    def keys(self, values: Values) -> set[str]:
        """Under what a row can be found; rows that share no key are never the same."""
        return set()

    def weak_keys(self, values: Values) -> set[str]:
        """Under what a row without any key may be known already: it is taken for a row without keys that was there before
        the import and says all that it says, so that importing a file again adds nothing. `find` looks these up too.
        """
        return set()

    def find(self, session: Session, keys: Iterable[str]) -> set[int]:
        """Ids of existing rows that have one of the keys, in one statement per kind of key."""
        return set()

    def same(self, existing: Values, incoming: Values) -> bool:
        """Whether two rows that share a key are the same thing."""
        return True

    def better(self, existing: Values) -> Any:
        """How good a candidate is; the greatest is taken."""
        return sum(value not in (None, "", []) for value in existing.values())

    def title(self, values: Values) -> str:
        """What a row is called where a possible duplicate is listed."""
        return str(values.get(self.record.title_field) or values.get("id") or "")

    def dropped(self, values: Values) -> dict[str, str]:
        """Values, by field, that the record will not keep beside its others, though each is right by itself."""
        return {}

    def spelled(self, values: Values) -> dict[str, Any]:
        """Values that the record writes in another way than the file, and those that follow from others."""
        return {}

    def untitled(self, values: Values) -> dict[str, Any]:
        """What a new row is called when the file names nothing for it; empty when nothing else tells it either."""
        return {}

    def settle(self, item: Field, old: Any, new: Any) -> tuple[Any, bool]:
        """The value to keep of two that differ, and whether the new one is lost by that."""
        if self.overwrite:
            return new, False
        return old, True

    def combine(
        self, existing: Values, incoming: Values, fields: Mapping[str, Field]
    ) -> tuple[dict[str, Any], list[Lost]]:
        """What changes in the existing row. Lists are united, an empty new value changes nothing."""
        changes: dict[str, Any] = {}
        lost: list[Lost] = []
        for name, new in incoming.items():
            item = fields[name]
            old = existing.get(name)
            if new in (None, "", []) or new == old or (new is False and old is None):
                continue
            if item.storage == "part":
                united = united_lines(item, old or [], new)
                if united != (old or []):
                    changes[name] = united
            elif item.storage == "links":
                united = united_links(old or [], new)
                if united != (old or []):
                    changes[name] = united
            elif old in (None, "", False):
                changes[name] = new
            elif getattr(item.kind, "multiline", False) and not self.overwrite:
                text = united_text(old, new, getattr(item.kind, "max_length", 20_000))
                if text is None:
                    lost.append(Lost(item, new))
                elif text != old:
                    changes[name] = text
            else:
                kept, gone = self.settle(item, old, new)
                if kept != old:
                    changes[name] = kept
                if gone:
                    lost.append(Lost(item, new))
        return changes, lost


class KeyMatcher(Matcher):
    """The fields given with `--key` decide; a repeat overwrites what differs."""

    overwrite = True

    def __init__(self, record: RecordType, fields: Sequence[Field]):
        super().__init__(record)
        self.fields = list(fields)

    def keys(self, values: Values) -> set[str]:
        parts = []
        for item in self.fields:
            found = _comparable(item, values.get(item.name))
            if not found:
                return set()
            parts.append(found)
        # With several fields the first finds candidates; `same` compares them all.
        return set(parts[0])

    def same(self, existing: Values, incoming: Values) -> bool:
        return all(
            _comparable(item, existing.get(item.name)) & _comparable(item, incoming.get(item.name))
            for item in self.fields
        )

    def find(self, session: Session, keys: Iterable[str]) -> set[int]:
        return rows_with(session, self.record, self.fields[0], keys)


def _comparable(item: Field, value: Any) -> set[str]:
    if value in (None, "", []):
        return set()
    if item.storage == "part":
        inner = item.lines[0]
        return {str(inner.kind.key(line[inner.name]) or line[inner.name]) for line in value}
    if item.key_column:
        return {str(item.kind.key(value))}
    return {str(columns_of(item, value)[item.columns[0]])} if item.columns else set()


def rows_with(session: Session, record: RecordType, item: Field, keys: Iterable[str]) -> set[int]:
    """Ids of the rows whose field (or a line of it) has one of these keys."""
    found: set[int] = set()
    wanted = sorted(set(keys))
    if item.storage == "part":
        inner = item.lines[0]
        column = getattr(item.cls, inner.key_column or inner.columns[0])
        ids: Any = item.cls.owner_id
    else:
        column = getattr(item.cls, item.key_column or item.columns[0])
        ids = item.cls.id
        if not item.key_column:
            python = column.type.python_type
            wanted = [python(one) if python in (int, str) else one for one in wanted]
    for start in range(0, len(wanted), CHUNK):
        statement = select(ids).where(column.in_(wanted[start : start + CHUNK]))
        if item.storage != "part":
            statement = statement.where(record.cls.archived_at.is_(None))
        found.update(session.scalars(statement))
    return found


def united_lines(
    item: Field, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> list[Any]:
    """Lines of both, each once; an empty label is filled in, the main line stays the main one."""
    main = item.lines[0].name
    united = [dict(line) for line in old]
    for line in new:
        twin = next((one for one in united if one[main] is not None and one[main] == line[main]), None)
        if twin is None:
            if not any(_within(line, one) for one in united):
                united.append(dict(line))
            continue
        for name, value in line.items():
            if twin.get(name) in (None, "") and value not in (None, ""):
                twin[name] = value
    return united


def _within(line: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether a line says nothing that the other does not say."""
    return all(value in (None, "") or value == other.get(name) for name, value in line.items())


def united_links(old: Sequence[Any], new: Sequence[Any]) -> list[Any]:
    """Links of both; new names stay names until the write path makes them rows."""
    united = list(old)
    names = {key_of(one) for one in old if isinstance(one, str)}
    for one in new:
        if one not in united and not (isinstance(one, str) and key_of(one) in names):
            united.append(one)
    return united


def united_text(old: str, new: str, max_length: int) -> str | None:
    """Both texts, each line once; None when they do not fit together."""
    lines = set(map(key_of, old.split("\n")))
    fresh = [line for line in new.split("\n") if key_of(line) not in lines]
    text = "\n".join([old, *fresh])
    return text if len(text) <= max_length else None
