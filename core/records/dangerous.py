"""Files that are not kept at all: programs, and office files with macros. A picture of them is no use to a salon, and
whoever opens one at the desk runs it.

Pages and SVG are kept, because people do keep them; they are only ever handed over for saving (`file_views`).
"""

from __future__ import annotations

import zipfile
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


def danger(path: Path, name: str) -> Any:
    """Why a file may not be kept, in a sentence for who uploads it; None when it may."""
    ending = PurePosixPath(name.replace("\\", "/").rstrip(". ")).suffix.lstrip(".").lower()
    with path.open("rb") as file:
        head = file.read(16)
    if ending in _ENDINGS or (head.startswith(_PROGRAMS) and not _only_looks_like_one(head)):
        return _("Programs and scripts cannot be kept here.")
    if ending in _MACRO_ENDINGS or _has_macros(path, head):
        return _("Office files with macros cannot be kept here. Save it without macros and try again.")
    if head.startswith(b"PK\x03\x04") and _is_program_archive(path):
        return _("Programs and scripts cannot be kept here.")
    return None


def _only_looks_like_one(head: bytes) -> bool:
    """Text may begin with the two letters of a program for Windows; a program has zeros soon after."""
    return head.startswith(b"MZ") and b"\x00" not in head


def _has_macros(path: Path, head: bytes) -> bool:
    if head.startswith(_OLE):
        return _OLE_MACROS in path.read_bytes()
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.lower() for name in archive.namelist()[:MEMBERS]]
            listed = b""
            if "[Content_Types].xml" in archive.namelist():
                with archive.open("[Content_Types].xml") as types:
                    listed = types.read(LISTED).lower()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError):
        return False
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


def _is_program_archive(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist()[:MEMBERS])
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    return "AndroidManifest.xml" in names or "META-INF/MANIFEST.MF" in names
