"""Delimited text: encodings, delimiters, quotes, headings, totals, and what is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from parlour.records.tables import Table, TableError, open_table

HEADINGS = "Фамилия;Имя;Моб.;ДР;коммент"
ROWS = (
    "Королёва;Мария;8(928)617-6656;16/10/1965;Любит окрашивание",
    "Щербаков;Юрий;+7 922 648 67 66;;перезвонить вечером",
    "Эйхе;Анна;+79686346198;04.10.1974;аллергия на хну",
)


def table_of(tmp_path: Path, content: str | bytes, name: str = "base.csv", encoding: str = "utf-8") -> Table:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return open_table(path)


def texts(table: Table) -> list[list[object]]:
    return [list(row.cells.values()) for row in table.rows()]


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1251", "cp1251"),
        ("koi8-r", "koi8-r"),
        ("cp866", "cp866"),
        ("iso8859-5", "iso8859-5"),
        ("mac-cyrillic", "mac-cyrillic"),
    ],
)
def test_the_encoding_is_found_by_itself(tmp_path: Path, encoding: str, found: str) -> None:
    table = table_of(tmp_path, "\r\n".join([HEADINGS, *ROWS, ""]), encoding=encoding)
    assert (table.encoding, table.delimiter, table.header_row, table.count) == (found, ";", 1, 3)
    assert table.columns == HEADINGS.split(";")
    assert texts(table)[0] == ROWS[0].split(";")
    assert table.problems == []


def test_capitals_are_told_apart_too(tmp_path: Path) -> None:
    rows = "ФАМИЛИЯ;ИМЯ\nКОРОЛЁВА;МАРИЯ\nЩЕРБАКОВ;ЮРИЙ\nИВАНОВ;ПЁТР\n"
    for encoding in ("cp1251", "koi8-r", "cp866"):
        assert table_of(tmp_path, rows, encoding=encoding).encoding == encoding


def test_western_letters_are_no_russian_ones(tmp_path: Path) -> None:
    table = table_of(tmp_path, "Name,City\nJosé Muñoz,Köln\nFrançois Lefèvre,Orléans\n", encoding="cp1252")
    assert (table.encoding, texts(table)[0]) == ("cp1252", ["José Muñoz", "Köln"])


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found_by_itself(tmp_path: Path, delimiter: str) -> None:
    content = "\n".join([HEADINGS, *ROWS]).replace(";", delimiter)
    table = table_of(tmp_path, content, name="base.txt")
    assert (table.delimiter, table.count, len(table.columns)) == (delimiter, 3, 5)


def test_a_line_that_names_the_delimiter_is_no_record(tmp_path: Path) -> None:
    table = table_of(tmp_path, "sep=;\n" + "\n".join([HEADINGS, *ROWS]))
    assert (table.delimiter, table.header_row, [row.number for row in table.rows()]) == (";", 2, [3, 4, 5])


def test_one_column_needs_no_delimiter(tmp_path: Path) -> None:
    table = table_of(tmp_path, "Телефон\n8(928)617-6656\n+7 922 648 67 66\n")
    assert (table.delimiter, table.columns, table.count) == ("", ["Телефон"], 2)


def test_a_record_over_several_lines_has_the_number_of_its_first(tmp_path: Path) -> None:
    table = table_of(
        tmp_path, 'Имя;Телефон;Заметка\nАнна;8(928)617-6656;"одна\nдве; ""три"""\nВера;+79226486766;нет\n'
    )
    rows = list(table.rows())
    assert [row.number for row in rows] == [2, 4]
    assert rows[0].cells["Заметка"] == 'одна\nдве; "три"'


def test_a_quotation_mark_that_is_never_closed_costs_one_row_its_quote(tmp_path: Path) -> None:
    content = 'Имя;Телефон;Заметка\nАнна;8(928)617-6656;"вечером\nВера;+79226486766;утром\nЗоя;+79686346198;"днём"\n'
    table = table_of(tmp_path, content)
    assert [row.cells["Имя"] for row in table.rows()] == ["Анна", "Вера", "Зоя"]
    assert [row.cells["Заметка"] for row in table.rows()] == ["вечером", "утром", "днём"]
    assert [problem.row for problem in table.problems] == [2]


def test_quotes_inside_a_cell_are_letters(tmp_path: Path) -> None:
    table = table_of(tmp_path, 'Имя;Заметка\nАнна;салон "Ромашка" рядом\nВера;5" гвоздь\n')
    assert [row.cells["Заметка"] for row in table.rows()] == ['салон "Ромашка" рядом', '5" гвоздь']


def test_a_broken_sequence_is_reported_with_its_row(tmp_path: Path) -> None:
    content = "\n".join([HEADINGS, *ROWS]).encode().replace("Юрий".encode(), "Юри".encode() + b"\xd0")
    table = table_of(tmp_path, content)
    assert table.encoding == "utf-8"
    assert [(problem.row, problem.column, problem.value) for problem in table.problems] == [
        (3, "Имя", "Юри\ufffd")
    ]


def test_nul_characters_are_taken_out_and_reported(tmp_path: Path) -> None:
    table = table_of(tmp_path, "Имя;Телефон\nАн\0на;8(928)617-6656\n")
    assert next(table.rows()).cells["Имя"] == "Анна"
    assert [(problem.row, problem.column) for problem in table.problems] == [(2, "Имя")]


