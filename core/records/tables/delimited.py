"""Delimited text: csv, tsv and the like, read record by record with the number of the line on which each
begins.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path

from parlour.i18n import _
from parlour.records.parse import Cell
from parlour.records.tables.base import MAX_CELL, MEGABYTE, Report, TableError
from parlour.records.tables.grid import Line

_DELIMITERS = (";", ",", "\t", "|")
_MAX_LINE = 4 * MEGABYTE
# A quoted cell that runs over more lines than this was never closed.
_MAX_LINES = 20_000
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
# What keeps a spreadsheet from running a cell as a formula, see `write.guarded`.
GUARDED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
# ="0123" is how some programs keep a spreadsheet from dropping zeros.
_QUOTED_FORMULA = re.compile(r'="([^"]*)"')

csv.field_size_limit(64 * MEGABYTE)


class Delimited:
    """The lines of a delimited text file, in any encoding that Python knows."""

    def __init__(self, path: Path, encoding: str, delimiter: str | None = None):
        self.path = path
        self.encoding = encoding
        with self._open() as file:
            sample = file.read(256 * 1024)
        first = _SEPARATOR_LINE.fullmatch(sample.partition("\n")[0].lstrip("\ufeff"))
        self.skip = 1 if first else 0
        self.delimiter = delimiter or (first.group(1) if first else sniff(sample))
        spaced = f'{self.delimiter} "'
        self.spaced = sample.count(spaced) > sample.count(f'{self.delimiter}"')
        self.width = _usual_width(sample, self.delimiter) if self.delimiter else 1

    def _open(self) -> io.TextIOWrapper:
        return self.path.open(encoding=self.encoding, errors="replace", newline="")

    def lines(self, report: Report | None) -> Iterator[Line]:
        with self._open() as file:
            for number, text, problem in self._records(file):
                if number <= self.skip:
                    continue
                if problem and report:
                    reason = _("A quotation mark is opened and never closed; the row was read without it.")
                    report.add(number, "", text.strip()[:200], reason)
                yield Line(number, self._cells(text, literal=problem))

    def _records(self, file: io.TextIOWrapper) -> Iterator[tuple[int, str, bool]]:
        """Records as (number of the first line, text, whether its quotes make no sense)."""
        waiting: deque[str] = deque()
        number = 0

        def next_line() -> str:
            if waiting:
                return waiting.popleft()
            line = file.readline(_MAX_LINE)
            if len(line) >= _MAX_LINE:
                raise TableError(
                    _(
                        "Line ${n} is longer than four million characters; this is not a table.",
                        mapping={"n": number + 1},
                    )
                )
            return line

        while line := next_line():
            number += 1
            if '"' not in line or not self._open_quote(line):
                yield number, line, False
                continue
            taken = [line]
            closed = False
            length = len(line)
            while len(taken) < _MAX_LINES and length < 8 * MAX_CELL and (more := next_line()):
                taken.append(more)
                length += len(more)
                if '"' in more and not self._open_quote(more, inside=True):
                    closed = True
                    break
            if closed and not self._swallowed(taken):
                yield number, "".join(taken), False
                number += len(taken) - 1
            else:
                waiting.extendleft(reversed(taken[1:]))
                yield number, line, True

    def _open_quote(self, text: str, inside: bool = False) -> bool:
        """Whether the text ends inside a quoted cell; `inside` says that it begins there.

        Quotes inside a cell that does not begin with one are letters.
        """
        delimiter, at, size = self.delimiter, 0, len(text)
        while at < size:
            while self.spaced and not inside and at < size and text[at] == " ":
                at += 1
            if inside or (at < size and text[at] == '"'):
                at += 0 if inside else 1
                inside = False
                while True:
                    quote = text.find('"', at)
                    if quote < 0:
                        return True
                    at = quote + 1
                    if at < size and text[at] == '"':
                        at += 1
                        continue
                    break
            # Behind the cell, or in an unquoted one: on to the next delimiter or line.
            if not delimiter:
                return False
            following = text.find(delimiter, at)
            line_end = text.find("\n", at)
            if following < 0 or 0 <= line_end < following:
                return False
            at = following + 1
        return False

    def _swallowed(self, taken: list[str]) -> bool:
        """Whether a cell over several lines ate records: its lines make rows of the usual width, and the whole has
        another width or text behind its closing quote.
        """
        if self.width < 2:
            return False
        widths = [len(self._cells(line, literal=True)) for line in taken]
        if (
            widths[0] != self.width
            or sum(width == self.width for width in widths[1:]) < (len(widths) - 1) / 2
        ):
            return False
        whole = "".join(taken)
        if len(self._cells(whole)) != self.width:
            return True
        lines = io.StringIO(whole, newline="")
        try:
            next(csv.reader(lines, delimiter=self.delimiter, skipinitialspace=self.spaced, strict=True), None)
        except csv.Error:
            return True
        return False

    def _cells(self, text: str, literal: bool = False) -> list[Cell]:
        text = text.rstrip("\r\n") if '"' not in text else text
        if not text:
            return []
        if '"' not in text:
            parts = text.split(self.delimiter) if self.delimiter else [text]
        elif literal:
            bare = text.rstrip("\r\n")
            parts = [part.strip('"') for part in (bare.split(self.delimiter) if self.delimiter else [bare])]
        else:
            lines = io.StringIO(text, newline="")
            # The unit separator stands in where there is one column only: it occurs in no text.
            reader = csv.reader(lines, delimiter=self.delimiter or "\x1f", skipinitialspace=self.spaced)
            parts = next(reader, [])
        return [_unguarded(part) for part in parts]


def _unguarded(cell: str) -> str:
    if cell.startswith("'") and GUARDED.match(cell):
        return cell[1:]
    formula = _QUOTED_FORMULA.fullmatch(cell) if cell.startswith('="') else None
    return formula.group(1) if formula else cell


def sniff(sample: str) -> str:
    """The delimiter that cuts most lines into the same number of cells; "" for text of one column."""
    lines = [line for line in sample.splitlines()[:300] if line.strip()]
    best, best_score = "", 0.0
    for delimiter in _DELIMITERS:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        if not widths:
            continue
        usual, times = (
            Counter(width for width in widths if width > 1).most_common(1)[0] if max(widths) > 1 else (1, 0)
        )
        if usual < 2:
            continue
        prose = delimiter == "," and usual == 2 and sample.count(", ") == sample.count(",")
        score = times / len(widths) * (1 + min(usual, 12) / 12) * (0.3 if prose else 1)
        if score > best_score + 0.001:
            best, best_score = delimiter, score
    return best if best_score > 0.35 else ""


def _usual_width(sample: str, delimiter: str) -> int:
    lines = sample.splitlines()[:300]
    widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if len(row) > 1)
    return widths.most_common(1)[0][0] if widths else 1
