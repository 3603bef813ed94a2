"""The text of an SMS: how many parts it takes, and Russian in Latin letters, of which twice as many fit into one.

Sizes by 3GPP TS 23.038: 160 septets or 70 units of UCS-2 alone, 153 or 67 in each of several parts.
"""

from __future__ import annotations

from dataclasses import dataclass

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# These take two septets.
_EXTENDED = "\f^{}\\[~]|€"
_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "y",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu",
    "я": "ya", "і": "i", "ї": "yi", "є": "ye", "ґ": "g", "ў": "u",
    "«": '"', "»": '"', "„": '"', "“": '"', "”": '"', "’": "'", "–": "-", "—": "-", "…": "...", "№": "N",
    "\xa0": " ", "\u202f": " ", "\u2009": " ", "₽": "rub.",
}  # fmt: skip


@dataclass(frozen=True)
class Size:
    """How long a text is: its characters as the network counts them, how many a part holds, and the parts."""

    characters: int
    per_part: int
    parts: int
    unicode: bool


def size_of(text: str) -> Size:
    """What a text costs as SMS."""
    if all(char in _BASIC or char in _EXTENDED for char in text):
        units = [2 if char in _EXTENDED else 1 for char in text]
        return _sized(units, 160, 153, unicode=False)
    return _sized([2 if ord(char) > 0xFFFF else 1 for char in text], 70, 67, unicode=True)


def _sized(units: list[int], alone: int, several: int, *, unicode: bool) -> Size:
    total = sum(units)
    if total <= alone:
        return Size(total, alone, 1, unicode)
    # A character is never cut in two, so a part may end one unit early.
    parts, used = 1, 0
    for unit in units:
        if used + unit > several:
            parts, used = parts + 1, 0
        used += unit
    return Size(total, several, parts, unicode)


def in_latin(text: str) -> str:
    """Russian (and the letters of its neighbours) in Latin letters, and typographic marks in plain ones."""
    return "".join(_letter(text, place) for place in range(len(text)))


def _letter(text: str, place: int) -> str:
    char = text[place]
    found = _LATIN.get(char.lower())
    if found is None or char == char.lower():
        return char if found is None else found
    # "ЩУКА" is "SCHUKA", "Щука" is "Schuka".
    following = text[place + 1 : place + 2]
    shouted = following.isupper() or (not following.isalpha() and text[max(0, place - 1) : place].isupper())
    return found.upper() if shouted else found.capitalize()


def plain(text: str) -> str:
    """Narrow and hard blanks as plain ones: they would make Unicode of a Latin text, which costs twice as much."""
    return text.translate({0xA0: " ", 0x202F: " ", 0x2009: " ", 0x2011: "-"})
