"""Several values in one cell: each with a label, and the first one is the main one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from parlour.records.parse.cells import Cell, text_of, tidy

MAX_LABEL = 60

# Lines, the sign between several values in Google's files, and the usual marks.
_MARKS = re.compile(r"\n|:::|[;|]")


@dataclass(frozen=True, slots=True)
class Line:
    """One phone or e-mail address. `label` is what its owner calls it ("work"), `main` says that the file
    marks it so.
    """

    value: str
    label: str = ""
    main: bool = False


@dataclass(frozen=True, slots=True)
class Lines:
    """What was found in a cell, the main one first, without repetitions, and what was not understood."""

    found: tuple[Line, ...] = ()
    rest: str = ""

    @property
    def values(self) -> list[str]:
        return [line.value for line in self.found]

    @property
    def numbers(self) -> list[str]:
        """The values under the name that fits phones."""
        return self.values


def lines_of(found: list[Line], rest: list[str]) -> Lines:
    """Main first, otherwise in the order of the file; a repeated value keeps the first label that it has."""
    merged: dict[str, Line] = {}
    for line in found:
        known = merged.get(line.value)
        if known is None:
            merged[line.value] = line
        else:
            merged[line.value] = Line(line.value, known.label or line.label, known.main or line.main)
    ordered = sorted(merged.values(), key=lambda line: not line.main)
    return Lines(tuple(ordered), "; ".join(dict.fromkeys(part for part in rest if part)))


def items_of(cell: Cell, names: tuple[str, ...]) -> Iterator[tuple[str, str, bool]]:
    """Text, label and main mark of every item of a list cell, or of the cell itself.

    `names` are the keys under which an object may carry its value.
    """
    if isinstance(cell, str) and cell.lstrip().startswith("[{"):
        # A list that had to be written into one cell.
        with suppress(ValueError):
            cell = json.loads(cell)
    for item in cell if isinstance(cell, list) else [cell]:
        if isinstance(item, dict):
            text = next((text_of(item[name]) for name in names if item.get(name) not in (None, "")), "")
            label = text_of(item.get("label") or item.get("type") or "")
            known = {*names, "label", "type", "main", "primary", "id"}
            others = {name: part for name, part in item.items() if name not in known}
            yield text, label, bool(item.get("main") or item.get("primary"))
            if text_of(others):
                yield text_of(others), "", False
        else:
            yield text_of(item), "", False


def segments(text: str) -> list[str]:
    """The parts of a cell between its unmistakable separators."""
    return [part for part in (tidy(part) for part in _MARKS.split(tidy(text))) if part]
