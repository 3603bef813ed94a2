"""vCards of all three versions, and JSON in its usual shapes."""

from __future__ import annotations

import json
import quopri
from pathlib import Path
from typing import Any

import pytest

from parlour.records.tables import Table, TableError, open_table


def table_of(tmp_path: Path, content: str | bytes, name: str = "base.vcf") -> Table:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_table(path)


def card(*lines: str, version: str = "3.0") -> str:
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])


def only(table: Table) -> dict[str, Any]:
    (row,) = table.rows()
    return row.cells


def test_a_card_of_version_3(tmp_path: Path) -> None:
    table = table_of(
        tmp_path,
        card(
            "N:Орлова;Анна;Петровна;;",
            "FN:Анна Орлова",
            "TEL;TYPE=CELL:+79286176656",
            "TEL;TYPE=WORK,VOICE:8 (495) 123-45-67",
            "item1.TEL:+79226486766",
            "item1.X-ABLabel:_$!<Mother>!$_",
            "EMAIL;TYPE=INTERNET,PREF:Anna@Example.com",
            "BDAY:1956-04-08",
            "CATEGORIES:постоянный,VIP\\, важный",
            "NOTE:первая строка\\nвторая\\; всё",
            "ORG:Ромашка;Бухгалтерия",
            "TITLE:Главный бухгалтер",
            "ADR;TYPE=HOME:;кв. 5;ул. Ленина\\, 1;Москва;;101000;Россия",
            "URL:https://example.com",
            "X-SKYPE:anna",
        ),
    )
    assert (table.kind, table.count, table.problems) == ("vcf", 1, [])
    assert only(table) == {
        "Last name": "Орлова",
        "First name": "Анна",
        "Middle name": "Петровна",
        "Phones": [
            {"number": "+79286176656"},
            {"number": "8 (495) 123-45-67", "label": "work"},
            {"number": "+79226486766", "label": "Mother"},
        ],
        "E-mails": [{"address": "Anna@Example.com", "main": True}],
        "Birthday": "1956-04-08",
        "Tags": ["постоянный", "VIP, важный"],
        "Note": "первая строка\nвторая; всё",
        "Company": "Ромашка",
        "Department": "Бухгалтерия",
        "Position": "Главный бухгалтер",
        "Addresses": [
            {"street": "ул. Ленина, 1, кв. 5", "city": "Москва", "postcode": "101000", "country": "Россия"}
        ],
        "Website": "https://example.com",
        "X-SKYPE": "anna",
    }


def test_an_old_telephone_writes_quoted_printable_in_its_own_charset(tmp_path: Path) -> None:
    def quoted(text: str, charset: str) -> str:
        return quopri.encodestring(text.encode(charset)).decode("ascii").replace("\n", "\r\n")

    name = "".join(f"={byte:02X}" for byte in "Орлова;Анна;;;".encode())
    name = name.replace("=3B", ";")
    table = table_of(
        tmp_path,
        card(
            f"N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:{name[:70]}=\r\n{name[70:]}",
            "TEL;CELL;PREF:89286176656",
            "TEL;HOME:84951234567",
            f"NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=windows-1251:{quoted('заметка', 'cp1251')}",
            version="2.1",
        ),
    )
    cells = only(table)
    assert (cells["Last name"], cells["First name"], cells["Note"]) == ("Орлова", "Анна", "заметка")
    assert cells["Phones"] == [
        {"number": "89286176656", "main": True},
        {"number": "84951234567", "label": "home"},
    ]


def test_a_file_in_an_old_code_page_is_read(tmp_path: Path) -> None:
    content = card("N:Королёва;Мария;Сергеевна;;", "NOTE:Любит окрашивание и массаж", version="2.1").encode(
        "cp1251"
    )
    assert only(table_of(tmp_path, content))["Last name"] == "Королёва"


def test_a_card_of_version_4(tmp_path: Path) -> None:
    cells = only(
        table_of(
            tmp_path,
            card(
                'TEL;VALUE=uri;PREF=1;TYPE="voice,home":tel:+7-928-617-66-56',
                "FN:Anna",
                "BDAY:--0408",
                "GENDER:F",
                version="4.0",
            ),
        )
    )
    assert cells["Phones"] == [{"number": "+7-928-617-66-56", "label": "home", "main": True}]
    assert (cells["Full name"], cells["Birthday"], cells["Sex"]) == ("Anna", "--0408", "F")


