"""Form widgets: what a field looks like in a form and how what was typed becomes the value its schema reads.

They stand on deform's widgets and render through the theme's templates (`form/<template>.jinja2`). None needs a script to
work; the scripts of the theme make some of them nicer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import colander
import deform.widget
from colander import Invalid, SchemaNode, SchemaType, null
from deform.widget import (
    CheckboxChoiceWidget,
    CheckboxWidget,
    CheckedPasswordWidget,
    HiddenWidget,
    PasswordWidget,
    RadioChoiceWidget,
    SelectWidget,
    TextAreaWidget,
    TextInputWidget,
)

from parlour.i18n import _

__all__ = [
    "BirthdayWidget",
    "CheckboxChoiceWidget",
    "CheckboxWidget",
    "CheckedPasswordWidget",
    "DateWidget",
    "EmailWidget",
    "FileWidget",
    "HiddenWidget",
    "LinesWidget",
    "LinkWidget",
    "MainWidget",
    "MomentWidget",
    "MoneyWidget",
    "NumberWidget",
    "PasswordWidget",
    "PhoneWidget",
    "PhotoWidget",
    "PresentWidget",
    "RadioChoiceWidget",
    "SelectWidget",
    "TagsWidget",
    "TextAreaWidget",
    "TextInputWidget",
    "TimeWidget",
    "Upload",
    "UrlWidget",
]

# Spaces that people and spreadsheets put between thousands.
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009']")


class PhoneWidget(TextInputWidget):  # type: ignore[misc]
    """A phone number as it is spoken; the schema turns it into E.164."""

    input_type = "tel"
    inputmode = "tel"
    autocomplete = "off"


class EmailWidget(TextInputWidget):  # type: ignore[misc]
    """An e-mail address."""

    input_type = "email"
    inputmode = "email"
    autocomplete = "off"


class UrlWidget(TextInputWidget):  # type: ignore[misc]
    """A web address."""

    input_type = "url"
    inputmode = "url"


class ColourWidget(TextInputWidget):  # type: ignore[misc]
    """A colour, "#rrggbb". `otherwise` is what holds where the box is empty; `preview` shows how the present one looks, and
    `preview_url` answers `?colour=` with how another one would.
    """

    template = "colour"
    otherwise = ""
    preview: Any = ""
    preview_url = ""


class NumberWidget(TextInputWidget):  # type: ignore[misc]
    """A number. A comma is as good as a point, and spaces between thousands are dropped: "1 234,5" reads as "1234.5".

    Where both stand ("1,234.50", "1.234,50"), the last one divides the decimals.
    """

    inputmode = "decimal"
    autocomplete = "off"
    css_class = "num"

    def deserialize(self, field: Any, pstruct: Any) -> Any:
        text = super().deserialize(field, pstruct)
        return text if text is null else plain_number(text)


class MoneyWidget(NumberWidget):
    """An amount in major units; `suffix` names the currency beside the box."""

    def __init__(self, currency: str | None = None, **kw: Any) -> None:
        super().__init__(**kw)
        if currency:
            self.suffix = currency


def plain_number(text: str) -> str:
    """What was typed, as a number is written in code; text that is no number comes back as it was."""
    found = _SPACES.sub("", text).replace("\u2212", "-")
    comma, point = found.rfind(","), found.rfind(".")
    if comma >= 0 and point >= 0:
        found = found.replace("." if comma > point else ",", "")
    return found.replace(",", ".") if re.fullmatch(r"[-+]?[\d.,]+", found) else text


class DateWidget(TextInputWidget):  # type: ignore[misc]
    """A day, in the browser's own date box; ISO 8601 on both sides."""

    input_type = "date"
    css_class = "field-narrow"


class TimeWidget(TextInputWidget):  # type: ignore[misc]
    """A time of day, "HH:MM"."""

    input_type = "time"
    css_class = "field-narrow"


class MomentWidget(TextInputWidget):  # type: ignore[misc]
    """A local date and time without zone, "YYYY-MM-DDTHH:MM"; the schema knows the zone."""

    input_type = "datetime-local"
    css_class = "field-narrow"


class PresentWidget(SelectWidget):  # type: ignore[misc]
    """A choice among `values`, (key, title), which shows what is chosen already even when it is not among them any more.

    `title_of(key)` names it.
    """

    title_of: Callable[[str], str | None] | None = None

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        values = [(str(key), title) for key, title in kw.pop("values", self.values)]
        present = "" if cstruct in (null, None) else str(cstruct)
        if present and present not in {key for key, _title in values} and self.title_of is not None:
            title = self.title_of(present)
            if title is not None:
                values.insert(0, (present, title))
        return super().serialize(field, present or null, values=values, **kw)


