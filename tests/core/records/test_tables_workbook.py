"""Workbooks: titles, totals, several sheets, formulas, merged cells, and archives that are none."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from parlour.records.tables import TableError, open_table

HEADINGS = ["№", "Ф.И.О.", "Телефон", "Дата рожд.", "Сумма"]


def people(sheet: xlsxwriter.worksheet.Worksheet, top: int = 0) -> None:
    for place, heading in enumerate(HEADINGS):
        sheet.write(top, place, heading)
    for row, name in enumerate(["Орлова Анна", "Мельникова Вера", "Силина Ольга"], 1):
        sheet.write_row(top + row, 0, [row, name, f"8(928)617-66-5{row}", f"0{row}.04.1974", row * 100])


def test_titles_and_totals_are_no_records(tmp_path: Path) -> None:
    path = tmp_path / "base.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Клиенты")
        sheet.merge_range("A1:E1", "База клиентов салона «Ромашка»")
        sheet.write(1, 0, "выгружено 01.03.2026")
        people(sheet, 3)
        sheet.write(7, 1, "ИТОГО")
        sheet.write(7, 4, 600)
    table = open_table(path)
    assert (table.kind, table.sheet, table.header_row, table.columns) == ("xlsx", "Клиенты", 4, HEADINGS)
    assert [row.number for row in table.rows()] == [5, 6, 7]
    assert [skipped.row for skipped in table.skipped] == [8]
    assert table.titles == ["База клиентов салона «Ромашка»", "выгружено 01.03.2026"]


def test_a_table_that_begins_away_from_the_corner_keeps_its_row_numbers(tmp_path: Path) -> None:
    path = tmp_path / "base.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(6, 3, ["Имя", "Телефон"])
        sheet.write_row(8, 3, ["Анна", "8(928)617-66-51"])
    table = open_table(path)
    assert (table.columns, table.header_row) == (["Имя", "Телефон"], 7)
    assert [(row.number, row.cells["Имя"]) for row in table.rows()] == [(9, "Анна")]


def test_the_fullest_sheet_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    path = tmp_path / "base.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Инструкция").write(0, 0, "Как заполнять")
        people(book.add_worksheet("Клиенты"))
        book.add_worksheet("Пусто")
    table = open_table(path)
    assert (table.sheet, table.sheets) == ("Клиенты", [("Инструкция", 1), ("Клиенты", 4), ("Пусто", 0)])
    assert "Инструкция" in table.problems[0].reason.interpolate()
    assert open_table(path, sheet="Инструкция").columns == ["Column 1"]
    with pytest.raises(TableError, match="no sheet"):
        open_table(path, sheet="Товары")


def test_formulas_without_a_result_and_errors_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "base.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        people(sheet)
        sheet.write_formula("E2", "=50+50", None, 100)
        sheet.write_formula("E3", "=1/0", None, "#DIV/0!")
        sheet.write_formula("E4", "=SUM(A1:A3)", None, "")
    # The library writes an empty result; most programs that make files by hand write none.
    changed = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                start = content.index(b"<f>SUM")
                end = content.index(b"</c>", start)
                content = content[:start] + b"<f>SUM(A1:A3)</f>" + content[end:]
                begin = content.rindex(b"<c ", 0, start)
                content = content[:begin] + b'<c r="E4">' + content[start:]
            target.writestr(entry.filename, content)
    path.write_bytes(changed.getvalue())
    table = open_table(path)
    assert [(problem.row, problem.column, problem.value) for problem in table.problems] == [
        (3, "Сумма", "#DIV/0!"),
        (4, "Сумма", "=SUM(A1:A3)"),
    ]
    assert [row.cells.get("Сумма") for row in table.rows()] == [100.0, None, None]


def test_dates_and_numbers_keep_their_kinds(tmp_path: Path) -> None:
    path = tmp_path / "base.xlsx"
    with xlsxwriter.Workbook(path, {"default_date_format": "dd.mm.yyyy"}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Имя", "ДР", "Телефон"])
        sheet.write(1, 0, "Анна")
        sheet.write_datetime(1, 1, date(1956, 4, 8))
        sheet.write_number(1, 2, 79227833359)
    cells = next(open_table(path).rows()).cells
    assert cells == {"Имя": "Анна", "ДР": date(1956, 4, 8), "Телефон": 79227833359.0}


def test_a_cell_merged_downwards_belongs_to_all_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "base.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Имя", "Телефон"])
        sheet.merge_range("A2:A3", "Анна")
        sheet.write(1, 1, "8(928)617-66-51")
        sheet.write(2, 1, "8(928)617-66-52")
        sheet.write_row(3, 0, ["Вера", "8(928)617-66-53"])
    assert [row.cells["Имя"] for row in open_table(path).rows()] == ["Анна", "Анна", "Вера"]


def test_a_title_across_the_table_is_no_record(tmp_path: Path) -> None:
    path = tmp_path / "base.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        people(sheet)
        sheet.merge_range("A5:E5", "Постоянные клиенты")
        sheet.write_row(5, 0, [4, "Кабанова Вероника", "8(928)617-66-54", "", 5])
    table = open_table(path)
    assert (table.count, [skipped.text for skipped in table.skipped]) == (4, ["Постоянные клиенты"])


def ods(path: Path, rows: str) -> None:
    space = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<?xml version="1.0"?><office:document-content xmlns:office="{space}:office:1.0" xmlns:table="{space}:table:1.0"'
        f' xmlns:text="{space}:text:1.0" office:version="1.2"><office:body><office:spreadsheet>'
        f'<table:table table:name="Лист1">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    manifest = (
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
        "</manifest:manifest>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)


def text_cell(text: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def test_open_document_sheets_are_read(tmp_path: Path) -> None:
    path = tmp_path / "base.ods"
    ods(
        path,
        f"<table:table-row>{text_cell('Имя')}{text_cell('Телефон')}</table:table-row>"
        f"<table:table-row>{text_cell('Анна')}{text_cell('8(928)617-66-51')}</table:table-row>"
        f"<table:table-row>{text_cell('Вера')}<table:table-cell table:formula='of:=[.A1]'/></table:table-row>"
        "<table:table-row table:number-rows-repeated='1048573'><table:table-cell table:number-columns-repeated='1024'/>"
        "</table:table-row>",
    )
    table = open_table(path)
    assert (table.kind, table.columns, table.count) == ("ods", ["Имя", "Телефон"], 2)
    assert [(problem.row, problem.column) for problem in table.problems] == [(3, "Телефон")]


def test_cells_repeated_without_end_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "base.ods"
    cell = text_cell("x").replace(
        "<table:table-cell", '<table:table-cell table:number-columns-repeated="1000"'
    )
    ods(path, f'<table:table-row table:number-rows-repeated="1000000">{cell}</table:table-row>')
    with pytest.raises(TableError, match="too large"):
        open_table(path)


def test_a_cell_far_away_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "base.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        people(sheet)
        sheet.write(1_048_575, 16_383, "x")
    with pytest.raises(TableError, match="too large"):
        open_table(path)


def test_formats_without_content_are_no_columns(tmp_path: Path) -> None:
    path = tmp_path / "base.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        people(sheet)
        for row in range(4):
            sheet.write_blank(row, 9_000, None, book.add_format({"bold": True}))
    assert open_table(path).columns == HEADINGS


def test_a_damaged_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "base.xlsx"
    with xlsxwriter.Workbook(path) as book:
        people(book.add_worksheet())
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(TableError, match="damaged"):
        open_table(path)
    broken = bytearray(content)
    broken[200:400] = b"\xff" * 200
    path.write_bytes(bytes(broken))
    with pytest.raises(TableError):
        open_table(path)
