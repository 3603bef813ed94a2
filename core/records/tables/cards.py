"""vCards 2.1, 3.0 and 4.0 as address books and telephones write them, one record a card.

Read here and not by a library, because one bad line must cost a problem and not the file, and because
character sets that a card declares for a single line are common in what old telephones export.
"""

from __future__ import annotations

import base64
import binascii
import json
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parlour.i18n import _
from parlour.records.parse import Cell
from parlour.records.tables.base import MAX_CELL, MEGABYTE, Report, TableError

# Columns under which the parts of a card come; `write.write_cards` writes the same ones.
LAST, FIRST, MIDDLE, PREFIX, SUFFIX = "Last name", "First name", "Middle name", "Name prefix", "Name suffix"
FULL, PHONES, EMAILS, ADDRESSES = "Full name", "Phones", "E-mails", "Addresses"
COMPANY, DEPARTMENT, POSITION = "Company", "Department", "Position"
BIRTHDAY, SEX, NOTE, TAGS, WEBSITE, NICKNAME = "Birthday", "Sex", "Note", "Tags", "Website", "Nickname"
UNREADABLE = "Unreadable lines"
# A column of ours that vCard has no property for travels under this name.
EXTRA = "X-PARLOUR-FIELD"
# What a line of a part has besides the value and label travels in this parameter, as JSON.
MORE = "X-PARLOUR-MORE"

_NAME_PARTS = (LAST, FIRST, MIDDLE, PREFIX, SUFFIX)
_SIMPLE = {"NICKNAME": NICKNAME, "TITLE": POSITION, "URL": WEBSITE, "NOTE": NOTE}
_PICTURES = frozenset({"PHOTO", "LOGO", "SOUND", "KEY"})
_TECHNICAL = frozenset({"VERSION", "BEGIN", "END"})
# Types of a phone that say nothing about whose or which it is.
_PLAIN_TYPES = frozenset({"PREF", "VOICE", "INTERNET", "TEXT", "SMS", "CELL", "MSG"})
_MAX_LINE = 2 * MEGABYTE
# The whole of a card with pictures; what is longer was never a card.
_MAX_CARD_LINES = 400_000
_SEPARATE = re.compile(r"(?<!\\)((?:\\\\)*);")
_COMMA = re.compile(r"(?<!\\)((?:\\\\)*),")
_APPLE_LABEL = re.compile(r"_\$!<(.*)>!\$_")


@dataclass(slots=True)
class Property:
    """One line of a card, unfolded and decoded but not yet unescaped."""

    name: str
    group: str
    parameters: dict[str, list[str]]
    value: str
    old: bool = False

    def types(self) -> list[str]:
        """TYPE parameters, one word each; vCard 2.1 writes them without "TYPE="."""
        found = [part for value in self.parameters.get("TYPE", []) for part in value.split(",")]
        return [part.strip().strip('"') for part in found if part.strip()]


@dataclass
class Cards:
    """The cards of a file. The number of a row is the card's place in the file, from 1."""

    path: Path
    encoding: str
    version: str = field(default="", init=False)

    def records(self, report: Report | None) -> Iterator[tuple[int, dict[str, Cell]]]:
        number = 0
        outside = ""
        lines: list[str] | None = None
        for line in self._lines():
            mark = line.strip().upper().replace(" ", "")
            if mark == "BEGIN:VCARD":
                if lines is not None:
                    if report:
                        report.add(number, "", "", _("The card has no end; the next one begins."))
                    yield number, self._card(lines, number, report)
                number += 1
                lines = []
            elif mark == "END:VCARD" and lines is not None:
                yield number, self._card(lines, number, report)
                lines = None
            elif lines is not None:
                if len(lines) > _MAX_CARD_LINES:
                    raise TableError(_("Card ${n} is too long to be a card.", mapping={"n": number}))
                lines.append(line)
            elif line.strip():
                outside = outside or line.strip()
                if report:
                    report.add(number or None, "", line.strip(), _("This line belongs to no card."))
        if lines is not None:
            if report:
                report.add(number, "", "", _("The file ends in the middle of this card."))
            yield number, self._card(lines, number, report)
        if not number:
            raise TableError(_("There is no card in this file: no line says BEGIN:VCARD."))

    def _lines(self) -> Iterator[str]:
        # Latin-1 keeps every byte, so that lines with a character set of their own can be decoded later.
        direct = self.encoding.startswith("utf-16") or self.encoding.startswith("utf-32")
        with self.path.open(encoding=self.encoding if direct else "latin-1", newline=None) as file:
            first = True
            while line := file.readline(_MAX_LINE):
                text = line.rstrip("\n")
                if first and not direct:
                    text = text.removeprefix("\u00ef\u00bb\u00bf")
                first = False
                yield text

    def _card(self, lines: list[str], number: int, report: Report | None) -> dict[str, Cell]:
        properties: list[Property] = []
        unreadable: list[str] = []
        for line in _unfolded(lines):
            found = self._property(line)
            if found is None:
                text = self._decoded(line, None)
                unreadable.append(text)
                if report:
                    report.add(number, "", text, _("This line of the card cannot be understood."))
            else:
                properties.append(found)
        record = _record(properties, number, report)
        if unreadable:
            record[UNREADABLE] = "\n".join(unreadable)
        return record

    def _decoded(self, raw: str, charset: str | None) -> str:
        """Text from a line that was read byte by byte."""
        if self.encoding.startswith(("utf-16", "utf-32")):
            return raw
        data = raw.encode("latin-1", errors="replace")
        for name in (charset, self.encoding):
            if name:
                try:
                    return data.decode(
                        name, errors="strict" if name == charset and name != self.encoding else "replace"
                    )
                except (LookupError, UnicodeDecodeError):
                    continue
        return data.decode("utf-8", errors="replace")

    def _property(self, line: str) -> Property | None:
        head, colon, value = _split_head(line)
        if not colon:
            return None
        name, *parameters = _split_parameters(head)
        group, dot, plain = name.rpartition(".")
        if not re.fullmatch(r"[A-Za-z0-9-]+", plain):
            return None
        found: dict[str, list[str]] = {}
        old = False
        for parameter in parameters:
            key, equals, content = parameter.partition("=")
            key = key.strip().upper()
            content = self._decoded(content, None).strip().strip('"')
            if not equals:
                # vCard 2.1 leaves out the names of parameters.
                old = True
                content, key = (
                    key,
                    "ENCODING" if key in ("QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT") else "TYPE",
                )
            found.setdefault(key, []).append(content)
        encoding = (found.get("ENCODING") or [""])[0].upper()
        charset = next(iter(found.get("CHARSET", [])), None)
        if encoding in ("QUOTED-PRINTABLE", "Q"):
            old = True
            raw = quopri.decodestring(value.encode("latin-1", errors="replace"))
            try:
                value = raw.decode(charset or "utf-8")
            except (LookupError, UnicodeDecodeError):
                value = self._decoded(raw.decode("latin-1"), None)
        else:
            value = self._decoded(value, charset)
        return Property(plain.upper(), group.upper() if dot else "", found, value, old)


