"""Rows of a file to values of a record. What is not understood goes into the note and into the problems, never away."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from parlour.errors import Refusal
from parlour.i18n import _
from parlour.records.clean import MAX_LINES
from parlour.records.defaults import Defaults
from parlour.records.importing.plan import SKIP, Plan, chosen_ids
from parlour.records.kinds import LinksKind, MomentKind, TextKind
from parlour.records.parse import (
    Cell,
    day,
    day_order,
    emails,
    means_nothing,
    moment,
    phones,
    tags,
    text_of,
    yes_no,
)
from parlour.records.registry import Field, RecordType
from parlour.records.tables.base import Row
from parlour.records.values import Fault

# Parts of an address as other systems call them.
PART_NAMES = {
    **dict.fromkeys(("postal code", "zip", "zip code"), "postcode"),
    **dict.fromkeys(("extended address", "po box", "street 2", "street 3"), "street"),
    "state": "region",
    "country/region": "country",
    "type": "label",
}


_OFFSET = re.compile(r"T.*[+-]\d\d:?\d\d$")


@dataclass
class Converted:
    """One row: its values by field, the text for the note, and what was wrong as (column, value, reason)."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    note: list[str] = field(default_factory=list)
    problems: list[tuple[str, str, Any]] = field(default_factory=list)
    # Fields whose moment came with its offset, so that it stands on no wall.
    absolute: set[str] = field(default_factory=set)


