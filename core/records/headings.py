"""What the columns of a stranger's file mean: told by their headings first, and by what stands in them
second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from parlour.i18n import _
from parlour.records.parse import Cell, day, emails, money, phones, sex, text_of, tidy, yes_no
from parlour.records.parse.alike import ratio

# A guess weaker than this is not offered.
_ENOUGH = 0.5
_SAMPLES = 40

# Words that stand in headings without changing what the column is.
_NEUTRAL = frozenset(
    {
        "клиент", "клиента", "клиенты", "клиентов", "покупателя", "покупатель", "гостя", "гость",
        "посетителя", "контакта", "контакт", "контактный", "контактная", "контактные", "номер", "номера",
        "основной", "основная", "осн", "личный", "личная", "личные", "рабочий", "рабочая", "домашний",
        "домашняя", "дом", "раб", "мобильный", "моб", "сотовый", "сот", "городской", "полный", "полная",
        "полное", "все", "общая", "общий", "общее", "всего", "итого", "дополнительный", "доп", "ваш",
        "ваша", "ваше", "указать", "в", "на", "за", "по", "для", "с", "и", "или", "руб", "р", "rub",
        "rur", "eur", "usd", "у", "е", "client", "clients", "customer", "customers", "guest", "contact",
        "person", "number", "no", "main", "primary", "personal", "work", "home", "business", "mobile",
        "cell", "other", "full", "total", "your", "the", "of", "s", "and", "or", "in", "value", "values",
    }
)  # fmt: skip
# Words that say that the column tells of somebody or something else.
_OTHERS = frozenset(
    {
        "мастер", "мастера", "сотрудник", "сотрудника", "менеджер", "менеджера", "администратор",
        "администратора", "врач", "врача", "супруг", "супруга", "супруги", "мужа", "жены", "ребенок",
        "ребенка", "детей", "мамы", "отца", "родителя", "родитель", "представителя", "друга",
        "пригласивший", "пригласившего", "последний", "последнего", "последняя", "последней", "первый",
        "первого", "первая", "следующий", "следующего", "создания", "создан", "регистрации", "добавления",
        "изменения", "визита", "визит", "заказа", "услуги", "услуга", "филиал", "филиала", "договора",
        "карты", "паспорта", "staff", "master", "employee", "manager", "doctor", "specialist", "spouse",
        "husband", "wife", "child", "children", "kid", "parent", "mother", "father", "friend",
        "assistant", "referrer", "phonetic", "last", "first", "next", "created", "registration",
        "registered", "modified", "updated", "visit", "order", "service", "branch", "display", "login",
        "user", "sender", "emergency", "postal", "zip", "postcode", "индекс",
    }
)  # fmt: skip
# Words that tell one phone or address from another; a mobile phone is what most of them are.
_TELLING = frozenset(
    {
        "home", "work", "business", "other", "рабочий", "домашний", "городской", "раб", "дом", "доп",
        "дополнительный", "whatsapp", "viber", "ватсап", "вотсап", "вайбер",
    }
)  # fmt: skip
# "Phone 1 - Value": group, and which part of it the column holds.
_PARTED = re.compile(
    r"(?i)^(.+?)\s*-\s*(label|type|value|formatted|street|city|po box|region|postal code|country|extended address)$"
)
# How Outlook says the same: "Home Street", "Business Postal Code".
_ADDRESSED = re.compile(
    r"(?i)^(home|business|other|work)\s+(street(?: \d)?|city|state|po box|postal code|zip(?: code)?|country(?:/region)?)$"
)
_BRACKETS = re.compile(r"[(\[][^()\[\]]*[)\]]")
_WORD = re.compile(r"[^\W_]+|№|#")
_UNNAMED = re.compile(r"Column \d+")
_PERSON = re.compile(r"[^\W\d_][^\W\d_'’.-]*(?:[ -]+[^\W\d_][^\W\d_'’-]*\.?){1,3}")


@dataclass(frozen=True)
class Candidate:
    """A field that a column may be meant for.

    `titles` are all its spellings in any language. `shape` is what its values look like: "phone", "email",
    "day", "money", "number", "name" (a whole name), "word" (one name), "tags", "sex", "boolean" or "text".
    With `many` it takes any number of columns.
    """

    name: str
    titles: Sequence[str]
    shape: str = "text"
    many: bool = False


@dataclass(frozen=True)
class Guess:
    """What a column is taken for: `field` is None for a column that is matched to nothing.

    `group` and `part` place a column of an export that spreads one value over several ("Address 1", "street"). A column
    of labels has no field of its own; `label_of` names the column that it describes. `label` is what the heading calls
    this one of several ("work"). `confidence` runs from 0 to 1; `why` is a sentence for the user.
    """

    column: str
    field: str | None
    confidence: float
    why: object
    part: str = ""
    group: str = ""
    label: str = ""
    label_of: str = ""


def guess(
    columns: Sequence[str],
    samples: Mapping[str, Sequence[Cell]],
    candidates: Sequence[Candidate],
    region: str | None = None,
    currency: str = "EUR",
) -> list[Guess]:
    """One guess for each column, in their order. No field that holds one value gets two columns: the second
    stays free.
    """
    parted = {column: found for column in columns if (found := _part_of(column))}
    evidence = {column: Evidence(samples.get(column, ()), region, currency) for column in columns}
    scores: list[tuple[float, int, int, object]] = []
    for place, column in enumerate(columns):
        match = parted.get(column)
        if match and match[1] not in ("value", "formatted"):
            continue
        heading = match[0] if match else column
        for rank, candidate in enumerate(candidates):
            score, why = _score(heading, candidate, evidence[column])
            if score >= _ENOUGH:
                scores.append((score, -place, -rank, why))
    scores.sort(key=lambda item: item[:3], reverse=True)
    chosen: dict[str, Guess] = {}
    taken: dict[str, str] = {}
    refused: dict[str, Guess] = {}
    for score, place, rank, why in scores:
        column, candidate = columns[-place], candidates[-rank]
        if column in chosen:
            continue
        if (
            candidate.name in taken
            and candidate.many
            and _free_rival(score, place, scores, candidates, taken)
        ):
            # "Categories" beside "Tags": the field that has no column yet comes first.
            continue
        if candidate.name in taken and not candidate.many:
            reason = _("“${column}” is already taken for this.", mapping={"column": taken[candidate.name]})
            refused.setdefault(column, Guess(column, None, 0.0, reason))
            continue
        taken.setdefault(candidate.name, column)
        match = parted.get(column)
        chosen[column] = Guess(
            column,
            candidate.name,
            round(score, 2),
            why,
            part=match[1] if match else "",
            group=match[0] if match else "",
            label=_label(column) if candidate.many and not match else "",
        )
    _take_parts(columns, parted, chosen, candidates)
    nothing = _("Nothing fits this heading.")
    return [
        chosen.get(column) or refused.get(column) or Guess(column, None, 0.0, nothing) for column in columns
    ]


def _part_of(column: str) -> tuple[str, str] | None:
    """The group and the part of a column that holds a part of something, None for any other."""
    match = _PARTED.match(column)
    if match:
        return match.group(1), match.group(2).lower()
    match = _ADDRESSED.match(" ".join(column.split()))
    return (f"{match.group(1)} address", match.group(2).lower()) if match else None


def _free_rival(
    score: float,
    place: int,
    scores: Sequence[tuple[float, int, int, object]],
    candidates: Sequence[Candidate],
    taken: Mapping[str, str],
) -> bool:
    """Whether a field that has no column yet fits this column as well."""
    return any(
        other >= score - 0.02 and at == place and candidates[-rank].name not in taken
        for other, at, rank, _why in scores
    )


def _take_parts(
    columns: Sequence[str],
    parted: Mapping[str, tuple[str, str]],
    chosen: dict[str, Guess],
    candidates: Sequence[Candidate],
) -> None:
    """Labels and address parts belong to the field of their group, also when the group has no column for the
    whole.
    """
    fields = {guess.group.casefold(): guess.field for guess in chosen.values() if guess.group}
    for column in columns:
        match = parted.get(column)
        if not match or column in chosen:
            continue
        group, part = match
        field = fields.get(group.casefold())
        if part in ("label", "type"):
            owner = next(
                (one.column for one in chosen.values() if one.group.casefold() == group.casefold()), ""
            )
            if owner:
                why = _("Labels of “${column}”.", mapping={"column": owner})
                chosen[column] = Guess(column, None, 0.9, why, part="label", group=group, label_of=owner)
            continue
        if field is None and part != "value":
            whole = Evidence((), None, "EUR")
            field = next((one.name for one in candidates if _score(group, one, whole)[0] >= _ENOUGH), None)
        if field is not None:
            why = _("A part of “${group}”.", mapping={"group": group})
            chosen[column] = Guess(column, field, 0.9, why, part=part, group=group)


@lru_cache(maxsize=8192)
def normalised(heading: str) -> str:
    """A heading without case, accents on ё, marks, remarks in brackets and numbering: "E-mail 2 (work)" is
    "email".
    """
    text = tidy(heading).casefold().replace("ё", "е")
    text = _BRACKETS.sub(" ", text)
    text = re.sub(r"\be-? ?mails?\b", "email", text)
    text = (
        re.sub(r"(?<=\w)\.(?=\w)", "", text) if re.fullmatch(r"(?:\w\.){1,3}\w?\.?", text.strip()) else text
    )
    words = [word for word in _WORD.findall(text) if not word.isdigit()]
    return " ".join(words)


def _score(heading: str, candidate: Candidate, evidence: Evidence) -> tuple[float, object]:
    """How well a column fits a field, and why."""
    by_name = max((_likeness(heading, title) for title in candidate.titles), default=0.0)
    rate = evidence.rate(candidate.shape)
    if by_name:
        why: object = _("The heading says so.")
        if rate is None:
            # Of two columns called alike, the one with something in it.
            return by_name if evidence.count else by_name * 0.97, why
        if rate < 0.2:
            # A heading that its values contradict: "Phone" over e-mail addresses.
            return by_name * 0.55, why
        return min(by_name * (0.9 + 0.1 * rate), 1.0), why
    unnamed = bool(_UNNAMED.fullmatch(heading))
    tellable = ("phone", "email", "name", "day", "sex") if unnamed else ("phone", "email")
    if (
        rate is not None
        and rate >= 0.8
        and candidate.shape in tellable
        and evidence.count >= (1 if unnamed else 3)
    ):
        if set(normalised(heading).split()) & _OTHERS:
            return 0.0, ""
        if candidate.shape == "day" and not evidence.births():
            return 0.0, ""
        return 0.5 + 0.15 * rate, _("The values look like it.")
    return 0.0, ""


@lru_cache(maxsize=65536)
def _likeness(heading: str, title: str) -> float:
    """How much a heading says the same as a known spelling, 0 to 1."""
    said, known = normalised(heading), normalised(title)
    if not said or not known:
        return 0.0
    if said == known:
        return 1.0
    said_words, known_words = said.split(), known.split()
    if set(said_words) & _OTHERS - set(known_words):
        return 0.0
    if said.replace(" ", "") == known.replace(" ", "") or sorted(said_words) == sorted(known_words):
        return 0.97
    if len(said_words) == len(known_words) and all(
        _shortens(own, other) for own, other in zip(said_words, known_words, strict=True)
    ):
        return 0.9
    # All the words of the title, and besides them only words that change nothing.
    besides = list(said_words)
    for word in known_words:
        found = next((own for own in besides if own == word or _shortens(own, word)), None)
        if found is None:
            break
        besides.remove(found)
    else:
        if all(word in _NEUTRAL or len(word) == 1 for word in besides):
            return 0.85 if len(known_words) > 1 else 0.8
    if len(said) >= 5 and len(known) >= 5 and ratio(said, known) >= 86:
        return 0.75
    return 0.0


def _shortens(own: str, word: str) -> bool:
    """Whether a word is the other one cut short, or has another ending: "рожд", "комментарии"."""
    if own == word:
        return True
    short, long = sorted((own, word), key=len)
    if len(short) < 3:
        return False
    if long.startswith(short):
        return True
    return len(short) >= 5 and long[: len(short) - 1] == short[:-1] and len(long) - len(short) <= 2


def _label(column: str) -> str:
    """What tells one of several columns from the others: "work" in "Work phone"."""
    return " ".join(word for word in normalised(column).split() if word in _TELLING)


class Evidence:
    """What the filled cells of a column look like; rates are counted when they are asked for."""

    def __init__(self, cells: Sequence[Cell], region: str | None, currency: str):
        self.cells = [cell for cell in cells if text_of(cell).strip()][:_SAMPLES]
        self.count = len(self.cells)
        self.region = region
        self.currency = currency
        self._rates: dict[str, float] = {}

    def rate(self, shape: str) -> float | None:
        """The share of cells that look like values of a shape; None when there are too few to tell, or for
        any text.
        """
        test = self._tests().get(shape)
        if test is None or not self.cells:
            return None
        if shape not in self._rates:
            self._rates[shape] = sum(map(test, self.cells)) / self.count
        return self._rates[shape]

    def _tests(self) -> Mapping[str, Callable[[Cell], bool]]:
        return {
            "phone": self._phone,
            "email": lambda cell: bool(emails(cell).found),
            "day": lambda cell: day(cell).value is not None,
            "money": lambda cell: money(cell, self.currency).value is not None or _has_figure(cell),
            "number": _has_figure,
            "name": _whole_name,
            "word": lambda cell: not _whole_name(cell) and not _has_figure(cell) and "@" not in text_of(cell),
            "sex": lambda cell: sex(cell) is not None,
            "boolean": lambda cell: yes_no(cell) is not None,
        }

    def _phone(self, cell: Cell) -> bool:
        if isinstance(cell, date | datetime | bool):
            return False
        digits = sum(char.isdigit() for char in text_of(cell))
        return bool(phones(cell, self.region).found) or (
            isinstance(cell, str) and 6 <= digits <= 25 and not _date(cell)
        )

    def births(self) -> bool:
        """Whether the days look like birthdays: most of them years ago, or without a year."""
        found = [value for cell in self.cells if (value := day(cell).value)]
        years = sorted(int(value[:4]) for value in found if not value.startswith("--"))
        return not years or years[len(years) // 2] < datetime.now(UTC).year - 12


def _date(cell: str) -> bool:
    return bool(re.fullmatch(r"\s*\d{1,4}[./-]\d{1,2}[./-]\d{1,4}.*", cell))


def _has_figure(cell: Cell) -> bool:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return True
    return isinstance(cell, str) and bool(re.search(r"\d", cell)) and "@" not in cell


def _whole_name(cell: Cell) -> bool:
    """Whether a text could be a name of two to four words."""
    return isinstance(cell, str) and bool(_PERSON.fullmatch(" ".join(tidy(cell).split())))
