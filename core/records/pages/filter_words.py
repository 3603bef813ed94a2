"""Filters in words, and filters as a form: chips that read as a sentence, and what the filter menu offers.

A list's address carries its filter as `f`, a JSON list of conditions of which all must hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from babel.dates import get_month_names

from parlour.db.session import Session
from parlour.errors import NotAllowed, Refusal
from parlour.i18n import Localizer, _
from parlour.records import kinds
from parlour.records.defaults import Defaults, defaults_of
from parlour.records.filters import MAX_DEPTH
from parlour.records.kinds import Kind
from parlour.records.operators import MAX_TERMS, FilterFault, operators_of
from parlour.records.query import page, titles
from parlour.records.registry import Field, RecordType, fields_of

MAX_ADDRESS = 6000
OFFERED = 200
# "filled" is "empty" with the value false; two words for two questions.
FILLED = "filled"
LINK_OPERATORS = ["any", "none", "empty"]

_OPERATOR_TITLES = {
    "contains": _("contains"),
    "starts": _("begins with"),
    "=": _("is"),
    "!=": _("is not"),
    ">=": _("at least"),
    "<=": _("at most"),
    ">": _("more than"),
    "<": _("less than"),
    "last": _("in the last days"),
    "next": _("in the next days"),
    "within": _("within days"),
    "month": _("in the month"),
    "any": _("is"),
    "none": _("is not"),
    "empty": _("is empty"),
    FILLED: _("is filled in"),
}
_DATE_TITLES = {">=": _("from"), "<=": _("until"), "=": _("on")}
_SENTENCES = {
    "contains": _("${field} contains “${value}”"),
    "starts": _("${field} begins with “${value}”"),
    "=": _("${field}: ${value}"),
    "in": _("${field}: ${value}"),
    "any": _("${field}: ${value}"),
    "all": _("${field}: ${value}, all of them"),
    "!=": _("${field} is not ${value}"),
    "none": _("${field} is not ${value}"),
    ">=": _("${field} at least ${value}"),
    "<=": _("${field} at most ${value}"),
    ">": _("${field} more than ${value}"),
    "<": _("${field} less than ${value}"),
    "month": _("${field} in ${value}"),
}
_DATE_SENTENCES = {
    ">=": _("${field} from ${value}"),
    "<=": _("${field} until ${value}"),
    "=": _("${field} on ${value}"),
}


def parse(text: str | None) -> list[Any]:
    """The conditions in an address. Raises FilterFault."""
    if not text:
        return []
    if len(text) > MAX_ADDRESS:
        raise FilterFault(_("The filter is too long for an address."))
    try:
        found = json.loads(text)
    except RecursionError as error:
        raise FilterFault(_("The filter is nested more than ${n} deep.", mapping={"n": MAX_DEPTH})) from error
    except ValueError as error:
        raise FilterFault(_("This page address is damaged; open the list again.")) from error
    if not isinstance(found, list) or len(found) > MAX_TERMS:
        raise FilterFault(_("This page address is damaged; open the list again."))
    return found


def unparse(conditions: Sequence[Any]) -> str:
    """The conditions as they stand in an address."""
    return json.dumps(list(conditions), ensure_ascii=False, separators=(",", ":"))


class Words:
    """Says filters of one record in the reader's language. Titles of linked rows cost a statement per field."""

    def __init__(self, session: Session, record: RecordType, loc: Localizer, me: Any = None):
        # Who "me" is: the reader, or in a rule whoever it holds for.
        self.me = me or _("me")
        self.session = session
        self.record = record
        self.loc = loc
        self.defaults: Defaults = defaults_of(session)

    def say(self, condition: Any) -> str:
        """One condition or group as a sentence; one that cannot be understood is quoted as it is."""
        try:
            return self._node(condition)
        except (FilterFault, LookupError, TypeError, ValueError):
            return json.dumps(condition, ensure_ascii=False)[:80]

    def _node(self, node: Any) -> str:
        if isinstance(node, Mapping):
            ((word, inner),) = node.items()
            if word == "not":
                return self.loc.translate(_("not (${what})"), {"what": self._node(inner)})
            joint = self.loc.translate(_(" and ") if word == "and" else _(" or "))
            return joint.join(self._node(item) for item in inner)
        path, operator, value = node
        title, kind, target = self._place(path)
        return self._sentence(title, kind, target, operator, value)

    def _place(self, path: str) -> tuple[str, Kind, RecordType | None]:
        """What a path is called, and what kind of value stands at its end."""
        record, names = self.record, path.split(".")
        spoken: list[str] = []
        while True:
            head = names.pop(0)
            if head in record.reverses:
                record, item = record.reverses[head]
                spoken.append(self.loc.translate(record.plural))
                if not names:
                    return ": ".join(spoken), kinds.LinksKind(), record
                continue
            if head in _STANDARD:
                spoken.append(self.loc.translate(_STANDARD[head][0]))
                return ": ".join(spoken), _STANDARD[head][1], None
            item = _named(fields_of(self.session, record), head)
            spoken.append(self.loc.translate(item.title))
            if item.storage == "part":
                inner = item.lines[0] if not names else _named(item.lines, names[0])
                if inner is not item.lines[0]:
                    spoken.append(self.loc.translate(inner.title))
                return ": ".join(spoken), inner.kind, None
            if item.target is None or not names:
                return ": ".join(spoken), item.kind, item.target
            record = item.target

    def _sentence(self, field: str, kind: Kind, target: RecordType | None, operator: str, value: Any) -> str:
        if operator == "empty":
            message = _("${field} is empty") if value else _("${field} is filled in")
            return self.loc.translate(message, {"field": field})
        if operator in ("last", "next", "within"):
            return self._days(field, operator, int(value))
        if isinstance(kind, kinds.BooleanKind):
            message = _("${field}") if value in (True, "true", 1) else _("not: ${field}")
            return self.loc.translate(message, {"field": field})
        dates = isinstance(kind, kinds.DateKind | kinds.MomentKind)
        message = (_DATE_SENTENCES if dates else {}).get(operator) or _SENTENCES[operator]
        return self.loc.translate(
            message, {"field": field, "value": self._value(kind, target, operator, value)}
        )

    def _days(self, field: str, operator: str, days: int) -> str:
        if operator == "last":
            words = self.loc.plural("in the last ${n} day", "in the last ${n} days", days)
        elif operator == "next":
            words = self.loc.plural("in the next ${n} day", "in the next ${n} days", days)
        else:
            words = self.loc.plural("within ${n} day", "within ${n} days", days)
        return f"{field} {words}"

    def _value(self, kind: Kind, target: RecordType | None, operator: str, value: Any) -> str:
        if operator == "month":
            names = get_month_names("wide", "stand-alone", locale=self.loc.babel)
            return str(names[int(value)])
        values = value if isinstance(value, list) else [value]
        if target is not None:
            known = titles(self.session, target, {int(one) for one in values})
            words = [known.get(int(one), f"#{one}") for one in values]
        else:
            words = [self._one(kind, operator, one) for one in values]
        joint = self.loc.translate(_(" and ") if operator == "all" else _(" or "))
        return joint.join(words)

    def _one(self, kind: Kind, operator: str, value: Any) -> str:
        if operator in ("contains", "starts"):
            return str(value)
        if isinstance(kind, kinds.UserKind):
            if value == "me":
                return self.loc.translate(self.me)
            return self.defaults.names.get(int(value), f"#{value}")
        if isinstance(kind, kinds.BranchKind):
            if value == "my_branches":
                return self.loc.translate(_("their own branches"))
            return self.defaults.branches.get(int(value), f"#{value}")
        if isinstance(kind, kinds.MomentKind):
            return self.loc.date(date.fromisoformat(str(value)[:10]))
        return kind.show(kind.clean(value, self.defaults), self.loc)