class Converter:
    """Turns the rows of one file by one plan. Column evidence (day or month first) is taken from samples once."""

    def __init__(
        self,
        record: RecordType,
        fields: Mapping[str, Field],
        plan: Plan,
        defaults: Defaults,
        samples: Mapping[str, Sequence[Cell]],
    ):
        self.record = record
        self.fields = fields
        self.plan = plan
        self.defaults = defaults
        self.orders = {
            column: day_order(samples.get(column, ()))
            for column, name in plan.columns.items()
            if name in fields and fields[name].kind.shape == "day"
        }
        self.left_out = left_out(plan, samples)
        # Where some rows say yes, "no" is an answer too and not the lack of one.
        self.answered = {column for column in plan.unmatched if any(map(yes_no, samples.get(column, ())))}
        self.note = next((name for name in ("note", "notes", "comment") if name in fields), None)
        # Values for fields that are gone, or that this person may not fill in.
        self.barred: dict[str, Any] = {}
        for name, kept in (*plan.fixed.items(), *plan.defaults.items()):
            if name in fields:
                self._try(name, kept)
            else:
                self.barred[name] = _("There is no such field that you may fill in; the value was left out.")

    def convert(self, row: Row) -> Converted:
        done = Converted(row.number)
        for column, cell in row.cells.items():
            name = self.plan.columns.get(column)
            if name == SKIP or column in self.plan.labels or column in self.plan.parts:
                continue
            if name is None or name not in self.fields:
                if column in self.left_out:
                    continue
                self._keep(done, column, text_of(cell))
                continue
            if name not in self.plan.fixed:
                self._cell(done, self.fields[name], column, cell, row)
        self._parted(done, row)
        for name, kept in self.plan.fixed.items():
            if name in self.fields:
                self._given(done, self.fields[name], kept, row)
        for name, kept in self.plan.defaults.items():
            if name in self.fields and done.values.get(name) in (None, "", []):
                self._given(done, self.fields[name], kept, row)
        if done.note and self.note:
            lines = [done.values[self.note]] if done.values.get(self.note) else []
            done.values[self.note] = "\n".join(dict.fromkeys([*lines, *done.note]))
        return done

    def _cell(self, done: Converted, item: Field, column: str, cell: Cell, row: Row) -> None:
        if item.storage == "part":
            self._lines(done, item, column, cell, row)
        elif item.storage == "links":
            found = cell if isinstance(cell, list) else tags(cell)
            done.values.setdefault(item.name, []).extend(_names(found))
        elif item.storage == "link":
            self._link(done, item, cell)
        else:
            self._value(done, item, column, cell)

    def _given(self, done: Converted, item: Field, kept: Any, row: Row) -> None:
        """A value that goes along with the file. A row that somebody has chosen is that row, whatever it is called."""
        chosen = chosen_ids(kept)
        if item.storage == "link" and chosen:
            done.values[item.name] = chosen[0]
        elif item.storage == "links":
            named = [one for one in kept if not chosen_ids(one)] if isinstance(kept, list) else kept
            self._cell(done, item, item.name, named, row)
            done.values[item.name].extend(chosen)
        else:
            self._cell(done, item, item.name, kept, row)

    def _try(self, name: str, kept: Any) -> None:
        """Refuse a value for every row that does not fit its field, before a row is read."""
        tried = Converted(0)
        self._given(tried, self.fields[name], kept, Row(0, {}))
        if tried.problems:
            raise Refusal(_("${field}: ${why}", mapping={"field": name, "why": tried.problems[0][2]}))

    def _keep(self, done: Converted, column: str, text: str) -> None:
        if text and (column in self.answered or not means_nothing(text)):
            done.note.append(f"{column}: {text}")

    def _problem(self, done: Converted, column: str, text: str, reason: Any) -> None:
        done.problems.append((column, text[:200], reason))
        done.note.append(f"{column}: {text}")

    def _value(self, done: Converted, item: Field, column: str, cell: Cell) -> None:
        value: Any
        if item.kind.shape == "day" and column in self.orders:
            order = self.orders[column]
            timed = isinstance(item.kind, MomentKind)
            parsed = moment(cell, order) if timed else day(cell, self.defaults.today(), order)
            value, rest = None, parsed.rest
            if timed and parsed.value and _OFFSET.search(parsed.value):
                done.absolute.add(item.name)
            try:
                value = item.kind.clean(parsed.value, self.defaults)
            except Fault:
                rest = text_of(cell)
        elif isinstance(item.kind, TextKind) and item.kind.multiline:
            value = text_of(cell).strip() or None
            rest = ""
        else:
            value, rest = item.kind.from_cell(cell, self.defaults)
        if isinstance(value, str) and isinstance(item.kind, TextKind) and len(value) > item.kind.max_length:
            # What a row is called begins the same when it is cut; half of any other text says something else.
            kept = f"{value[: item.kind.max_length - 1].rstrip()}…" if item.required else None
            value, rest = kept, value
        if rest and not means_nothing(rest):
            self._problem(done, column, rest, self._reason(item))
        if value in (None, ""):
            return
        if done.values.get(item.name) not in (None, "", value):
            if getattr(item.kind, "multiline", False):
                value = f"{done.values[item.name]}\n{value}"
            else:
                self._problem(
                    done,
                    column,
                    text_of(cell),
                    _("Another column gives ${field} too.", mapping={"field": item.title}),
                )
                return
        done.values[item.name] = value

    def _reason(self, item: Field) -> Any:
        return {
            "phone": _("This is not a phone number."),
            "email": _("This is not an e-mail address."),
            "day": _("This is not a date."),
            "money": _("This is not an amount of money."),
        }.get(item.kind.shape, _("This does not fit the field; it was kept in the note."))

    def _lines(self, done: Converted, item: Field, column: str, cell: Cell, row: Row) -> None:
        main = item.lines[0]
        names = item.line_names
        lines: list[dict[str, Any]] = done.values.setdefault(item.name, [])
        label = next(
            (text_of(row.cells.get(of)) for of, owner in self.plan.labels.items() if owner == column), ""
        )
        label = label or self.plan.hints.get(column, "")
        structured = cell if isinstance(cell, list) else [cell] if isinstance(cell, dict) else None
        contact = main.kind.shape in ("phone", "email")
        # Phones of somebody else's file are read like any other text: one bad number must not cost the good ones.
        if (
            structured
            and not contact
            and all(isinstance(one, dict) and set(one) <= names for one in structured)
        ):
            lines.extend(one for one in structured if isinstance(one, dict))
        elif contact:
            found = phones(cell, self.defaults.region) if main.kind.shape == "phone" else emails(cell)
            for line in found.found:
                made = {main.name: line.value}
                if "label" in names and (line.label or label):
                    made["label"] = (line.label or label)[:60]
                if line.main:
                    lines.insert(0, made)
                else:
                    lines.append(made)
            if found.rest and not means_nothing(found.rest):
                reason = _("Not all of this was understood; the whole is in the note.")
                self._problem(done, column, found.rest, reason if found.found else self._reason(main))
        else:
            self._plain_lines(done, item, column, cell)
        if len(lines) > MAX_LINES:
            self._problem(done, column, text_of(cell), _("At most ${n} fit.", mapping={"n": MAX_LINES}))
            del lines[MAX_LINES:]

    def _plain_lines(self, done: Converted, item: Field, column: str, cell: Cell) -> None:
        """A part without a format of its own: JSON as our export writes it, or one text for its widest field."""
        import json

        text = text_of(cell).strip()
        if text.startswith("["):
            try:
                found = json.loads(text)
                if isinstance(found, list) and all(isinstance(one, dict) for one in found):
                    done.values[item.name].extend(found)
                    return
            except ValueError:
                pass
        wide = next(
            (inner for inner in item.lines if inner.name in ("line", "text", "street", "value")),
            item.lines[0],
        )
        if text and not means_nothing(text):
            limit = getattr(wide.kind, "max_length", 200)
            if len(text) > limit:
                self._problem(done, column, text, _("This is too long."))
            else:
                done.values[item.name].append({wide.name: text})

    def _parted(self, done: Converted, row: Row) -> None:
        """Columns that each hold a part of one line ("Address 1 - City") become that line."""
        groups: dict[tuple[str, str], dict[str, str]] = {}
        for column, (name, group, part) in self.plan.parts.items():
            text = text_of(row.cells.get(column)).strip()
            if not text or means_nothing(text):
                continue
            item = self.fields.get(name)
            inner = PART_NAMES.get(part, part)
            if item is None or inner not in item.line_names:
                self._keep(done, column, text)
                continue
            line = groups.setdefault((name, group), {})
            line[inner] = f"{line[inner]}, {text}" if inner in line else text
        for (name, _group), line in groups.items():
            lines = done.values.setdefault(name, [])
            # The same address in one piece ("formatted") says nothing more than its parts.
            lines[:] = [
                other
                for other in lines
                if len(other) > 1 or not all(part in str(other) for part in line.values())
            ]
            lines.append(line)

    def _link(self, done: Converted, item: Field, cell: Cell) -> None:
        if isinstance(cell, dict):
            cell = cell.get("title") or cell.get("name")
        text = " ".join(text_of(cell).split())
        if text and not means_nothing(text):
            done.values[item.name] = text[:200]


