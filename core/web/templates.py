"""What the Jinja2 environment of the pages needs beside its search path."""

from __future__ import annotations

from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from translationstring import TranslationString

from parlour.web.form_words import in_our_words


@pass_context
def finalize(context: Context, value: Any) -> Any:
    """Says every lazy message in the reader's language where it is written, so titles need no `_()` in templates.

    Only lazy messages: a client called "Today" keeps her name. None is written as nothing.
    """
    if isinstance(value, TranslationString):
        localizer = context.get("loc")
        return localizer.translate(in_our_words(value)) if localizer is not None else value
    return "" if value is None else value
