"""Field kinds: one object with everything known about a kind of value.

A kind knows its columns, how input is checked, how a value looks in JSON, on a page and in a spreadsheet, and how it is
filtered and sorted. Values in Python are plain: str, int, bool, date, datetime (UTC), Money, lists and dicts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import phonenumbers
from sqlalchemy import BigInteger, Boolean, Date, String, Text
from sqlalchemy.types import TypeEngine

from parlour.db.base import BigId, Moment
from parlour.i18n import Localizer, _
from parlour.records.values import UNPRINTABLE, Fault, Money, digits_of, key_of, minor_digits

if TYPE_CHECKING:
    from parlour.records.defaults import Defaults

MAX_TEXT = 20_000


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Base of all kinds. `name` is what filters, templates and the API call it."""

    name: str = "text"
    # What the import's guesser looks for in sample values.
    shape: str = "text"
    align: str = "start"

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        """Suffix and type of every column; the first one carries the value that filters and sorts."""
        return [("", String(200))]

    def clean(self, value: Any, defaults: Defaults) -> Any:
        """Input (JSON or Python) to the value, None for empty. Raises Fault."""
        return value

    def to_columns(self, value: Any) -> dict[str, Any]:
        """The value as it goes into the columns, by suffix."""
        return {"": value}

    def from_columns(self, values: Sequence[Any]) -> Any:
        """The value from its columns, in the order of `columns()`."""
        return values[0]

    def to_json(self, value: Any) -> Any:
        """The value in JSON: export, history, API."""
        return value

    def show(self, value: Any, loc: Localizer) -> str:
        """The value as a person reads it."""
        return "" if value is None else str(value)

    def from_cell(self, cell: Any, defaults: Defaults) -> tuple[Any, str]:
        """A spreadsheet cell to (value, the part that was not understood)."""
        from parlour.records.parse import text_of

        text = text_of(cell)
        if not text:
            return None, ""
        try:
            # JSON brings values in the very form in which the API does.
            return self.clean(cell if isinstance(cell, dict | list) else text, defaults), ""
        except Fault:
            return None, text

    def to_cell(self, value: Any) -> Any:
        """The value as a spreadsheet cell: str, number, date or None."""
        return self.to_json(value)

    def key(self, value: Any) -> str | None:
        """The text by which the value is sorted and searched; None when the column itself does."""
        return None

    @property
    def keyed(self) -> bool:
        """Whether a `<name>_key` column stands beside the value."""
        return False

    def operand(self, value: Any, defaults: Defaults) -> Any:
        """A filter's value as it is compared with the first column."""
        return self.to_columns(self.clean(value, defaults))[""]


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise Fault(_("This must be text."))
    return UNPRINTABLE.sub("", str(value)).replace("\r\n", "\n").replace("\r", "\n").strip()


@dataclass(frozen=True, kw_only=True)
class TextKind(Kind):
    """A line of text."""

    name: str = "text"
    max_length: int = 200
    multiline: bool = False
    indexed: bool = True

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", Text() if self.multiline else String(self.max_length))]

    def clean(self, value: Any, defaults: Defaults) -> str | None:
        if value is None:
            return None
        text = _text(value)
        if not self.multiline:
            text = " ".join(text.split())
        if len(text) > self.max_length:
            raise Fault(
                _("This has ${n} characters; ${max} fit.", mapping={"n": len(text), "max": self.max_length})
            )
        return text or None

    def key(self, value: Any) -> str | None:
        return key_of(value) if value else None

    @property
    def keyed(self) -> bool:
        return self.indexed and not self.multiline


@dataclass(frozen=True, kw_only=True)
class EmailKind(Kind):
    """An e-mail address, kept and compared in lower case."""

    name: str = "email"
    shape: str = "email"

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", String(254))]

    def clean(self, value: Any, defaults: Defaults) -> str | None:
        from email_validator import EmailNotValidError, validate_email

        text = _text(value) if value is not None else ""
        if not text:
            return None
        try:
            return validate_email(text, check_deliverability=False).normalized.lower()
        except EmailNotValidError as error:
            raise Fault(_("${text} is not an e-mail address.", mapping={"text": text[:80]})) from error

    def key(self, value: Any) -> str | None:
        return key_of(value) if value else None

    @property
    def keyed(self) -> bool:
        return True


