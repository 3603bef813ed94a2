"""Filters are data: `{"and": [["tags", "any", [3]], ["birthday", "within", 7], {"not": [...]}]}`.

One language for list filters, saved segments, access rules and the API, compiled to one SQL predicate. A path may lead through
links, parts and named reverses ("phones.number", "visits.state"); those become EXISTS. A filter that comes from outside is
checked against what its author may read, and is refused with one sentence when it is malformed, too deep or too large.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_, true
from sqlalchemy.orm import aliased

from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.records.defaults import Defaults, defaults_of
from parlour.records.kinds import (
    BirthdayKind,
    BooleanKind,
    BranchKind,
    DateKind,
    IntegerKind,
    Kind,
    LinkKind,
    MomentKind,
    MoneyKind,
    PercentKind,
    PhoneKind,
    UserKind,
)
from parlour.records.registry import Field, RecordType, all_records, fields_of
from parlour.records.values import Fault, digits_of, key_of, like_pattern

MAX_DEPTH = 20
MAX_TERMS = 200
MAX_VALUES = 1000
# In all conditions together: databases take only so many parameters.
ALL_VALUES = 5000

Predicate = ColumnElement[bool]


class FilterFault(Refusal):
    """The filter cannot be understood; the message names the part."""


class ClosedPath(FilterFault):
    """The path leads into a plugin that is off: a rule with it closes, a segment is parked."""


def compile_filter(
    session: Session, record: RecordType, given: Any, *, entity: Any = None, trusted: bool = False
) -> Predicate:
    """The SQL predicate of a filter over `record`. Raises FilterFault.

    `trusted` filters (access rules) may use fields that the person may not read; others may not.
    """
    return _Compiler(session, trusted).node(record, entity or record.cls, given, 0)


class _Compiler:
    def __init__(self, session: Session, trusted: bool):
        self.session = session
        self.trusted = trusted
        self.defaults = defaults_of(session)
        self.terms = 0
        self.values = 0

    def node(self, record: RecordType, entity: Any, given: Any, depth: int) -> Predicate:
        if depth > MAX_DEPTH:
            raise FilterFault(_("The filter is nested more than ${n} deep.", mapping={"n": MAX_DEPTH}))
        self.terms += 1
        self._check_terms()
        if given in (None, {}, []):
            return true()
        if isinstance(given, Mapping):
            if len(given) != 1:
                raise FilterFault(_("A filter group has one key: and, or, not."))
            word, inner = next(iter(given.items()))
            if word == "not":
                # A row without a value is not among those that fit, so it is among those that do not: SQL alone would say
                # "unknown" to both.
                return not_(func.coalesce(self.node(record, entity, inner, depth + 1), false()))
            if word not in ("and", "or") or not isinstance(inner, Sequence) or isinstance(inner, str):
                raise FilterFault(_("A filter group has one key: and, or, not."))
            parts = [self.node(record, entity, item, depth + 1) for item in inner]
            return and_(true(), *parts) if word == "and" else or_(false(), *parts)
        if (
            isinstance(given, Sequence)
            and not isinstance(given, str)
            and len(given) == 3
            and isinstance(given[0], str)
        ):
            path, operator, value = given
            self.values += len(_values(value))
            if self.values > ALL_VALUES:
                raise FilterFault(
                    _("The filter has more than ${n} values in all.", mapping={"n": ALL_VALUES})
                )
            return self.condition(record, entity, path.split("."), str(operator), value, path)
        raise FilterFault(_("A condition is [path, operator, value]."))

    def _check_terms(self) -> None:
        if self.terms > MAX_TERMS:
            raise FilterFault(_("The filter has more than ${n} conditions.", mapping={"n": MAX_TERMS}))

    def condition(
        self, record: RecordType, entity: Any, path: list[str], operator: str, value: Any, whole: str
    ) -> Predicate:
        head, rest = path[0], path[1:]
        if head in ("id", "created_at", "updated_at", "created_by", "updated_by", "archived_at") and not rest:
            return self._standard(entity, head, operator, value)
        if head in record.reverses:
            source, item = record.reverses[head]
            return self._reverse(source, item, entity, rest, operator, value, whole)
        item = self.field(record, head, whole)
        if item.storage == "part":
            return self._part(item, entity, rest, operator, value, whole)
        if item.storage == "links":
            return self._links(item, entity, rest, operator, value, whole)
        if item.storage == "link" and rest:
            assert item.target is not None
            target = aliased(item.target.cls)
            inner = self.condition(item.target, target, rest, operator, value, whole)
            return exists().where(
                target.id == getattr(entity, f"{item.attr}_id"), *self._seen(item.target, target), inner
            )
        if rest:
            raise FilterFault(_("The path ${path} leads nowhere.", mapping={"path": whole[:80]}))
        if item.storage == "extension":
            side = aliased(item.cls)
            found = exists().where(side.id == entity.id, self.compare(item, side, operator, value))
            # No row at the side is a row without a value.
            if operator == "!=" or (operator == "empty" and value) or (operator == "=" and value is None):
                return or_(found, not_(exists().where(side.id == entity.id)))
            return found
        return self.compare(item, entity, operator, value)

    def field(self, record: RecordType, name: str, whole: str) -> Field:
        readable = record.fields if self.trusted else fields_of(self.session, record)
        for item in readable:
            if item.name == name:
                return self._open(item, whole)
        if any(
            name in other.reverses or any(f.name == name for f in other.fields) for other in all_records()
        ):
            raise ClosedPath(_("The path ${path} cannot be used here.", mapping={"path": whole[:80]}))
        raise FilterFault(_("There is no field ${path}.", mapping={"path": whole[:80]}))

    def _open(self, item: Field, whole: str) -> Field:
        from parlour.plugin.gate import enabled

        if item.plugin not in enabled(self.session):
            raise ClosedPath(
                _("The path ${path} leads into a plugin that is off.", mapping={"path": whole[:80]})
            )
        return item

    def _standard(self, entity: Any, name: str, operator: str, value: Any) -> Predicate:
        column = getattr(entity, name)
        kind: Kind = (
            MomentKind() if name.endswith("_at") else UserKind() if name.endswith("_by") else LinkKind()
        )
        return compare(kind, column, None, operator, value, self.defaults)

    def _reverse(
        self,
        source: RecordType,
        item: Field,
        entity: Any,
        rest: list[str],
        operator: str,
        value: Any,
        whole: str,
    ) -> Predicate:
        self._open(item, whole)
        row = aliased(source.cls)
        link = item.cls
        if item.storage == "links":
            pair = aliased(link)
            joined = and_(pair.target_id == entity.id, pair.owner_id == row.id)
            base = exists().where(joined)
        else:
            base = exists().where(getattr(row, f"{item.attr}_id") == entity.id)
        base = base.where(*self._seen(source, row))
        if not rest:
            return self._emptiness(base, operator, value, whole)
        return base.where(self.condition(source, row, rest, operator, value, whole))

    def _seen(self, record: RecordType, entity: Any) -> list[Predicate]:
        """The condition on rows of another record that the person may see."""
        from parlour.access.rules import predicate

        allowed = None if self.trusted else predicate(self.session, record, "read", entity=entity)
        return [] if allowed is None else [allowed]

    def _emptiness(self, found: Any, operator: str, value: Any, whole: str) -> Predicate:
        if operator != "empty":
            raise FilterFault(
                _("${path} can be filtered by: ${ops}.", mapping={"path": whole[:80], "ops": "empty"})
            )
        return not_(found) if value else found  # type: ignore[no-any-return]

    def _part(
        self, item: Field, entity: Any, rest: list[str], operator: str, value: Any, whole: str
    ) -> Predicate:
        line = aliased(item.cls)
        found = exists().where(line.owner_id == entity.id)
        if operator == "empty" and not rest:
            return self._emptiness(found, operator, value, whole)
        inner = item.lines[0] if not rest else next((f for f in item.lines if f.name == rest[0]), None)
        if inner is None or len(rest) > 1:
            raise FilterFault(_("There is no field ${path}.", mapping={"path": whole[:80]}))
        return found.where(self.compare(inner, line, operator, value))

    def _links(
        self, item: Field, entity: Any, rest: list[str], operator: str, value: Any, whole: str
    ) -> Predicate:
        assert item.target is not None
        pair = aliased(item.cls)
        found = exists().where(pair.owner_id == entity.id)
        if rest:
            target = aliased(item.target.cls)
            return found.where(
                pair.target_id == target.id,
                *self._seen(item.target, target),
                self.condition(item.target, target, rest, operator, value, whole),
            )
        if operator == "empty":
            return self._emptiness(found, operator, value, whole)
        ids = [_id(one) for one in _values(value)]
        if operator in ("any", "in", "="):
            return found.where(pair.target_id.in_(ids))
        if operator in ("none", "!="):
            return not_(found.where(pair.target_id.in_(ids)))
        if operator == "all":
            # Each is a look into another table.
            self.terms += len(ids)
            self._check_terms()
            return and_(true(), *(self._links(item, entity, [], "any", [one], whole) for one in ids))
        raise FilterFault(
            _(
                "${path} can be filtered by: ${ops}.",
                mapping={"path": whole[:80], "ops": "any, all, none, empty"},
            )
        )

    def compare(self, item: Field, entity: Any, operator: str, value: Any) -> Predicate:
        if isinstance(item.kind, BranchKind) and value == "my_branches":
            from parlour.access.memberships import my_branches

            value = list(my_branches(self.session))
        column = getattr(entity, item.columns[0])
        key = getattr(entity, item.key_column) if item.key_column else None
        try:
            found = compare(item.kind, column, key, operator, value, self.defaults)
            if operator == "contains" and item.search and key is not None:
                from parlour.records.search import looked_up

                pattern = like_pattern(_keyed(item.kind, key, value, self.defaults))
                ids = looked_up(self.session, item.cls, item.key_column or "", pattern)
                found = found if ids is None else entity.id.in_(ids)
            return found
        except FilterFault as fault:
            raise FilterFault(
                _("${field}: ${why}", mapping={"field": item.name, "why": fault.message})
            ) from fault


def _values(value: Any) -> Sequence[Any]:
    values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    if len(values) > MAX_VALUES:
        raise FilterFault(_("A condition takes at most ${n} values.", mapping={"n": MAX_VALUES}))
    return values


def _id(value: Any) -> int:
    wrong = FilterFault(_("${value} is not the number of a record.", mapping={"value": str(value)[:40]}))
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise wrong from error
    if abs(number) >= 2**63:
        raise wrong
    return number


def compare(kind: Kind, column: Any, key: Any, operator: str, value: Any, defaults: Defaults) -> Predicate:
    """One comparison. Text compares by its key, so case and ё do not matter. Raises FilterFault."""
    operators = operators_of(kind)
    if operator not in operators:
        raise FilterFault(_("it can be filtered by: ${ops}.", mapping={"ops": ", ".join(operators)}))
    if operator == "empty":
        absent = column.is_(None)
        return absent if value else column.is_not(None)  # type: ignore[no-any-return]
    try:
        return _OPERATORS[operator](kind, column, key, value, defaults)
    except (Fault, ValueError, TypeError, OverflowError) as error:
        raise FilterFault(
            _("${value} cannot be compared with it.", mapping={"value": str(value)[:40]})
        ) from error


def operators_of(kind: Kind) -> list[str]:
    """The operators a kind understands, in the order in which a menu offers them."""
    if isinstance(kind, BooleanKind):
        return ["="]
    if isinstance(kind, BirthdayKind):
        return ["within", "month", "=", "empty"]
    if isinstance(kind, DateKind | MomentKind):
        return ["last", "next", ">=", "<=", "=", "empty"]
    if isinstance(kind, IntegerKind | MoneyKind | PercentKind):
        return ["=", "!=", ">=", "<=", ">", "<", "empty"]
    if kind.name in ("choice", "user", "branch", "link"):
        return ["=", "!=", "in", "empty"]
    return ["contains", "starts", "=", "!=", "in", "empty"]


def _operand(kind: Kind, value: Any, defaults: Defaults) -> Any:
    if isinstance(kind, UserKind):
        return defaults.user_id if value == "me" else _id(value)
    return kind.operand(value, defaults)


def _keyed(kind: Kind, key: Any, value: Any, defaults: Defaults) -> Any:
    if isinstance(kind, PhoneKind):
        return digits_of(str(value))
    return key_of(str(value))


def _equals(kind: Kind, column: Any, key: Any, value: Any, defaults: Defaults) -> Predicate:
    if value is None:
        return column.is_(None)  # type: ignore[no-any-return]
    if isinstance(kind, MomentKind) and isinstance(value, str) and len(value) == 10:
        day = date.fromisoformat(value)
        # Not 24 hours: where clocks are changed a day has 23 or 25.
        return and_(
            column >= _day_start(day, defaults), column < _day_start(day + timedelta(days=1), defaults)
        )
    if key is not None and not isinstance(kind, BirthdayKind | PhoneKind):
        return key == _keyed(kind, key, value, defaults)  # type: ignore[no-any-return]
    operand = _operand(kind, value, defaults)
    if operand is None:
        return false()
    return column == operand  # type: ignore[no-any-return]


def _differs(kind: Kind, column: Any, key: Any, value: Any, defaults: Defaults) -> Predicate:
    # A row without a value differs from every value; SQL alone would say "unknown" and drop it.
    return or_(column.is_(None), not_(_equals(kind, column, key, value, defaults)))


def _in(kind: Kind, column: Any, key: Any, value: Any, defaults: Defaults) -> Predicate:
    values = _values(value)
    if isinstance(kind, MomentKind):
        if len(values) > MAX_TERMS:
            raise FilterFault(_("A condition takes at most ${n} values.", mapping={"n": MAX_TERMS}))
        return or_(false(), *(_equals(kind, column, key, one, defaults) for one in values))
    # One list and not a chain of ORs, which SQLite takes only so deep.
    empty = [column.is_(None)] if None in values else []
    given = [one for one in values if one is not None]
    if key is not None and not isinstance(kind, BirthdayKind | PhoneKind):
        return or_(key.in_([_keyed(kind, key, one, defaults) for one in given]), *empty)
    operands = [_operand(kind, one, defaults) for one in given]
    return or_(column.in_([one for one in operands if one is not None]), *empty)


def _order(compare_with: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def apply(kind: Kind, column: Any, key: Any, value: Any, defaults: Defaults) -> Any:
        if isinstance(kind, MomentKind) and isinstance(value, str) and len(value) == 10:
            day = date.fromisoformat(value)
            # "up to the 5th" includes the 5th.
            if compare_with(0, 0) and not compare_with(1, 0):
                last = _day_start(day + timedelta(days=1), defaults) - timedelta(microseconds=1)
                return compare_with(column, last)
            return compare_with(column, _day_start(day, defaults))
        operand = _operand(kind, value, defaults)
        if operand is None:
            return false()
        return compare_with(column, operand)

    return apply


def _folded(column: Any) -> Any:
    """A long text, which has no key column, in the form in which it is compared."""
    return func.replace(func.lower(column), "ё", "е")


def _contains(kind: Kind, column: Any, key: Any, value: Any, defaults: Defaults) -> Any:
    target = key if key is not None else _folded(column)
    return target.like(like_pattern(_keyed(kind, key, value, defaults)), escape="\\")


def _starts(kind: Kind, column: Any, key: Any, value: Any, defaults: Defaults) -> Any:
    target = key if key is not None else _folded(column)
    return target.like(like_pattern(_keyed(kind, key, value, defaults))[1:], escape="\\")


def _day_start(day: date, defaults: Defaults) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(defaults.zone)).astimezone(UTC)


def _relative(sign: int) -> Callable[..., Predicate]:
    """`last` n days up to and including today, `next` n days from today on, on the organisation's wall clock."""

    def apply(kind: Kind, column: Any, key: Any, value: Any, defaults: Defaults) -> Predicate:
        days = int(value)
        if not 0 <= days <= 36600:
            raise ValueError(days)
        today = defaults.today()
        first, last = (
            (today - timedelta(days=days), today) if sign < 0 else (today, today + timedelta(days=days))
        )
        if isinstance(kind, MomentKind):
            return and_(
                column >= _day_start(first, defaults), column < _day_start(last + timedelta(days=1), defaults)
            )
        return and_(column >= first, column <= last)

    return apply


