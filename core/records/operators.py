"""What each operator of a filter asks of a column, and which operators a kind of field understands."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, false, func, not_, or_

from parlour.errors import Refusal
from parlour.i18n import _
from parlour.records.defaults import Defaults
from parlour.records.kinds import (
    BirthdayKind,
    BooleanKind,
    DateKind,
    IntegerKind,
    Kind,
    MomentKind,
    MoneyKind,
    PercentKind,
    PhoneKind,
    UserKind,
)
from parlour.records.values import Fault, digits_of, key_of, like_pattern

MAX_TERMS = 200
MAX_VALUES = 1000

Predicate = ColumnElement[bool]


class FilterFault(Refusal):
    """The filter cannot be understood; the message names the part."""


def values_of(value: Any) -> Sequence[Any]:
    values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    if len(values) > MAX_VALUES:
        raise FilterFault(_("A condition takes at most ${n} values.", mapping={"n": MAX_VALUES}))
    return values


def id_of(value: Any) -> int:
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
        return defaults.user_id if value == "me" else id_of(value)
    return kind.operand(value, defaults)


def keyed(kind: Kind, key: Any, value: Any, defaults: Defaults) -> Any:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise TypeError(value)
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
        return key == keyed(kind, key, value, defaults)  # type: ignore[no-any-return]
    operand = _operand(kind, value, defaults)
    if operand is None:
        return false()
    return column == operand  # type: ignore[no-any-return]


def _differs(kind: Kind, column: Any, key: Any, value: Any, defaults: Defaults) -> Predicate:
    # A row without a value differs from every value; SQL alone would say "unknown" and drop it.
    return or_(column.is_(None), not_(_equals(kind, column, key, value, defaults)))


def _in(kind: Kind, column: Any, key: Any, value: Any, defaults: Defaults) -> Predicate:
    values = values_of(value)
    if isinstance(kind, MomentKind):
        if len(values) > MAX_TERMS:
            raise FilterFault(_("A condition takes at most ${n} values.", mapping={"n": MAX_TERMS}))
        return or_(false(), *(_equals(kind, column, key, one, defaults) for one in values))
    # One list and not a chain of ORs, which SQLite takes only so deep.
    empty = [column.is_(None)] if None in values else []
    given = [one for one in values if one is not None]
    if key is not None and not isinstance(kind, BirthdayKind | PhoneKind):
        return or_(key.in_([keyed(kind, key, one, defaults) for one in given]), *empty)
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
    return target.like(like_pattern(keyed(kind, key, value, defaults)), escape="\\")


def _starts(kind: Kind, column: Any, key: Any, value: Any, defaults: Defaults) -> Any:
    target = key if key is not None else _folded(column)
    return target.like(like_pattern(keyed(kind, key, value, defaults))[1:], escape="\\")


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
