"""Forms of the settings pages: colander reads them, the domain judges them, the theme draws them.

Rules about values live with the functions that save them, so the command line and the pages refuse alike; a
schema here says little more than which fields there are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import colander
import deform
import deform.widget
from markupsafe import Markup
from pyramid.httpexceptions import HTTPBadRequest
from pyramid.request import Request

from parlour.access.throttle import Throttled
from parlour.errors import Invalid, ParlourError
from parlour.i18n import _
from parlour.web.widgets import (
    CheckboxChoiceWidget,
    ColourWidget,
    DateWidget,
    EmailWidget,
    PasswordWidget,
    PhoneWidget,
    SelectWidget,
    TextAreaWidget,
    TextInputWidget,
)

# Characters that no database text may hold and no keyboard makes.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_REQUIRED = _("Fill this in.")


def plain(value: Any) -> Any:
    """Text without control characters; anything else as it is."""
    return _CONTROL.sub("", value) if isinstance(value, str) else value


def posted(request: Request, name: str, limit: int = 500) -> str:
    """A text that a plain form posted, "" for anything else."""
    value = request.POST.get(name, "")
    return str(plain(value))[:limit] if isinstance(value, str) else ""


def too_often(request: Request, refused: Throttled) -> Any:
    """Let the response say when to come back; returns the sentence for the page."""
    request.response.status_code = 429
    request.response.headers["Retry-After"] = str(refused.wait)
    return refused.message


def confirm(request: Request, title: Any, text: Any, button: Any) -> dict[str, str]:
    """What an action asks before it is done; read by scripts, so translated here."""
    said = {"title": title, "text": text, "button": button}
    return {name: request.loc.translate(message) for name, message in said.items()}


def _node(
    name: str, title: Any, widget: Any, *, required: bool = False, hint: Any = None, **more: Any
) -> Any:
    return colander.SchemaNode(
        colander.String(allow_empty=True),
        name=name,
        title=title,
        description=hint or "",
        widget=widget,
        preparer=plain,
        missing=colander.required if required else "",
        missing_msg=_REQUIRED,
        **more,
    )


def text(name: str, title: Any, **more: Any) -> Any:
    """One line."""
    return _node(name, title, TextInputWidget(), **more)


def lines(name: str, title: Any, *, rows: int = 3, **more: Any) -> Any:
    """Several lines."""
    return _node(name, title, TextAreaWidget(rows=rows), **more)


def day(name: str, title: Any, **more: Any) -> Any:
    """A date, as ISO 8601 text."""
    return _node(name, title, DateWidget(), **more)


def email(name: str, title: Any, **more: Any) -> Any:
    return _node(name, title, EmailWidget(), **more)


def phone(name: str, title: Any, **more: Any) -> Any:
    return _node(name, title, PhoneWidget(), **more)


def password(name: str, title: Any, *, autocomplete: str = "new-password", **more: Any) -> Any:
    """Never shown again, whatever was wrong."""
    node = _node(name, title, PasswordWidget(attributes={"autocomplete": autocomplete}), **more)
    node.preparer = None
    return node


def colour(name: str, title: Any, *, otherwise: str, preview: Any, preview_url: str, **more: Any) -> Any:
    """A colour, with how it will look."""
    widget = ColourWidget(otherwise=otherwise, preview=preview, preview_url=preview_url)
    return _node(name, title, widget, **more)


def hidden(name: str) -> Any:
    """What a form only brings back."""
    return _node(name, "", deform.widget.HiddenWidget())


def code(name: str, title: Any, **more: Any) -> Any:
    """A code that was sent or is shown elsewhere; phones show the keys for figures and offer it."""
    widget = TextInputWidget(inputmode="numeric", autocomplete="one-time-code", max_length=20)
    return _node(name, title, widget, required=True, **more)


def choice(name: str, title: Any, values: Sequence[tuple[str, Any]], **more: Any) -> Any:
    """One of several; a list of more than a dozen can be searched."""
    return _node(name, title, SelectWidget(values=list(values)), **more)


def choices(
    name: str, title: Any, values: Sequence[tuple[str, Any]], *, hint: Any = None, inline: bool = False
) -> Any:
    """Any number of several, below each other or on one line."""
    return colander.SchemaNode(
        colander.Set(),
        name=name,
        title=title,
        description=hint or "",
        widget=CheckboxChoiceWidget(values=list(values), inline=inline),
        missing=(),
    )


class Form:
    """One form on a page."""

    def __init__(
        self,
        request: Request,
        *nodes: Any,
        action: str,
        name: str = "form",
        save: Any = None,
        also: Sequence[tuple[str, Any]] = (),
        back: str = "",
        readonly: bool = False,
    ):
        self.request = request
        self.readonly = readonly
        schema = colander.Schema()
        for node in nodes:
            schema.add(node)
        # `also` are further buttons, by the name that the request has when one is pressed.
        named = () if readonly else (("save", save or _("Save")), *also)
        buttons = [deform.Button(name=name, title=title) for name, title in named]
        if back:
            buttons.append(deform.Button(name="cancel", title=_("Cancel"), type="link", value=back))
        self._form = deform.Form(
            schema, action=action, formid=name, buttons=buttons, renderer=request.form_renderer
        )

    def node(self, name: str) -> Any:
        """The node of a field, to be drawn otherwise than it was declared."""
        return self._form.schema[name]

    def show(self, values: Mapping[str, Any]) -> Markup:
        """The form with these values in it."""
        known = {node.name for node in self._form.schema}
        filled = {key: value for key, value in values.items() if key in known and value is not None}
        return Markup(self._form.render(filled, readonly=self.readonly))

    def read(self) -> dict[str, Any]:
        """What was posted. Raises Invalid by field, and HTTPBadRequest for what no form of ours posts."""
        try:
            found: dict[str, Any] = self._form.validate(list(self.request.POST.items()))
        except deform.ValidationFailure as failure:
            errors = {child.name: child.error.msg for child in self._form.children if child.error is not None}
            raise Invalid(_("Not saved yet."), {0: errors or {"": failure.error.msg}}) from failure
        except (ValueError, KeyError, TypeError) as error:  # not the structure that the form has
            raise HTTPBadRequest() from error
        return found

    def again(self, error: ParlourError) -> Markup:
        """The form as it was filled in, with what is wrong at each field, or above them what is refused altogether; the
        response says that nothing was saved.
        """
        self.request.response.status_code = 422
        errors = dict(error.fields) if isinstance(error, Invalid) else {"": error.message}
        # Fields keep what was typed: deform remembers it from `read`.
        for child in self._form.children:
            message = errors.pop(child.name, None)
            child.error = colander.Invalid(child.schema, message) if message else None
        rest = next(iter(errors.values()), None)
        self._form.error = colander.Invalid(self._form.schema, rest)
        return Markup(self._form.render())