def test_a_birthday_without_a_year_as_telephones_write_it(tmp_path: Path) -> None:
    cells = only(table_of(tmp_path, card("FN:Anna", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-08")))
    assert cells["Birthday"] == "--04-08"


def test_folded_lines_come_together(tmp_path: Path) -> None:
    cells = only(table_of(tmp_path, card("FN:Anna", "NOTE:one two", "  three", "\tfour")))
    assert cells["Note"] == "one two threefour"


def test_pictures_are_left_out_and_reported(tmp_path: Path) -> None:
    picture = "\r\n ".join(["PHOTO;ENCODING=b;TYPE=JPEG:" + "A" * 70, *["A" * 74] * 50])
    table = table_of(tmp_path, card("FN:Anna", picture, "TEL:89286176656"))
    assert set(only(table)) == {"Full name", "Phones"}
    assert [(problem.row, problem.column) for problem in table.problems] == [(1, "PHOTO")]


def test_the_name_shown_is_kept_when_it_says_more_than_the_parts(tmp_path: Path) -> None:
    assert "Full name" not in only(table_of(tmp_path, card("N:Орлова;Анна;;;", "FN:Орлова Анна")))
    assert (
        only(table_of(tmp_path, card("N:;;;;", "FN:Салон Ромашка", "ORG:Салон Ромашка")))["Full name"]
        == "Салон Ромашка"
    )
    assert (
        only(table_of(tmp_path, card("N:Орлова;Анна;;;", "FN:Анна (маникюр)")))["Full name"]
        == "Анна (маникюр)"
    )


def test_a_line_that_cannot_be_read_costs_a_problem_and_not_the_card(tmp_path: Path) -> None:
    table = table_of(tmp_path, card("FN:Anna", "no colon here", "TEL:89286176656"))
    assert only(table)["Unreadable lines"] == "no colon here"
    assert [(problem.row, problem.value) for problem in table.problems] == [(1, "no colon here")]


def test_cards_without_an_end_are_read_and_reported(tmp_path: Path) -> None:
    content = "BEGIN:VCARD\nFN:Anna\nBEGIN:VCARD\nFN:Vera\nEND:VCARD\nstray\nBEGIN:VCARD\nFN:Zoe\n"
    table = table_of(tmp_path, content)
    assert [(row.number, row.cells["Full name"]) for row in table.rows()] == [
        (1, "Anna"),
        (2, "Vera"),
        (3, "Zoe"),
    ]
    assert [problem.row for problem in table.problems] == [1, 2, 3]


def test_a_property_given_twice_gets_a_second_column(tmp_path: Path) -> None:
    cells = only(table_of(tmp_path, card("FN:Anna", "URL:https://a.example", "URL:https://b.example")))
    assert (cells["Website"], cells["Website (2)"]) == ("https://a.example", "https://b.example")


def test_json_as_a_list_an_object_or_lines(tmp_path: Path) -> None:
    people = [
        {"name": "Анна", "phones": [{"number": "+79286176656", "label": "дом"}]},
        {"name": "Вера", "city": {"name": "Москва"}},
    ]
    lines = "\n".join(json.dumps(one) for one in people)
    for content in (
        json.dumps(people),
        json.dumps({"total": 2, "items": people}),
        lines,
        json.dumps(people, indent=4),
    ):
        table = table_of(tmp_path, content, "base.json")
        assert (table.kind, table.columns) == ("json", ["name", "phones", "city.name"])
        assert [(row.number, row.cells) for row in table.rows()] == [
            (1, people[0]),
            (2, {"name": "Вера", "city.name": "Москва"}),
        ]


def test_json_keeps_amounts_whole_and_repeated_names_apart(tmp_path: Path) -> None:
    content = '[{"spent": {"amount": "12.50", "currency": "RUB"}, "phone": "1", "phone": "2"}]'
    assert only(table_of(tmp_path, content, "base.json")) == {
        "spent": {"amount": "12.50", "currency": "RUB"},
        "phone": "1",
        "phone (2)": "2",
    }


def test_json_longer_than_the_window_is_read_piece_by_piece(tmp_path: Path) -> None:
    people = [{"name": f"Клиент {number}", "note": "x" * 1000} for number in range(2000)]
    table = table_of(tmp_path, json.dumps(people, ensure_ascii=False), "base.json")
    assert (table.count, [row.cells for row in table.rows()]) == (2000, people)


def test_json_that_is_no_list_of_objects(tmp_path: Path) -> None:
    table = table_of(tmp_path, '[{"name": "Анна"}, 5, "x"]', "base.json")
    assert (table.count, [(problem.row, problem.value) for problem in table.problems]) == (
        1,
        [(2, "5"), (3, '"x"')],
    )
    for content, said in (
        ('[{"name": "Анна"}, {"name": ', "cannot be understood"),
        ('[{"name": "Анна"}', "cut off"),
        ('[{"name": "Анна",,}]', "cannot be understood"),
        ("[" * 100_000, "cannot be understood"),
        ("[{}]", "nothing"),
    ):
        with pytest.raises(TableError, match=said):
            table_of(tmp_path, content, "base.json")


def test_half_characters_in_json_become_visible(tmp_path: Path) -> None:
    table = table_of(tmp_path, '[{"name": "\\ud83d", "tags": ["\\ud83d"]}]', "base.json")
    assert only(table) == {"name": "\ufffd", "tags": ["\ufffd"]}
    assert [(problem.row, problem.column) for problem in table.problems] == [(1, "name")]
