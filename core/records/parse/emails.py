"""E-mail addresses, in lower case."""

from __future__ import annotations

import re
from functools import lru_cache

from parlour.records.parse.cells import Cell, only_marks
from parlour.records.parse.lines import MAX_LABEL, Line, Lines, items_of, lines_of, segments
from parlour.records.parse.plain import plain_email

_WORDS = re.compile(r"[\s,/<>]+")
_LABEL = re.compile(r"(\S+@\S+)\s+\(([^()]+)\)\s*$")
_LEADING_LABEL = re.compile(r"([^:@]{1,60}):\s+(?=\S+@\S+$)")
_PLAIN_WORDS = frozenset(
    {"mailto", "email", "e-mail", "mail", "почта", "эл", "эл.почта", "и", "или", "and", "or"}
)


def emails(cell: Cell) -> Lines:
    """All addresses of a cell in lower case, in their order; what is not an address stays in `rest`.

    Only the form is checked, never the network. A label may stand behind an address in brackets.
    """
    plain = plain_email(cell) if isinstance(cell, str) else None
    if plain is not None:
        return Lines((Line(plain),))
    found: list[Line] = []
    rest: list[str] = []
    for text, label, main in items_of(cell, ("address", "email", "value")):
        for part in segments(text):
            _read(part, found, rest, label, main)
    return lines_of(found, rest)


def _read(part: str, found: list[Line], rest: list[str], label: str, main: bool) -> None:
    pieces = [part]
    if part.count("@") > 1:
        pieces = [piece for piece in part.split(",") if piece.strip()]
    for piece in pieces:
        labelled = _LABEL.search(piece)
        said, text = label, piece.strip()
        named = _LEADING_LABEL.match(text)
        if named and named.group(1).strip(". ").casefold() not in _PLAIN_WORDS:
            # "work: a@b.ru", which is also how a label is exported to one cell.
            said, text = named.group(1).strip(), text[named.end() :]
        if labelled and len(labelled.group(2)) <= MAX_LABEL and piece.count("@") == 1:
            said, text = labelled.group(2).strip(), piece[: labelled.start()] + labelled.group(1)
        words = [word for word in _WORDS.split(text) if word]
        addresses = [(word, _address(word)) for word in words]
        known = [Line(address, said, main) for _word, address in addresses if address]
        other = [word for word, address in addresses if not address]
        found.extend(known)
        if any(word.strip(".:").casefold() not in _PLAIN_WORDS and not only_marks(word) for word in other):
            rest.append(piece.strip())


@lru_cache(maxsize=4096)
def _address(word: str) -> str | None:
    # Its patterns take as long to compile as a page to be made, and most processes read no addresses.
    from email_validator import EmailNotValidError, validate_email

    word = re.sub(r"(?i)^(?:mailto|e-?mail|почта):", "", word).strip(".:'\"`()[]")
    if "@" not in word:
        return None
    try:
        # Reserved names such as .test are somebody's practice data, not a mistake of the file.
        return validate_email(word, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        return None
