"""What is read without the libraries comes out as the libraries would have it."""

from __future__ import annotations

import re
import sys
import unicodedata
from contextlib import ExitStack
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import email_validator
import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parlour.records.kinds.texts import EmailKind, PhoneKind
from parlour.records.parse import emails, phones
from parlour.records.parse.lines import Line, Lines
from parlour.records.parse.plain import _RESERVED, plain_email, plain_phone
from parlour.records.values import UNPRINTABLE, Fault, digits_of, key_of

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
LOCAL = st.from_regex(r"\A[A-Za-z0-9_.+'-]{1,10}\Z")
LABELS = st.lists(st.from_regex(r"\A[A-Za-z0-9-]{1,6}\Z"), max_size=3)
ENDS = st.sampled_from(("ru", "COM", "museum", "test", "local", "arpa", "xn--p1ai", "x1", "r", "рф", "ru."))
ADDRESSES = st.builds(lambda local, labels, end: f"{local}@{'.'.join([*labels, end])}", LOCAL, LABELS, ENDS)


def by_library(work: Any) -> Any:
    """What `work` answers when every value goes to the library."""
    with ExitStack() as without:
        for module in ("parse.emails", "parse.phones", "kinds.texts"):
            for name in ("plain_email", "plain_phone"):
                where = sys.modules[f"parlour.records.{module}"]
                if hasattr(where, name):
                    without.enter_context(patch.object(where, name, lambda *_given: None))
        return work()


def cleaned(kind: Any, text: str, region: str | None = None) -> str | None:
    try:
        return kind.clean(text, SimpleNamespace(region=region))  # type: ignore[no-any-return]
    except Fault:
        return None


@given(ADDRESSES)
def test_an_address_is_read_as_by_the_library(text: str) -> None:
    found = plain_email(text)
    if found is not None:
        assert by_library(lambda: emails(text)) == Lines((Line(found),))
        assert by_library(lambda: cleaned(EmailKind(), text)) == found


@given(st.text("abz09@.-_+ '", max_size=70))
def test_a_text_that_is_no_address_is_none(text: str) -> None:
    found = plain_email(text)
    assert found is None or by_library(lambda: cleaned(EmailKind(), text)) == found


def test_usual_addresses_need_no_library() -> None:
    usual = ("Anna.Orlova-86@Pochta.RU", "client7@mail.pochta.ru", "a+b@x-y.com", "_@b.co")
    assert [plain_email(one) for one in usual] == [one.lower() for one in usual]
    unusual = (
        "a@b",
        "a..b@c.ru",
        "a@b..ru",
        "a@-b.ru",
        "a@b--c.ru",
        "a@b.test",
        f"{'a' * 70}@b.ru",
        "а@б.рф",
    )
    assert [plain_email(one) for one in unusual] == [None] * len(unusual)


def test_the_reserved_names_are_those_of_the_library() -> None:
    assert set(email_validator.SPECIAL_USE_DOMAIN_NAMES) <= _RESERVED


@lru_cache
def mobile(region: str) -> st.SearchStrategy[str]:
    """Mobile numbers of a region as its plan has them, without any prefix."""
    plan = phonenumbers.PhoneMetadata.metadata_for_region(region)
    pattern = (
        plan.mobile and plan.mobile.national_number_pattern
    ) or plan.general_desc.national_number_pattern
    return st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True)


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A number with one of the beginnings that there are, perhaps of another region, perhaps with a digit changed."""
    region = draw(st.sampled_from(REGIONS))
    written = draw(st.sampled_from((region, region, region, *REGIONS[::25])))
    plan = phonenumbers.PhoneMetadata.metadata_for_region(written)
    starts = (
        "",
        "+",
        "00",
        "8",
        "0",
        f"+{plan.country_code}",
        str(plan.country_code),
        plan.national_prefix or "",
    )
    text = draw(st.sampled_from(starts)) + draw(mobile(written))
    if draw(st.booleans()):
        place = draw(st.integers(0, len(text) - 1))
        text = text[:place] + draw(st.text("0123456789+", max_size=2)) + text[place + 1 :]
    return text, region


@settings(max_examples=400)
@given(numbers())
def test_a_number_is_read_as_by_the_library(given_: tuple[str, str]) -> None:
    text, region = given_
    found = plain_phone(text, region)
    if found is not None:
        assert by_library(lambda: phones(text, region)) == Lines((Line(found),))
        assert by_library(lambda: cleaned(PhoneKind(), text, region)) == found


@settings(max_examples=200)
@given(st.from_regex(r"\A(?:\+7|7|8|\+8|810|)[0-9]{6,11}\Z"))
def test_russian_digits_are_read_as_by_the_library(text: str) -> None:
    found = plain_phone(text, "RU")
    if found is not None:
        assert by_library(lambda: phones(text, "RU")) == Lines((Line(found),))
        assert by_library(lambda: cleaned(PhoneKind(), text, "RU")) == found


@pytest.mark.parametrize("text", ["+79161234567", "79161234567", "89161234567", "9161234567"])
def test_usual_numbers_need_no_library(text: str) -> None:
    assert plain_phone(text, "RU") == "+79161234567"


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("89161234567", None), ("89161234567", "XX"), ("+49161234567", "RU"), ("8 916 1234567", "RU"),
        ("89999999999", "RU"), ("8916123456", "RU"), ("٨٩١٦١٢٣٤٥٦٧", "RU"), ("", "RU"), ("+", "RU"),
    ],
)  # fmt: skip
def test_everything_else_is_for_the_library(text: str, region: str | None) -> None:
    assert plain_phone(text, region) is None


def plainly_keyed(text: str) -> str:
    """`key_of` as it is said in words, without its short way."""
    folded = unicodedata.normalize("NFC", UNPRINTABLE.sub("", text)).casefold().replace("ё", "е")
    return re.sub(r"\s+", " ", folded).strip()


def test_a_key_is_the_same_by_the_short_way_for_every_character() -> None:
    for code in range(sys.maxunicode + 1):
        text = f" Ё{chr(code)}  a{chr(code)} "
        assert key_of(text) == plainly_keyed(text), hex(code)


@given(st.text())
def test_a_key_is_the_same_by_the_short_way(text: str) -> None:
    assert key_of(text) == plainly_keyed(text)


@given(st.one_of(st.text(), st.from_regex(r"\A\+?[0-9+]{0,8}\Z")))
def test_digits_are_the_same_by_the_short_way(text: str) -> None:
    assert digits_of(text) == "".join(char for char in text if char in "0123456789")
