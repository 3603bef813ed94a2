"""Names that look alike: the keys under which they meet, and how alike two of them are.

Comparing everybody with everybody would take hours on a large base. Each name therefore gets a few short keys that
survive the usual slips (another script, a doubled letter, a swapped vowel), rows are compared only with those
that share a key, and the comparison itself is then exact about it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from parlour.plugins.contacts import names
from parlour.plugins.contacts.derived import PARTS, display_name, parts_of
from parlour.records.parse.alike import ratio
from parlour.records.values import key_of

# Words and names of companies are called alike from this score on (0 to 100).
ALIKE = 87
# How the keys begin that hold a birthday.
BORN = "b:"
_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "i",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u",
    "ф": "f", "х": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ъ": "", "ы": "y", "ь": "", "э": "e",
    "ю": "yu", "я": "ya", "і": "i", "ї": "i", "є": "e", "ґ": "g", "ў": "u",
}  # fmt: skip
_TO_LATIN = str.maketrans(_LATIN)
# Spellings of one sound in Latin transcriptions of Russian names.
_SOUNDS = (
    ("kh", "h"),
    ("tz", "ts"),
    ("ks", "x"),
    ("ph", "f"),
    ("w", "v"),
    ("j", "y"),
    ("c", "k"),
    ("q", "k"),
)
_WORD = re.compile(r"[^\W\d_]+")
_VOWELS = re.compile(r"[aeiouy]+")
_DOUBLED = re.compile(r"(.)\1+")
# Forms of companies, which say nothing about who it is.
_BEFORE = frozenset({"ооо", "оао", "зао", "пао", "ао", "тоо", "гуп", "муп", "нко", "ано"})
_BEHIND = frozenset({"ltd", "llc", "inc", "gmbh", "sarl", "plc", "corp"})
_FORMS = frozenset(
    {
        "ооо", "оао", "зао", "пао", "ао", "ип", "нко", "ano", "ано", "тоо", "чп", "гуп", "муп",
        "ltd", "llc", "inc", "gmbh", "ag", "sa", "sarl", "oy", "ab", "bv", "co", "corp", "plc", "the",
    }
)  # fmt: skip


def latin(text: str) -> str:
    """Folded text in Latin letters, so that the two scripts meet."""
    return key_of(text).translate(_TO_LATIN)


# First names and patronymics come again and again.
@lru_cache(maxsize=4096)
def skeleton(word: str) -> str:
    """A word without vowels and doubled letters; a leading vowel leaves a mark."""
    sound = latin(word)
    # "ch" is a letter of its own, not a c.
    sound = sound.replace("ch", "4")
    for spelling, one in _SOUNDS:
        sound = sound.replace(spelling, one)
    mark = "_" if sound[:1] in tuple("aeiouy") else ""
    return mark + _DOUBLED.sub(r"\1", _VOWELS.sub("", sound))


def company_words(name: str | None) -> list[str]:
    """The words of a company's name without its legal form, folded and sorted."""
    return sorted(word for word in _WORD.findall(key_of(name)) if word not in _FORMS)


def is_company(name: str | None) -> bool:
    """Whether a name begins with the legal form of a company, or ends with it as Western ones do."""
    words = _WORD.findall(key_of(name))
    return len(words) > 1 and (words[0] in _BEFORE or words[-1] in _BEHIND)


def name_keys(values: Mapping[str, Any]) -> set[str]:
    """The keys of a card under which near-identical names meet; none for a name too short to say anything."""
    if values.get("kind") == "company":
        return _company_keys(values)
    last, first, middle = name_of(values)
    born = str(values.get("birthday") or "")
    keys = set()
    # One slip may sit in any of the names, so each key leaves another one out.
    if last and first:
        keys.add(f"l:{skeleton(last)}:{latin(first)[:1]}")
        keys.add(f"f:{skeleton(first)}:{latin(middle)[:1]}:{latin(last)[:2]}")
    if first and middle:
        keys.add(f"m:{skeleton(first)}:{skeleton(middle)}:{latin(last)[:1]}")
    if first and len(born) == 10 and not born.startswith("--"):
        keys.add(f"{BORN}{born}:{skeleton(first)}")
    return {key[:120] for key in keys}


def _company_keys(values: Mapping[str, Any]) -> set[str]:
    keys = set()
    for name in (values.get("name"), values.get("legal_name")):
        words = company_words(name)
        if words and len("".join(words)) >= 3:
            keys.add(f"c:{':'.join(skeleton(word) for word in words)}"[:120])
    return keys


def alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two cards that share a name key may be one person or company.

    Different sexes or birthdays tell two people apart, however alike their names are.
    """
    if (one.get("kind") == "company") != (other.get("kind") == "company"):
        return False
    if one.get("kind") == "company":
        return _alike_companies(one, other)
    if one.get("sex") and other.get("sex") and one["sex"] != other["sex"]:
        return False
    if not same_birthday(one.get("birthday"), other.get("birthday")):
        return False
    left, right = name_of(one), name_of(other)
    if names.near_identical(left, right):
        return True
    # The same name in the two scripts; within one script this would take Мария for Майя.
    return str(left).isascii() != str(right).isascii() and names.near_identical(
        names.Name(*map(latin, left)), names.Name(*map(latin, right))
    )


def born_alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two people have the same full birthday and first name, whatever their last names."""
    left, right = (str(card.get("birthday") or "--") for card in (one, other))
    if left != right or left.startswith("--") or "company" in (one.get("kind"), other.get("kind")):
        return False
    if one.get("sex") and other.get("sex") and one["sex"] != other["sex"]:
        return False
    own, theirs = name_of(one), name_of(other)
    same_first = bool(own.first) and ratio(latin(own.first), latin(theirs.first)) >= ALIKE
    return same_first and (
        not own.middle or not theirs.middle or skeleton(own.middle) == skeleton(theirs.middle)
    )


def name_of(values: Mapping[str, Any]) -> names.Name:
    """The name of a card in parts; what they lack comes from the whole name, as it does when a card is saved."""
    found = {part: values.get(part) or "" for part in PARTS}
    whole = values.get("name")
    if whole and values.get("kind") != "company" and key_of(whole) != key_of(display_name(*found.values())):
        if any(found.values()):
            found = {part: found[part] or value or "" for part, value in (parts_of(whole) or found).items()}
        else:
            return names.split_name(whole)
    return names.Name(*found.values())


def same_birthday(one: str | None, other: str | None) -> bool:
    """Whether two birthdays may be one; one without a year fits any year, an unknown one fits all."""
    if not one or not other:
        return True
    if one.startswith("--") or other.startswith("--"):
        return one[-5:] == other[-5:]
    return one == other


def _alike_companies(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if one.get("tax_number") and other.get("tax_number") and one["tax_number"] != other["tax_number"]:
        return False
    left = [" ".join(map(latin, company_words(one.get(name)))) for name in ("name", "legal_name")]
    right = [" ".join(map(latin, company_words(other.get(name)))) for name in ("name", "legal_name")]
    return any(a and b and ratio(a, b) >= ALIKE for a in left for b in right)