def _named(fields: Sequence[Field], name: str) -> Field:
    """Raises LookupError for a field that is not there, or not for this person."""
    found = next((item for item in fields if item.name == name), None)
    if found is None:
        raise LookupError(name)
    return found


_STANDARD: dict[str, tuple[Any, Kind]] = {
    "created_at": (_("Added"), kinds.MomentKind()),
    "created_by": (_("Added by"), kinds.UserKind()),
    "updated_at": (_("Changed"), kinds.MomentKind()),
    "updated_by": (_("Changed by"), kinds.UserKind()),
}


# ---- the menu that adds a condition


def offered_fields(session: Session, record: RecordType, loc: Localizer) -> list[dict[str, Any]]:
    """What the filter menu offers: every field that this person may read, with its conditions.

    A field is {"name", "title", "inputs": [{"type", "ops": [{"name", "title"}], "choices"}]}: conditions that
    take the same kind of answer share one input ("text", "number", "date", "choice" or "none").
    """
    lists: dict[str, list[tuple[str, str]]] = {}
    offered = []
    for path, title, kind, target in _paths(session, record, loc):
        inputs: dict[str, dict[str, Any]] = {}
        for operator in _operators(kind, target):
            answer = _answer(kind, target, operator)
            if answer not in inputs:
                choices = _choices(session, kind, target, operator, loc, lists) if answer == "choice" else []
                inputs[answer] = {"type": answer, "ops": [], "choices": choices}
            inputs[answer]["ops"].append({"name": operator, "title": loc.translate(_title(kind, operator))})
        offered.append({"name": path, "title": title, "inputs": list(inputs.values())})
    return offered