def _within(kind: Kind, column: Any, key: Any, value: Any, defaults: Defaults) -> Predicate:
    """Birthdays from today on within n days; those of 29 February are kept on 1 March in other years."""
    days = int(value)
    if not 0 <= days <= 366:
        raise ValueError(days)
    today = defaults.today()
    coming = [today + timedelta(days=n) for n in range(days + 1)]
    keys = {f"{day:%m-%d}" for day in coming}
    if any((day.month, day.day) == (3, 1) and not isleap(day.year) for day in coming):
        keys.add("02-29")
    return key.in_(sorted(keys))  # type: ignore[no-any-return]


def _month(kind: Kind, column: Any, key: Any, value: Any, defaults: Defaults) -> Predicate:
    return key.like(f"{int(value):02d}-%")  # type: ignore[no-any-return]


_OPERATORS: dict[str, Callable[..., Predicate]] = {
    "=": _equals,
    "!=": _differs,
    "in": _in,
    ">=": _order(lambda a, b: a >= b),
    "<=": _order(lambda a, b: a <= b),
    ">": _order(lambda a, b: a > b),
    "<": _order(lambda a, b: a < b),
    "contains": _contains,
    "starts": _starts,
    "last": _relative(-1),
    "next": _relative(1),
    "within": _within,
    "month": _month,
}
