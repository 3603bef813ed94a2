"""Kinds of text: lines, notes, e-mail addresses, phones, choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, Text
from sqlalchemy.types import TypeEngine

from parlour.i18n import Localizer, _
from parlour.records.kinds.base import Kind, typed_text
from parlour.records.parse.plain import plain_email, plain_phone
from parlour.records.values import Fault, digits_of, key_of

if TYPE_CHECKING:
    from parlour.records.defaults import Defaults

MAX_TEXT = 20_000


@dataclass(frozen=True, kw_only=True)
class TextKind(Kind):
    """A line of text."""

    name: str = "text"
    max_length: int = 200
    multiline: bool = False
    indexed: bool = True

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", Text() if self.multiline else String(self.max_length))]

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.max_length}

    def clean(self, value: Any, defaults: Defaults) -> str | None:
        if value is None:
            return None
        text = typed_text(value)
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

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "email", "maxLength": 254}

    def clean(self, value: Any, defaults: Defaults) -> str | None:
        text = typed_text(value) if value is not None else ""
        if not text:
            return None
        address = plain_email(text) or _address(text)
        if address is None:
            raise Fault(_("${text} is not an e-mail address.", mapping={"text": text[:80]}))
        return address

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

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "description": "E.164", "maxLength": 40}

    def clean(self, value: Any, defaults: Defaults) -> str | None:
        text = typed_text(value) if value is not None else ""
        if not text:
            return None
        number = plain_phone(text, defaults.region) or _e164(text, defaults.region)
        if number is None:
            raise Fault(
                _(
                    "${text} is not a phone number; write it with the country code.",
                    mapping={"text": text[:80]},
                )
            )
        return number

    def show(self, value: Any, loc: Localizer) -> str:
        return loc.phone(value) if value else ""

    def key(self, value: Any) -> str | None:
        return digits_of(value) if value else None

    @property
    def keyed(self) -> bool:
        return True


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

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [code for code, _title in self.options]}

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
        spelt = folded.strip(". ")
        if self.spellings and spelt in self.spellings:
            return self.spellings[spelt]
        raise Fault(
            _("${text} is not one of: ${options}.", mapping={"text": text[:80], "options": ", ".join(codes)})
        )

    def show(self, value: Any, loc: Localizer) -> str:
        return next((loc.translate(title) for code, title in self.options if code == value), str(value or ""))


# An import meets every value twice within a batch, once when the file is read and once when the row is written.
@lru_cache(maxsize=4096)
def _address(text: str) -> str | None:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return None


@lru_cache(maxsize=4096)
def _e164(text: str, region: str | None) -> str | None:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _translated(title: Any, locale: str) -> str:
    from parlour.i18n import localizer

    return localizer(locale).translate(title)
