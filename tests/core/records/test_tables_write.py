"""What is written comes back as it was, in every format; and no spreadsheet runs any of it."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import vobject
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from parlour.records.parse import phones
from parlour.records.tables import TableError, open_table
from parlour.records.tables.write import write_csv, write_table, write_xlsx
from tests.support.examples import examples

# Everything that a person can type; control characters and lone surrogates are taken out where values are cleaned.
CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn"), include_characters="\n\t")
TEXTS = st.text(CHARACTERS, min_size=1, max_size=40) | st.sampled_from(
    [
        "=1+1",
        "+7 (928) 617-66-56",
        "-5",
        "@SUM(A1)",
        "\t=1",
        "'=1",
        "''=1",
        "'apostrophe",
        "'",
        "0012",
        '="0012"',
        "1e5",
        'она сказала "да"',
        "a;b,c|d\te",
        "две\nстроки",
        "😀 émoji",
        "_x0041_",
        "http://example.com",
        "ИТОГО",
        "null",
        "true",
        "#REF!",
        '=HYPERLINK("http://example.com")',
        "＝1+1",
    ]
)
VISIBLE = TEXTS.filter(lambda text: bool(text.strip("\ufeff\u200b \t\r\n\u00a0")))
NAMES = st.lists(
    st.text(st.sampled_from("абвгдежзиклмнопрстуфхцчшщэюя"), min_size=3, max_size=12), min_size=4, max_size=4
)
calm = settings(
    max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def cells(path: Path) -> Iterator[dict[str, Any]]:
    for row in open_table(path).rows():
        yield row.cells


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json", "vcf"])
@calm
@given(values=st.lists(st.tuples(VISIBLE, VISIBLE), min_size=1, max_size=5))
def test_any_text_comes_back_as_it_was(tmp_path: Path, kind: str, values: list[tuple[str, str]]) -> None:
    path = tmp_path / f"people.{kind}"
    # The first column is a phone, so that no row can be taken for a heading or a total.
    rows = [
        {"Phone": f"+7928617{place:04d}", "Comment": first, "Source": second}
        for place, (first, second) in enumerate(values)
    ]
    assert write_table(path, kind, ["Phone", "Comment", "Source"], rows) == len(rows)
    assert list(cells(path)) == rows


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@calm
@given(value=VISIBLE)
def test_every_delimiter_keeps_texts_whole(tmp_path: Path, delimiter: str, value: str) -> None:
    path = tmp_path / "people.csv"
    rows = [{"Phone": "+79286176656", "Comment": value, "Name": "Анна"}]
    write_csv(path, list(rows[0]), rows, delimiter=delimiter)
    assert list(cells(path)) == rows


@calm
@given(value=TEXTS)
def test_no_cell_of_a_csv_begins_like_a_formula(tmp_path: Path, value: str) -> None:
    path = tmp_path / "people.csv"
    write_csv(path, ["Name", "Comment"], [{"Name": "Анна", "Comment": value}])
    with path.open(encoding="utf-8-sig", newline="") as file:
        written = list(csv.reader(file))[1][1]
    assert not written.startswith(("=", "@", "\t", "\r", "\n", "＝", "＠"))
    assert not written.startswith(("+", "-")) or re.fullmatch(r"[+-]\d+([.,]\d+)?", written)


def test_phones_and_negative_numbers_stay_readable(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    write_csv(path, ["Phone", "Sum"], [{"Phone": "+79286176656; +79226486766", "Sum": "-12.50"}])
    assert path.read_text(encoding="utf-8-sig").splitlines()[1] == "+79286176656; +79226486766,-12.50"


@calm
@given(value=TEXTS)
def test_every_text_of_a_workbook_is_a_text(tmp_path: Path, value: str) -> None:
    path = tmp_path / "people.xlsx"
    write_xlsx(path, ["Comment"], [{"Comment": value}])
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "hyperlink" not in sheet
        assert "externalLink" not in " ".join(archive.namelist())
    assert CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[1] == [value]


def test_numbers_dates_and_truths_keep_their_kinds_in_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "people.xlsx"
    row = {
        "Name": "Анна",
        "Sum": 12.5,
        "Born": date(1956, 4, 8),
        "Old": date(1850, 1, 1),
        "VIP": True,
        "Long": 12345678901234567890,
    }
    write_xlsx(path, list(row), [row])
    assert next(cells(path)) == {**row, "Old": "1850-01-01", "Long": "12345678901234567890"}


def test_a_text_too_long_for_a_sheet_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "people.xlsx"
    path.write_text("the one before")
    with pytest.raises(TableError, match="Row 2"):
        write_xlsx(path, ["Note"], [{"Note": "x" * 32_768}])
    assert path.read_text() == "the one before"
    assert [one.name for one in tmp_path.iterdir()] == ["people.xlsx"]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json", "vcf"])
def test_a_file_appears_whole_or_not_at_all(tmp_path: Path, kind: str) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield {"Name": "Анна"}
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        write_table(tmp_path / f"people.{kind}", kind, ["Name"], rows())
    assert list(tmp_path.iterdir()) == []


PEOPLE: list[dict[str, Any]] = [
    {
        "Last name": "Орлова",
        "First name": "Анна",
        "Middle name": "Петровна",
        "Phones": [
            {"number": "+79286176656", "label": 'работа "новая"; до 18:00'},
            {"number": "+79226486766", "note": "^мама"},
        ],
        "E-mails": [{"address": "anna@example.com", "label": "home"}],
        "Addresses": [
            {"street": "ул. Ленина, 1; кв. 2", "city": "Москва", "postcode": "101000", "kind": "legal"}
        ],
        "Birthday": "--04-08",
        "Tags": ["постоянный", "VIP, важный"],
        "Note": "первая\nвторая \\n третья",
        "spent_before": {"amount": "12.50", "currency": "RUB"},
        "is_client": True,
        "Column: 1; «x»": "=1+1",
    },
    {"Full name": "Салон «Ромашка»", "Birthday": "1956-04-08", "Phones": [{"number": "+79286176657"}]},
]


def test_a_card_keeps_every_field(tmp_path: Path) -> None:
    path = tmp_path / "people.vcf"
    columns = list(dict.fromkeys(name for person in PEOPLE for name in person))
    write_table(path, "vcf", columns, PEOPLE)
    assert list(cells(path)) == PEOPLE
    assert max(len(line) for line in path.read_bytes().split(b"\r\n")) <= 75


def test_other_programs_understand_our_cards(tmp_path: Path) -> None:
    path = tmp_path / "people.vcf"
    write_table(path, "vcf", list(PEOPLE[0]), PEOPLE[:1])
    (card,) = vobject.readComponents(path.read_text(encoding="utf-8"))
    assert (card.n.value.family, card.n.value.given, card.fn.value) == (
        "Орлова",
        "Анна",
        "Анна Петровна Орлова",
    )
    assert [phone.value for phone in card.tel_list] == ["+79286176656", "+79226486766"]
    assert (card.adr.value.city, card.note.value) == ("Москва", "первая\nвторая \\n третья")
    assert card.categories.value == ["постоянный", "VIP, важный"]


@calm
@given(parts=NAMES, note=VISIBLE, label=VISIBLE)
def test_any_card_comes_back_as_it_was(tmp_path: Path, parts: list[str], note: str, label: str) -> None:
    path = tmp_path / "people.vcf"
    label = label.strip()
    person = {
        "Last name": parts[0].title(),
        "First name": parts[1].title(),
        "Phones": [{"number": "+79286176656", "label": label}],
        "Note": note,
        "Tags": parts[2:],
    }
    write_table(path, "vcf", list(person), [person])
    assert list(cells(path)) == [person]


def test_phones_with_labels_come_back_from_one_cell() -> None:
    assert [(line.value, line.label) for line in phones("work: +79286176656; +79226486766", None).found] == [
        ("+79286176656", "work"),
        ("+79226486766", ""),
    ]


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="docx"):
        write_table(tmp_path / "people.docx", "docx", [], [])