def test_titles_above_and_totals_below_are_no_records(tmp_path: Path) -> None:
    content = (
        "База салона «Ромашка»;;;\nвыгружено 01.03.2026;;;\n;;;\n№;Клиент;Телефон;Сумма\n1;Анна Орлова;8(928)617-6656;100\n"
        "2;Вера Мельникова;+79226486766;250,50\nИТОГО;;;350,50\n;;;\nВыгружено из программы;;;\n"
    )
    table = table_of(tmp_path, content)
    assert (table.header_row, table.count) == (4, 2)
    assert table.titles == ["База салона «Ромашка»", "выгружено 01.03.2026"]
    assert [(skipped.row, skipped.text) for skipped in table.skipped] == [
        (7, "ИТОГО | 350,50"),
        (9, "Выгружено из программы"),
    ]
    assert table.blank == 1


def test_a_last_row_of_sums_is_a_total_without_being_called_one(tmp_path: Path) -> None:
    people = "".join(f"Клиент {name};8928617665{place};{place}00\n" for place, name in enumerate("АБВГД", 1))
    table = table_of(tmp_path, f"Имя;Телефон;Сумма\n{people};;1500\n")
    assert (table.count, [skipped.row for skipped in table.skipped]) == (5, [7])


def test_a_client_called_total_with_a_phone_stays(tmp_path: Path) -> None:
    table = table_of(
        tmp_path,
        "Имя;Телефон;Метки\nTotal Beauty;8(928)617-6656;VIP\nВсеволод;+79226486766;\nСумма;89686346198;\n",
    )
    assert table.count == 3
    assert table.skipped == []


def test_headings_that_come_again_and_numbers_of_columns_are_no_records(tmp_path: Path) -> None:
    table = table_of(
        tmp_path, "Имя;Телефон;Метки\n1;2;3\nАнна;8(928)617-6656;VIP\nИмя;Телефон;Метки\nВера;+79226486766;\n"
    )
    assert [row.number for row in table.rows()] == [3, 5]
    assert [skipped.row for skipped in table.skipped] == [2, 4]


def test_a_table_without_headings_says_so(tmp_path: Path) -> None:
    table = table_of(
        tmp_path,
        "Мартынов Пахом;8(928)617-6656;VIP\nЛарионова Клавдия;+79226486766;\nСилина Ольга;+79686346198;VIP\n",
    )
    assert (table.header_row, table.columns, table.count) == (None, ["Column 1", "Column 2", "Column 3"], 3)
    assert len(table.problems) == 1


def test_lines_with_a_name_and_a_phone_are_no_headings(tmp_path: Path) -> None:
    table = table_of(tmp_path, "Орлова Анна 89161234567\nМельникова Вера 89161234568\n")
    assert (table.header_row, table.count) == (None, 2)


def test_a_first_client_without_a_phone_is_no_heading(tmp_path: Path) -> None:
    table = table_of(
        tmp_path,
        "Мартынов Пахом;;постоянный\nЛарионова Клавдия;+79226486766;постоянный\nСилина Ольга;+79686346198;VIP\n",
    )
    assert (table.header_row, table.count) == (None, 3)


def test_unknown_headings_are_headings_when_the_values_differ_from_them(tmp_path: Path) -> None:
    table = table_of(
        tmp_path, "Wer;Wohin;Wieviel\nAnna Orlowa;Berlin;12\nVera Melnik;Bonn;15\nOlga Silin;Köln;99\n"
    )
    assert (table.header_row, table.columns) == (1, ["Wer", "Wohin", "Wieviel"])


def test_repeated_and_empty_headings_get_names(tmp_path: Path) -> None:
    table = table_of(tmp_path, "Имя;Телефон;Телефон;;\nАнна;8(928)617-6656;+79226486766;заметка;\n")
    assert table.columns == ["Имя", "Телефон", "Телефон (2)", "Column 4"]
    assert next(table.rows()).cells["Column 4"] == "заметка"


def test_cells_beyond_the_headings_are_kept_and_reported(tmp_path: Path) -> None:
    table = table_of(tmp_path, "Имя;Телефон;Заметка\nАнна;8(928)617-6656;перезвонить; мастер Анна\n")
    assert next(table.rows()).cells["Column 4"] == " мастер Анна"
    assert [(problem.row, problem.column, problem.value) for problem in table.problems] == [
        (2, "Column 4", " мастер Анна")
    ]


def test_two_rows_of_headings_become_one(tmp_path: Path) -> None:
    content = ";Контакты;;\nФИО;Телефон;E-mail;Метки\nАнна Орлова;8(928)617-6656;a@b.ru;VIP\n"
    assert table_of(tmp_path, content).columns == ["ФИО", "Телефон", "E-mail", "Метки"]
    content = "ФИО;Контакты;;Метки\n;Телефон;E-mail;\nАнна Орлова;8(928)617-6656;a@b.ru;VIP\n"
    assert table_of(tmp_path, content).columns == ["ФИО", "Телефон", "E-mail", "Метки"]


def test_zeros_saved_by_a_formula_are_read(tmp_path: Path) -> None:
    assert next(table_of(tmp_path, 'Имя;Код\nАнна;="0012"\n').rows()).cells["Код"] == "0012"


def test_an_encoding_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "base.csv"
    path.write_text("Имя;Телефон\nАнна;1\n")
    with pytest.raises(TableError, match="encoding"):
        open_table(path, encoding="klingon")


def test_every_row_is_counted_however_many_there_are(tmp_path: Path) -> None:
    people = "".join(f"Клиент;8928{place:07d};заметка {place}\n" for place in range(5000))
    table = table_of(tmp_path, "Имя;Телефон;Заметка\n" + people)
    assert table.count == 5000
    assert [row.number for row in table.rows()] == list(range(2, 5002))
