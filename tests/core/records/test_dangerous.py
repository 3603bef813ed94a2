"""Hostile files: programs and macros are refused whatever they are called, and nothing of them is kept."""

from __future__ import annotations

import io
import zipfile

import pytest
from sqlalchemy import func, select

from parlour.errors import Refusal
from parlour.records import dangerous, files
from parlour.records.files import File, store
from tests.core.records.test_content import archive, open_document, picture

WORKBOOK = ("[Content_Types].xml", "xl/workbook.xml")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600
PROGRAM, MACROS = "Programs and scripts", "macros"


def office(content_types: str, *names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", content_types)
        for name in names:
            made.writestr(name, "x")
    return out.getvalue()


HOSTILE = {
    "a program for Windows that is called a picture": (b"MZ\x90\x00\x03\x00\x00\x00", "anna.jpg", PROGRAM),
    "a program for Linux": (b"\x7fELF\x02\x01\x01", "photo", PROGRAM),
    "a program for macOS": (b"\xcf\xfa\xed\xfe\x07\x00", "photo.png", PROGRAM),
    "a script": (b"#!/bin/sh\nrm -rf ~\n", "notes.txt", PROGRAM),
    "a shortcut": (b"L\x00\x00\x00\x01\x14\x02\x00\x00", "price list.pdf", PROGRAM),
    "a batch file by its name": (b"del *.*", "prices.txt.BAT", PROGRAM),
    "a script hidden behind dots and blanks": (b"alert(1)", "prices.js. . ", PROGRAM),
    "a Java archive": (archive("META-INF/MANIFEST.MF", "A.class"), "prices.zip", PROGRAM),
    "an Android package": (archive("AndroidManifest.xml", "classes.dex"), "prices.zip", PROGRAM),
    "a workbook with macros": (archive(*WORKBOOK, "xl/vbaProject.bin"), "prices.xlsx", MACROS),
    "one whose macros have another name": (
        office("vnd.ms-excel.sheet.macroEnabled.main+xml", "xl/x"),
        "a.xlsx",
        MACROS,
    ),
    "an older document with macros": (OLE + "_VBA_PROJECT".encode("utf-16-le"), "letter.doc", MACROS),
    "a document by its name": (archive("word/document.xml"), "letter.docm", MACROS),
}
HARMLESS = {
    "a picture": (picture(), "anna.jpg"),
    "a workbook": (archive(*WORKBOOK), "prices.xlsx"),
    "an OpenDocument table": (open_document(), "prices.ods"),
    "an older workbook": (OLE, "prices.xls"),
    "a text that begins like a program": (b"MZ is short for Marina Zakharova", "note.txt"),
    "an archive": (archive("notes.txt"), "notes.zip"),
    "a page": (b"<html><script>alert(1)</script></html>", "page.html"),
}


@pytest.fixture
def keep(session, settings):
    def upload(content, name, **given):
        return store(session, settings, io.BytesIO(content), name, record="contacts.contact", **given)

    return upload


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_in_one_sentence_and_leaves_nothing(tmp_path, case):
    content, name, said = HOSTILE[case]
    (tmp_path / "upload").write_bytes(content)
    assert said in str(dangerous.danger(tmp_path / "upload", name))


@pytest.mark.parametrize("case", HARMLESS)
def test_a_harmless_file_is_not(tmp_path, case):
    content, name = HARMLESS[case]
    (tmp_path / "upload").write_bytes(content)
    assert dangerous.danger(tmp_path / "upload", name) is None


def test_what_is_refused_is_not_kept_and_a_photo_is_looked_at_too(keep, session, settings):
    for case in ("a program for Windows that is called a picture", "a workbook with macros"):
        content, name, said = HOSTILE[case]
        for given in ({}, {"photo": True}):
            with pytest.raises(Refusal, match=said):
                keep(content, name, **given)
    assert session.scalar(select(func.count(File.id))) == 0
    assert not [path for path in settings.files.rglob("*") if path.is_file()]


def test_a_list_of_parts_that_unpacks_to_gigabytes_is_not_unpacked(tmp_path):
    """A kilobyte that would become a hundred million bytes: read as far as a list of parts ever goes."""
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as made:
        with made.open("[Content_Types].xml", "w") as types:
            for _ in range(100):
                types.write(b" " * 1_000_000)
        made.writestr("xl/workbook.xml", "x")
    read = []
    opened = zipfile.ZipExtFile.read

    def counted(self, n=-1):
        found = opened(self, n)
        read.append(len(found))
        return found

    zipfile.ZipExtFile.read = counted
    try:
        assert dangerous.danger(bomb, "bomb.xlsx") is None
    finally:
        zipfile.ZipExtFile.read = opened
    assert 0 < sum(read) <= dangerous.LISTED


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
@pytest.mark.parametrize(("part", "said"), [("word/document.xml", None), ("word/vbaProject.bin", "macros")])
def test_a_damaged_office_file_is_judged_by_the_names_of_its_parts(tmp_path, packing, part, said):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as made:
        made.writestr("[Content_Types].xml", "<Types>" + "wordprocessingml" * 40)
        made.writestr(part, "x")
    damaged = bytearray(out.getvalue())
    begin = 30 + len("[Content_Types].xml")
    damaged[begin : begin + 20] = b"\xff" * 20
    (tmp_path / "upload").write_bytes(damaged)
    found = dangerous.danger(tmp_path / "upload", "letter.docx")
    assert found is None if said is None else said in str(found)


def test_an_organisations_space_has_an_end(keep, session, settings, monkeypatch):
    from dataclasses import replace

    small = replace(settings, files_mb=1)
    half = b"x" * 600_000
    store(session, small, io.BytesIO(half), "one.txt", record="contacts.contact")
    with pytest.raises(Refusal, match="no space"):
        store(session, small, io.BytesIO(half), "two.txt", record="contacts.contact")
    store(session, replace(settings, files_mb=0), io.BytesIO(half), "two.txt", record="contacts.contact")
    monkeypatch.setattr(files, "MAX_FILES", 2)
    with pytest.raises(Refusal, match="no space"):
        keep(b"x", "three.txt")


def test_the_space_of_another_organisation_is_its_own(keep, engine, settings, other_organisation, session):
    from dataclasses import replace

    from parlour.testing import people

    keep(b"x" * 900_000, "one.txt")
    session.commit()
    with people.trusted(engine, other_organisation) as theirs:
        small = replace(settings, files_mb=1)
        assert store(theirs, small, io.BytesIO(b"x" * 900_000), "one.txt", record="contacts.contact").size
