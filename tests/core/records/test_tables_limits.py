"""Files that are too much, or nothing: each is refused with one sentence, quickly and in little memory."""

from __future__ import annotations

import os
import struct
import zipfile
from pathlib import Path

import pytest

from parlour.records.tables import TableError, base, open_table


def refused(path: Path, name: str | None = None) -> str:
    with pytest.raises(TableError) as refusal:
        open_table(path, name)
    text = str(refusal.value)
    assert text
    assert "\n" not in text
    assert "${" not in text
    return text


def workbook(path: Path, parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        for name, content in parts.items():
            archive.writestr(name, content)


def test_a_large_file_that_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "clients.xlsx"
    with path.open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    assert "not a workbook" in refused(path)
    path.write_bytes(os.urandom(1024 * 1024))
    assert "not a workbook" in refused(path)
    path.write_bytes(b"A" * (9 * 1024 * 1024))
    assert "not a table" in refused(path)


def test_a_text_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "clients.csv"
    with path.open("wb") as file:
        file.write(b"Name;Phone\n" + b"Anna;89286176656\n" * 100_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("parlour.records.tables.open.MAX_TEXT_BYTES", 1024 * 1024)
        assert "MB" in refused(path)
    assert open_table(path).count == 100_000


def test_an_archive_that_unpacks_to_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "clients.xlsx"
    workbook(path, {"xl/worksheets/sheet1.xml": b" " * (400 * 1024 * 1024)})
    assert path.stat().st_size < 1024 * 1024
    assert "unpacks" in refused(path)


def test_an_archive_that_lies_about_its_size(tmp_path: Path) -> None:
    path = tmp_path / "clients.xlsx"
    workbook(path, {"xl/worksheets/sheet1.xml": b" " * (400 * 1024 * 1024)})
    content = bytearray(path.read_bytes())
    declared = struct.pack("<I", 400 * 1024 * 1024)
    while (at := content.find(declared)) >= 0:
        content[at : at + 4] = struct.pack("<I", 1000)
    path.write_bytes(bytes(content))
    with zipfile.ZipFile(path) as archive:
        assert sum(entry.file_size for entry in archive.infolist()) < 2000
    assert "unpacks" in refused(path)


def test_too_many_columns(tmp_path: Path) -> None:
    path = tmp_path / "clients.csv"
    path.write_text(
        ";".join(f"Column {number}" for number in range(3000)) + "\n" + ";".join("x" * 3000) + "\n"
    )
    assert "3,000 columns" in refused(path)
    path.write_text("Name;Phone\n" * 400 + ";".join("x" * 3000) + "\n")
    assert "3,000 columns" in refused(path)
    path.write_text("[{" + ", ".join(f'"field{number}": 1' for number in range(3000)) + "}]")
    assert "columns" in refused(path)


def test_too_many_columns_in_a_workbook(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "clients.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for row in range(3):
            sheet.write_row(row, 0, [f"x{number}" for number in range(3000)])
    assert "3,000 columns" in refused(path)


def test_too_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "clients.csv"
    path.write_text("Name;Phone\n" + "Anna;89286176656\n" * 1000)
    monkeypatch.setattr("parlour.records.tables.grid.MAX_ROWS", 999)
    assert "rows" in refused(path)
    monkeypatch.setattr("parlour.records.tables.grid.MAX_ROWS", 1000)
    assert open_table(path).count == 1000


def test_a_cell_that_is_too_long_is_left_out_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "clients.csv"
    path.write_text(
        f"Name;Phone;Note\nAnna;89286176656;{'x' * (base.MAX_CELL + 1)}\nVera;89286176657;{'y' * 10_000}\n"
    )
    table = open_table(path)
    rows = list(table.rows())
    assert "Note" not in rows[0].cells
    assert rows[1].cells["Note"] == "y" * 10_000
    assert [(problem.row, problem.column, len(problem.value)) for problem in table.problems] == [
        (2, "Note", 200)
    ]


def test_an_empty_file_a_folder_and_a_missing_one(tmp_path: Path) -> None:
    path = tmp_path / "clients.csv"
    for content in (b"", b"\xef\xbb\xbf", b"\n\n  \n"):
        path.write_bytes(content)
        assert "empty" in refused(path)
    path.write_bytes(b";;;\n;;\n")
    assert "nothing" in refused(path)
    assert "folder" in refused(tmp_path)
    assert "cannot be read" in refused(tmp_path / "absent.csv")


def test_other_kinds_of_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "clients.csv"
    for content, said in (
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"<html><table><tr><td>Name</td></tr></table></html>", "web page"),
        (b'<?xml version="1.0"?><Workbook/>', "XML"),
    ):
        path.write_bytes(content)
        assert said in refused(path)


def test_an_archive_without_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "clients.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("clients.csv", "Name;Phone")
    assert "archive" in refused(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")
    assert "text document" in refused(path)
    with zipfile.ZipFile(path, "w"):
        pass
    assert "empty" in refused(path)


def test_an_old_workbook_of_garbage_and_a_protected_one(tmp_path: Path) -> None:
    path = tmp_path / "clients.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + os.urandom(4096))
    assert "cannot be opened" in refused(path)
    path = tmp_path / "clients.xlsx"
    workbook(path, {"xl/worksheets/sheet1.xml": b"<worksheet/>"})
    content = bytearray(path.read_bytes())
    # The flag that says "encrypted" in both headers of the first part.
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(content))
    assert "password" in refused(path)


def test_the_name_that_the_user_knows_is_in_the_sentence(tmp_path: Path) -> None:
    path = tmp_path / "upload-1234"
    path.write_bytes(b"")
    assert "клиенты.csv" in refused(path, "клиенты.csv")


def test_headings_without_rows_are_nothing_to_read(tmp_path: Path) -> None:
    path = tmp_path / "clients.csv"
    path.write_text("Name;Phone\n", encoding="utf-8")
    assert "no rows" in refused(path)
    path.write_text("Name;Phone\nAnna;+79161112233\n", encoding="utf-8")
    assert open_table(path).count == 1
