"""Names of people: taken apart, compared, and the fuller of two kept.

Russian names come as last name, first name, patronymic; Western ones the other way round. What tells them apart is the
patronymic, the ending of a surname, and a list of common first names. Two names are *compatible* when nothing in them
contradicts: equal, abbreviated ("А.", "Алекс."), with parts missing, in other case, or with last and first name swapped.
Short forms ("Катя" for "Екатерина") are not guessed: many of them belong to several names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from parlour.plugins.contacts.first_names import FIRST_NAMES
from parlour.records.parse.alike import ratio

# Alike by this many of a hundred points, two names are worth a second look.
NEAR = 88


class Name(NamedTuple):
    """A person's name in parts, each "" when it is not known."""

    last: str = ""
    first: str = ""
    middle: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in self if part)


_PATRONYMIC = re.compile(
    r"(?i)^[а-яё-]{2,}(?:ович|евич|ьич|мич|нич|кич|тич|овна|евна|ична|инична|ьинична|кызы|оглы|улы|гызы)$"
)
_PATRONYMIC_WORDS = frozenset({"оглы", "кызы", "улы", "гызы", "ogly", "kyzy"})
_LATIN_PATRONYMIC = re.compile(r"(?i)^[a-z]{3,}(?:ovich|evich|ovna|evna|ichna)$")
_SURNAME = re.compile(
    r"(?i)(?:ов|ова|ев|ева|ёв|ёва|ин|ина|ын|ына|ский|ская|цкий|цкая|ской|цкой|енко|ко|ук|юк|чук|ян|янц|дзе|швили|ия|уа|их|ых"
    r"|ич|ый|ая|ой|ий|ло|ец|ак|як|ман|штейн|берг)$"
)
_SURE_SURNAME = re.compile(
    r"(?i)(?:ов|ова|ев|ева|ёв|ёва|ский|ская|цкий|цкая|енко|чук|юк|янц|дзе|швили|их|ых|ын|ына|[^аеёиоуыэюя][иы]н|штейн|берг)$"
)
_LATIN_SURNAME = re.compile(r"(?i)(?:ov|ova|ev|eva|in|ina|sky|skiy|skaya|enko|chuk|yan|dze|shvili)$")
_INITIALS = re.compile(r"^(?:[^\W\d_]\.){1,3}$|^[^\W\d_]\.?$")
_JOINED_INITIALS = re.compile(r"([^\W\d_]\.)(?=[^\W\d_])")
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_PARTICLES = frozenset(
    {
        "фон", "ван", "де", "дер", "да", "ди", "дель", "von", "van", "de", "der", "da", "di", "del",
        "la", "le", "bin", "ibn"
    }
)  # fmt: skip
_LITTLE_WORDS = frozenset(
    {
        "с", "со", "из", "от", "на", "у", "в", "к", "и", "или", "по", "для", "без", "до", "за",
        "не", "the", "from", "of", "at", "with", "and", "or", "for", "by"
    }
)  # fmt: skip
_COMPANY_FORMS = frozenset({"ооо", "оао", "зао", "ао", "пао", "ип", "llc", "ltd", "inc", "gmbh", "plc"})
_NAME_WORD = re.compile(r"[(\"«]?[^\W\d_][^\W\d_.'’ʼ`-]*(?:[-'’ʼ`][^\W\d_]+)*\.?[)\"»]?")


def split_name(full: str, order: str | None = None) -> Name:
    """A name in one piece taken apart. `order` ("last" or "first") decides where the name itself does not.

    Without it, Cyrillic names begin with the last name and Latin ones with the first. ALL CAPITALS and all small
    letters become a capital and small ones; anything else stays as written.
    """
    text = " ".join(full.replace("\u00a0", " ").split())
    before, comma, after = text.partition(",")
    tokens = _tokens(after if comma else text)
    if comma and before.strip() and tokens:
        first, *middle = tokens
        return Name(cased(before.strip()), cased(first), cased(" ".join(middle)))
    tokens = _tokens(text.replace(",", " "))
    if not tokens:
        return Name()
    if len(tokens) == 1:
        alone = tokens[0]
        return Name(last=cased(alone)) if _surname(alone) and not _first(alone) else Name(first=cased(alone))
    return Name(*(cased(part) for part in _parts(tokens, order)))


def comes_apart(full: str) -> bool:
    """Whether a text is nothing but a name: "Ольга с третьего этажа" or "Анна маникюр" is not, and is better left whole."""
    words = _JOINED_INITIALS.sub(r"\1 ", full.replace(",", " ")).split()
    if not words or len(words) > 5 or not all(_NAME_WORD.fullmatch(word) for word in words):
        return False
    plain = [word for word in words if word.casefold() not in _PARTICLES | _PATRONYMIC_WORDS]
    if any(word.casefold() in _LITTLE_WORDS | _COMPANY_FORMS for word in plain) or not 1 <= len(plain) <= 4:
        return False
    small = [word for word in plain if word[0].islower()]
    return not small or len(small) == len(plain)


