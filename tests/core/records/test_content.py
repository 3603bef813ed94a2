"""What a file is, told by its content; and pictures made anew."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from parlour.errors import Refusal
from parlour.records import images
from parlour.records.content import UNKNOWN, content_type, safe_name

OFFICE = "application/vnd.openxmlformats-officedocument"


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **given: object
) -> bytes:
    out = io.BytesIO()
    image = Image.new(mode, size, 0)
    if mode == "RGB":
        image.paste((200, 30, 30), (0, 0, size[0] // 2, size[1]))
    image.save(out, kind, **given)
    return out.getvalue()


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return out.getvalue()


def open_document() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        made.writestr("content.xml", "<x/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"%PDF-1.7 ...", "application/pdf"),
        (picture(), "image/jpeg"),
        (picture("PNG"), "image/png"),
        (picture("GIF", mode="P"), "image/gif"),
        (picture("WEBP"), "image/webp"),
        (archive("[Content_Types].xml", "xl/workbook.xml"), f"{OFFICE}.spreadsheetml.sheet"),
        (archive("[Content_Types].xml", "word/document.xml"), f"{OFFICE}.wordprocessingml.document"),
        (open_document(), "application/vnd.oasis.opendocument.spreadsheet"),
        (archive("notes.txt"), "application/zip"),
        ("Анна;+7 913".encode(), "text/plain"),
        ("я".encode() * 5000, "text/plain"),
        (b"x" + "я".encode() * 5000, "text/plain"),
        ("Анна;+7 913".encode("cp1251"), UNKNOWN),
        (b"<!DOCTYPE html><script>alert(1)</script>", UNKNOWN),
        (b"\xef\xbb\xbf  <svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", UNKNOWN),
        (b"<?xml version='1.0'?><x/>", UNKNOWN),
        (b"harmless so far <script>", UNKNOWN),
        (b"#!/bin/sh\nrm -rf /", UNKNOWN),
        (b"MZ\x90\x00\x03", UNKNOWN),
        (b"PK\x03\x04 but not an archive", UNKNOWN),
        (b"RIFF....SVG ", UNKNOWN),
    ],
)
def test_the_content_decides_what_a_file_is(tmp_path: Path, content: bytes, expected: str) -> None:
    file = tmp_path / "innocent.png"
    file.write_bytes(content)
    assert content_type(file) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("photo.jpg", "photo.jpg"),
        ("C:\\Users\\anna\\договор.pdf", "договор.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x\x00.txt", "aSet-Cookie: x.txt"),
        ("exe.\u202egnp.scr", "exe.gnp.scr"),
        ("", "file"),
        ("...", "file"),
        ("x" * 500 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_a_name_is_only_a_name(given: str, expected: str) -> None:
    assert safe_name(given) == expected


def test_a_picture_made_anew_is_called_what_it_is() -> None:
    assert safe_name("scan.bmp", "image/jpeg", rename=True) == "scan.jpg"
    assert safe_name("photo.JPEG", "image/jpeg", rename=True) == "photo.JPEG"


def made(tmp_path: Path, content: bytes) -> tuple[Image.Image, str, int, int]:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(content)
    kind, width, height = images.photo(source, target)
    with Image.open(target) as found:
        found.load()
        return found, kind, width, height


def test_a_photo_is_turned_upright_and_forgets_where_it_was_taken(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    exif[0x010E] = "Anna at home"
    exif.get_ifd(0x8825)[2] = (55.0, 45.0, 0.0)
    found, kind, width, height = made(tmp_path, picture(size=(60, 40), exif=exif))
    assert (kind, width, height, found.size) == ("image/jpeg", 40, 60, (40, 60))
    assert not found.getexif()
    assert b"Anna" not in (tmp_path / "target").read_bytes()
    red = found.getpixel((20, 5))
    assert isinstance(red, tuple) and red[0] > 150, "the left half is on top now"


def test_a_photo_is_no_larger_than_a_screen_needs(tmp_path: Path) -> None:
    _found, _kind, width, height = made(tmp_path, picture(size=(5000, 1000)))
    assert (width, height) == (2048, 410)


def test_transparency_is_kept(tmp_path: Path) -> None:
    found, kind, _width, _height = made(tmp_path, picture("PNG", mode="RGBA"))
    assert (kind, found.mode) == ("image/png", "RGBA")


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "CMYK"), ("JPEG", "L"), ("PNG", "1"), ("PNG", "I;16")])
def test_other_colours_become_ordinary_ones(tmp_path: Path, kind: str, mode: str) -> None:
    found, _kind, _width, _height = made(tmp_path, picture(kind, mode=mode))
    assert found.mode == "RGB"


def test_what_hides_behind_a_picture_is_gone(tmp_path: Path) -> None:
    made(tmp_path, picture() + b"<script>alert(1)</script>")
    assert b"script" not in (tmp_path / "target").read_bytes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        (picture("TIFF"), "not a picture"),
        (picture(size=(400, 400))[:900], "damaged"),
        (b"", "not a picture"),
    ],
)
def test_what_cannot_be_read_as_a_picture_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes, said: str
) -> None:
    source = tmp_path / "source"
    source.write_bytes(content)
    with pytest.raises(Refusal, match=said):
        images.photo(source, tmp_path / "target")


@pytest.mark.parametrize("edge", [7_100, 20_000])
def test_a_small_file_that_claims_to_be_an_enormous_picture_is_refused_unread(
    tmp_path: Path, edge: int
) -> None:
    source = tmp_path / "bomb.png"
    Image.new("1", (edge, edge)).save(source, "PNG")
    assert source.stat().st_size < 200_000
    with pytest.raises(Refusal, match="million pixels"):
        images.photo(source, tmp_path / "target")