def _unfolded(lines: list[str]) -> Iterator[str]:
    """Logical lines: continuations begin with a blank, or follow "=" in quoted-printable text."""
    current: str | None = None
    soft = False
    for line in lines:
        if soft and current is not None:
            current = current[:-1] + (line.lstrip(" \t") if line.startswith((" ", "\t")) else line)
        elif line.startswith((" ", "\t")) and current is not None:
            current += line[1:]
        else:
            if current:
                yield current
            current = line
        head = current.partition(":")[0].upper()
        soft = current.endswith("=") and "QUOTED-PRINTABLE" in head
        if "ENCODING=BASE64" in head or ";BASE64" in head or "ENCODING=B;" in head:
            # Old cards do not always indent the lines of a picture.
            soft = False
    if current:
        yield current


def _split_head(line: str) -> tuple[str, str, str]:
    """Name with parameters, the colon, and the value; a colon in quotes is part of a parameter."""
    quoted = False
    for place, char in enumerate(line):
        if char == '"':
            quoted = not quoted
        elif char == ":" and not quoted:
            return line[:place], ":", line[place + 1 :]
    return line.partition(":")


def _split_parameters(head: str) -> list[str]:
    parts, start, quoted = [], 0, False
    for place, char in enumerate(head):
        if char == '"':
            quoted = not quoted
        elif char == ";" and not quoted:
            parts.append(head[start:place])
            start = place + 1
    return [*parts, head[start:]]


def unescaped(text: str, old: bool = False) -> str:
    """A value without its backslashes. Version 2.1 escapes nothing but the semicolon."""
    if "\\" not in text:
        return text
    if old:
        return text.replace("\\;", ";")
    return re.sub(
        r"\\(.)", lambda match: "\n" if match.group(1) in "nN" else match.group(1), text, flags=re.DOTALL
    )


def _components(found: Property) -> list[str]:
    """The parts of a value between semicolons."""
    return [unescaped(part, found.old).strip() for part in _SEPARATE.sub("\\1\0", found.value).split("\0")]