def left_out(plan: Plan, samples: Mapping[str, Sequence[Cell]]) -> dict[str, Any]:
    """Columns that say nothing about a row, each with the reason why they are left out."""
    found: dict[str, Any] = {}
    for column in plan.unmatched:
        if column in plan.computed:
            found[column] = _("Parlour works this out by itself; the column was left out.")
        elif _counts_rows(samples.get(column, ())):
            found[column] = _("This column only numbers the rows; it was left out.")
    return found


def _counts_rows(cells: Sequence[Cell]) -> bool:
    """Whether a column only numbers the rows of the file: 1, 2, 3, ..."""
    numbers = [text_of(cell).strip().rstrip(".)") for cell in cells]
    if len(numbers) < 3 or not all(number.isascii() and number.isdigit() for number in numbers):
        return False
    first = int(numbers[0])
    return [int(number) for number in numbers] == list(range(first, first + len(numbers)))


def _names(found: Sequence[Any]) -> list[str]:
    names = []
    for one in found:
        text = one.get("title") or one.get("name") or "" if isinstance(one, dict) else text_of(one)
        text = " ".join(str(text).split())
        if text:
            names.append(text[:100])
    return names


def creates(item: Field) -> bool:
    """Whether a name that does not exist yet may become a row."""
    assert item.target is not None
    return (isinstance(item.kind, LinksKind) and item.kind.create) or item.target.lookup
