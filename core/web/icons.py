"""Icons: inline SVG from the `lucide` package, in the colour of the text around them."""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from importlib.resources import files
from zipimport import zipimporter

from markupsafe import Markup, escape

_DRAWING = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


@lru_cache(maxsize=1)
def _archive() -> zipimporter:
    """The package's icons. Python's importer keeps less of the table of 1,700 files than `zipfile` does, by half."""
    return zipimporter(str(files("lucide") / "lucide.zip"))


def _file(name: str) -> str | None:
    try:
        return _archive().get_data(f"{name}.svg").decode()
    except (OSError, ImportError):  # not there, or the package was exchanged under us
        return None


@lru_cache(maxsize=512)
def _drawing(name: str) -> Markup:
    """The shapes of one icon, without the frame.

    A name the package no longer knows is drawn as a ring: a plugin written for another release must not cost the page.
    """
    svg = _file(name)
    if svg is None:
        logging.getLogger(__name__).warning("There is no icon called %r", name)
        return Markup('<circle cx="12" cy="12" r="9" />')
    match = _DRAWING.search(svg)
    assert match, f"the icon {name!r} is not an SVG drawing"
    return Markup(" ".join(match.group(1).split()))


def exists(name: str) -> bool:
    """Whether there is an icon of that name."""
    return _file(name) is not None


@lru_cache(maxsize=1024)
def icon(name: str, size: int = 16, label: str | None = None) -> Markup:
    """One icon, `size` CSS pixels square. It is silent for screen readers unless it stands alone and says `label`."""
    voice = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup(
        '<svg class="icon" width="{0}" height="{0}" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
        ' stroke-width="2" stroke-linecap="round" stroke-linejoin="round" focusable="false" {1}>{2}</svg>'
    ).format(int(size), voice, _drawing(str(escape(name))))
