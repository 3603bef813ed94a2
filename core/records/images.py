"""Pictures made anew: turned upright, without the place where they were taken, as large as a screen needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from parlour.errors import Refusal
from parlour.i18n import _

# Some 150 MB unpacked: more than nearly any camera makes. A file of a few kB may claim to be far larger.
MAX_PIXELS = 50_000_000
# Only decoders that are needed: every further one is one more door.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
LONGEST_EDGE = 2048
THUMB_EDGE = 320


def photo(source: Path, target: Path) -> tuple[str, int, int]:
    """Write the picture in `source` anew to `target`; returns its media type, width and height in pixels.

    JPEG, or PNG where parts are transparent. Raises Refusal for what is no picture, is damaged, or is too
    large.
    """
    picture = _upright(source, LONGEST_EDGE)
    # The profile says how to read the numbers of colours, which only stay what they are in these modes.
    profile = picture.info.get("icc_profile") if picture.mode in ("RGB", "RGBA") else None
    keep: dict[str, Any] = {"icc_profile": profile} if profile else {}
    if _transparent(picture):
        picture.convert("RGBA").save(target, "PNG", optimize=True, **keep)
        return "image/png", *picture.size
    picture.convert("RGB").save(target, "JPEG", quality=85, optimize=True, progressive=True, **keep)
    return "image/jpeg", *picture.size


def thumbnail(source: Path, target: Path) -> None:
    """Write a small WebP of the picture in `source` to `target`. Raises Refusal as `photo` does."""
    picture = _upright(source, THUMB_EDGE)
    picture.convert("RGBA" if _transparent(picture) else "RGB").save(target, "WEBP", quality=80)


def size(source: Path) -> tuple[int, int] | None:
    """Width and height in pixels of a picture, or None when it is none or damaged."""
    try:
        with Image.open(source, formats=FORMATS) as picture:
            return picture.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _upright(source: Path, edge: int) -> Image.Image:
    try:
        with Image.open(source, formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise _too_large()
            # JPEG can be decoded at a fraction of its size, which saves most of the time and memory.
            picture.draft("RGB", (edge, edge))
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((edge, edge))
            return upright
    except Image.DecompressionBombError as error:
        raise _too_large() from error
    except UnidentifiedImageError as error:
        raise Refusal(
            _("This is not a picture that can be read here. Save it as JPEG or PNG and try again.")
        ) from error
    # The decoders raise these for broken files, and now and then others.
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError) as error:
        raise Refusal(_("The picture is damaged.")) from error


def _too_large() -> Refusal:
    millions = MAX_PIXELS // 1_000_000
    return Refusal(
        _("The picture has more than ${n} million pixels. Make it smaller.", mapping={"n": millions})
    )


def _transparent(picture: Image.Image) -> bool:
    return picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
