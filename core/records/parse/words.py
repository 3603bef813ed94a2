"""Yes and no, sex, tags."""

from __future__ import annotations

import re

from parlour.records.parse.cells import Cell, text_of, tidy, trimmed

_YES = frozenset(
    {
        "yes",
        "y",
        "true",
        "t",
        "on",
        "1",
        "+",
        "x",
        "✓",
        "✔",
        "☑",
        "✅",
        "v",
        "да",
        "д",
        "истина",
        "вкл",
        "есть",
        "х",
    }
)
_NO = frozenset({"no", "n", "false", "f", "off", "0", "-", "нет", "н", "ложь", "выкл", "✗", "✘", "☐", "❌"})
_FEMALE = frozenset(
    {
        "ж",
        "жен",
        "женский",
        "женщина",
        "женск",
        "девушка",
        "f",
        "fem",
        "female",
        "w",
        "woman",
        "girl",
        "mrs",
        "ms",
        "miss",
    }
)
_MALE = frozenset({"м", "муж", "мужской", "мужчина", "мужск", "парень", "m", "male", "man", "boy", "mr"})
SPELLINGS_OF_SEX = {"female": _FEMALE, "male": _MALE}
_QUOTED_TAG = re.compile(r'(?:(?<=^)|(?<=[;,|\n])|(?<=; ))"((?:[^"]|"")*)"(?=\s*(?:[;,|\n]|$))')
_TAG_MARKS = re.compile(r":::|[|,;\n]")
# Every contact of a Google account carries it, so it says nothing about anybody.
_SYSTEM_TAGS = frozenset({"mycontacts"})


def yes_no(cell: Cell) -> bool | None:
    """Yes, no, or None for a cell that says neither (an empty one too)."""
    word = tidy(text_of(cell)).casefold().strip(". ")
    return True if word in _YES else False if word in _NO else None


def sex(cell: Cell) -> str | None:
    """ "female", "male" or None."""
    word = tidy(text_of(cell)).casefold().strip(". ")
    return "female" if word in _FEMALE else "male" if word in _MALE else None


def tags(cell: Cell) -> list[str]:
    """The tags of a cell in their order, without repetitions (compared without regard to case).

    A list is taken item by item; a tag in quotation marks may hold what otherwise separates tags. The star before
    Google's own groups is taken off, and "myContacts" is left out.
    """
    if isinstance(cell, list):
        parts = [
            text_of(part.get("name") or part.get("title")) if isinstance(part, dict) else text_of(part)
            for part in cell
        ]
    else:
        text = text_of(cell)
        quoted = [one.replace('""', '"') for one in _QUOTED_TAG.findall(text)]
        parts = [*_TAG_MARKS.split(_QUOTED_TAG.sub("", text)), *quoted]
    found: dict[str, str] = {}
    for part in parts:
        tag = trimmed(part).replace("\n", " ")
        starred = tag.startswith("* ")
        tag = tag[2:].strip() if starred else tag
        if tag and not (starred and tag.casefold() in _SYSTEM_TAGS):
            found.setdefault(tag.casefold().replace("ё", "е"), tag)
    return list(found.values())
