"""What columns are taken for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from parlour.plugins.contacts.headings import ALIASES
from parlour.records.headings import Candidate, Guess, guess

SHAPES = {
    "phones": "phone",
    "emails": "email",
    "birthday": "day",
    "spent_before": "money",
    "name": "name",
    "last_name": "word",
    "first_name": "word",
    "middle_name": "word",
    "tags": "tags",
    "sex": "sex",
}
MANY = {"phones", "emails", "addresses", "tags", "note"}
CANDIDATES = [
    Candidate(name, (name, *titles), SHAPES.get(name, "text"), name in MANY)
    for name, titles in ALIASES.items()
]


def guesses(columns: Sequence[str], samples: dict[str, list[Any]] | None = None) -> list[Guess]:
    return guess(list(columns), samples or {}, CANDIDATES, "RU", "RUB")


def fields(columns: Sequence[str], samples: dict[str, list[Any]] | None = None) -> list[str | None]:
    return [found.field for found in guesses(columns, samples)]


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Фамилия", "last_name"),
        ("ФАМИЛИЯ КЛИЕНТА", "last_name"),
        ("Отч.", "middle_name"),
        ("Ф.И.О.", "name"),
        ("ФИО клиента", "name"),
        ("Фамилия, имя", "name"),
        ("Телефон", "phones"),
        ("Тел.", "phones"),
        ("Моб.", "phones"),
        ("моб. телефон", "phones"),
        ("Сотовый тел", "phones"),
        ("Контактный телефон (основной)", "phones"),
        ("Телефно", "phones"),
        ("Mobile Phone", "phones"),
        ("Phone 1 - Value", "phones"),
        ("E-mail", "emails"),
        ("e-mail address", "emails"),
        ("E-mail 2 - Value", "emails"),
        ("почта", "emails"),
        ("Эл. почта", "emails"),
        ("ДР", "birthday"),
        ("д.р.", "birthday"),
        ("Дата рожд.", "birthday"),
        ("День рождения", "birthday"),
        ("Date of Birth", "birthday"),
        ("Пол", "sex"),
        ("теги", "tags"),
        ("Метки", "tags"),
        ("Labels", "tags"),
        ("Откуда узнал(а)", "source"),
        ("Источник", "source"),
        ("оборот", "spent_before"),
        ("Сумма покупок, руб.", "spent_before"),
        ("Total Spent", "spent_before"),
        ("коммент", "note"),
        ("Комментарии", "note"),
        ("Примечание", "note"),
        ("Notes", "note"),
        ("Адрес", "addresses"),
        ("ИНН", "tax_number"),
    ],
)
def test_headings_as_people_type_them(heading: str, field: str) -> None:
    assert fields([heading]) == [field]


@pytest.mark.parametrize(
    "heading",
    [
        "№",
        "Дата последнего визита",
        "Мастер",
        "Имя мастера",
        "Телефон супруга",
        "Phonetic First Name",
        "Фото",
        "x",
    ],
)
def test_headings_about_something_else_stay_free(heading: str) -> None:
    assert fields([heading]) == [None]


def test_every_spelling_of_every_field_is_its_own() -> None:
    shared = {"name", "first_name"}
    for field, titles in ALIASES.items():
        for title in titles:
            (found,) = fields([title])
            assert found == field or {found, field} == shared, title


def test_one_column_for_one_value_and_many_for_many() -> None:
    columns = ["Телефон", "Доп. телефон", "Дата рождения", "ДР", "Примечание", "Комментарий"]
    found = guesses(columns)
    assert [one.field for one in found] == ["phones", "phones", "birthday", None, "note", "note"]
    assert "Дата рождения" in found[3].why.interpolate()  # type: ignore[attr-defined]


def test_values_tell_a_whole_name_from_a_first_name() -> None:
    whole = {"Имя": ["Орлова Анна", "Мельникова Вера Петровна", "Силина О."]}
    first = {"Имя": ["Анна", "Вера", "Ольга"], "Фамилия": ["Орлова", "Мельникова", "Силина"]}
    assert fields(["Имя"], whole) == ["name"]
    assert fields(["Фамилия", "Имя"], first) == ["last_name", "first_name"]


def test_values_that_contradict_a_heading_win() -> None:
    samples: dict[str, list[Any]] = {
        "Телефон": ["a@b.ru", "c@d.ru", "e@f.ru"],
        "Контакт": ["8(928)617-6656", "+79226486766", "89686346198"],
    }
    found = guesses(list(samples), samples)
    assert [one.field for one in found] == ["emails", "phones"]


def test_columns_without_headings_are_told_by_their_values() -> None:
    samples: dict[str, list[Any]] = {
        "Column 1": ["Орлова Анна", "Мельникова Вера", "Силина Ольга"],
        "Column 2": ["8(928)617-6656", "+79226486766", 89686346198.0],
        "Column 3": ["a@b.ru", "c@d.ru", "e@f.ru"],
        "Column 4": ["04.10.1974", "16.10.1965", "1982-01-15"],
        "Column 5": ["постоянный", "VIP", "невеста"],
    }
    assert fields(list(samples), samples) == ["name", "phones", "emails", "birthday", None]


def test_a_column_of_visits_is_no_column_of_birthdays() -> None:
    assert fields(["Column 1"], {"Column 1": ["04.10.2025", "16.10.2025", "2026-01-15"]}) == [None]


def test_the_columns_of_an_address_book_belong_together() -> None:
    columns = [
        "First Name",
        "Phone 1 - Label",
        "Phone 1 - Value",
        "Address 1 - Formatted",
        "Address 1 - City",
        "Website 1 - Label",
    ]
    found = {one.column: one for one in guesses(columns)}
    assert found["Phone 1 - Label"].field is None
    assert found["Phone 1 - Label"].label_of == "Phone 1 - Value"
    assert (
        found["Address 1 - City"].field,
        found["Address 1 - City"].part,
        found["Address 1 - City"].group,
    ) == (
        "addresses",
        "city",
        "Address 1",
    )
    assert found["Website 1 - Label"].label_of == ""


def test_kinds_of_phones_become_labels() -> None:
    assert [one.label for one in guesses(["Home Phone", "Рабочий телефон", "Моб. телефон"])] == [
        "home",
        "рабочий",
        "",
    ]


def test_columns_of_one_meaning_go_to_the_field_that_has_none_yet() -> None:
    candidates = [
        Candidate("tags", ("Tags", "Categories"), "tags", many=True),
        Candidate("categories", ("categories", "Categories"), "tags", many=True),
    ]
    assert [one.field for one in guess(["Tags", "Categories"], {}, candidates)] == ["tags", "categories"]
    assert [one.field for one in guess(["Categories"], {}, candidates)] == ["tags"]
