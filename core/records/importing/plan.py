"""What goes where: columns of a file to fields of a record, guessed, remembered, or given with `--map`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import NotAllowed, Refusal
from parlour.i18n import LOCALES, _, localizer
from parlour.records.clean import existing
from parlour.records.defaults import defaults_of
from parlour.records.headings import Candidate, guess
from parlour.records.models import ImportMapping
from parlour.records.registry import Field, RecordType, fields_of
from parlour.records.tables.base import Table
from parlour.records.values import key_of

SKIP = "-"


@dataclass
class Plan:
    """The columns of one file. `columns` maps column -> field name; SKIP leaves a column out on purpose.

    Columns in neither are `unmatched`: their values go into the note, so nothing is dropped silently.
    """

    columns: dict[str, str] = field(default_factory=dict)
    # Label columns ("Phone 1 - Label") and the column that each belongs to.
    labels: dict[str, str] = field(default_factory=dict)
    # Columns that hold a part of one line ("Address 1 - City"): field, group, part.
    parts: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    # What a heading calls its values ("work" in "Work phone").
    hints: dict[str, str] = field(default_factory=dict)
    unmatched: list[str] = field(default_factory=list)
    # Those of the unmatched that our own export writes and nobody fills in.
    computed: list[str] = field(default_factory=list)
    # Values for every row, and for rows in which the file has none: a text as a person writes it, or JSON.
    fixed: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    remembered: bool = False


def importable(session: Session, record: RecordType) -> list[Field]:
    """Fields that a file can fill in, and the columns that it brings along."""
    own = [item for item in fields_of(session, record, "write") if item.kind.name != "file"]
    return own if record.along is None else [*own, *record.along.columns()]


def propose(
    session: Session, record: RecordType, table: Table, given: Mapping[str, str | Sequence[str]] | None = None
) -> Plan:
    """The plan for a file: what was given, else what was saved for these headings, else a guess.

    `given` maps field -> column or columns as `--map` does; the field "-" leaves them out. Raises Refusal for a
    field or column that does not exist.
    """
    fields = {item.name: item for item in importable(session, record)}
    plan = Plan()
    for name, columns in (given or {}).items():
        if name != SKIP:
            _known(record, fields, name)
        for one in [columns] if isinstance(columns, str) else columns:
            if one not in table.columns:
                raise Refusal(
                    _(
                        "The file has no column ${column}; there are: ${columns}.",
                        mapping={"column": one[:80], "columns": ", ".join(table.columns)[:500]},
                    )
                )
            plan.columns[one] = name
    saved = _saved(session, record, table.columns)
    if saved is not None and not given:
        plan.columns = {
            column: name for column, name in saved.columns.items() if name in fields or name == SKIP
        }
        kept = saved.given or {}
        plan.fixed = {name: value for name, value in kept.get("fixed", {}).items() if name in fields}
        plan.defaults = {name: value for name, value in kept.get("defaults", {}).items() if name in fields}
        plan.remembered = True
        for item in unreadable(session, record, plan):
            plan.fixed.pop(item.name, None)
            plan.defaults.pop(item.name, None)
    elif not given:
        plan.columns = _card_columns(record, table, fields) or _written_by_us(record, table.columns, fields)
    many = {name for name, item in fields.items() if item.storage in ("part", "links") or _multiline(item)}
    taken = set() if plan.remembered else set(plan.columns.values()) - many
    candidates = [
        Candidate(
            name=item.name, titles=_titles(item), shape=item.shape or item.kind.shape, many=item.name in many
        )
        for item in fields.values()
        if item.name not in taken
    ]
    defaults = defaults_of(session)
    guesses = guess(table.columns, table.samples(), candidates, defaults.region, defaults.currency)
    values = {one.group: one.column for one in guesses if one.part in ("value", "formatted")}
    for found in guesses:
        if found.column in plan.columns:
            continue
        if found.part == "label":
            if found.group in values:
                plan.labels[found.column] = values[found.group]
        elif found.field and found.part not in ("", "value", "formatted"):
            plan.parts[found.column] = (found.field, found.group, found.part)
        elif found.field and not plan.remembered:
            plan.columns[found.column] = found.field
            if found.label:
                plan.hints[found.column] = found.label
    known = {*plan.columns, *plan.labels, *plan.parts}
    plan.unmatched = [column for column in table.columns if column not in known]
    ours = {key_of(title) for item in record.fields if item.computed for title in _titles(item)}
    plan.computed = [column for column in plan.unmatched if key_of(column) in ours]
    return plan


def _known(record: RecordType, fields: Mapping[str, Field], name: str) -> None:
    if name not in fields:
        raise Refusal(
            _(
                "${record} has no field ${field}; there are: ${fields}.",
                mapping={"record": record.name, "field": name[:80], "fields": ", ".join(sorted(fields))},
            )
        )


def fill(
    session: Session, record: RecordType, plan: Plan, fixed: Mapping[str, str], defaults: Mapping[str, str]
) -> None:
    """Put values for every row into a plan: `fixed` ones win over the file, `defaults` give way to it.

    They go before those that are remembered with the columns.

    Raises Refusal for a field that does not exist; whether a value fits is found before the first row is read.
    """
    fields = {item.name: item for item in importable(session, record)}
    for name in (*fixed, *defaults):
        _known(record, fields, name)
    now_given = {*fixed, *defaults}
    kept_fixed, kept_defaults = (
        {name: value for name, value in kept.items() if name not in now_given}
        for kept in (plan.fixed, plan.defaults)
    )
    plan.fixed, plan.defaults = kept_fixed | dict(fixed), kept_defaults | dict(defaults)


def chosen_ids(kept: Any) -> list[int]:
    """The numbers of the rows that a kept value names: one that was chosen is {"id", "title"}, one that was typed a text."""
    found = kept if isinstance(kept, list) else [kept]
    return [one["id"] for one in found if isinstance(one, Mapping) and isinstance(one.get("id"), int)]


def unreadable(session: Session, record: RecordType, plan: Plan) -> list[Field]:
    """The fields whose value along with the file names a row that this person may not see."""
    found = []
    for item in record.fields:
        wanted = {one for kept in (plan.fixed, plan.defaults) for one in chosen_ids(kept.get(item.name))}
        if item.target is not None and wanted:
            try:
                seen = existing(session, item.target, wanted)
            except NotAllowed:
                seen = set()
            if wanted - seen:
                found.append(item)
    return found


def _card_columns(record: RecordType, table: Table, fields: Mapping[str, Field]) -> dict[str, str]:
    """The plan for address cards, whose format says what each property is: nothing of it is to be guessed."""
    if table.kind != "vcf":
        return {}
    names = {record.card.get(item.name, item.name): item.name for item in fields.values()}
    return {column: names[column] for column in table.columns if column in names}


def _written_by_us(record: RecordType, columns: Sequence[str], fields: Mapping[str, Field]) -> dict[str, str]:
    """The plan for our own export, where every heading is a field's name, or its title in one language."""
    from parlour.records.exporting import headings

    for ending, locale in (("json", "en"), *(("csv", locale) for locale in LOCALES)):
        names = {
            title: name for name, title in headings(record, record.fields, ending, localizer(locale)).items()
        }
        if all(column in names for column in columns):
            return {column: names[column] for column in columns if names[column] in fields}
    return {}


