"""Which encoding a text file is in, by evidence: byte order marks, valid UTF-8, and how often letters occur
in Russian.
"""

from __future__ import annotations

import codecs
from collections import Counter
from pathlib import Path

from parlour.i18n import _
from parlour.records.tables.base import MEGABYTE, TableError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES = ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic", "cp1252")
# Occurrences of each letter in ten thousand of Russian text, rounded.
_LETTERS = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"
_COUNTS = """1097 845 801 735 670 626 547 473 454 440 349 321 298 281 262 201 190 174 170 165 159 144 121 97 94 73 64 48
36 32 26 4 4"""
_FREQUENCY = dict(zip(_LETTERS, map(float, _COUNTS.split()), strict=True))
_HARMLESS = frozenset("\u00a0№«»–—“”„’‘…•°€₽·™®§©×\u00ad")
_SAMPLE = 200_000


def detect(path: Path) -> str:
    """The name of the encoding. Broken sequences in a file that is otherwise UTF-8 do not make it something
    else.

    Raises TableError for what is not text at all.
    """
    with path.open("rb") as file:
        head = file.read(65_536)
        for mark, name in _MARKS:
            if head.startswith(mark):
                return name
        wide = _wide(head)
        if wide:
            return wide
        _refuse_binary(head)
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        broken = letters = 0
        unusual: list[bytes] = []
        collected = 0
        while chunk := file.read(MEGABYTE):
            text = decoder.decode(chunk)
            if text.isascii():
                continue
            marks = text.count("\ufffd") - chunk.count(b"\xef\xbf\xbd")
            broken += max(marks, 0)
            letters += len(text) - len(text.encode("ascii", errors="ignore")) - text.count("\ufffd")
            if collected < _SAMPLE:
                lines = [line for line in chunk.splitlines() if not line.isascii()]
                unusual.extend(lines)
                collected += sum(map(len, lines))
        broken += decoder.decode(b"", final=True).count("\ufffd")
    if not broken or letters > 3 * broken:
        return "utf-8"
    sample = b"\n".join(unusual)[:_SAMPLE]
    return max(_CANDIDATES, key=lambda name: _likelihood(sample.decode(name, errors="replace")))


def _wide(head: bytes) -> str | None:
    """UTF-16 without its mark: every other byte is that of Latin or Cyrillic."""
    if len(head) < 8:
        return None
    for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        halves = Counter(head[start::2])
        others = Counter(head[1 - start :: 2])
        total = sum(halves.values())
        if (halves[0] + halves[4]) / total > 0.9 and halves[0] and others[0] / total < 0.1:
            return name
    return None


def _refuse_binary(head: bytes) -> None:
    control = sum(count for byte, count in Counter(head).items() if byte < 32 and byte not in (9, 10, 12, 13))
    if control > max(len(head) / 100, 2):
        raise TableError(
            _(
                "This file is neither a table nor text. "
                "Save the table as xlsx, ods, csv, vcf or json and try again."
            )
        )


def _likelihood(text: str) -> float:
    """How much the characters beyond ASCII look like words, on average; higher is likelier."""
    score, count, before = 0.0, 0, " "
    for char, after in zip(text, text[1:] + " ", strict=True):
        if char > "\x7f":
            count += 1
            score += _weight(char, before, after)
        before = char
    return score / count if count else 0.0


def _weight(char: str, before: str, after: str) -> float:
    if char in _HARMLESS:
        return 0.0
    if not char.isalpha():
        return -800.0
    weight = _FREQUENCY.get(char.lower(), -1.0)
    if weight >= 0:
        # Scripts do not mix within a word, and capitals do not follow small letters.
        if any(near.isascii() and near.isalpha() for near in (before, after)):
            return -800.0
        if char.isupper() and before.isalpha() and before.islower():
            return -800.0
        if char.islower() and before.isupper() and after.isupper():
            return -800.0
        return weight
    if "\u00c0" <= char <= "\u017f":
        # A letter with an accent stands among plain ones: "José", "Müller".
        plain = any(near.isascii() and near.isalpha() for near in (before, after))
        return 400.0 if plain and not (char.isupper() and before.islower()) else -400.0
    return -300.0