@dataclass(frozen=True, kw_only=True)
class PhoneKind(Kind):
    """A phone in E.164; a number without a country is read in the organisation's region."""

    name: str = "phone"
    shape: str = "phone"

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", String(20))]

    def clean(self, value: Any, defaults: Defaults) -> str | None:
        text = _text(value) if value is not None else ""
        if not text:
            return None
        try:
            number = phonenumbers.parse(text, defaults.region)
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_possible_number(number):
            raise Fault(
                _(
                    "${text} is not a phone number; write it with the country code.",
                    mapping={"text": text[:80]},
                )
            )
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def show(self, value: Any, loc: Localizer) -> str:
        return loc.phone(value) if value else ""

    def key(self, value: Any) -> str | None:
        return digits_of(value) if value else None

    @property
    def keyed(self) -> bool:
        return True


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


@dataclass(frozen=True, kw_only=True)
class BooleanKind(Kind):
    """Yes or no; an empty one is no."""

    name: str = "boolean"
    shape: str = "boolean"

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", Boolean())]

    def clean(self, value: Any, defaults: Defaults) -> bool:
        if value in (None, ""):
            return False
        if isinstance(value, bool):
            return value
        from parlour.records.parse import yes_no

        found = yes_no(str(value))
        if found is None:
            raise Fault(_("This must be yes or no."))
        return bool(found)

    def show(self, value: Any, loc: Localizer) -> str:
        return loc.translate(_("Yes")) if value else loc.translate(_("No"))


@dataclass(frozen=True, kw_only=True)
class ChoiceKind(Kind):
    """One of a fixed list of codes, each with a title."""

    name: str = "choice"
    shape: str = "choice"
    options: tuple[tuple[str, Any], ...] = ()
    # Other spellings met in files, each mapped to its code.
    spellings: Mapping[str, str] | None = None

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", String(40))]

    def clean(self, value: Any, defaults: Defaults) -> str | None:
        if value is None or value == "":
            return None
        text = str(value).strip()
        codes = [code for code, _title in self.options]
        if text in codes:
            return text
        folded = key_of(text)
        for code, title in self.options:
            if folded in {key_of(code), key_of(str(title)), key_of(_translated(title, "ru"))}:
                return code
        if self.spellings and folded in self.spellings:
            return self.spellings[folded]
        raise Fault(
            _("${text} is not one of: ${options}.", mapping={"text": text[:80], "options": ", ".join(codes)})
        )

    def show(self, value: Any, loc: Localizer) -> str:
        return next((loc.translate(title) for code, title in self.options if code == value), str(value or ""))


def _translated(title: Any, locale: str) -> str:
    from parlour.i18n import localizer

    return localizer(locale).translate(title)


@dataclass(frozen=True, kw_only=True)
class DateKind(Kind):
    """A calendar day."""

    name: str = "date"
    shape: str = "day"

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", Date())]

    def clean(self, value: Any, defaults: Defaults) -> date | None:
        if value is None or value == "":
            return None
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        from parlour.records.parse import day

        found = day(str(value)).value
        if not found or found.startswith("--"):
            raise Fault(
                _("${text} is not a date; write it as 2026-01-31.", mapping={"text": str(value)[:80]})
            )
        return date.fromisoformat(found)

    def to_json(self, value: Any) -> Any:
        return value.isoformat() if value else None

    def to_cell(self, value: Any) -> Any:
        return value

    def show(self, value: Any, loc: Localizer) -> str:
        return loc.date(value) if value else ""


@dataclass(frozen=True, kw_only=True)
class BirthdayKind(Kind):
    """A birthday with or without its year: ISO 8601, "1956-04-08" or "--04-08". The key is "04-08", for who is next."""

    name: str = "birthday"
    shape: str = "day"

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", String(10))]

    def clean(self, value: Any, defaults: Defaults) -> str | None:
        if value is None or value == "":
            return None
        from parlour.records.parse import day

        found = day(value if isinstance(value, date) else str(value)).value
        if not found:
            raise Fault(
                _(
                    "${text} is not a date; write it as 31.01.1990 or 31.01.",
                    mapping={"text": str(value)[:80]},
                )
            )
        if not found.startswith("--") and date.fromisoformat(found) > defaults.today():
            raise Fault(_("A birthday cannot lie in the future."))
        return found

    def show(self, value: Any, loc: Localizer) -> str:
        if not value:
            return ""
        if value.startswith("--"):
            return loc.day_month(int(value[2:4]), int(value[5:7]))
        return loc.date(date.fromisoformat(value), "long")

    def key(self, value: Any) -> str | None:
        return value[-5:] if value else None

    @property
    def keyed(self) -> bool:
        return True


