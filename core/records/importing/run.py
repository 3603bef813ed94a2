"""Running an import: batches of rows are converted, matched, combined and written, each in one transaction."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from parlour.db.session import Session
from parlour.errors import Invalid, Refusal
from parlour.i18n import Localizer, _
from parlour.records.clean import clean_one
from parlour.records.defaults import defaults_of
from parlour.records.importing.convert import Converted, Converter
from parlour.records.importing.drafts import Draft, Drafts, plain
from parlour.records.importing.links import resolve
from parlour.records.importing.matching import KeyMatcher, Matcher
from parlour.records.importing.plan import Plan, importable
from parlour.records.importing.result import Result
from parlour.records.registry import RecordType
from parlour.records.tables.base import Row, Table
from parlour.records.values import Fault
from parlour.records.write import Change, Written, open_change_set, write

BATCH = 500


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
        aside = self.along.resolves if self.along is not None else frozenset()
        self._links = [item for item in self.fields.values() if item.target and item.name not in aside]
        self.result = Result(unmatched_columns=list(plan.unmatched))
        self.change_set: int | None = None
        self.drafts = Drafts(
            session,
            record,
            self.fields,
            self.matcher,
            self.along,
            note=self.converter.note,
            dry_run=dry_run,
            tell=self._tell,
        )

    def _tell(self, row: int, column: str, value: Any, reason: Any) -> None:
        self.result.add(row, column, value, reason)

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
            with _undisturbed():
                self.batch([self.converter.convert(row) for row in batch])
            self.result.change_set = self.change_set
            if checkpoint is not None and not checkpoint(batch[-1].number, self.result):
                break
        return self.result

    def resume(self, position: Mapping[str, Any]) -> None:
        """Go on from what `position` kept: the figures so far, and the change set that all batches share."""
        self.result = Result.from_json(position["result"])
        self.change_set = self.result.change_set
        self.drafts.horizon = position["horizon"]
        self.drafts.claimed = set(position["claimed"])

    def position(self, row: int, loc: Localizer) -> dict[str, Any]:
        """What a later run needs to go on behind the file's row `row`, as plain values."""
        return {
            "row": row,
            "result": self.result.as_json(loc),
            "horizon": self.drafts.horizon,
            "claimed": sorted(self.drafts.claimed),
        }

    def batch(self, rows: Sequence[Converted]) -> None:
        """Convert the rest, match, combine and write one batch."""
        self.result.rows += len(rows)
        resolve(self.session, self._links, rows, self._open, dry_run=self.dry_run)
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
        self._write(self.drafts.of(ready))

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

    def _said(self, draft: Draft) -> str:
        """All that a row says, for one that is refused for what it lacks."""
        return "; ".join(
            plain(self.session, self.fields[name], value)
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


@contextmanager
def _undisturbed() -> Iterator[None]:
    """What a batch makes lasts until its end: looking it through for garbage again and again took a fifth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