def _record(properties: list[Property], number: int, report: Report | None) -> dict[str, Cell]:
    labels = {
        found.group: _APPLE_LABEL.sub(r"\1", unescaped(found.value))
        for found in properties
        if found.name == "X-ABLABEL" and found.group
    }
    record: dict[str, Cell] = {}
    lists: dict[str, list[dict[str, Any]]] = {}
    full = ""
    for found in properties:
        if found.name in _TECHNICAL or (found.name == "X-ABLABEL" and found.group):
            continue
        if found.name in _PICTURES and _is_data(found):
            if report:
                report.add(number, found.name, "", _("Pictures and sounds of a card are not read."))
            continue
        text = unescaped(found.value, found.old)
        if found.name == "N":
            parts = _components(found)
            for column, part in zip(_NAME_PARTS, parts, strict=False):
                _put(record, column, part)
            _put(record, SUFFIX, " ".join(filter(None, parts[5:])))
        elif found.name == "FN":
            full = full or text.strip()
        elif found.name == "TEL":
            lists.setdefault(PHONES, []).append(_entry("number", text.removeprefix("tel:"), found, labels))
        elif found.name == "EMAIL":
            lists.setdefault(EMAILS, []).append(_entry("address", text, found, labels))
        elif found.name == "ADR":
            lists.setdefault(ADDRESSES, []).append(_address(found, labels))
        elif found.name == "ORG":
            company, *units = _components(found)
            _put(record, COMPANY, company)
            _put(record, DEPARTMENT, ", ".join(filter(None, units)))
        elif found.name == "BDAY":
            _put(record, BIRTHDAY, _birthday(text.strip(), found))
        elif found.name in ("GENDER", "X-GENDER", "SEX"):
            _put(record, SEX, _components(found)[0])
        elif found.name == "CATEGORIES":
            parts = [
                unescaped(part, found.old).strip() for part in _COMMA.sub("\\1\0", found.value).split("\0")
            ]
            known = record.get(TAGS)
            record[TAGS] = [*(known if isinstance(known, list) else []), *filter(None, parts)]
        elif found.name == EXTRA:
            column = _unquoted((found.parameters.get("NAME") or [EXTRA])[0])
            if "JSON" in map(str.upper, found.types()):
                record[column] = _json_or_text(text)
            else:
                _put(record, column, text)
        else:
            _put(
                record,
                _SIMPLE.get(found.name, found.name),
                text if found.name == NOTE.upper() else text.strip(),
            )
    for column, entries in lists.items():
        record[column] = [entry for entry in entries if any(entry.values())]
    if full and not _composed(full, record):
        record = {FULL: full, **record}
    return record


def _json_or_text(text: str) -> Cell:
    try:
        return json.loads(text)  # type: ignore[no-any-return]
    except ValueError:
        return text


def _put(record: dict[str, Cell], column: str, value: str) -> None:
    """Set a column; a second value of the same property goes to a column of its own."""
    if not value:
        return
    unique, copy = column, 1
    while unique in record and record[unique] != value:
        copy += 1
        unique = f"{column} ({copy})"
    record[unique] = value


def _entry(key: str, value: str, found: Property, labels: dict[str, str]) -> dict[str, Any]:
    types = found.types()
    preferred = any(kind.upper() == "PREF" for kind in types) or bool(found.parameters.get("PREF"))
    own = [kind for kind in types if kind.upper() not in _PLAIN_TYPES]
    label = labels.get(found.group, "") or _unquoted(", ".join(found.parameters.get("X-LABEL", [])))
    entry: dict[str, Any] = {key: value.strip()}
    if label or own:
        entry["label"] = label or ", ".join(kind.lower() for kind in own)
    if preferred:
        entry["main"] = True
    return entry | _more(found)


def _address(found: Property, labels: dict[str, str]) -> dict[str, Any]:
    """An address in parts; house, flat and post box stand with the street."""
    box, extended, street, city, region, postcode, country, *more = [*_components(found), *[""] * 7]
    line = ", ".join(filter(None, [street, extended, box, *more]))
    parts = {"street": line, "city": city, "region": region, "postcode": postcode, "country": country}
    entry: dict[str, Any] = {name: part for name, part in parts.items() if part}
    if label := labels.get(found.group, ""):
        entry["label"] = label
    return entry | _more(found)


def _more(found: Property) -> dict[str, Any]:
    """What a line of ours has besides what vCard has a place for."""
    try:
        more = json.loads(_unquoted((found.parameters.get(MORE) or ["{}"])[0]))
    except ValueError:
        return {}
    return more if isinstance(more, dict) else {}


def _unquoted(text: str) -> str:
    """A parameter without its escapes (RFC 6868)."""
    return re.sub(
        r"\^(.)", lambda match: {"n": "\n", "^": "^", "'": '"'}.get(match.group(1), match.group(0)), text
    )


def _birthday(text: str, found: Property) -> str:
    """A birth date; the year that a telephone writes for "no year" is left out."""
    omitted = found.parameters.get("X-APPLE-OMIT-YEAR")
    if omitted and text.startswith(omitted[0]):
        return "--" + text[len(omitted[0]) :].lstrip("-")
    return text


def _is_data(found: Property) -> bool:
    """Whether the value is the picture itself, not the address of one."""
    if (found.parameters.get("ENCODING") or [""])[0].upper() in ("B", "BASE64") or found.value.startswith(
        "data:"
    ):
        return True
    if len(found.value) > MAX_CELL:
        return True
    try:
        return len(found.value) > 100 and bool(base64.b64decode(found.value[:100], validate=True))
    except (binascii.Error, ValueError):
        return False


def _composed(full: str, record: dict[str, Cell]) -> bool:
    """Whether the display name says nothing that the parts of the name or the company do not say."""
    parts = {word for column in _NAME_PARTS for word in str(record.get(column) or "").casefold().split()}
    company = set(str(record.get(COMPANY) or "").casefold().split())
    return bool(parts) and set(full.casefold().replace(",", " ").split()) <= parts | company
