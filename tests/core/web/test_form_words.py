"""Words of colander and deform reach nobody: ours are said instead, in the reader's language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import colander
import deform
import pytest
from jinja2 import Environment
from translationstring import TranslationString

from parlour.i18n import localizer
from parlour.web import form_words
from parlour.web.templates import finalize


def _refused(value: Any, **node: Any) -> TranslationString:
    """What colander says of a value."""
    with pytest.raises(colander.Invalid) as refused:
        colander.SchemaNode(name="it", **node).deserialize(value)
    (message,) = refused.value.messages()
    assert isinstance(message, TranslationString)
    return message


def _shown(message: TranslationString, language: str) -> str:
    """A message as a template writes it."""
    template = Environment(finalize=finalize, autoescape=True).from_string("{{ message }}")
    return template.render(message=message, loc=localizer(language))


@pytest.mark.parametrize(
    ("value", "node", "english", "russian"),
    [
        ("", {"typ": colander.String()}, "Fill this in.", "Заполните это поле."),
        ("a", {"typ": colander.Int()}, "This is not a number.", "Это не число."),
        ("9", {"typ": colander.Int(), "validator": colander.Range(1, 5)}, "At most 5.", "Не больше 5."),
        ("0", {"typ": colander.Int(), "validator": colander.Range(1, 5)}, "At least 1.", "Не меньше 1."),
        (
            "ab",
            {"typ": colander.String(), "validator": colander.Length(3)},
            "At least 3 characters.",
            "Не меньше 3 знаков.",
        ),
        (
            "c",
            {"typ": colander.String(), "validator": colander.OneOf(["a", "b"])},
            "Choose one from the list.",
            "Выберите из списка.",
        ),
        ("31.31.2026", {"typ": colander.Date()}, "This is not a date.", "Это не дата."),
    ],
)
def test_a_fault_that_colander_finds_is_said_in_our_words(
    value: str, node: dict[str, Any], english: str, russian: str
) -> None:
    message = _refused(value, **node)
    assert _shown(message, "en") == english
    assert _shown(message, "ru") == russian


def test_a_message_that_a_schema_names_itself_stays() -> None:
    message = _refused("", typ=colander.String(), missing_msg="Give it a colour.")
    assert _shown(message, "en") == "Give it a colour."


def test_the_same_words_of_a_plugin_stay() -> None:
    assert _shown(TranslationString("Required", domain="visitors"), "en") == "Required"


def test_every_message_that_is_exchanged_is_one_of_the_libraries() -> None:
    """A message that a newer version words differently would go out untranslated."""
    files = [Path(colander.__file__), *Path(deform.__file__).parent.glob("*.py")]
    source = "".join(file.read_text("utf-8") for file in files)
    gone = [words for words in form_words._WORDS if words not in source]
    assert not gone
