"""Languages: message catalogues, and dates, numbers, money and phones as a person of that locale writes them.

English is the source language. The catalogues of the core and of every loaded plugin are merged into one per locale, so
that `_("Save")` finds its translation wherever it was declared; the core's own messages win over a plugin's.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale, dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from translationstring import TranslationString, TranslationStringFactory

LOCALES = ("en", "ru")
_ = TranslationStringFactory("parlour")

# Folders with <locale>/LC_MESSAGES/<domain>.po, in the order in which they win. Plugins add theirs when they load.
_folders: list[Path] = []


def add_catalogue_folder(folder: Path) -> None:
    """Register the `locale` folder of a package; call it before the first localizer is made."""
    if folder not in _folders:
        _folders.append(folder)
        catalogue.cache_clear()


@lru_cache(maxsize=16)
def catalogue(locale: str) -> gettext.NullTranslations:
    """All messages of one locale. A `.po` newer than its `.mo` is compiled in memory, so no build step can be forgotten."""
    merged = gettext.GNUTranslations()
    # An empty catalogue has no plural rule of its own, so the locale's is set before anything is merged in.
    merged._catalog = {}  # type: ignore[attr-defined]
    merged.plural = gettext.c2py(Locale.parse(locale).plural_form_rule()) if False else None  # type: ignore
    return merged
