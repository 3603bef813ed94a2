"""Names taken apart, compared, and put together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.plugins.contacts.names import (
    Name,
    cased,
    comes_apart,
    compatible,
    fuller,
    name_block_key,
    name_order,
    near_identical,
    split_name,
)

WORDS = st.text(st.sampled_from("абвгдежзиклмнопрстуфхцчшщэюя"), min_size=2, max_size=10).map(str.capitalize)
NAMES = st.builds(Name, WORDS, WORDS, WORDS | st.just(""))


@pytest.mark.parametrize(
    ("full", "parts"),
    [
        ("Мартынов Пахом", ("Мартынов", "Пахом", "")),
        ("Силина Марина", ("Силина", "Марина", "")),
        ("Марина Силина", ("Силина", "Марина", "")),
        ("Беспалова ТАТЬЯНА Рудольфовна", ("Беспалова", "Татьяна", "Рудольфовна")),
        ("Анна Петровна Иванова", ("Иванова", "Анна", "Петровна")),
        ("Анна Петровна", ("", "Анна", "Петровна")),
        ("Абрамович Роман", ("Абрамович", "Роман", "")),
        ("Кузьмич Илья Фомич", ("Кузьмич", "Илья", "Фомич")),
        ("Алиев Вагиф Гасан оглы", ("Алиев", "Вагиф", "Гасан оглы")),
        ("Юдина З.", ("Юдина", "З.", "")),
        ("Иванова А.П.", ("Иванова", "А.", "П.")),
        ("А. П. Иванова", ("Иванова", "А.", "П.")),
        ("Прохорова А. Аскольдовна", ("Прохорова", "А.", "Аскольдовна")),
        ("Ким И. Борисовна", ("Ким", "И.", "Борисовна")),
        ("Дурново Гурий", ("Дурново", "Гурий", "")),
        ("Гремислав Толстой", ("Толстой", "Гремислав", "")),
        ("Анна И.", ("И.", "Анна", "")),
        ("Анна", ("", "Анна", "")),
        ("Иванова", ("Иванова", "", "")),
        ("John Smith", ("Smith", "John", "")),
        ("Smith, John Paul", ("Smith", "John", "Paul")),
        ("Ivanova Anna", ("Ivanova", "Anna", "")),
        ("Людвиг ван Бетховен", ("ван Бетховен", "Людвиг", "")),
        ("Иванова (Петрова) Анна", ("Иванова (Петрова)", "Анна", "")),
        ("АННА ИВАНОВА-ПЕТРОВА", ("Иванова-Петрова", "Анна", "")),
        ("  иванова \u00a0 анна ", ("Иванова", "Анна", "")),
        ("Ким Ольга", ("Ким", "Ольга", "")),
        ("Иванова Анна Мария П.", ("Иванова", "Анна", "Мария П.")),
        ("", ("", "", "")),
    ],
)
def test_a_name_comes_apart(full: str, parts: tuple[str, str, str]) -> None:
    assert tuple(split_name(full)) == parts


@given(st.text(max_size=60))
def test_any_text_comes_apart_without_losing_a_letter(text: str) -> None:
    together = "".join(sorted(char for char in str(split_name(text)).casefold() if char.isalnum()))
    assert together == "".join(sorted(char for char in text.casefold() if char.isalnum()))


def test_the_order_of_a_column_decides_what_a_name_does_not() -> None:
    assert name_order(["Анна Орлова", "Вера Мельникова", "Пак Чан"]) == "first"
    assert name_order(["Орлова Анна", "Мельникова Вера Петровна"]) == "last"
    assert name_order(["Пак Чан"]) is None
    assert split_name("Пак Чан", "first") == Name("Чан", "Пак", "")
    assert split_name("Пак Чан") == Name("Пак", "Чан", "")


def test_what_is_more_than_a_name_is_left_whole() -> None:
    assert all(
        map(
            comes_apart,
            ("Орлова Анна", "иванова анна", "Иванова А.П.", "Людвиг ван Бетховен", "O'Brien John"),
        )
    )
    assert not any(
        map(
            comes_apart,
            ("", "Ольга с третьего этажа", "Анна маникюр", "Анна 2", "ООО Ромашка", "a b c d e f"),
        )
    )


def test_only_names_all_in_one_case_are_recased() -> None:
    assert [cased(text) for text in ("ТАТЬЯНА", "анна-мария", "МакДональд", "А.", "O'BRIEN")] == [
        "Татьяна",
        "Анна-Мария",
        "МакДональд",
        "А.",
        "O'Brien",
    ]


@given(NAMES)
def test_a_name_is_compatible_with_every_shorter_and_recased_form_of_itself(name: Name) -> None:
    last, first, middle = name
    for other in (
        name,
        Name(last.upper(), first, middle),
        Name(last, first.upper(), ""),
        Name(last, first[0] + ".", middle),
        Name(last, first[0], middle[:1]),
        Name("", first, ""),
        Name(last, "", ""),
        Name(first, last, middle),
        Name(last, first[:2] + ".", middle[:1] + "." if middle else ""),
        Name(),
    ):
        assert compatible(name, other)
        assert compatible(other, name)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("Орлова", "Анна", ""), ("Орлова", "Вера", "")),
        (("Орлова", "Анна", ""), ("Орлов", "Анна", "")),
        (("Орлова", "Анна", ""), ("Силина", "Анна", "")),
        (("Орлова", "Анна", "Петровна"), ("Орлова", "Анна", "Сергеевна")),
        (("Орлова", "А.", ""), ("Орлова", "Вера", "")),
        (("Орлова", "", ""), ("", "Анна", "")),
        (("", "Анна", ""), ("", "Аннабель", "")),
        (("Орлова", "Катя", ""), ("Орлова", "Екатерина", "")),
    ],
)
def test_contradicting_names_are_two_people(one: tuple[str, str, str], two: tuple[str, str, str]) -> None:
    assert not compatible(Name(*one), Name(*two))
    assert not compatible(Name(*two), Name(*one))


def test_yo_is_ye() -> None:
    assert compatible(Name("Королёва", "Алёна"), Name("КОРОЛЕВА", "Алена"))


@given(NAMES)
def test_the_fuller_name_never_loses_to_a_shorter_one(name: Name) -> None:
    last, first, middle = name
    for other in (
        Name(last.upper(), first.upper(), middle.upper()),
        Name(last, first[0] + ".", middle[:1] + "." if middle else ""),
        Name("", first, ""),
        Name(last, "", ""),
        Name(),
    ):
        assert fuller(name, other) == name
        assert fuller(other, name) == name


def test_two_names_complete_each_other() -> None:
    assert fuller(Name("Орлова", "А.", "Петровна"), Name("ОРЛОВА", "Анна", "")) == Name(
        "Орлова", "Анна", "Петровна"
    )
    assert fuller(Name("Орлова", "Анна", ""), Name("Анна", "Орлова", "Петровна")) == Name(
        "Орлова", "Анна", "Петровна"
    )
    assert fuller(Name("Королева", "Алена"), Name("Королёва", "Алёна")) == Name("Королёва", "Алёна", "")


def test_misspelt_names_are_near_and_relatives_are_not() -> None:
    anna = Name("Мельникова", "Анна", "Петровна")
    assert near_identical(anna, Name("Мельникова", "Анна", ""))
    assert near_identical(anna, Name("Мелникова", "Анна", "Петровна"))
    assert near_identical(anna, Name("Анна", "Мельникова", ""))
    assert not near_identical(anna, Name("Мельников", "Анна", ""))
    assert not near_identical(anna, Name("Мельникова", "Анна", "Сергеевна"))
    assert not near_identical(anna, Name("Мельникова", "Вера", "Петровна"))
    assert not near_identical(anna, Name("Мельникова", "А.", ""))
    assert not near_identical(Name("Иванов", "Александр"), Name("Иванов", "Александра"))
    assert not near_identical(Name(), Name())


def test_near_names_share_their_block() -> None:
    assert (
        name_block_key(Name("Мельникова", "Анна"))
        == name_block_key(Name("Анна", "Мелникова", "Петровна"))
        == "ам"
    )
    assert name_block_key(Name()) == ""