def _multiline(item: Field) -> bool:
    return bool(getattr(item.kind, "multiline", False))


def _titles(item: Field) -> list[str]:
    """How people call a field: its name, its title in every language, its aliases."""
    titles = [item.name, str(item.title), localizer("ru").translate(item.title), *item.aliases]
    return list(dict.fromkeys(title for title in titles if title))


def _headings(columns: Sequence[str]) -> str:
    return json.dumps([key_of(column) for column in columns], ensure_ascii=False)


def _saved(session: Session, record: RecordType, columns: Sequence[str]) -> ImportMapping | None:
    statement = select(ImportMapping).where(
        ImportMapping.record == record.name, ImportMapping.headings == _headings(columns)
    )
    return session.scalars(statement).first()


def remember(session: Session, record: RecordType, table: Table, plan: Plan) -> None:
    """Keep the columns and values of a plan for the next file with the same headings."""
    saved = _saved(session, record, table.columns)
    if saved is None:
        saved = ImportMapping(record=record.name, headings=_headings(table.columns))
        session.add(saved)
    saved.columns = dict(plan.columns)
    saved.given = {"fixed": plan.fixed, "defaults": plan.defaults}
    saved.updated_at = now()
    session.flush()


def to_plain(plan: Plan) -> dict[str, Any]:
    """The plan as plain values, for a job's arguments."""
    return {
        "columns": plan.columns,
        "labels": plan.labels,
        "parts": {column: list(part) for column, part in plan.parts.items()},
        "hints": plan.hints,
        "unmatched": plan.unmatched,
        "computed": plan.computed,
        "fixed": plan.fixed,
        "defaults": plan.defaults,
    }


def from_plain(kept: Mapping[str, Any]) -> Plan:
    """The plan back from `to_plain`."""
    parts = {column: (part[0], part[1], part[2]) for column, part in kept["parts"].items()}
    return Plan(
        columns=dict(kept["columns"]),
        labels=dict(kept["labels"]),
        parts=parts,
        hints=dict(kept["hints"]),
        unmatched=list(kept["unmatched"]),
        computed=list(kept["computed"]),
        fixed=dict(kept["fixed"]),
        defaults=dict(kept["defaults"]),
    )