def _paths(
    session: Session, record: RecordType, loc: Localizer
) -> list[tuple[str, str, Kind, RecordType | None]]:
    found: list[tuple[str, str, Kind, RecordType | None]] = []
    for item in fields_of(session, record):
        title = loc.translate(item.title)
        if item.secret or isinstance(item.kind, kinds.FileKind):
            continue
        if item.storage == "part":
            for inner in item.lines:
                name = f"{item.name}.{inner.name}"
                own = title if inner is item.lines[0] else f"{title}: {loc.translate(inner.title)}"
                found.append((name, own, inner.kind, None))
        elif item.target is not None and not item.target.lookup:
            # Of many rows nobody can choose from a list; what the row is called can be written.
            found.append((f"{item.name}.{item.target.title_field}", title, kinds.TextKind(), None))
        else:
            found.append((item.name, title, item.kind, item.target))
    for name, (label, kind) in _STANDARD.items():
        found.append((name, loc.translate(label), kind, None))
    return found


def _operators(kind: Kind, target: RecordType | None) -> list[str]:
    if target is not None:
        return [*(LINK_OPERATORS if isinstance(kind, kinds.LinksKind) else ["=", "!=", "empty"]), FILLED]
    found = [name for name in operators_of(kind) if name != "in"]
    return [*found, FILLED] if "empty" in found else found


def _answer(kind: Kind, target: RecordType | None, operator: str) -> str:
    """What kind of box takes the value."""
    if operator in ("empty", FILLED):
        return "none"
    if operator in ("last", "next", "within"):
        return "number"
    if target is not None or operator == "month":
        return "choice"
    if isinstance(kind, kinds.ChoiceKind | kinds.UserKind | kinds.BranchKind | kinds.BooleanKind):
        return "choice"
    if isinstance(kind, kinds.DateKind | kinds.MomentKind | kinds.BirthdayKind):
        return "date"
    return "number" if isinstance(kind, kinds.IntegerKind | kinds.MoneyKind | kinds.PercentKind) else "text"


def _choices(
    session: Session,
    kind: Kind,
    target: RecordType | None,
    operator: str,
    loc: Localizer,
    lists: dict[str, list[tuple[str, str]]],
) -> list[tuple[str, str]]:
    if operator == "month":
        names = get_month_names("wide", "stand-alone", locale=loc.babel)
        return [(str(number), names[number]) for number in range(1, 13)]
    if target is not None:
        if target.name not in lists:
            lists[target.name] = _rows(session, target)
        return lists[target.name]
    if isinstance(kind, kinds.BooleanKind):
        return [("true", loc.translate(_("Yes"))), ("false", loc.translate(_("No")))]
    if isinstance(kind, kinds.UserKind):
        return [("me", loc.translate(_("me"))), *defaults_of(session).working]
    if isinstance(kind, kinds.BranchKind):
        return [(str(key), name) for key, name in defaults_of(session).branches.items()]
    return [(code, loc.translate(title)) for code, title in getattr(kind, "options", ())]


def _rows(session: Session, target: RecordType) -> list[tuple[str, str]]:
    shown = [item for item in fields_of(session, target) if item.name == target.title_field]
    try:
        rows = page(session, target, fields=shown, limit=OFFERED).rows if shown else []
    except NotAllowed:
        return []
    return [(str(row["id"]), row[target.title_field] or f"#{row['id']}") for row in rows]


def _title(kind: Kind, operator: str) -> Any:
    if isinstance(kind, kinds.DateKind | kinds.MomentKind | kinds.BirthdayKind) and operator in _DATE_TITLES:
        return _DATE_TITLES[operator]
    return _OPERATOR_TITLES[operator]


def condition_of(
    session: Session, record: RecordType, loc: Localizer, path: str, operator: str, value: str
) -> list[Any]:
    """The condition that somebody put together in the menu. Raises Refusal when it says nothing."""
    place = next((found for found in _paths(session, record, loc) if found[0] == path), None)
    if place is None:
        raise Refusal(_("There is no field ${path}.", mapping={"path": path[:80]}))
    _name, title, kind, target = place
    known = _operators(kind, target)
    operator = operator if operator in known else known[0]
    if operator in ("empty", FILLED):
        return [path, "empty", operator == "empty"]
    value = value.strip()
    if not value:
        raise Refusal(_("Say what ${field} is to be compared with.", mapping={"field": title}))
    if operator in ("last", "next", "within", "month"):
        if not value.isdecimal():
            raise Refusal(_("Give a number of days."))
        return [path, operator, int(value)]
    if target is not None:
        if not value.isdecimal():
            raise Refusal(_("Choose ${field} from the list.", mapping={"field": title}))
        return [path, operator, [int(value)] if operator in ("any", "none") else int(value)]
    if isinstance(kind, kinds.BooleanKind):
        return [path, operator, value == "true"]
    if isinstance(kind, kinds.UserKind | kinds.BranchKind):
        return [path, operator, int(value) if value.isdecimal() else value]
    return [path, operator, value]
