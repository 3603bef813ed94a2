"""What every kind of field can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import String
from sqlalchemy.types import TypeEngine

from parlour.i18n import Localizer, _
from parlour.records.parse import text_of
from parlour.records.values import UNPRINTABLE, Fault

if TYPE_CHECKING:
    from parlour.records.defaults import Defaults


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Base of all kinds. `name` is what filters, templates and the API call it."""

    name: str = "text"
    # What the import's guesser looks for in sample values.
    shape: str = "text"
    align: str = "start"
    # Two of them next to each other in a line are from when and until when.
    span: bool = False

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        """Suffix and type of every column; the first one carries the value that filters and sorts."""
        return [("", String(200))]

    def clean(self, value: Any, defaults: Defaults) -> Any:
        """Input (JSON or Python) to the value, None for empty. Raises Fault."""
        return value

    def to_columns(self, value: Any) -> dict[str, Any]:
        """The value as it goes into the columns, by suffix."""
        return {"": value}

    def from_columns(self, values: Sequence[Any]) -> Any:
        """The value from its columns, in the order of `columns()`."""
        return values[0]

    @property
    def plain(self) -> bool:
        """Whether the value is what its only column holds."""
        return type(self).from_columns is Kind.from_columns

    def to_json(self, value: Any) -> Any:
        """The value in JSON: export, history, API."""
        return value

    def schema(self) -> dict[str, Any]:
        """JSON Schema of a value as `to_json` writes it; {} where the kind does not say."""
        return {}

    def input_schema(self) -> dict[str, Any]:
        """JSON Schema of what `clean` takes; calls with another type are refused before it is asked."""
        return self.schema()

    def show(self, value: Any, loc: Localizer) -> str:
        """The value as a person reads it."""
        return "" if value is None else str(value)

    def from_cell(self, cell: Any, defaults: Defaults) -> tuple[Any, str]:
        """A spreadsheet cell to (value, the part that was not understood)."""
        text = text_of(cell)
        if not text:
            return None, ""
        try:
            # JSON brings values in the very form in which the API does.
            return self.clean(cell if isinstance(cell, dict | list) else text, defaults), ""
        except Fault:
            return None, text

    def to_cell(self, value: Any) -> Any:
        """The value as a spreadsheet cell: str, number, date or None."""
        return self.to_json(value)

    def key(self, value: Any) -> str | None:
        """The text by which the value is sorted and searched; None when the column itself does."""
        return None

    @property
    def keyed(self) -> bool:
        """Whether a `<name>_key` column stands beside the value."""
        return False

    def sample(self, number: int) -> Any:
        """A made-up value that grows with the number, for rows of tests; None leaves the field out."""
        return None

    def operand(self, value: Any, defaults: Defaults) -> Any:
        """A filter's value as it is compared with the first column."""
        return self.to_columns(self.clean(value, defaults))[""]


def typed_text(value: Any) -> str:
    """What somebody typed, without control characters. Raises Fault for what is no text."""
    if type(value) is str and value.isprintable():
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise Fault(_("This must be text."))
    return UNPRINTABLE.sub("", str(value)).replace("\r\n", "\n").replace("\r", "\n").strip()
