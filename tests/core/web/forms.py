"""Forms of the theme, and what a browser without scripts would make of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import colander
import deform
import deform.widget
from jinja2 import Environment, FileSystemLoader
from lxml import html

from parlour.i18n import localizer
from parlour.web import forms_renderer, widgets
from parlour.web.icons import icon
from parlour.web.templates import finalize

TEMPLATES = Path(__file__).parents[3] / "themes/default/templates"
ENVIRONMENT = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, finalize=finalize)
Node = colander.SchemaNode


def form_of(*nodes: Any, locale: str = "en", buttons: tuple[Any, ...] = ("save",)) -> deform.Form:
    loc = localizer(locale)
    renderer = forms_renderer.renderer(
        ENVIRONMENT,
        _=lambda message, **values: loc.translate(message, values),
        ngettext=loc.plural,
        loc=loc,
        icon=icon,
        csrf_token="token-1",
    )
    return deform.Form(Node(colander.Mapping(), *nodes), renderer=renderer, buttons=buttons)


def controls(page: str) -> Iterator[tuple[str, str]]:
    """What a browser without scripts would send; templates of lines are not part of the form."""
    for control in html.fromstring(page).iter("input", "select", "textarea"):
        if control.get("name") is None or any(parent.tag == "template" for parent in control.iterancestors()):
            continue
        if control.tag == "select":
            chosen = [option for option in control.iter("option") if option.get("selected") is not None]
            for option in chosen or list(control.iter("option"))[:1]:
                yield control.get("name"), option.get("value", "")
        elif control.tag == "textarea":
            yield control.get("name"), (control.text or "").removeprefix("\n")
        elif control.get("type") in ("checkbox", "radio"):
            if control.get("checked") is not None:
                yield control.get("name"), control.get("value", "on")
        elif control.get("type") != "file":
            yield control.get("name"), control.get("value", "")


def returned(form: deform.Form, value: dict[str, Any]) -> Any:
    """The value after the form was rendered with it, sent back untouched and read again."""
    return form.validate(list(controls(form.render(value))))


def posted(form: deform.Form, **value: Any) -> Any:
    return form.validate_pstruct(value)


def phones(**extra: Any) -> Any:
    line = Node(
        colander.Mapping(),
        Node(colander.String(), name="number", title="Number", widget=widgets.PhoneWidget(), missing=""),
        Node(
            colander.String(),
            name="kind",
            title="Kind",
            widget=widgets.SelectWidget(values=[("mobile", "mobile"), ("work", "work")]),
            missing="mobile",
        ),
        Node(colander.Boolean(), name="main", title="main", widget=widgets.MainWidget()),
        name="phone",
        title="Phone",
    )
    return Node(
        colander.Sequence(),
        line,
        name="phones",
        title="Phones",
        widget=widgets.LinesWidget(**extra),
        missing=(),
    )
