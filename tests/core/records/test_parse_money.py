"""Amounts of money and whole numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.records.parse import money, whole

KOPECKS = st.integers(0, 10**11)


def grouped(number: int, mark: str) -> str:
    return f"{number:,}".replace(",", mark)


def spellings(kopecks: int) -> list[object]:
    """The same amount in all the ways in which a column may hold it."""
    rubles, rest = divmod(kopecks, 100)
    amount = Decimal(kopecks) / 100
    found: list[object] = [
        amount,
        float(amount),
        f"{rubles}.{rest:02d}",
        f"{rubles},{rest:02d}",
        f"{rubles}-{rest:02d}",
    ]
    for mark in (" ", "\u00a0", "\u202f", "\u2009", "'"):
        found += [f"{grouped(rubles, mark)},{rest:02d}", f"{grouped(rubles, mark)}.{rest:02d} ₽"]
    found += [f"{grouped(rubles, ',')}.{rest:02d}", f"{grouped(rubles, '.')},{rest:02d}"]
    found += [
        f"{rubles},{rest:02d} руб.",
        f"{rubles},{rest:02d}р",
        f"RUB {rubles}.{rest:02d}",
        f"{rubles} руб. {rest:02d} коп.",
    ]
    found += [{"amount": f"{amount:.2f}", "currency": "RUB"}]
    if not rest:
        found += [
            rubles,
            str(rubles),
            f"{rubles} руб.",
            grouped(rubles, " "),
            grouped(rubles, ","),
            f"{rubles}.",
            f"{rubles} ₽",
        ]
    return found


@given(KOPECKS | st.integers(0, 10**9).map(lambda rubles: rubles * 100))
def test_an_amount_is_the_same_in_every_spelling(kopecks: int) -> None:
    for cell in spellings(kopecks):
        found = money(cell, "RUB")  # type: ignore[arg-type]
        assert (found.value, found.rest) == (Decimal(kopecks) / 100, ""), cell


@given(KOPECKS.filter(bool))
def test_a_sign_or_brackets_make_it_negative(kopecks: int) -> None:
    amount = Decimal(kopecks) / 100
    for text in (f"-{amount:.2f}", f"\u2212{amount:.2f}", f"- {amount:.2f} ₽", f"({amount:.2f})"):
        assert money(text, "RUB").value == -amount, text


@given(st.text(max_size=30))
def test_no_text_is_lost(text: str) -> None:
    found = money(text, "RUB")
    if any(char.isalnum() for char in text):
        assert found.value is not None or found.rest


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1,250", "1250"),
        ("12.500", "12500"),
        ("1250.500", "1250.5"),
        ("0,250", "0.25"),
        ("1.250.000", "1250000"),
        (".5", "0.5"),
    ],
)
def test_a_single_mark_parts_thousands_only_before_exactly_three_digits(text: str, amount: str) -> None:
    assert money(text, "RUB").value == Decimal(amount)


def test_a_currency_of_three_decimals_reads_them() -> None:
    assert money("1,250", "KWD").value == Decimal("1.250")


@pytest.mark.parametrize(
    "text",
    [
        "12 тыс.",
        "$5",
        "0,005",
        "1,25,000",
        "12 50",
        "около 500",
        "1.2.3",
        "=5+5",
        "5%",
        "1250,--",
        "5 EUR",
        "NaN",
        "1e999",
    ],
)
def test_what_is_no_amount_stays_as_it_is_written(text: str) -> None:
    found = money(text, "RUB")
    assert (found.value, found.rest) == (None, text)


def test_finer_than_a_kopeck_is_never_rounded_but_binary_noise_is() -> None:
    assert money(12.345, "RUB").value is None
    assert money(1234.5600000000002, "RUB").value == Decimal("1234.56")
    assert money(0.1 + 0.2, "EUR").value == Decimal("0.30")
    assert money(12.5, "JPY").value is None


def test_another_currency_is_not_ours() -> None:
    assert money({"amount": "5.00", "currency": "USD"}, "RUB").value is None
    assert money("5 €", "EUR").value == Decimal(5)


@given(st.integers(-(10**12), 10**12))
def test_whole_numbers(number: int) -> None:
    for cell in (number, float(number), str(number), f"{number:,}".replace(",", " "), f"{number:,}"):
        assert whole(cell).value == number


def test_a_fraction_is_no_whole_number() -> None:
    assert (whole("5.5").value, whole("5.5").rest) == (None, "5.5")
    assert whole(True).value is None
