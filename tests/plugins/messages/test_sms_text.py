"""How long an SMS is, and Russian in Latin letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.plugins.messages.channels.sms_text import in_latin, plain, size_of


@pytest.mark.parametrize(
    ("text", "characters", "parts"),
    [
        ("", 0, 1),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("€" * 80, 160, 1),
        ("€" * 81, 162, 2),
        ("ж" * 70, 70, 1),
        ("ж" * 71, 71, 2),
        ("ж" * 134, 134, 2),
        ("ж" * 135, 135, 3),
        ("😀" * 35, 70, 1),
        ("😀" * 36, 72, 2),
        # Thirty-three fit into a part of 67 units, because none is cut in two.
        ("😀" * 66, 132, 2),
        ("😀" * 67, 134, 3),
        # An escape sequence is not cut in two either.
        ("a" * 152 + "€" + "a" * 152, 306, 3),
    ],
)
def test_an_sms_is_as_long_as_the_network_counts_it(text: str, characters: int, parts: int) -> None:
    size = size_of(text)
    assert (size.characters, size.parts) == (characters, parts)


@pytest.mark.parametrize(
    ("text", "latin"),
    [
        ("Анна, ждём вас 5 мая в 14:30", "Anna, zhdem vas 5 maya v 14:30"),
        ("Щука и ЩУКА, Юлия", "Schuka i SCHUKA, Yuliya"),
        ("Я", "Ya"),
        ("ОБЪЁМ", "OBEM"),
        ("Салон «Жасмин» — №1…", 'Salon "Zhasmin" - N1...'),
        ("1\u202f200\xa0₽", "1 200 rub."),
        ("Łódź", "Łódź"),
    ],
)
def test_russian_is_written_in_latin_letters(text: str, latin: str) -> None:
    assert in_latin(text) == latin


@given(
    st.text(alphabet="абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ .,!?0123456789«»—")
)
def test_what_is_written_in_latin_letters_costs_no_unicode(text: str) -> None:
    assert not size_of(in_latin(text)).unicode


def test_a_narrow_blank_does_not_double_the_price() -> None:
    assert size_of("2:30\u202fPM").unicode
    assert not size_of(plain("2:30\u202fPM")).unicode
