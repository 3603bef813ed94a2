"""The form of a record as pages use it: built, filled in, read back, with faults beside their boxes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import colander
import deform
import peppercorn
from markupsafe import Markup
from pyramid.httpexceptions import HTTPBadRequest
from pyramid.request import Request

from parlour.errors import Invalid
from parlour.i18n import _
from parlour.records.forms import Mode, schema_for, show_errors
from parlour.records.kinds import FileKind
from parlour.records.registry import Field, RecordType, fields_of

FORM = "record"


def build_form(
    request: Request,
    record: RecordType,
    mode: Mode,
    *,
    names: Collection[str] | None = None,
    action: str = "",
    buttons: Sequence[Any] = (),
    check_url: str | None = None,
) -> deform.Form:
    """The deform form of a record for this person."""

    def suggest(target: RecordType) -> str:
        return str(request.url_of("record.suggest", record=target.name))

    schema = schema_for(request.db, record, mode, loc=request.loc, names=names, suggest_url=suggest)
    form = deform.Form(schema, action=action, formid=FORM, buttons=buttons, renderer=request.form_renderer)
    if check_url is not None:
        form.widget.attributes = {"data-check-url": check_url}
    return form


def save_buttons(back: str, *, again: bool = False, title: Any = None) -> list[deform.Button]:
    """Save (which Enter presses), save and new, and the way back."""
    buttons = [deform.Button(name="save", title=title or _("Save"))]
    if again:
        buttons.append(deform.Button(name="save_new", title=_("Save and new")))
    buttons.append(deform.Button(name="cancel", title=_("Cancel"), type="link", value=back))
    return buttons


class Typed:
    """What somebody typed into a form. `faults` is true when some boxes cannot be read."""

    def __init__(self, form: deform.Form, request: Request):
        self.form = form
        pairs = [pair for pair in request.POST.items() if pair[0] != "csrf_token"]
        try:
            typed = peppercorn.parse(pairs)
            self.values: dict[str, Any] = form.validate_pstruct(typed)
            self.faults = False
        except deform.ValidationFailure:
            self.values, self.faults = {}, True
        except (ValueError, KeyError, TypeError, AttributeError) as error:  # not what a form of ours sends
            raise HTTPBadRequest() from error

    def changed(self, fields: Sequence[Field], base: Mapping[str, Any]) -> dict[str, Any]:
        """The values that differ from those with which the form was drawn."""
        shown = self.form.schema.serialize(as_appstruct(base, fields))
        found = {}
        for item in fields:
            if item.name not in self.form.cstruct or isinstance(item.kind, FileKind):
                continue
            before, now = shown.get(item.name), self.form.cstruct[item.name]
            if _plain(before, item) != _plain(now, item):
                found[item.name] = self.values[item.name]
        return found

    def fault(self, error: Invalid) -> None:
        """Put what the write path refused beside the boxes."""
        show_errors(self.form, error.fields)


def as_appstruct(row: Mapping[str, Any], fields: Sequence[Field]) -> dict[str, Any]:
    """A row as a schema takes it."""
    return {item.name: _or_null(row.get(item.name)) for item in fields}


def _or_null(value: Any) -> Any:
    return colander.null if value is None else value


def _plain(value: Any, item: Field | None = None) -> Any:
    """What stands in a box, so that nothing and an empty text are the same."""
    if value is None or value is colander.null or value == "":
        return None
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        parts = [_plain(one) for one in value]
        return (sorted(map(str, parts)) if item is not None and item.storage == "links" else parts) or None
    return value


def fill(form: deform.Form, values: Mapping[str, Any]) -> Markup:
    """The form with these values in it."""
    known = {node.name for node in form.schema}
    return Markup(form.render({name: _or_null(value) for name, value in values.items() if name in known}))


def again(form: deform.Form, **hidden: str) -> Markup:
    """The form as it was filled in, with what is wrong beside each box, and its hidden boxes set anew."""
    form.cstruct = {**form.cstruct, **hidden}
    return Markup(form.render())


def group_fields(request: Request, record: RecordType, group: str) -> list[str]:
    """The names of the fields in one group that this person may write."""
    return [item.name for item in fields_of(request.db, record, "write") if item.group == group]