class LinkWidget(PresentWidget):
    """Another record, by its id.

    `values` are (id, title) of the first ones, enough to choose from without scripts; `data_url` answers `?q=` with
    `{"items": [{"value", "title", "sub"}]}` for those who type; `new_url` offers to add one.
    """

    template = "link"
    data_url: str | None = None
    new_url: str | None = None

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        kw.setdefault("data_url", self.data_url)
        return super().serialize(field, cstruct, **kw)


class TagsWidget(TextInputWidget):  # type: ignore[misc]
    """Words divided by commas. The value is a list of text, for `colander.List` or `colander.Set`; repeats are dropped."""

    template = "tags"
    readonly_template = "readonly/value"
    suggestions: Sequence[str] = ()
    data_url: str | None = None

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        words = cstruct if cstruct not in (null, None) else ()
        text = words if isinstance(words, str) else ", ".join(str(word) for word in words)
        return super().serialize(
            field, text, text=text, suggestions=kw.pop("suggestions", self.suggestions), **kw
        )

    def deserialize(self, field: Any, pstruct: Any) -> Any:
        text = super().deserialize(field, pstruct)
        if text is null:
            return null
        words = (" ".join(word.split()).lstrip("#") for word in re.split(r"[,;\n]", text))
        return list(dict.fromkeys(word for word in words if word))


class BirthdayWidget(deform.widget.Widget):  # type: ignore[misc]
    """Day and month, with the year when it is known. The value is ISO 8601: "1987-03-14", or "--03-14" without a year.

    `months` are the twelve names in the reader's language.
    """

    template = "birthday"
    readonly_template = "readonly/value"
    grouped = True
    months: Sequence[str] = ()

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        year = month = day = ""
        match = re.fullmatch(r"(\d{4}|-)-(\d\d?)-(\d\d?)", cstruct) if isinstance(cstruct, str) else None
        if match:
            year = "" if match[1] == "-" else match[1]
            month, day = match[2].lstrip("0"), match[3].lstrip("0")
        elif isinstance(cstruct, Mapping):  # what was typed and could not be read
            day, month, year = (str(cstruct.get(part, "")) for part in ("day", "month", "year"))
        template = self.readonly_template if kw.get("readonly", self.readonly) else self.template
        names = self.months or [date(2000, number, 1).strftime("%B") for number in range(1, 13)]
        values = {"day": day, "month": month, "year": year, "months": list(enumerate(names, start=1)), **kw}
        shown = "" if cstruct in (null, None) else cstruct
        return field.renderer(template, **self.get_template_values(field, shown, values))

    def deserialize(self, field: Any, pstruct: Any) -> Any:
        if pstruct is null:
            return null
        if isinstance(pstruct, str):
            return pstruct.strip() or null
        typed = {part: str(pstruct.get(part, "")).strip() for part in ("day", "month", "year")}
        if not any(typed.values()):
            return null
        if not (typed["day"] and typed["month"]):
            raise Invalid(field.schema, _("Give the day and the month; the year may stay empty"), typed)
        try:
            day, month = int(typed["day"]), int(typed["month"])
            # 2000 is a leap year, so a 29 February without a year passes.
            year = int(typed["year"]) if typed["year"] else 2000
            date(year, month, day)
        except ValueError:
            raise Invalid(field.schema, _("There is no such day"), typed) from None
        if typed["year"] and len(typed["year"]) != 4:
            raise Invalid(field.schema, _("Write the year with four figures"), typed)
        return f"{year:04}-{month:02}-{day:02}" if typed["year"] else f"--{month:02}-{day:02}"


class Upload(SchemaType):  # type: ignore[misc]
    """Schema type of an uploaded file: `{"upload": FieldStorage or None, "remove": bool}`; null when nothing changes."""

    def serialize(self, node: SchemaNode, appstruct: Any) -> Any:
        return appstruct

    def deserialize(self, node: SchemaNode, cstruct: Any) -> Any:
        return cstruct


