"""Two people changed one row: what only one of them touched is kept from both, the rest is shown side by side.

The form says which version of the row it was drawn from. History tells what that version was, so what this
person changed and what others changed since can be told apart field by field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pyramid.request import Request

from parlour.i18n import _
from parlour.records.defaults import defaults_of
from parlour.records.forms import VERSION
from parlour.records.history import Event, history_of
from parlour.records.pages.addresses import reader_of
from parlour.records.pages.form_parts import Typed
from parlour.records.pages.happened import from_json
from parlour.records.pages.shown import show
from parlour.records.query import decorate
from parlour.records.registry import Field, RecordType

# The version for which this person has already chosen between the two sides.
RESOLVED = "resolved"
CHOICE = "choose-"
MAX_CHANGES = 100


@dataclass
class Merged:
    """What is to be written. `values` are this person's changes; `clashes` the fields that both changed."""

    row: Mapping[str, Any]
    values: dict[str, Any]
    theirs: list[str] = field(default_factory=list)
    clashes: list[Field] = field(default_factory=list)
    who: str = ""
    when: datetime | None = None

    @classmethod
    def of(
        cls,
        request: Request,
        record: RecordType,
        row: Mapping[str, Any],
        typed: Typed,
        fields: Sequence[Field],
    ) -> Merged:
        """Compare what was typed with the row as it was when the form was drawn, and with the row now."""
        seen = typed.form.cstruct.get(VERSION) or ""
        behind = row["version"] - int(seen) if str(seen).isdecimal() else 0
        if behind <= 0:
            return cls(row, typed.changed(fields, row))
        events = _since(request, record, row, behind)
        base = _base(request, row, events)
        mine = typed.changed(fields, base)
        theirs = [item.name for item in fields if base.get(item.name) != row.get(item.name)]
        found = cls(row, mine, theirs)
        if events:
            found.who = events[0].who or request.loc.translate(_("Parlour"))
            found.when = events[0].at
        # What both changed to the same value is no clash.
        different = typed.changed(fields, row)
        clashes = [
            item for item in fields if item.name in mine and item.name in theirs and item.name in different
        ]
        if request.POST.get(RESOLVED) == str(row["version"]):
            for item in clashes:
                if request.POST.get(f"{CHOICE}{item.name}") == "theirs":
                    del found.values[item.name]
        else:
            found.clashes = clashes
        return found


def _since(request: Request, record: RecordType, row: Mapping[str, Any], behind: int) -> list[Event]:
    """The changes since the form was drawn, newest first: each has raised the version by one."""
    return history_of(request.db, record, row["id"], limit=min(behind, MAX_CHANGES))


def _base(request: Request, row: Mapping[str, Any], events: Sequence[Event]) -> dict[str, Any]:
    """The row as it was before these changes."""
    base = dict(row)
    defaults = defaults_of(request.db)
    for event in events:
        for change in event.changes:
            base[change.field.name] = from_json(change.field, change.old, defaults)
    return base


def conflict_of(request: Request, record: RecordType, merged: Merged) -> dict[str, Any]:
    """The two sides as the theme shows them, with everything that was typed."""
    reader = reader_of(request)
    mine = dict(merged.values)
    _decorated(request, merged.clashes, mine)
    rows = [
        {
            "name": item.name,
            "title": item.title,
            "mine": show(item, mine.get(item.name), reader),
            "theirs": show(item, merged.row.get(item.name), reader),
            "same": False,
        }
        for item in merged.clashes
    ]
    dropped = {"csrf_token", RESOLVED}
    keep = [
        (name, value)
        for name, value in request.POST.items()
        if name not in dropped and not name.startswith(CHOICE) and isinstance(value, str)
    ]
    return {
        "who": merged.who,
        "when": request.loc.ago(merged.when) if merged.when else "",
        "fields": rows,
        "url": request.path_qs,
        "version": merged.row["version"],
        "keep": [*keep, (RESOLVED, str(merged.row["version"]))],
    }


def _decorated(request: Request, fields: Sequence[Field], values: dict[str, Any]) -> None:
    """Give links their titles; names that make new rows are titles already."""
    for item in fields:
        value = values.get(item.name)
        if item.storage == "link" and value:
            decorate(request.db, [item], [values])
        elif item.storage == "links" and value:
            words = [one for one in value if isinstance(one, str)]
            row = {item.name: [one for one in value if not isinstance(one, str)]}
            decorate(request.db, [item], [row])
            values[item.name] = [*row[item.name], *({"id": 0, "title": word} for word in words)]
