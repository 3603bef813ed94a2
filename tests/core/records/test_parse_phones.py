"""Phone numbers and e-mail addresses as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.records.parse import emails, phones

# Mobile numbers; the plan leaves most of those out that begin with 930-00.
NATIONAL = st.from_regex(r"\A9[0-9]{9}\Z").filter(
    lambda digits: len(set(digits)) > 1 and not digits.startswith("9300")
)
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2212"
BLANKS = " \u00a0\u2009\u202f"

SPELLINGS = (
    "8({0}){1}-{2}{3}",
    "8 ({0}) {1}-{2}-{3}",
    "+7 {0} {1} {2} {3}",
    "+7 ({0}) {1}-{2}-{3}",
    "+7{0}{1}{2}{3}",
    "7{0}{1}{2}{3}",
    "8{0}{1}{2}{3}",
    "{0}{1}{2}{3}",
    "8-{0}-{1}-{2}-{3}",
    " 8 {0} {1}{2}{3} ",
    "8.{0}.{1}.{2}.{3}",
    "8 {0} {1} {2} {3}",
    "({0}) {1}-{2}-{3}",
    "'+7{0}{1}{2}{3}",
    "тел. 8 {0} {1}-{2}-{3}",
    "моб: +7{0}{1}{2}{3}",
    "7{0}{1}{2}{3}.0",
    "+8 {0} {1} {2} {3}",
    "\u200e+7\u00a0{0}\u00a0{1}\u2011{2}\u2011{3}",
)


def written(national: str, spelling: str) -> str:
    return spelling.format(national[:3], national[3:6], national[6:8], national[8:])


@given(NATIONAL, st.sampled_from(SPELLINGS), st.sampled_from(DASHES), st.sampled_from(BLANKS))
def test_a_number_is_the_same_in_every_spelling(national: str, spelling: str, dash: str, space: str) -> None:
    text = written(national, spelling).replace("-", dash).replace(" ", space)
    found = phones(text, "RU")
    assert (found.values, found.rest) == ([f"+7{national}"], "")


@given(
    st.lists(NATIONAL, min_size=2, max_size=3, unique=True),
    st.lists(st.sampled_from(SPELLINGS[:9]), min_size=3, max_size=3),
    st.sampled_from([", ", ",", "; ", ";", "/", " / ", "\n", " и ", "  ", " ", "|", " ::: "]),
)
def test_several_numbers_in_a_cell_are_several_numbers(
    numbers: list[str], spellings: list[str], mark: str
) -> None:
    text = mark.join(
        written(number, spelling).strip() for number, spelling in zip(numbers, spellings, strict=False)
    )
    found = phones(text, "RU")
    assert (found.values, found.rest) == ([f"+7{number}" for number in numbers], "")


@given(NATIONAL)
def test_a_number_that_a_spreadsheet_made_a_float_comes_back(national: str) -> None:
    number = float(f"7{national}")
    for cell in (number, int(number), f"{number:.10E}", repr(number), f"{number:.10e}".replace(".", ",")):
        assert phones(cell, "RU").values == [f"+7{national}"]


@given(st.text(max_size=60))
def test_no_text_is_lost(text: str) -> None:
    found = phones(text, "RU")
    if any(char.isalnum() for char in text):
        assert found.found or found.rest


@pytest.mark.parametrize(
    "text",
    [
        "7,92278E+10",
        "7.92E+10",
        "223-33-44",
        "892278333599",
        "8 922 783 33",
        "нет",
        "0000000000",
        "+7 000 000 00 00",
        "8-XXX-1",
    ],
)
def test_what_is_no_number_stays_as_it_is_written(text: str) -> None:
    found = phones(text, "RU")
    assert (found.values, found.rest) == ([], text)


@pytest.mark.parametrize(
    ("text", "values", "rest"),
    [
        ("8 910 612-52-60 доб. 12", ["+79106125260"], "8 910 612-52-60 доб. 12"),
        ("8 910 612-52-60, доб.12", ["+79106125260"], "8 910 612-52-60, доб.12"),
        ("89106125260 мама", ["+79106125260"], "89106125260 мама"),
        ("89106125260, звонить после 18:00", ["+79106125260"], "89106125260, звонить после 18:00"),
        ("8(926)111-22-33/44", ["+79261112233"], "8(926)111-22-33/44"),
        ("тел. 8 910 612 52 60, дом. 223-33-44", ["+79106125260"], "дом. 223-33-44"),
    ],
)
def test_words_about_a_number_stay_with_it(text: str, values: list[str], rest: str) -> None:
    found = phones(text, "RU")
    assert (found.values, found.rest) == (values, rest)


def test_labels_are_understood() -> None:
    found = phones("раб. 8 495 123-45-67; 8 910 612 52 60 (мама), мама: 8 916 138 66 23", "RU")
    assert [(line.value, line.label) for line in found.found] == [
        ("+74951234567", "раб"),
        ("+79106125260", "мама"),
        ("+79161386623", "мама"),
    ]
    assert phones("мама: +79106125260", "RU").found[0].label == "мама"
    assert phones("тел: 8 910 612 52 60", "RU").found[0].label == ""


def test_foreign_numbers_need_their_plus_or_all_their_digits() -> None:
    assert phones("+49 30 901820", "RU").values == ["+4930901820"]
    assert phones("0049 30 901820", "RU").values == ["+4930901820"]
    assert phones("380501234567", "RU").values == ["+380501234567"]
    assert phones("030 901820", "DE").values == ["+4930901820"]
    assert phones("030 901820", None).values == []


def test_lines_of_other_programs_keep_label_and_main_mark() -> None:
    cell = [
        {"number": "8 922 783 33 59", "label": "work"},
        {"number": "+79106125260", "main": True},
        "8 916 138 66 23",
    ]
    found = phones(cell, "RU")
    assert [(line.value, line.label) for line in found.found] == [
        ("+79106125260", ""),
        ("+79227833359", "work"),
        ("+79161386623", ""),
    ]
    assert phones('[{"number": "+79227833359", "label": "a; b"}]', "RU").found[0].label == "a; b"


def test_a_repeated_number_stands_once() -> None:
    assert phones("8 922 783 33 59, +79227833359", "RU").values == ["+79227833359"]


@pytest.mark.parametrize(
    ("text", "values", "rest"),
    [
        ("IVANOVA@MAIL.RU", ["ivanova@mail.ru"], ""),
        ("a@b.ru, C@d.com", ["a@b.ru", "c@d.com"], ""),
        ("a@b.ru c@d.com", ["a@b.ru", "c@d.com"], ""),
        ("a@b.ru ::: c@d.com", ["a@b.ru", "c@d.com"], ""),
        ("mailto:a@b.ru", ["a@b.ru"], ""),
        ("Почта: a@b.ru", ["a@b.ru"], ""),
        ("<a@b.ru>", ["a@b.ru"], ""),
        ("Анна <a@b.ru>", ["a@b.ru"], "Анна <a@b.ru>"),
        ("ivanova@", [], "ivanova@"),
        ("ivanova@mail,ru", [], "ivanova@mail,ru"),
        ("a@b.ru; нет", ["a@b.ru"], "нет"),
        ("иван@почта.рф", ["иван@почта.рф"], ""),
    ],
)
def test_addresses_of_e_mail(text: str, values: list[str], rest: str) -> None:
    found = emails(text)
    assert (found.values, found.rest) == (values, rest)


def test_a_label_of_an_address_comes_back_from_one_cell() -> None:
    assert [(line.value, line.label) for line in emails("work: a@b.ru; c@d.ru").found] == [
        ("a@b.ru", "work"),
        ("c@d.ru", ""),
    ]
    assert emails("a@b.ru (work)").found[0].label == "work"
