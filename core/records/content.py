"""What a file is, told by its content: the name and the browser's word for it may say anything."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from pathlib import Path, PurePosixPath

UNKNOWN = "application/octet-stream"
# Pictures that every browser shows and none runs.
SHOWN = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
HEAD = 4096

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"{\\rtf", "application/rtf"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf'\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"avif": "image/avif",
    b"M4A ": "audio/mp4",
    b"qt  ": "video/quicktime",
}
_OFFICE = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
# An OpenDocument file begins with its own type, stored plainly under this name.
_OPEN_DOCUMENT = re.compile(
    rb"^PK\x03\x04.{26}mimetype(application/vnd\.oasis\.opendocument\.[a-z-]{1,40})PK", re.DOTALL
)
_ENDINGS = {"image/jpeg": (".jpg", ".jpeg"), "image/png": (".png",)}
NAME_LIMIT = 200


def content_type(path: Path) -> str:
    """The media type; "application/octet-stream" for what is unknown, or what a browser might run."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if head.startswith(b"PK\x03\x04"):
        return _zip_type(path, head)
    return "text/plain" if _plain_text(head) else UNKNOWN


def _zip_type(path: Path, head: bytes) -> str:
    document = _OPEN_DOCUMENT.match(head)
    if document:
        return document[1].decode("ascii")
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return UNKNOWN
    if "[Content_Types].xml" in names:
        for folder, found in _OFFICE.items():
            if any(name.startswith(folder) for name in names):
                return found
    return "application/zip"


def _plain_text(head: bytes) -> bool:
    """Text in UTF-8 in which nothing looks like markup or a script."""
    if b"\x00" in head:
        return False
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(head) < HEAD or error.start < HEAD - 4:  # not a character that is only cut off
            return False
        text = head[: error.start].decode("utf-8-sig")
    return "<" not in text and not text.startswith("#!")


def safe_name(name: str, kind: str = UNKNOWN, *, rename: bool = False) -> str:
    """A file's name without folders, control and direction characters, shortened before its ending.

    With `rename` the ending becomes the one of `kind`, for pictures that were made anew.
    """
    name = re.split(r"[\\/]", name)[-1]
    name = "".join(char for char in name if not unicodedata.category(char).startswith("C"))
    name = name.strip().strip(".") or "file"
    stem, ending = PurePosixPath(name).stem, PurePosixPath(name).suffix
    if rename and ending.lower() not in _ENDINGS[kind]:
        ending = _ENDINGS[kind][0]
    ending = ending[:20]
    return stem[: NAME_LIMIT - len(ending)] + ending
