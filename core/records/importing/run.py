"""Running an import: batches of rows are converted, matched, combined and written, each in one transaction.

The drafts of a batch live in memory: existing rows that share a key, and new ones. A row that is the same as a draft changes the
draft, so a person who stands twice in one file becomes one record with one write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import func, select

from parlour.db.session import Session
from parlour.errors import Invalid, Refusal
from parlour.i18n import Localizer, _
from parlour.records.clean import clean_one
from parlour.records.defaults import defaults_of
from parlour.records.importing.convert import Converted, Converter, creates
from parlour.records.importing.matching import KeyMatcher, Lost, Matcher
from parlour.records.importing.plan import Plan, importable
from parlour.records.importing.result import Result
from parlour.records.query import read
from parlour.records.registry import Field, RecordType
from parlour.records.tables.base import Row, Table
from parlour.records.values import Fault, key_of
from parlour.records.write import Change, Written, open_change_set, write

BATCH = 500


@dataclass(eq=False)
class Draft:
    """A row as it will stand: `values` whole, `changes` what is still to be written."""

    id: int | None
    values: dict[str, Any]
    changes: dict[str, Any]
    outcomes: dict[int, str] = field(default_factory=dict)


class Importer:
    """Imports the rows of one table by one plan. `keys` are the fields of `--key`.

    `only` names the fields that may be filled in where the session may do more than the person, as a job does.
    """

    def __init__(
        self,
        session: Session,
        record: RecordType,
        table: Table,
        plan: Plan,
        *,
        keys: Sequence[str] = (),
        dry_run: bool = False,
        only: Collection[str] | None = None,
    ):
        self.session = session
        self.record = record
        self.table = table
        self.plan = plan
        self.dry_run = dry_run
        self.fields = {
            item.name: item for item in importable(session, record) if only is None or item.name in only
        }
        self.defaults = defaults_of(session)
        self.converter = Converter(record, self.fields, plan, self.defaults, table.samples())
        self.matcher = self._matcher(keys)
        self.along = record.along(session, self._open, dry_run=dry_run) if record.along is not None else None
        self._room = (
            int(getattr(self.fields[self.converter.note].kind, "max_length", 0)) if self.converter.note else 0
        )
        self.result = Result(unmatched_columns=list(plan.unmatched))
        self.change_set: int | None = None
        # Rows up to this number were there before; those taken for a row without keys are taken once.
        self.horizon = self._last_id()
        self.claimed: set[int] = set()
        # A dry run writes nothing, so later batches find what earlier ones would have written here.
        self._kept: tuple[dict[int, Draft], dict[str, list[Draft]]] = ({}, defaultdict(list))

    def _last_id(self) -> int:
        return self.session.scalar(select(func.max(self.record.cls.id))) or 0

    def _matcher(self, keys: Sequence[str]) -> Matcher:
        if keys:
            unknown = [name for name in keys if name not in self.fields]
            if unknown:
                raise Refusal(
                    _(
                        "${record} has no field ${field}.",
                        mapping={"record": self.record.name, "field": unknown[0][:80]},
                    )
                )
            return KeyMatcher(self.record, [self.fields[name] for name in keys])
        if self.record.matcher is not None:
            found: Matcher = self.record.matcher(self.record)
            return found
        # A record with a unique field is told apart by it; any other file is all new rows, unless the whole row is there.
        unique = (item.name for item in self.fields.values() if item.unique and item.storage == "column")
        together = (names for names in self.record.unique_together if set(names) <= set(self.fields))
        names = next(((name,) for name in unique), None) or next(together, None)
        return (
            KeyMatcher(self.record, [self.fields[name] for name in names]) if names else Matcher(self.record)
        )

    def run(self, *, after: int = 0, checkpoint: Callable[[int, Result], bool] | None = None) -> Result:
        """Import every row after the file's row `after`. `checkpoint(row, result)` commits a batch and says whether to go on."""
        rows = (row for row in self.table.rows() if row.number > after)
        if not after:
            for found in self.table.problems:
                self.result.add(found.row, found.column, found.value, found.reason)
            for column, reason in (*self.converter.left_out.items(), *self.converter.barred.items()):
                self.result.add(None, column, "", reason)
            for passed in self.table.skipped:
                self.result.add(passed.row, "", passed.text, passed.reason)
        for batch in _batches(rows):
            self.batch([self.converter.convert(row) for row in batch])
            self.result.change_set = self.change_set
            if checkpoint is not None and not checkpoint(batch[-1].number, self.result):
                break
        return self.result

    def resume(self, position: Mapping[str, Any]) -> None:
        """Go on from what `position` kept: the figures so far, and the change set that all batches share."""
        self.result = Result.from_json(position["result"])
        self.change_set = self.result.change_set
        self.horizon = position["horizon"]
        self.claimed = set(position["claimed"])

    def position(self, row: int, loc: Localizer) -> dict[str, Any]:
        """What a later run needs to go on behind the file's row `row`, as plain values."""
        return {
            "row": row,
            "result": self.result.as_json(loc),
            "horizon": self.horizon,
            "claimed": sorted(self.claimed),
        }

    def batch(self, rows: Sequence[Converted]) -> None:
        """Convert the rest, match, combine and write one batch."""
        self.result.rows += len(rows)
        self._resolve_links(rows)
        ready: list[tuple[Converted, dict[str, Any]]] = []
        cleaned = [(row, self._clean(row)) for row in rows]
        if self.along is not None:
            self.along.prepare(cleaned)
        headings = {name: column for column, name in self.plan.columns.items()}
        for row, values in cleaned:
            for column, value, reason in row.problems:
                # What goes along knows its columns by their own names, people know them by the file's.
                known = column if column in self.plan.columns else headings.get(column, column)
                self.result.add(row.number, known, value, reason)
            if not values:
                self.result.skipped += 1
                continue
            values |= self.matcher.spelled(values)
            self._keep_dropped(row, values)
            ready.append((row, values))
        by_key = self._existing([values for _row, values in ready])
        touched: dict[Draft, None] = {}
        for row, values in ready:
            touched[self._place(row, values, by_key)] = None
        self._write(list(touched))

    def _keep_dropped(self, row: Converted, values: dict[str, Any]) -> None:
        """Two columns that say different things of one matter: the one that gives way stays in the note."""
        for name, text in self.matcher.dropped(values).items():
            del values[name]
            reason = _("Another column says something else; this is in the note.")
            self.result.add(row.number, name, text, reason)
            note = self.converter.note
            if note:
                standing = [values[note]] if values.get(note) else []
                values[note] = "\n".join([*standing, f"{name}: {text}"])

    def _clean(self, row: Converted) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, given in row.values.items():
            item = self.fields[name]
            if item.storage == "link":
                values[name] = given
                continue
            try:
                values[name] = clean_one(item, given, self.defaults)
            except Fault as fault:
                row.problems.append((name, str(given)[:200], fault.message))
        return {name: value for name, value in values.items() if value not in (None, "", [])}

    def _resolve_links(self, rows: Sequence[Converted]) -> None:
        """Names in link fields become ids, read in one statement per field; new names of value lists become rows."""
        for item in self.fields.values():
            if item.target is None or (self.along is not None and item.name in self.along.resolves):
                continue
            named: dict[str, str] = {}
            for row in rows:
                given = row.values.get(item.name)
                for one in given if isinstance(given, list) else [given] if given else []:
                    if isinstance(one, str):
                        named.setdefault(key_of(one), one)
            if not named:
                continue
            known = self._known(item, sorted(named))
            missing = {key: name for key, name in named.items() if key not in known}
            if item.storage == "link" and missing and creates(item) and not self.dry_run:
                made = write(
                    self.session,
                    item.target,
                    [Change({item.target.title_field: name}) for name in missing.values()],
                    change_set=self._open(),
                    system=True,
                )
                known.update(zip(missing, made.ids, strict=True))
            for row in rows:
                self._put_links(row, item, known)

    def _known(self, item: Field, keys: Sequence[str]) -> dict[str, int]:
        assert item.target is not None
        target: Any = item.target.cls
        # A number of their own, where they have one, says more than what they are called.
        unique = [one.key_column for one in item.target.fields if one.unique and one.storage == "column"]
        known: dict[str, int] = {}
        for name in [f"{item.target.title_field}_key", *filter(None, unique)]:
            column = getattr(target, name)
            for start in range(0, len(keys), BATCH):
                statement = (
                    select(column, target.id)
                    .where(column.in_(keys[start : start + BATCH]))
                    .order_by(target.id.desc())
                )
                known.update((key, row_id) for key, row_id in self.session.execute(statement))
        return known

    def _put_links(self, row: Converted, item: Field, known: Mapping[str, int]) -> None:
        given = row.values.get(item.name)
        if isinstance(given, list):
            row.values[item.name] = list(
                dict.fromkeys(known.get(key_of(one), one) if isinstance(one, str) else one for one in given)
            )
            if not creates(item):
                for one in [one for one in row.values[item.name] if isinstance(one, str)]:
                    row.values[item.name].remove(one)
                    row.problems.append((item.name, one, _("There is no such record.")))
        elif isinstance(given, str):
            found = known.get(key_of(given))
            if found is None:
                del row.values[item.name]
                if not (self.dry_run and creates(item)):
                    row.problems.append((item.name, given, _("There is no such record.")))
            else:
                row.values[item.name] = found

    def _existing(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Draft]]:
        """Drafts of the existing rows that share a key with a row of the batch, by key."""
        keys = {key for values in rows for key in self.matcher.keys(values) or self.matcher.weak_keys(values)}
        ids = sorted(self.matcher.find(self.session, keys)) if keys else []
        known, by_key = self._kept if self.dry_run else ({}, defaultdict(list))
        drafts: list[Draft] = []
        ids = [row_id for row_id in ids if row_id not in known]
        wanted = [item for item in self.record.fields if item.name in self.fields or item.computed]
        for start in range(0, len(ids), BATCH):
            conditions = [
                self.record.cls.id.in_(ids[start : start + BATCH]),
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

    def _place(self, row: Converted, values: dict[str, Any], by_key: dict[str, list[Draft]]) -> Draft:
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
                self.result.add(
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
            self.result.add(
                row.number,
                one.field.name,
                _plain(one.field, one.value, self.session),
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

    def _place_keyless(self, row: Converted, values: dict[str, Any], by_key: dict[str, list[Draft]]) -> Draft:
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
            self.result.add(row.number, "", name, _("This may be a duplicate of another record."))
        for key in weak:
            by_key[key].append(draft)
        return draft

    def _noted(self, draft: Draft, changes: dict[str, Any], lost: Sequence[Lost]) -> dict[str, Any]:
        """The changes, with every value that lost against another one in the note, once."""
        note = self.converter.note
        if note is None:
            return changes
        for one in lost:
            line = f"{one.field.name}: {_plain(one.field, one.value, self.session)}"
            standing = changes.get(note, draft.values.get(note)) or ""
            if key_of(line) not in {key_of(part) for part in standing.split("\n")}:
                text = f"{standing}\n{line}".strip()
                if len(text) <= self._room:
                    changes[note] = text
        return changes

    def _said(self, draft: Draft) -> str:
        """All that a row says, for one that is refused for what it lacks."""
        return "; ".join(
            _plain(self.fields[name], value, self.session)
            for name, value in draft.values.items()
            if name in self.fields
        )

    def _write_batch(
        self, drafts: Sequence[Draft], changes: Sequence[Change], change_set: int
    ) -> tuple[Written, dict[int, Any]]:
        """Write the rows and what the file brings along with them; what has to be told of rows, by their numbers."""
        if self.along is None:
            return write(self.session, self.record, changes, change_set=change_set), {}
        with self.along.writing([draft.id for draft in drafts if draft.id]):
            written = write(self.session, self.record, changes, change_set=change_set)
            beside = [
                (row_id, draft.changes.get(self.along.kept))
                for draft, row_id in zip(drafts, written.ids, strict=True)
            ]
            return written, self.along.write(change_set, beside)

    def _own(self, draft: Draft) -> dict[str, Any]:
        """What is to be written of the record itself: a new row whole, an existing one as far as it changes."""
        values = draft.changes if draft.id else draft.values
        if self.along is None:
            return values
        return {name: value for name, value in values.items() if name != self.along.kept}

    def _open(self) -> int:
        if self.change_set is None:
            self.change_set = open_change_set(self.session, label="import")
        return self.change_set

    def _write(self, drafts: Sequence[Draft]) -> None:
        dirty = [draft for draft in drafts if draft.changes]
        rejected: dict[Draft, Any] = {}
        told: dict[int, Any] = {}
        while dirty:
            # A new row is written whole; in a dry run it is still new when a later batch adds to it.
            changes = [Change(self._own(draft), draft.id) for draft in dirty]
            try:
                if self.dry_run:
                    write(self.session, self.record, changes, dry_run=True)
                    for draft in dirty:
                        draft.changes = {}
                    break
                # Opened outside the savepoint: it must outlive a batch that is refused.
                made = self._open()
                with self.session.begin_nested():
                    written, told = self._write_batch(dirty, changes, made)
                for draft, row_id in zip(dirty, written.ids, strict=True):
                    draft.id, draft.changes = row_id, {}
                break
            except Invalid as refused:
                # The rows at fault are taken out and the rest of the batch is written.
                bad = {
                    position: errors for position, errors in refused.errors.items() if position < len(dirty)
                }
                if not bad:
                    raise
                for position, errors in bad.items():
                    rejected[dirty[position]] = errors
                dirty = [draft for position, draft in enumerate(dirty) if position not in bad]
        for draft in drafts:
            refusals = rejected.get(draft)
            outcomes, draft.outcomes = draft.outcomes, {}
            for number, outcome in outcomes.items():
                if refusals is None:
                    setattr(self.result, outcome, getattr(self.result, outcome) + 1)
                    if draft.id in told:
                        self.result.add(number, "", self._said(draft)[:200], told[draft.id])
                    continue
                self.result.rejected += 1
                for name, reason in refusals.items():
                    said = draft.values.get(name) or self._said(draft)
                    self.result.add(number, name, said, reason)


def import_table(
    session: Session,
    record: RecordType,
    table: Table,
    plan: Plan,
    *,
    keys: Sequence[str] = (),
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Result:
    """Import a whole table from the command line: each batch is committed, so that nobody waits long for the write lock."""
    importer = Importer(session, record, table, plan, keys=keys, dry_run=dry_run)

    def checkpoint(row: int, result: Result) -> bool:
        if not dry_run:
            session.commit()
        if progress is not None:
            progress(result.rows)
        return True

    return importer.run(checkpoint=checkpoint)


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _plain(item: Field, value: Any, session: Session) -> str:
    from parlour.records.clean import to_json

    if item.target is not None and isinstance(value, int):
        from parlour.records.query import titles

        return titles(session, item.target, {value}).get(value, str(value))
    found = to_json(item, value)
    return found["amount"] if isinstance(found, dict) and "amount" in found else str(found)