class FileWidget(deform.widget.Widget):  # type: ignore[misc]
    """A file to upload, for a node of type `Upload`.

    The value shown is {"url", "name"} of the file there is; `present` says it too, for a form that comes back with mistakes.
    """

    template = "upload"
    readonly_template = "readonly/value"
    accept: str | None = None
    present: Mapping[str, Any] | None = None

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        present = cstruct if isinstance(cstruct, Mapping) and "url" in cstruct else self.present or {}
        template = self.readonly_template if kw.get("readonly", self.readonly) else self.template
        return field.renderer(template, **self.get_template_values(field, present, kw))

    def deserialize(self, field: Any, pstruct: Any) -> Any:
        if not isinstance(pstruct, Mapping):
            return null
        upload = pstruct.get("upload")
        if not hasattr(upload, "file"):
            upload = None
        remove = pstruct.get("remove") == "1"
        return {"upload": upload, "remove": remove} if upload is not None or remove else null


class PhotoWidget(FileWidget):
    """A picture to upload, with what there is shown beside it."""

    template = "photo"
    grouped = True
    accept = "image/jpeg,image/png,image/webp,image/heic"


class MainWidget(deform.widget.Widget):  # type: ignore[misc]
    """Says of one line among several that it is the main one; for a Boolean node inside a `LinesWidget`."""

    template = "main_radio"
    readonly_template = "readonly/value"
    main_choice = True

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        kw.setdefault("group", field.oid)
        template = self.readonly_template if kw.get("readonly", self.readonly) else self.template
        return field.renderer(template, **self.get_template_values(field, cstruct, kw))

    def deserialize(self, field: Any, pstruct: Any) -> str:
        return "true" if pstruct == "true" else "false"


class LinesWidget(deform.widget.SequenceWidget):  # type: ignore[misc]
    """Repeating lines of a few fields each; for a sequence of mappings.

    A line in which nothing was written is dropped, so emptying one removes it. `spare` empty lines are offered to those
    without scripts. Where a child has a `MainWidget` and nobody chose, the first line becomes the main one.
    """

    template = "lines"
    readonly_template = "readonly/lines"
    grouped = True
    labels = False
    spare = 1
    max_len: int | None = None
    add_title: Any = _("Add another")

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        readonly = kw.get("readonly", self.readonly)
        if getattr(field, "sequence_fields", None):
            rows = list(field.sequence_fields)
        else:
            rows = [self._row(field, value) for value in ([] if cstruct in (null, None) else cstruct)]
        if not readonly:
            missing = max(self.spare if not rows else 0, (self.min_len or 0) - len(rows))
            rows.extend(self._row(field, null) for _unused in range(missing))
        template = self.readonly_template if readonly else self.template
        values = {"rows": rows, "blank": self._row(field, null), "add_title": self.add_title, **kw}
        return field.renderer(template, **self.get_template_values(field, cstruct, values))

    def _row(self, field: Any, cstruct: Any) -> Any:
        row = field.children[0].clone()
        if cstruct is not null:
            row.cstruct = cstruct
        return row

    def deserialize(self, field: Any, pstruct: Any) -> Any:
        if isinstance(pstruct, list):
            pstruct = [line for line in pstruct if self._written(field.children[0], line)]
        lines = super().deserialize(field, pstruct)
        self._choose_main(field, lines)
        return lines

    def _written(self, item: Any, line: Any) -> bool:
        if not isinstance(line, Mapping):
            return bool(line)
        telling = [child for child in item.children if not _is_quiet(child.widget)]
        # A line of choices alone (who, where) says something as soon as one of them is made.
        telling = telling or [child for child in item.children if isinstance(child.widget, SelectWidget)]
        return any(_is_written(line.get(child.name)) for child in telling)

    def _choose_main(self, field: Any, lines: Iterable[Any]) -> None:
        names = [
            child.name for child in field.children[0].children if getattr(child.widget, "main_choice", False)
        ]
        rows = [line for line in lines if isinstance(line, dict)]
        for name in names:
            if rows and not any(line.get(name) == "true" for line in rows):
                rows[0][name] = "true"


def _is_quiet(widget: Any) -> bool:
    """Whether a widget has a value without anybody writing one."""
    return isinstance(widget, (SelectWidget, HiddenWidget, MainWidget, CheckboxWidget)) and not isinstance(
        widget, LinkWidget
    )


def _is_written(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, Mapping):
        return any(_is_written(part) for part in value.values())
    return value is not None and value is not null and value != []


# What deform would choose by itself for these types renders inline scripts; a schema that names no widget gets ours.
default_widgets: dict[type, type] = {
    colander.Date: DateWidget,
    colander.DateTime: MomentWidget,
    colander.Time: TimeWidget,
    colander.Integer: NumberWidget,
    colander.Float: NumberWidget,
    colander.Decimal: NumberWidget,
}