def _tokens(text: str) -> list[str]:
    """Words of a name; joined initials come apart, particles and "оглы" stay with their word, so do brackets."""
    words = _JOINED_INITIALS.sub(r"\1 ", text).split()
    tokens: list[str] = []
    particle = ""
    for word in words:
        if word.casefold() in _PARTICLES and len(words) > 2:
            particle = f"{particle} {word}".strip()
        elif tokens and (word.casefold() in _PATRONYMIC_WORDS or (word.startswith("(") and len(tokens) == 1)):
            tokens[-1] += f" {word}"
        else:
            tokens.append(f"{particle} {word}".strip())
            particle = ""
    return [*tokens, particle] if particle else tokens


def _parts(tokens: list[str], order: str | None) -> tuple[str, str, str]:
    """Last, first and middle of two words or more."""
    place = next((index for index in range(len(tokens) - 1, 0, -1) if _patronymic(tokens[index])), None)
    if place is not None and not (len(tokens) == 2 and _surname_before(tokens)):
        middle = tokens[place]
        before, after = tokens[:place], tokens[place + 1 :]
        if len(before) == 1:
            # "Анна Петровна Иванова", or "Анна Петровна" alone.
            return " ".join(after), before[0], middle
        if _first(before[0]) and not _first(before[-1]) and not _INITIALS.match(before[-1]):
            return " ".join([*before[1:], *after]), before[0], middle
        return " ".join([*before[:-1], *after]), before[-1], middle
    initials = [bool(_INITIALS.match(token)) for token in tokens]
    if any(initials) and not all(initials):
        return _with_initials(tokens, initials)
    if len(tokens) == 2:
        last, first = tokens if _last_comes_first(tokens, order) else reversed(tokens)
        return last, first, ""
    if _last_comes_first([tokens[0], tokens[1]], order):
        return tokens[0], tokens[1], " ".join(tokens[2:])
    if not _CYRILLIC.search(tokens[0]):
        return tokens[-1], tokens[0], " ".join(tokens[1:-1])
    return " ".join(tokens[1:]), tokens[0], ""


def _surname_before(tokens: list[str]) -> bool:
    """Whether the first of two words is a surname, so that the second ("Абрамович") is not behind a first name."""
    return _sure_surname(tokens[0]) and not _first(tokens[0])


def _with_initials(tokens: list[str], initials: list[bool]) -> tuple[str, str, str]:
    """ "Иванова А. П.", "А. П. Иванова", "Анна П. Иванова", "Анна И."."""
    words = [token for token, initial in zip(tokens, initials, strict=True) if not initial]
    letters = [token for token, initial in zip(tokens, initials, strict=True) if initial]
    if len(words) == 1:
        if len(letters) == 1 and not initials[0] and _first(words[0]) and not _sure_surname(words[0]):
            return letters[0], words[0], ""
        return words[0], letters[0], " ".join(letters[1:])
    if _last_comes_first(words[:2], None):
        return words[0], words[1], " ".join([*words[2:], *letters])
    return words[-1], words[0], " ".join([*words[1:-1], *letters])


def _last_comes_first(tokens: list[str], order: str | None) -> bool:
    """Whether the first of two words is the last name."""
    decided = _decided_order(tokens)
    if decided is None:
        decided = order or ("last" if _CYRILLIC.search(tokens[0]) else "first")
    return decided == "last"


def _decided_order(tokens: list[str]) -> str | None:
    one, two = tokens[0], tokens[1]
    known_one, known_two = _first(one), _first(two)
    if known_one != known_two:
        return "first" if known_one else "last"
    sure_one, sure_two = _sure_surname(one), _sure_surname(two)
    if sure_one != sure_two:
        return "last" if sure_one else "first"
    return None


def name_order(names: Iterable[str]) -> str | None:
    """Which comes first in a column of names, "last" or "first"; None when too few of them tell."""
    votes = {"last": 0, "first": 0}
    for name in names:
        tokens = _tokens(name.replace(",", " "))
        if len(tokens) == 3 and _patronymic(tokens[2]):
            votes["last"] += 1
        elif len(tokens) == 3 and _patronymic(tokens[1]):
            votes["first"] += 1
        elif len(tokens) == 2 and (decided := _decided_order(tokens)):
            votes[decided] += 1
    best = max(votes, key=lambda order: votes[order])
    return best if votes[best] > 2 * min(votes.values()) and votes[best] > 1 else None


def _patronymic(token: str) -> bool:
    last = token.split()[-1].casefold()
    return bool(last in _PATRONYMIC_WORDS or _PATRONYMIC.match(token) or _LATIN_PATRONYMIC.match(token))


def _first(token: str) -> bool:
    return all(part in FIRST_NAMES for part in token.casefold().split("-"))


def _surname(token: str) -> bool:
    if " " in token and token.split()[0].casefold() in _PARTICLES:
        return True
    return bool((_SURNAME if _CYRILLIC.search(token) else _LATIN_SURNAME).search(token)) and len(token) > 3


def _sure_surname(token: str) -> bool:
    if " " in token and token.split()[0].casefold() in _PARTICLES:
        return True
    return (
        bool((_SURE_SURNAME if _CYRILLIC.search(token) else _LATIN_SURNAME).search(token)) and len(token) > 3
    )


