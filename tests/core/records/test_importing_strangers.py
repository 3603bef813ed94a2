"""Bases that no one had in mind: nothing in them is lost, and bringing one in again changes nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from parlour.db.session import Session
from tests.core.records.test_importing import bring_in, everyone, table


def test_a_number_without_a_name_becomes_a_card_called_by_it_until_the_name_comes(
    session: Session, tmp_path: Path
) -> None:
    path = table(
        tmp_path, ["Name", "Phone", "Note"], ["", "89031112233", "called at noon"], ["", "", "nobody"]
    )
    done = bring_in(session, path)
    assert (done.created, done.rejected) == (1, 1)
    # A row that is refused is listed with all that it says.
    assert [(one.row, one.value) for one in done.problems] == [(3, "nobody")]
    (card,) = everyone(session)
    assert (card["name"], card["note"], card["last_name"]) == ("+79031112233", "called at noon", None)
    again = bring_in(session, path)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 1)

    named = table(tmp_path, ["Name", "Phone"], ["Иванова Анна", "+7 903 111-22-33"], name="named.csv")
    assert bring_in(session, named).updated == 1
    (card,) = everyone(session)
    assert (card["name"], card["first_name"]) == ("Иванова Анна", "Анна")
    assert bring_in(session, path).unchanged == 1


def test_a_name_too_long_for_its_field_is_cut_and_stands_whole_in_the_note(
    session: Session, tmp_path: Path
) -> None:
    path = table(tmp_path, ["Name", "Phone"], ["Я" * 10_000, "+79161112255"], ["Анна", "+79161112256"])
    done = bring_in(session, path)
    assert (done.created, done.rejected) == (2, 0)
    long, _short = everyone(session)
    assert len(long["name"]) <= 300 and "Я" * 10_000 in long["note"]
    assert [line["number"] for line in long["phones"]] == ["+79161112255"]
    assert bring_in(session, path).unchanged == 2


def test_the_sex_is_understood_by_its_letter(session: Session, tmp_path: Path) -> None:
    path = table(
        tmp_path,
        ["Name", "Gender"],
        *[[f"Client {word}", word] for word in ("F", "m", "ж", "Муж.", "female", "мужской", "other")],
    )
    done = bring_in(session, path)
    assert [row["sex"] for row in everyone(session)] == [
        "female", "male", "female", "male", "female", "male", None,
    ]  # fmt: skip
    assert [(one.row, one.value) for one in done.problems if one.column == "Gender"] == [(8, "other")]


def test_a_row_of_totals_is_no_client_and_is_listed(session: Session, tmp_path: Path) -> None:
    clients = [[f"Client {n}", f"+7916111220{n}", "10"] for n in range(5)]
    done = bring_in(session, table(tmp_path, ["Name", "Phone", "Paid"], *clients, ["Total", "", "50"]))
    assert (done.rows, done.created, done.skipped) == (5, 5, 0)
    assert [(one.row, one.value) for one in done.problems] == [(7, "Total | 50")]


def test_a_part_of_a_cell_that_was_understood_is_not_called_no_phone(
    session: Session, tmp_path: Path
) -> None:
    path = table(tmp_path, ["Name", "Phone"], ["Anna", "8 916 111-22-01, мама +7 495 765-43-21"])
    (problem,) = bring_in(session, path).problems
    assert "the whole is in the note" in str(problem.reason)
    (anna,) = everyone(session)
    assert [line["number"] for line in anna["phones"]] == ["+79161112201", "+74957654321"]
    assert "мама +7 495 765-43-21" in anna["note"]


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_shared_phones_and_shortened_names_is_settled_by_the_first_import(
    session: Session, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    lasts, firsts, middles = (
        ("Иванова", "Петрова", "Ив.", ""),
        ("Анна", "А.", "Алла", ""),
        ("Ильинична", "И.", ""),
    )
    phones = [f"+7916111220{n}" for n in range(4)]
    rows = [
        [
            chance.choice(lasts),
            chance.choice(firsts),
            chance.choice(middles),
            "; ".join(chance.sample(phones, chance.randint(1, 2))),
            chance.choice(["", "a@example.com", "B@example.com"]),
            chance.choice(["", "01.02.1990", "02.03.1991"]),
            chance.choice(["", "10", "20"]),
            chance.choice(["", "one", "two"]),
        ]
        for _ in range(40)
    ]
    path = table(
        tmp_path,
        ["Last name", "First name", "Middle name", "Phone", "E-mail", "Birthday", "Spent", "Note"],
        *rows,
    )
    bring_in(session, path)
    before = everyone(session)
    again = bring_in(session, path)
    assert (again.created, again.updated, again.rejected) == (0, 0, 0)
    assert everyone(session) == before


def test_a_name_that_contradicts_its_parts_stays_in_the_note(session: Session, tmp_path: Path) -> None:
    path = table(
        tmp_path,
        ["Client", "First name", "Last name", "Phone"],
        ["Аня с пятого этажа", "Анна", "Иванова", "+79161112201"],
        ["Petrova A.", "Anna", "Petrova", "+79161112202"],
        ["Boris", "Ivan", "", "+79161112203"],
    )
    done = bring_in(session, path)
    assert [(one.row, one.value) for one in done.problems] == [(2, "Аня с пятого этажа"), (4, "Boris")]
    assert [(row["name"], row["note"]) for row in everyone(session)] == [
        ("Иванова Анна", "name: Аня с пятого этажа"),
        ("Petrova Anna", None),
        ("Ivan", "name: Boris"),
    ]
    assert bring_in(session, path).unchanged == 3


def test_parts_of_a_name_in_capitals_get_small_letters_like_whole_names(
    session: Session, tmp_path: Path
) -> None:
    path = table(
        tmp_path,
        ["Фамилия", "Имя", "Телефон"],
        ["НҰРЛАНОВА", "АЙГЕРІМ", "+79161112201"],
        ["Лукашевіч", "Алесь", "+79161112202"],
    )
    bring_in(session, path)
    assert sorted(row["name"] for row in everyone(session)) == ["Лукашевіч Алесь", "Нұрланова Айгерім"]
    assert bring_in(session, path).unchanged == 2


def test_a_company_is_told_by_its_form_or_by_what_the_file_calls_it(session: Session, tmp_path: Path) -> None:
    path = table(
        tmp_path,
        ["Клиент", "Тип", "Телефон"],
        ["ООО «Ёж № 1»", "", "+79161112201"],
        ["Ромашка", "юр. лицо", "+79161112202"],
        ["Иванова Анна", "Физ. лицо", "+79161112203"],
        ["Lak Studio Ltd.", "", "+79161112204"],
    )
    bring_in(session, path)
    assert sorted((row["name"], row["kind"]) for row in everyone(session)) == [
        ("Lak Studio Ltd.", "company"),
        ("Иванова Анна", "person"),
        ("ООО «Ёж № 1»", "company"),
        ("Ромашка", "company"),
    ]
    assert bring_in(session, path).unchanged == 4


def test_a_name_that_is_none_stays_as_it_is_written_however_often_it_comes(
    session: Session, tmp_path: Path
) -> None:
    path = table(tmp_path, ["Name", "Phone"], ["ОЛЯ с третьего этажа", "+79161112201"])
    for expected in ((1, 0), (0, 1), (0, 1)):
        done = bring_in(session, path)
        assert (done.created, done.unchanged) == expected
    assert [row["name"] for row in everyone(session)] == ["ОЛЯ с третьего этажа"]


def test_addresses_of_an_address_book_in_columns_of_their_own(session: Session, tmp_path: Path) -> None:
    path = table(
        tmp_path,
        ["First Name", "Last Name", "Title", "Job Title", "Business Street", "Business City", "Business Postal Code",
         "Mobile Phone", "Gender"],
        *[
            [f"Anna{n}", "Orlova", "", "Manager", "Mira 5", "Omsk", "644000", f"+7916111220{n}", "Unspecified"]
            for n in range(5)
        ],
    )  # fmt: skip
    done = bring_in(session, path)
    assert done.problems == []
    anna = everyone(session)[0]
    assert (anna["profession"], len(anna["phones"])) == ("Manager", 1)
    (address,) = anna["addresses"]
    assert {name: address[name] for name in ("street", "city", "postcode")} == {
        "street": "Mira 5",
        "city": "Omsk",
        "postcode": "644000",
    }


def test_no_is_an_answer_where_others_say_yes(session: Session, tmp_path: Path) -> None:
    path = table(
        tmp_path,
        ["Name", "Phone", "Newsletter", "Second thing"],
        ["Anna", "+79161112201", "yes", "нет"],
        ["Boris", "+79161112202", "no", "blue"],
    )
    bring_in(session, path)
    assert {row["name"]: row["note"] for row in everyone(session)} == {
        "Anna": "Newsletter: yes",
        "Boris": "Newsletter: no\nSecond thing: blue",
    }


def test_a_tag_keeps_its_signs(session: Session, tmp_path: Path) -> None:
    path = table(tmp_path, ["Name", "Phone", "Tags"], ["Anna", "+79161112201", "№ 1; ½\u00a0price"])
    bring_in(session, path)
    (anna,) = everyone(session)
    assert sorted(tag["title"] for tag in anna["tags"]) == ["½ price", "№ 1"]
