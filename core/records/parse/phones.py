"""Phone numbers in the spellings in which people write them, to E.164."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from parlour.records.parse.cells import Cell, only_marks, tidy
from parlour.records.parse.lines import MAX_LABEL, Line, Lines, items_of, lines_of, segments
from parlour.records.parse.plain import plain_phone

_SCIENTIFIC = re.compile(r"(\d)(?:[.,](\d+))?e\+?(\d{1,2})", re.IGNORECASE)
_FLOAT = re.compile(r"(?<!\d)(\+?\d{10,15})[.,]0+(?!\d)")
# A number, a label in brackets behind it, and words such as "доб. 12" are told apart by this: signs of a
# phone only.
_RUN = re.compile(r"[+(]?[\d(+][\d\s().+/\-\\_]*")
_GROUP = re.compile(r"\+?\s*\d+")
_EXTENSION = re.compile(
    r"(?i)\s*[,(]?\s*(?:доб(?:авочный)?|доп|вн(?:утр)?|ext(?:ension)?|x|#)\.?\s*:?\s*\d+\)?"
)
_BRACKETS = re.compile(r"\s*[(\[]([^()\[\]]+)[)\]]")
_AND = re.compile(r"\s+(?:и|или|and|or)\s+|,", re.IGNORECASE)
_LEADING_LABEL = re.compile(r"([^:\d@]{1,60}):\s*(?=[+(\d])")
_EXACT = re.compile(r"\+\d{7,15}")
# Words that only say "this is a phone"; they carry nothing that must be kept.
_PLAIN_WORDS = re.compile(r"(?i)^(?:номер|тел(?:ефон)?|т|кон(?:т|такт)|phone|tel(?:ephone)?|ph|t|p|no|№)$")
_KINDS_OF_PHONE = re.compile(
    r"(?i)^(?:раб(?:очий)?|моб(?:ильный)?|сот(?:овый)?|mob(?:ile)?|cell|m|дом(?:ашний)?|город(?:ской)?|основной|второй|доп(?:олнительный)?|личный|служебный|факс"
    r"|home|work|main|office|business|other|fax|second|personal|whatsapp|wa|вотсап|ватсап|viber|вайбер|telegram|tg|телеграм)$"
)
_WORD = re.compile(r"[^\W\d_]+|№")
_MAX_GROUPS = 24


def phones(cell: Cell, region: str | None) -> Lines:
    """All phone numbers of a cell in E.164, in their order, each with its label.

    A number without a country code is read in `region` (ISO 3166, "RU"). Only numbers that exist by the
    numbering plan count: a local number without its city code, a truncated float ("7,92E+10") or a number
    with a digit too many is not understood. Words about a number ("мама", an extension) stay in `rest`
    together with the number they stand at.
    """
    plain = plain_phone(cell, region) if isinstance(cell, str) else None
    if plain is not None:
        return Lines((Line(plain),))
    found: list[Line] = []
    rest: list[str] = []
    for text, label, main in items_of(cell, ("number", "value", "phone")):
        for part in segments(text):
            _read(part, region, found, rest, label, main)
    return lines_of(found, rest)


def _read(part: str, region: str | None, found: list[Line], rest: list[str], label: str, main: bool) -> None:
    """One segment; commas and "и" separate numbers only when each side has enough digits for one."""
    pieces = _AND.split(part)
    if len(pieces) > 1 and sum(len(re.sub(r"\D", "", piece)) >= 7 for piece in pieces) > 1:
        for piece in pieces:
            if piece.strip():
                _read_piece(piece.strip(), region, found, rest, label, main)
    else:
        _read_piece(part, region, found, rest, label, main)


def _read_piece(
    piece: str, region: str | None, found: list[Line], rest: list[str], label: str, main: bool
) -> None:
    text = _spreadsheet_float(piece.lstrip("'`"))
    # "mother: +7 ...", which is also how a label is exported to one cell.
    named = _LEADING_LABEL.match(text)
    if named and sum(char.isdigit() for char in text[named.end() :]) >= 7:
        text = text[named.end() :]
        said = named.group(1).strip()
        if _EXACT.fullmatch(text) or not _PLAIN_WORDS.match(said.rstrip(".")):
            label = said
    extension = _EXTENSION.search(text)
    reading = (
        text[: extension.start()] + " " * (extension.end() - extension.start()) + text[extension.end() :]
        if (extension and sum(char.isdigit() for char in text[: extension.start()]) >= 7)
        else text
    )
    numbers: list[Line] = []
    left = reading
    for run in reversed(list(_RUN.finditer(reading))):
        taken = _numbers_of(run.group(), region)
        if not taken:
            continue
        bracket = _BRACKETS.match(reading, run.end()) if len(taken) == 1 else None
        bracket_label, end = "", run.end()
        if run.group().rstrip().endswith("(") and len(taken) == 1:
            # The run swallowed the bracket that opens a label.
            start = run.start() + run.group().rindex("(")
            bracket = _BRACKETS.match(reading, start)
        if bracket and len(bracket.group(1)) <= MAX_LABEL:
            bracket_label, end = bracket.group(1).strip(), max(bracket.end(), run.end())
        unused = [group for group, number in taken if number is None]
        numbers[:0] = [Line(number, bracket_label or label, main) for _group, number in taken if number]
        left = left[: run.start()] + " ".join(["", *unused, ""]) + left[end:]
    if not numbers:
        if not only_marks(piece):
            rest.append(piece)
        return
    words = _WORD.findall(left)
    other = [word for word in words if not _PLAIN_WORDS.match(word)]
    if (extension and reading != text) or any(char.isdigit() for char in left):
        rest.append(piece)
    elif other and len(numbers) == 1 and not label and all(_KINDS_OF_PHONE.match(word) for word in other):
        said = " ".join(other)
        numbers = [Line(line.value, line.label or said, line.main) for line in numbers]
    elif other:
        rest.append(piece)
    found.extend(numbers)


def _numbers_of(run: str, region: str | None) -> list[tuple[str, str | None]]:
    """The numbers in a run of phone signs as (digits, E.164), with None for groups that belong to none; []
    without any.

    The run is cut between its digit groups into the numbers that leave the fewest groups over; of those cuts
    the one with the fewest numbers wins, so that a number written in groups stays one number.
    """
    groups = _GROUP.findall(run)[:_MAX_GROUPS]
    if not groups:
        return []
    count = len(groups)
    # best[i] = (groups left over, numbers, cut) for the groups from i on
    best: list[tuple[int, int, list[tuple[str, str | None]]]] = [(0, 0, [])] * (count + 1)
    for start in range(count - 1, -1, -1):
        over, numbers, cut = best[start + 1]
        choice = (over + 1, numbers, [(groups[start], None), *cut])
        joined = ""
        for end in range(start, count):
            if end > start and "+" in groups[end]:
                break
            joined += groups[end]
            digits = len(joined.lstrip("+ "))
            if digits > 16:
                break
            number = _e164(re.sub(r"\s", "", joined), region, start == end) if digits >= 6 else None
            if number:
                over, numbers, cut = best[end + 1]
                if (over, numbers + 1) < choice[:2]:
                    choice = (over, numbers + 1, [(joined, number), *cut])
        best[start] = choice
    cut = best[0][2]
    return cut if any(number for _group, number in cut) else []


@lru_cache(maxsize=4096)
def _e164(digits: str, region: str | None, whole: bool) -> str | None:
    """The number that these digits (with or without "+") are in this region, None when there is no such number.

    `whole` says that they were written without anything between them.
    """
    import phonenumbers

    plain = digits.lstrip("+")
    if len(set(plain[-10:])) == 1:
        return None
    readings = [(digits, region)]
    if digits.startswith("+"):
        # "+8 922 ..." is how the trunk prefix is sometimes written.
        readings.append((plain, region))
    elif plain.startswith("00"):
        readings.append(("+" + plain[2:], None))
    elif len(plain) >= 12:
        # A foreign number without its plus. Shorter ones are more often a home number with a digit too many.
        readings.append(("+" + plain, None))
    for text, where in readings:
        try:
            number = phonenumbers.parse(text, where)
        except phonenumbers.NumberParseException:
            continue
        # A number written whole in E.164 is taken at its word: numbering plans change faster than their copies.
        exact = (
            whole
            and text == digits
            and bool(_EXACT.fullmatch(digits))
            and phonenumbers.is_possible_number(number)
        )
        if exact or phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


def _spreadsheet_float(text: str) -> str:
    """Undo what a spreadsheet does to a long number: "79227833359.0" and "7.9227833359E+10".

    "7,92278E+10" has lost its digits and stays as it is. One missing digit is a zero that was at the end.
    """
    whole = _FLOAT.fullmatch(text)
    if whole:
        return whole.group(1)
    power = _SCIENTIFIC.fullmatch(text)
    if power:
        first, fraction, exponent = power.group(1), power.group(2) or "", int(power.group(3))
        if len(fraction.rstrip("0")) in (exponent - 1, exponent) or len(fraction) == exponent:
            return str(int(Decimal(f"{first}.{fraction or 0}").scaleb(exponent)))
    return _FLOAT.sub(r"\1", tidy(text))
