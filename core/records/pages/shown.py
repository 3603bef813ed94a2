"""Values as pages show them: written for the reader, with a kind that the theme draws.

A shown value is {"text", "kind", "href", "title", "tone", "items"}; see the theme's `ui.jinja2`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import singledispatch
from itertools import pairwise
from typing import Any

from parlour.i18n import Localizer, _
from parlour.records import kinds
from parlour.records.defaults import Defaults
from parlour.records.kinds import Kind
from parlour.records.registry import Field, RecordType

Shown = dict[str, Any]


@dataclass(frozen=True)
class Reader:
    """For whom values are written. `card_url` leads to a row that the person may see."""

    loc: Localizer
    defaults: Defaults
    card_url: Callable[[RecordType, int], str]


def show(item: Field, value: Any, reader: Reader) -> Shown | None:
    """One field's value, or None for an empty one."""
    if value is None or value == [] or value == "":
        return None
    if item.storage == "part":
        return _lines(item, value, reader)
    if item.storage == "links":
        return {"kind": "tags", "items": [{"text": one["title"]} for one in value]}
    if item.storage == "link" and item.target is not None:
        return _link(item.target, value, reader)
    return show_kind(item.kind, value, reader)


def _link(target: RecordType, value: Any, reader: Reader) -> Shown:
    if not isinstance(value, Mapping):
        return {"kind": "text", "text": f"#{value}"}
    # A row that the person may not read shows as its number and leads nowhere.
    seen = value["title"] != f"#{value['id']}"
    href = reader.card_url(target, value["id"]) if seen and not target.lookup else None
    return {"kind": "link", "text": value["title"], "href": href}


def _lines(item: Field, value: Any, reader: Reader) -> Shown | None:
    """The lines of a part, one below the other; a list shows the first and how many more there are."""
    lines = [_line(item, line, reader) for line in value]
    return {"kind": "lines", "items": lines} if lines else None


def _line(item: Field, line: Mapping[str, Any], reader: Reader) -> Shown:
    shown = [(inner, show_kind(inner.kind, line.get(inner.name), reader)) for inner in item.lines]
    parts = [(inner, value) for inner, value in shown if value is not None and value["text"]]
    if not parts:
        return {"kind": "text", "text": "–"}
    head = dict(parts[0][1])
    head["note"] = ""
    for (before, _value), (inner, value) in pairwise(parts):
        if head["note"]:
            head["note"] += "–" if before.kind.span and inner.kind.span else ", "
        head["note"] += value["text"]
    return head


@singledispatch
def show_kind(kind: Kind, value: Any, reader: Reader) -> Shown | None:
    """A value of a kind. Plugins register one for kinds that want more than their `show` text."""
    text = kind.show(value, reader.loc) if value is not None else ""
    return {"kind": "text", "text": text} if text else None


@show_kind.register
def _text(kind: kinds.TextKind, value: Any, reader: Reader) -> Shown | None:
    if not value:
        return None
    return {"kind": "long" if kind.multiline else "text", "text": str(value)}


@show_kind.register
def _phone(kind: kinds.PhoneKind, value: Any, reader: Reader) -> Shown | None:
    return {"kind": "phone", "text": reader.loc.phone(value), "href": f"tel:{value}"} if value else None


@show_kind.register
def _email(kind: kinds.EmailKind, value: Any, reader: Reader) -> Shown | None:
    return {"kind": "email", "text": value, "href": f"mailto:{value}"} if value else None


@show_kind.register
def _boolean(kind: kinds.BooleanKind, value: Any, reader: Reader) -> Shown | None:
    return {"kind": "bool", "text": reader.loc.translate(_("Yes"))} if value else None


@show_kind.register
def _choice(kind: kinds.ChoiceKind, value: Any, reader: Reader) -> Shown | None:
    return {"kind": "text", "text": kind.show(value, reader.loc)} if value else None


@show_kind.register
def _number(kind: kinds.IntegerKind | kinds.PercentKind, value: Any, reader: Reader) -> Shown | None:
    return {"kind": "number", "text": kind.show(value, reader.loc)} if value is not None else None


@show_kind.register
def _money(kind: kinds.MoneyKind, value: Any, reader: Reader) -> Shown | None:
    return {"kind": "money", "text": kind.show(value, reader.loc)} if value is not None else None


@show_kind.register
def _date(kind: kinds.DateKind, value: Any, reader: Reader) -> Shown | None:
    return (
        {"kind": "date", "text": reader.loc.date(value), "title": reader.loc.date(value, "full")}
        if value
        else None
    )


@show_kind.register
def _birthday(kind: kinds.BirthdayKind, value: Any, reader: Reader) -> Shown | None:
    if not value:
        return None
    shown: Shown = {"kind": "date", "text": kind.show(value, reader.loc)}
    age = age_on(value, reader.defaults.today())
    if age is not None:
        shown["title"] = reader.loc.plural("${n} year old", "${n} years old", age)
    return shown


def age_on(birthday: str, today: Any) -> int | None:
    """Whole years on a day, or None for a birthday without its year."""
    if birthday.startswith("--"):
        return None
    year, month, day = (int(part) for part in birthday.split("-"))
    age: int = today.year - year - ((today.month, today.day) < (month, day))
    return age


@show_kind.register
def _moment(kind: kinds.MomentKind, value: Any, reader: Reader) -> Shown | None:
    if not value:
        return None
    text = reader.loc.ago(value) if kind.relative else kind.show(value, reader.loc)
    return {"kind": "moment", "text": text, "title": reader.loc.moment(value, "full")}


@show_kind.register
def _user(kind: kinds.UserKind, value: Any, reader: Reader) -> Shown | None:
    return {"kind": "text", "text": reader.defaults.names.get(value, f"#{value}")} if value else None


@show_kind.register
def _branch(kind: kinds.BranchKind, value: Any, reader: Reader) -> Shown | None:
    return {"kind": "text", "text": reader.defaults.branches.get(value, f"#{value}")} if value else None


@show_kind.register
def _file(kind: kinds.FileKind, value: Any, reader: Reader) -> Shown | None:
    return None


def first_only(shown: Shown | None) -> Shown | None:
    """A value in a cell of a table: of several lines the first, with the number of the others."""
    if shown is None or shown["kind"] != "lines":
        return shown
    head = dict(shown["items"][0])
    head.pop("note", None)
    if len(shown["items"]) > 1:
        head["more"] = len(shown["items"]) - 1
    return head
