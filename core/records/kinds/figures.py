"""Kinds of figures: whole numbers, yes or no, money."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Boolean, String
from sqlalchemy.types import TypeEngine

from parlour.i18n import Localizer, _
from parlour.records.kinds.base import Kind
from parlour.records.parse import money as parse_money
from parlour.records.parse import yes_no
from parlour.records.values import Fault, Money, minor_digits

if TYPE_CHECKING:
    from parlour.records.defaults import Defaults


@dataclass(frozen=True, kw_only=True)
class IntegerKind(Kind):
    """A whole number."""

    name: str = "integer"
    shape: str = "number"
    align: str = "end"
    minimum: int = -(2**53)
    maximum: int = 2**53

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", BigInteger())]

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}

    def clean(self, value: Any, defaults: Defaults) -> int | None:
        if value is None or value == "":
            return None
        try:
            number = Decimal(str(value).replace(" ", "").replace("\u00a0", ""))
            whole = int(number)
        except (InvalidOperation, ValueError, OverflowError) as error:
            raise Fault(_("This must be a whole number.")) from error
        if isinstance(value, bool) or number != whole:
            raise Fault(_("This must be a whole number."))
        if not self.minimum <= whole <= self.maximum:
            raise Fault(
                _(
                    "This must lie between ${min} and ${max}.",
                    mapping={"min": self.minimum, "max": self.maximum},
                )
            )
        return whole

    def show(self, value: Any, loc: Localizer) -> str:
        return "" if value is None else loc.number(value)


# Parts of one percent that are kept.
_FINE = 4


@dataclass(frozen=True, kw_only=True)
class PercentKind(Kind):
    """A rate in percent, exact to four decimals; the database keeps whole millionths of the whole."""

    name: str = "percent"
    shape: str = "number"
    align: str = "end"
    maximum: int = 100

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", BigInteger())]

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "description": "percent", "maxLength": 40}

    def input_schema(self) -> dict[str, Any]:
        return {"type": ["string", "number"]}

    def clean(self, value: Any, defaults: Defaults) -> Decimal | None:
        if value is None or value == "":
            return None
        text = re.sub(r"[\s\u00a0]", "", str(value)).removesuffix("%").replace(",", ".")
        try:
            rate = Decimal("nan" if isinstance(value, bool) else text)
        except InvalidOperation:
            rate = Decimal("nan")
        if not rate.is_finite():
            raise Fault(_("This must be a percentage, like 20 or 12.5."))
        if not 0 <= rate <= self.maximum:
            raise Fault(
                _("This must lie between ${min} and ${max}.", mapping={"min": 0, "max": self.maximum})
            )
        if rate.scaleb(_FINE) % 1:
            raise Fault(_("A percentage has four decimals at most."))
        return _percent(int(rate.scaleb(_FINE)))

    def to_columns(self, value: Any) -> dict[str, Any]:
        return {"": None if value is None else int(value.scaleb(_FINE))}

    def from_columns(self, values: Sequence[Any]) -> Any:
        return _percent(values[0])

    def to_json(self, value: Any) -> Any:
        return None if value is None else f"{value:f}"

    def to_cell(self, value: Any) -> Any:
        return value

    def show(self, value: Any, loc: Localizer) -> str:
        return "" if value is None else loc.percent(value)


def _percent(millionths: int | None) -> Decimal | None:
    if millionths is None:
        return None
    rate = Decimal(millionths).scaleb(-_FINE)
    return rate.quantize(Decimal(1)) if rate == rate.to_integral_value() else rate.normalize()


@dataclass(frozen=True, kw_only=True)
class BooleanKind(Kind):
    """Yes or no; an empty one is no."""

    name: str = "boolean"
    shape: str = "boolean"

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", Boolean())]

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def clean(self, value: Any, defaults: Defaults) -> bool:
        if value in (None, ""):
            return False
        if isinstance(value, bool):
            return value
        found = yes_no(str(value))
        if found is None:
            raise Fault(_("This must be yes or no."))
        return bool(found)

    def show(self, value: Any, loc: Localizer) -> str:
        return loc.translate(_("Yes")) if value else loc.translate(_("No"))


@dataclass(frozen=True, kw_only=True)
class MoneyKind(Kind):
    """An amount in minor units and its currency."""

    name: str = "money"
    shape: str = "money"
    align: str = "end"
    negative: bool = False

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("_amount", BigInteger()), ("_currency", String(3))]

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["amount", "currency"],
            "properties": {
                "amount": {"type": "string"},
                "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
            },
        }

    def input_schema(self) -> dict[str, Any]:
        """The currency may be left out, and then the amount may stand alone."""
        return {
            "type": ["object", "string", "number"],
            "properties": {
                "amount": {"type": ["string", "number", "null"]},
                "currency": {"type": ["string", "null"]},
            },
        }

    def clean(self, value: Any, defaults: Defaults) -> Money | None:
        if value is None or value == "":
            return None
        currency = defaults.currency
        if isinstance(value, Money):
            amount, currency = value.amount, value.currency
        else:
            if isinstance(value, Mapping):
                currency = str(value.get("currency") or currency).upper()
                value = value.get("amount")
                if value is None or value == "":
                    return None
            found = value if isinstance(value, Decimal) else parse_money(str(value), currency).value
            if found is None:
                raise Fault(_("${text} is not an amount of money.", mapping={"text": str(value)[:80]}))
            amount = found
        if not re.fullmatch(r"[A-Z]{3}", currency):
            raise Fault(_("${text} is not a currency code.", mapping={"text": currency[:20]}))
        if amount < 0 and not self.negative:
            raise Fault(_("The amount cannot be negative."))
        if abs(amount) >= Decimal(10) ** 13:
            raise Fault(_("The amount is too large."))
        money = (
            Money(amount.quantize(Decimal(1).scaleb(-minor_digits(currency))), currency)
            if _fits(amount, currency)
            else Money(amount, currency)
        )
        money.minor  # noqa: B018 - refuses what is finer than a kopeck
        return money

    def to_columns(self, value: Any) -> dict[str, Any]:
        if value is None:
            return {"_amount": None, "_currency": None}
        return {"_amount": value.minor, "_currency": value.currency}

    def from_columns(self, values: Sequence[Any]) -> Any:
        return None if values[0] is None else Money.from_minor(values[0], values[1])

    def to_json(self, value: Any) -> Any:
        return value.__json__() if value else None

    def to_cell(self, value: Any) -> Any:
        return None if value is None else value.amount

    def show(self, value: Any, loc: Localizer) -> str:
        return loc.money(value.amount, value.currency) if value else ""

    def from_cell(self, cell: Any, defaults: Defaults) -> tuple[Any, str]:
        # A foreign currency is written behind the amount.
        found = re.fullmatch(r"\s*(.+?)\s*\b([A-Z]{3})\s*", cell) if isinstance(cell, str) else None
        if found and found.group(2) != defaults.currency and any(char.isdigit() for char in found.group(1)):
            value, rest = super().from_cell({"amount": found.group(1), "currency": found.group(2)}, defaults)
            return value, cell if rest else ""
        return super().from_cell(cell, defaults)

    def operand(self, value: Any, defaults: Defaults) -> Any:
        money = replace(self, negative=True).clean(value, defaults)
        return None if money is None else money.minor


def _fits(amount: Decimal, currency: str) -> bool:
    scaled = amount.scaleb(minor_digits(currency))
    return scaled == scaled.to_integral_value()
