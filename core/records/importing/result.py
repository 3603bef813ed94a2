"""What an import did, or would do: the figures and the problems, in the shape of `parlour import --json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from parlour.i18n import Localizer, _

MAX_PROBLEMS = 5_000


@dataclass
class Problem:
    """Something that a person may want to look at. `row` is the file's own number."""

    row: int | None
    column: str
    value: str
    reason: Any


@dataclass
class Result:
    """What an import did, or would do. `rows` = created + updated + unchanged + skipped + rejected."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    rejected: int = 0
    unmatched_columns: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unlisted: int = 0
    change_set: int | None = None

    def add(self, row: int | None, column: str, value: Any, reason: Any) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(row, column, str(value)[:200], reason))
        else:
            self.unlisted += 1

    def as_json(self, loc: Localizer) -> dict[str, Any]:
        """The contract of `parlour import --json`."""
        problems = [
            {"row": one.row, "column": one.column, "value": one.value, "reason": loc.translate(one.reason)}
            for one in sorted(self.problems, key=lambda one: (one.row is None, one.row or 0))
        ]
        if self.unlisted:
            reason = loc.translate(_("${n} more problems are not listed.", mapping={"n": self.unlisted}))
            problems.append({"row": None, "column": "", "value": "", "reason": reason})
        return {
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "skipped": self.skipped,
            "rejected": self.rejected,
            "unmatched_columns": self.unmatched_columns,
            "problems": problems,
            "change_set": self.change_set,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Result:
        """A result as a checkpoint kept it."""
        values = {name: kept[name] for name in kept if name not in ("problems", "unlisted")}
        return cls(
            **values, problems=[Problem(**one) for one in kept["problems"]], unlisted=kept.get("unlisted", 0)
        )
