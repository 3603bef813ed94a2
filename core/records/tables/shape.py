"""Where a table begins and ends inside a sheet: titles above the headings, totals below, repeated headings
between.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Any

from parlour.i18n import _
from parlour.records.parse import Cell, text_of, tidy

_NUMBER = re.compile(r"[-+(]?\s*\d[\d\s.,'’]*\s*(?:₽|руб\.?|р\.|€|\$|%|шт\.?)?\)?")
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?:[ T]\d{1,2}:\d\d.*)?")
_PHONE = re.compile(r"\+?[\d(][\d\s()./-]{8,}")
_TOTALS = re.compile(
    r"(?i)^\W*(?:итог[оиа]?|всего|общ(?:ий|ая|ее) (?:итог|сумма)|сумма|total|grand total|totals|subtotal|sum)"
    r"(?:\b(?!\s*@).*)?$"
)
_FOOTER = re.compile(
    r"(?i)^\W*(?:выгружено|выгрузка|экспорт(?:ировано)?|сформирован[оа]?|распечатан[оа]?"
    r"|дата (?:печати|выгрузки|отч[её]та)|отч[её]т|страница \d+|стр\. ?\d+|лист \d+"
    r"|generated|exported|printed|page \d+|report)\b.*$"
)
# Stems that occur in headings of any list of people, goods or dealings. They only say which row is the
# heading; what a column means is decided elsewhere.
_VOCABULARY = re.compile(
    r"(?i)\b(?:фамили|имя|отчеств|ф\W?и\W?о|клиент|контакт|тел|моб|сотов|phone|e-?mail|мейл|мэйл|почт|адрес|address"
    r"|дата|др\b|д\W?р\b|рожд|birth|пол\b|sex|gender|name|first|last|middle|surname|тег|метк|тэг|катег|label|tag|group|групп|источник"
    r"|откуда|source|оборот|сумм|потрач|оплат|спент|spent|revenue|amount|price|цен|стоим|коммент|примеч|замет|note"
    r"|comment|remark|город|city|компан|организ|company|organi[sz]|должн|title|position|инн\b|скидк|discount|карт"
    r"|card|visit|визит|id\b|код|code|номер|number|артикул|sku|назван|наимен|кол\W?во|колич|quantity|услуг|service"
    r"|мастер|сотрудник|staff|статус|status|balance|баланс|бонус|url|сайт|site|web|п/п)|№"
)
_PEEK = 200
_INVISIBLE = "\ufeff\u200b\0 \t\r\n\u00a0"
# Letters and signs with which the name of a totals row may begin; looked at before anything slower is.
_TOTAL_INITIALS = frozenset("итовсщtgsИТОВСЩTGS*«(:-")


@dataclass
class Layout:
    """Which columns a grid has and where its records begin.

    `body` is the number of the first row below the headings, or of the first row when there are none.
    """

    headings: list[str]
    header_row: int | None
    body: int
    titles: list[str] = field(default_factory=list)
    rows_of_heading: list[list[str]] = field(default_factory=list)


def blank(cell: Cell) -> bool:
    """Whether nothing is to be seen in the cell."""
    if isinstance(cell, str):
        text = cell.strip()
        return not text or (text[0] in _INVISIBLE and not text.strip(_INVISIBLE))
    return cell is None


def find_layout(rows: Sequence[tuple[int, list[Cell]]]) -> Layout:
    """The layout that the first rows of a grid show. Raises nothing: any grid has some layout."""
    filled = [(number, cells) for number, cells in rows[:_PEEK] if not all(map(blank, cells))]
    if not filled:
        return Layout([], None, 1)
    index = _heading_index(filled)
    if index is None:
        width = max(len(_trimmed(cells)) for _number, cells in filled)
        return Layout(["" for _ in range(width)], None, filled[0][0])
    number, cells = filled[index]
    headings = [_heading_text(cell) for cell in _trimmed(cells)]
    used = [headings]
    first = index
    # Groups above ("Contacts" over "Phone" and "E-mail") or a name that spans two rows.
    if index and filled[index - 1][0] == number - 1 and "" in headings:
        above = [_heading_text(cell) for cell in filled[index - 1][1]]
        if sum(map(bool, above)) > 1:
            headings = [
                own or (above[place] if place < len(above) else "") for place, own in enumerate(headings)
            ]
            first -= 1
            used.append(above)
    if index + 1 < len(filled) and filled[index + 1][0] == number + 1:
        below = _trimmed(filled[index + 1][1])
        if _is_second_heading(headings, below):
            texts = [_heading_text(cell) for cell in below]
            used.append(texts)
            width = max(len(headings), len(texts))
            headings = [
                (texts[place] if place < len(texts) else "")
                or (headings[place] if place < len(headings) else "")
                for place in range(width)
            ]
            number, index = filled[index + 1][0], index + 1
    titles = [
        " ".join(text_of(cell).strip() for cell in row if not blank(cell)) for _n, row in filled[:first]
    ]
    return Layout(headings, number, number + 1, titles, used)


def column_names(headings: Sequence[str]) -> list[str]:
    """The headings made unique and none of them empty: "Phone", "Phone (2)", "Column 5"."""
    names: list[str] = []
    taken: set[str] = set()
    for place, heading in enumerate(headings, 1):
        name = heading or f"Column {place}"
        unique, copy = name, 1
        while unique.casefold() in taken:
            copy += 1
            unique = f"{name} ({copy})"
        taken.add(unique.casefold())
        names.append(unique)
    return names


class Body:
    """Tells records from the other rows below the headings; remembers sums: a last row may be their total."""

    def __init__(self, layout: Layout):
        self.headings = [[text.casefold() for text in row] for row in layout.rows_of_heading]
        self.width = len(layout.headings)
        self.sums: defaultdict[int, float] = defaultdict(float)
        self.seen = 0

    def why_not(self, cells: list[Cell], filled: list[int], merged: int = 0) -> Any | None:
        """The reason why a row is no record, None when it is one.

        `filled` are the places of the cells that hold something, `merged` is how many columns the row's title spans.
        """
        self.seen += 1
        if not filled:
            return None
        if self._repeats_headings(cells, filled):
            return _("repeated headings")
        if self.seen == 1 and len(filled) > 2 and self._counts(cells, filled):
            return _("numbers of the columns")
        if self.width > 1:
            if self._is_total(cells, filled):
                return _("a row of totals")
            if len(filled) == 1:
                text = text_of(cells[filled[0]]).strip()
                spans = merged > max(1, self.width // 2)
                letter = len(text) == 1 and text.isalpha()
                if (_FOOTER.match(text) or spans or letter) and not _figure(text):
                    return _("a title, not a record")
        for place in filled:
            number = _amount(cells[place])
            if number is not None:
                self.sums[place] += number
        return None

    def _repeats_headings(self, cells: list[Cell], filled: list[int]) -> bool:
        if len(filled) < 2 and self.width > 1:
            return False
        return any(all(_says(cells[place], row, place) for place in filled) for row in self.headings)

    @staticmethod
    def _counts(cells: list[Cell], filled: list[int]) -> bool:
        """Whether the cells say 1, 2, 3 and so on."""
        return [text_of(cells[place]).strip() for place in filled] == [
            str(n) for n in range(1, len(filled) + 1)
        ]

    def _is_total(self, cells: list[Cell], filled: list[int]) -> bool:
        """A row named a total with figures besides, or one of figures only, one of which is a sum."""
        sparse = self.seen > 3 and len(filled) < max(self.width - 1, 2)
        named = any(_named_total(cells[place]) for place in filled)
        if not sparse and not named:
            return False
        words = [text_of(cells[place]).strip() for place in filled if not _figure(cells[place])]
        if words:
            if not _TOTALS.match(words[0]):
                return False
            others = words[1:]
            alone = len(filled) == 1
            said = re.search(r"\d|^\W*\w+\W*$", words[0]) if alone else True
            return bool(said) and all(re.search(r"\d", text) and not _is_contact(text) for text in others)
        return sparse and any(self._is_sum(place, cells[place]) for place in filled)

    def _is_sum(self, place: int, cell: Cell) -> bool:
        number, total = _amount(cell), self.sums.get(place)
        return number is not None and bool(total) and abs(number - (total or 0)) < 0.005 + abs(number) * 1e-9


def _named_total(cell: Cell) -> bool:
    if not isinstance(cell, str) or cell.lstrip()[:1] not in _TOTAL_INITIALS:
        return False
    return bool(_TOTALS.match(cell.strip()))


def _says(cell: Cell, row: list[str], place: int) -> bool:
    """Whether a cell says what the heading in its place says."""
    return (
        isinstance(cell, str)
        and place < len(row)
        and bool(row[place])
        and cell.strip()[:1].casefold() == row[place][:1]
        and " ".join(cell.split()).casefold() == row[place]
    )


def _amount(cell: Cell) -> float | None:
    """A figure as it may be summed up; texts are read roughly, since only a sum that fits counts."""
    if isinstance(cell, str):
        if not cell or len(cell) > 30 or cell[0] in "+0" or cell[0].isalpha():
            return None
        if cell.isdecimal():
            return float(cell)
        text = cell.strip()
        if not text or not (text[0].isdigit() or text[0] in "-(") or not _NUMBER.fullmatch(text):
            return None
        plain = re.sub(r"[^\d.,-]", "", text).rstrip(".,")
        if plain.count(",") == 1 and "." not in plain:
            plain = plain.replace(",", ".")
        try:
            return float(plain.replace(",", ""))
        except ValueError:
            return None
    return float(cell) if isinstance(cell, float | int) and not isinstance(cell, bool) else None


def _figure(cell: Cell) -> bool:
    """Whether a cell holds a figure that could be a total; a phone number is none."""
    if isinstance(cell, bool):
        return False
    if isinstance(cell, float | int | Decimal):
        return not (10**9 <= abs(float(cell)) < 10**12 and float(cell).is_integer())
    return isinstance(cell, str) and bool(_NUMBER.fullmatch(tidy(cell))) and not _is_contact(cell)


def _is_contact(text: str) -> bool:
    """Whether a text looks like a phone number or an e-mail address."""
    text = tidy(text)
    digits = sum(char.isdigit() for char in text)
    return (
        "@" in text or text.startswith("+") or (10 <= digits <= 12 and not re.search(r"[.,]\d{1,2}$", text))
    )


def _trimmed(cells: list[Cell]) -> list[Cell]:
    end = len(cells)
    while end and blank(cells[end - 1]):
        end -= 1
    return cells[:end]


def _heading_text(cell: Cell) -> str:
    return "" if blank(cell) else " ".join(text_of(cell).strip("\ufeff\u200b").split())[:120]


def _like_heading(cell: Cell) -> bool:
    """Whether a cell could be the name of a column: a short text that is no value of an obvious kind."""
    if isinstance(cell, bool | date | time | float | int | Decimal):
        return False
    text = tidy(text_of(cell))
    if not text or len(text) > 100 or "@" in text or not re.search(r"[^\W\d_]|№|#", text):
        return False
    if sum(char.isdigit() for char in text) > 8:
        return False
    return not (_NUMBER.fullmatch(text) or _DATE.fullmatch(text) or _PHONE.fullmatch(text))


def _heading_index(filled: list[tuple[int, list[Cell]]]) -> int | None:
    """Which of the filled rows holds the headings, None when none does."""
    widths = sorted(sum(not blank(cell) for cell in cells) for _number, cells in filled)
    usual = widths[int(len(widths) * 0.75)] if len(widths) > 1 else widths[0]
    best: tuple[float, int] | None = None
    for index, (_number, cells) in enumerate(filled[:50]):
        names = [cell for cell in cells if not blank(cell)]
        likely = sum(map(_like_heading, names))
        if likely < len(names) * 0.8 or len(names) < min(2, usual) or len(names) < usual * 0.3:
            continue
        known = sum(bool(_VOCABULARY.search(tidy(text_of(cell)))) for cell in names)
        # A client called "Total" or a note with "phone" in it is one cell of many; headings are headings
        # throughout.
        if known and known >= len(names) * 0.4 and (known > 1 or len(names) == 1 or index == 0):
            score = known + 0.5 * known / len(names) + 0.01 * len(names)
            if best is None or score > best[0] + 0.001:
                best = (score, index)
    if best:
        return best[1]
    return _unknown_heading(filled, usual)


def _unknown_heading(filled: list[tuple[int, list[Cell]]], usual: int) -> int | None:
    """The heading row of a table whose words are not known: names throughout, unlike what stands below."""
    for index, (_number, cells) in enumerate(filled[:20]):
        names = {place: tidy(text_of(cell)) for place, cell in enumerate(cells) if not blank(cell)}
        if len(names) < max(usual, min(2, usual)):
            continue
        if not all(_like_heading(cells[place]) for place in names):
            return None
        below = [row for _n, row in filled[index + 1 :]]
        for place, name in names.items():
            column = [row[place] for row in below if place < len(row) and not blank(row[place])]
            texts = [tidy(text_of(cell)) for cell in column]
            shapes = Counter(map(_signature, texts))
            shape = _signature(name)
            if name in texts or (" " in shape and len(texts) > 2 and shapes[shape] > len(texts) / 2):
                return None
        return index if below else None
    return None


def _signature(text: str) -> str:
    """The shape of a text: "Иванова Анна" is "Aa Aa"."""
    kinds = (
        "0" if char.isdigit() else "A" if char.isupper() else "a" if char.isalpha() else char for char in text
    )
    return re.sub(r"(.)\1+", r"\1", "".join(kinds))


def _is_second_heading(headings: list[str], below: list[Cell]) -> bool:
    """Whether the row under the headings completes them: known words only, standing where groups or gaps are
    above.
    """
    names = {place: cell for place, cell in enumerate(below) if not blank(cell)}
    if not names or not all(_like_heading(cell) for cell in names.values()):
        return False
    known = sum(bool(_VOCABULARY.search(tidy(text_of(cell)))) for cell in names.values())
    gaps = sum(1 for place in names if place >= len(headings) or not headings[place])
    return gaps > 0 and known >= len(names) * 0.6 and known > 0