def cased(text: str) -> str:
    """Words all in capitals or all in small letters with one capital each; any other spelling is meant."""
    return " ".join(_cased_word(word) for word in text.split())


def _cased_word(word: str) -> str:
    if word.casefold() in _PARTICLES or word.casefold() in _PATRONYMIC_WORDS:
        return word.lower() if word.isupper() else word
    letters = [char for char in word if char.isalpha()]
    if (word.isupper() and len(letters) > 1 and not word.endswith(".")) or (word.islower() and letters):
        return re.sub(r"[^\W\d_]+", lambda part: part.group().capitalize(), word)
    return word


def folded(text: str) -> str:
    """A part of a name as it is compared: no case, no ё, one kind of hyphen and apostrophe, no dot at the end."""
    text = re.sub(r"\s*[\u2010-\u2015-]\s*", "-", text.casefold().replace("ё", "е"))
    return " ".join(re.sub(r"[’ʼ`´]", "'", text).split())


def compatible(one: Name, two: Name) -> bool:
    """Whether two names can be the same person's. A name without any part is compatible with every other."""
    if not any(one) or not any(two):
        return True
    if _agree(one, two) or folded(str(one)) == folded(str(two)):
        return True
    # Last and first name in each other's place.
    return _agree(Name(one.first, one.last, one.middle), two) or _alone(one, two) or _alone(two, one)


def _agree(one: Name, two: Name) -> bool:
    """Whether no part contradicts and at least one is there in both."""
    shared = [(own, other) for own, other in zip(one, two, strict=True) if own and other]
    if not all(_same_part(own, other) for own, other in shared):
        return False
    return any(own and other for own, other in zip(one[:2], two[:2], strict=True))


def _alone(one: Name, two: Name) -> bool:
    """Whether a name of one word is one of the other's words, whichever part it was taken for."""
    parts = [part for part in one if part]
    return len(parts) == 1 and any(_same_part(parts[0], other) for other in two[:2] if other)


def _same_part(one: str, two: str) -> bool:
    """Equal, or one is the beginning of the other and says so: a single letter, or a dot at its end."""
    one, two = folded(one), folded(two)
    if one.rstrip(".") == two.rstrip("."):
        return True
    short, long = sorted((one, two), key=lambda part: len(part.rstrip(".")))
    return abbreviated(short) and long.rstrip(".").startswith(short.rstrip("."))


def abbreviated(part: str) -> bool:
    """Whether a part of a name is only its beginning: "А", "А.", "Алекс."."""
    return part.endswith(".") or len(part) == 1


def fuller(one: Name, two: Name) -> Name:
    """The two names of one person put together: of each part the one that says more, the first's where both say the same."""
    if not _agree(one, two) and _agree(one, Name(two.first, two.last, two.middle)):
        two = Name(two.first, two.last, two.middle)
    elif sum(map(bool, two)) == 1 and not _agree(one, two) and any(one):
        # A single word that stands in another part of the first name already.
        two = Name()
    return Name(*(_fuller_part(own, other) for own, other in zip(one, two, strict=True)))


def _fuller_part(own: str, other: str) -> str:
    if not own or not other:
        return own or other
    if abbreviated(own) and not abbreviated(other):
        return other
    if abbreviated(own) and abbreviated(other):
        return other if len(other.rstrip(".")) > len(own.rstrip(".")) else own
    if folded(own) == folded(other):
        if (own.isupper() or own.islower()) and not (other.isupper() or other.islower()):
            return other
        return other if "ё" in other.casefold() and "ё" not in own.casefold() and not other.isupper() else own
    return own


def near_identical(one: Name, two: Name) -> bool:
    """Whether two names look like one, misspelt: worth a warning, never a reason to merge."""
    if not (one.last and one.first and two.last and two.first):
        whole = folded(str(one))
        return bool(whole) and whole == folded(str(two))
    if one.middle and two.middle and not _same_part(one.middle, two.middle):
        if ratio(folded(one.middle), folded(two.middle)) < NEAR:
            return False
    if compatible(one, two):
        return not (abbreviated(one.first) or abbreviated(two.first))
    for other in (two, Name(two.first, two.last, two.middle)):
        pairs = [(folded(one.last), folded(other.last)), (folded(one.first), folded(other.first))]
        if all(_misspelt(own, theirs) for own, theirs in pairs):
            return ratio(" ".join(pair[0] for pair in pairs), " ".join(pair[1] for pair in pairs)) >= NEAR
    return False


def _misspelt(own: str, other: str) -> bool:
    if own == other:
        return True
    # "Иванов" and "Иванова" are two people; so are "Александр" and "Александра".
    short, long = sorted((own, other), key=len)
    if long in (short + "а", short + "a") or (
        short[-2:] in ("ий", "ой") and long[-2:] == "ая" and short[:-2] == long[:-2]
    ):
        return False
    return min(len(own), len(other)) >= 4 and ratio(own, other) >= 75


def name_block_key(name: Name) -> str:
    """A short key that near-identical names share unless the very first letters differ: initials in alphabetical order."""
    return "".join(sorted(folded(part)[0] for part in name[:2] if folded(part)))
