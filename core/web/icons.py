"""Icons: inline SVG from the `lucide` package, in the colour of the text around them."""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from zipfile import ZipFile

from markupsafe import Markup, escape

_DRAWING = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


@lru_cache(maxsize=1)
def _archive() -> ZipFile:
    return ZipFile(BytesIO((files("lucide") / "lucide.zip").read_bytes()))


@lru_cache(maxsize=512)
def _drawing(name: str) -> Markup:
    """The shapes of one icon, without the frame.

    A name the package no longer knows is drawn as a ring: a plugin written for another release must not cost the page.
    """
    if not exists(name):
        logging.getLogger(__name__).warning("There is no icon called %r", name)
        return Markup('<circle cx="12" cy="12" r="9" />')
    svg = _archive().read(f"{name}.svg").decode()
    match = _DRAWING.search(svg)
    assert match, f"the icon {name!r} is not an SVG drawing"
    return Markup(" ".join(match.group(1).split()))


def exists(name: str) -> bool:
    """Whether there is an icon of that name."""
    return f"{name}.svg" in _archive().NameToInfo


@lru_cache(maxsize=1024)
def icon(name: str, size: int = 16, label: str | None = None) -> Markup:
    """One icon, `size` CSS pixels square. It is silent for screen readers unless it stands alone and says `label`."""
    voice = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup(
        '<svg class="icon" width="{0}" height="{0}" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
        ' stroke-width="2" stroke-linecap="round" stroke-linejoin="round" focusable="false" {1}>{2}</svg>'
    ).format(int(size), voice, _drawing(str(escape(name))))
