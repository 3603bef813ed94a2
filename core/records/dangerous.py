"""Files that are not kept at all: programs, and office files with macros. A picture of them is no use to a salon, and
whoever opens one at the desk runs it.

Pages and SVG are kept, because people do keep them; they are only ever handed over for saving (`file_views`).
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import Any

from parlour.i18n import _

_PROGRAMS = (
    b"MZ",  # Windows
    b"\x7fELF",  # Linux
    b"\xfe\xed\xfa\xce",  # macOS, in its four orders and as a bundle of several
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",  # also Java classes
    b"#!",  # scripts
    b"L\x00\x00\x00\x01\x14\x02\x00",  # shortcuts of Windows
    b"dex\n",  # Android
    b"\x00asm",
)
# What runs by its name alone when somebody opens it. Their content is plain text or an ordinary archive.
_ENDINGS = frozenset(
    [
        "exe",
        "com",
        "scr",
        "pif",
        "cpl",
        "dll",
        "sys",
        "msi",
        "msp",
        "mst",
        "bat",
        "cmd",
        "ps1",
        "psm1",
        "vb",
        "vbs",
        "vbe",
        "js",
        "jse",
        "mjs",
        "ws",
        "wsf",
        "wsh",
        "hta",
        "sct",
        "reg",
        "inf",
        "lnk",
        "url",
        "scf",
        "jar",
        "jnlp",
        "apk",
        "app",
        "dmg",
        "pkg",
        "deb",
        "rpm",
        "sh",
        "bash",
        "desktop",
        "appimage",
        "gadget",
        "application",
        "chm",
        "hlp",
        "settingcontent-ms",
    ]
)
_MACRO_ENDINGS = frozenset(
    ["docm", "dotm", "xlsm", "xltm", "xlam", "xla", "pptm", "potm", "ppam", "ppsm", "sldm", "xlm"]
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The stream that holds macros in the older office formats, as its name stands in the file.
_OLE_MACROS = "_VBA_PROJECT".encode("utf-16-le")
# The list of parts of an office file is some kB; what it unpacks to beyond this is not read.
LISTED = 1_000_000
MEMBERS = 50_000
_UNREADABLE = (zipfile.BadZipFile, OSError, ValueError, RuntimeError, EOFError)
_PROGRAM = _("Programs and scripts cannot be kept here.")
_MACROS = _("Office files with macros cannot be kept here. Save it without macros and try again.")


def danger(path: Path, name: str) -> Any:
    """Why a file may not be kept, in a sentence for who uploads it; None when it may."""
    ending = PurePosixPath(name.replace("\\", "/").rstrip(". ")).suffix.lstrip(".").lower()
    with path.open("rb") as file:
        head = file.read(16)
    if ending in _ENDINGS or (head.startswith(_PROGRAMS) and not _only_looks_like_one(head)):
        return _PROGRAM
    if ending in _MACRO_ENDINGS or (head.startswith(_OLE) and _OLE_MACROS in path.read_bytes()):
        return _MACROS
    return _in_archive(path) if head.startswith(b"PK\x03\x04") else None


def _only_looks_like_one(head: bytes) -> bool:
    """Text may begin with the two letters of a program for Windows; a program has zeros soon after."""
    return head.startswith(b"MZ") and b"\x00" not in head


def _read(archive: zipfile.ZipFile) -> bytes:
    """The list of parts of an office file in lower case; empty where there is none that can be read."""
    try:
        with archive.open("[Content_Types].xml") as types:
            return types.read(LISTED).lower()
    except (KeyError, zlib.error, LZMAError, *_UNREADABLE):
        return b""


def _in_archive(path: Path) -> Any:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()[:MEMBERS]
            listed = _read(archive)
    except _UNREADABLE:
        return None
    if _has_macros([name.lower() for name in names], listed):
        return _MACROS
    return _PROGRAM if {"AndroidManifest.xml", "META-INF/MANIFEST.MF"} & set(names) else None


def _has_macros(names: Sequence[str], listed: bytes) -> bool:
    return (
        b"macroenabled" in listed
        or b"vbaproject" in listed
        or any(name.endswith("vbaproject.bin") for name in names)
        # OpenDocument keeps them as Basic or as scripts.
        or (
            any(name.startswith(("basic/", "scripts/")) and not name.endswith("/") for name in names)
            and "mimetype" in names
        )
    )