@dataclass(frozen=True, kw_only=True)
class MomentKind(Kind):
    """A moment, kept in UTC; input without an offset is on the organisation's wall clock."""

    name: str = "moment"
    shape: str = "day"

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", Moment())]

    def clean(self, value: Any, defaults: Defaults) -> datetime | None:
        if value is None or value == "":
            return None
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        except ValueError as error:
            raise Fault(
                _("${text} is not a moment; write it as 2026-01-31 18:30.", mapping={"text": str(value)[:80]})
            ) from error
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(defaults.zone))
        return moment.astimezone(UTC)

    def to_json(self, value: Any) -> Any:
        return value.isoformat() if value else None

    def show(self, value: Any, loc: Localizer) -> str:
        return loc.moment(value) if value else ""


@dataclass(frozen=True, kw_only=True)
class MoneyKind(Kind):
    """An amount in minor units and its currency."""

    name: str = "money"
    shape: str = "money"
    align: str = "end"
    negative: bool = False

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("_amount", BigInteger()), ("_currency", String(3))]

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
            from parlour.records.parse import money as parse_money

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


@dataclass(frozen=True, kw_only=True)
class UserKind(Kind):
    """A person who logs in: the id of a member of this organisation. Titles are looked up per page, not per row."""

    name: str = "user"

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", BigId)]

    def clean(self, value: Any, defaults: Defaults) -> int | None:
        if value in (None, ""):
            return None
        if isinstance(value, Mapping):
            value = value.get("id")
        if str(value) == "me" and defaults.user_id is not None:
            return defaults.user_id
        member = defaults.member(value)
        if member is None:
            raise Fault(_("${text} is nobody who works here.", mapping={"text": str(value)[:80]}))
        return member


@dataclass(frozen=True, kw_only=True)
class BranchKind(Kind):
    """A branch of this organisation, by id or by name."""

    name: str = "branch"

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", BigId)]

    def clean(self, value: Any, defaults: Defaults) -> int | None:
        if isinstance(value, Mapping):
            value = value.get("id")
        if value in (None, ""):
            return None
        branch = defaults.branch(value)
        if branch is None:
            raise Fault(_("${text} is not a branch.", mapping={"text": str(value)[:80]}))
        return branch


@dataclass(frozen=True, kw_only=True)
class FileKind(Kind):
    """A file of this organisation; `image` asks for a picture."""

    name: str = "file"
    image: bool = False

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", BigId)]

    def clean(self, value: Any, defaults: Defaults) -> int | None:
        return None if value in (None, "") else int(value)


@dataclass(frozen=True, kw_only=True)
class LinkKind(Kind):
    """A row of another record, by id; in JSON {"id", "title"}."""

    name: str = "link"

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("_id", BigId)]

    def clean(self, value: Any, defaults: Defaults) -> int | None:
        return link_id(value)

    def to_columns(self, value: Any) -> dict[str, Any]:
        return {"_id": value}

    def operand(self, value: Any, defaults: Defaults) -> Any:
        return link_id(value)


def link_id(value: Any) -> int | None:
    """The id in any of the shapes in which links come in."""
    if isinstance(value, Mapping):
        value = value.get("id")
    if value in (None, ""):
        return None
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise Fault(_("A link needs the number of a record.")) from error


@dataclass(frozen=True, kw_only=True)
class LinksKind(Kind):
    """Any number of rows of another record. With `create`, a new name makes a new row (tags)."""

    name: str = "links"
    shape: str = "tags"
    create: bool = False

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return []


@dataclass(frozen=True, kw_only=True)
class LinesKind(Kind):
    """Rows of a part that only its owner has (phones, addresses); the first is the main one."""

    name: str = "lines"

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return []
