"""Makes deform render through the theme's Jinja2 templates.

One template language for all pages, and nothing of deform's own templates, several of which carry inline scripts, can be
reached: a name that the theme does not have is an error, and deform's default renderer is taken away.
"""

from __future__ import annotations

from typing import Any

import deform
import deform.schema
from jinja2 import Environment, TemplateNotFound
from markupsafe import Markup

from parlour.web.widgets import default_widgets

# Widgets of deform that want scripts are drawn as the plain thing they stand on.
_STAND_INS = {
    "autocomplete_input": "textinput",
    "moneyinput": "textinput",
    "richtext": "textarea",
    "select2": "select",
    "selectize": "select",
    "mapping_accordion": "mapping",
    "readonly/mapping_accordion": "readonly/mapping",
    "readonly/sequence": "readonly/lines",
}


class FormRenderer:
    """A renderer for `deform.Form(renderer=...)`.

    `context` is what every template sees besides the widget's own values: `_`, `loc`, `icon`, `url`, `csrf_token`.
    """

    def __init__(self, environment: Environment, context: dict[str, Any]) -> None:
        self._environment = environment
        self._context = context

    def __call__(self, template_name: str, **kw: Any) -> Markup:
        name = _STAND_INS.get(template_name, template_name)
        try:
            template = self._environment.get_template(f"form/{name}.jinja2")
        except TemplateNotFound:
            if not name.startswith("readonly/"):
                raise LookupError(f"The theme has no form template called {template_name!r}") from None
            template = self._environment.get_template("form/readonly/value.jinja2")
        return Markup(template.render({**self._context, **kw}))

    def translate(self, message: Any) -> str:
        """Deform asks for titles it joins into text of its own."""
        translate = self._context.get("_")
        return str(translate(message) if translate else message)


def renderer(environment: Environment, **context: Any) -> FormRenderer:
    """The renderer for one request; see `FormRenderer`."""
    return FormRenderer(environment, context)


def _no_renderer(template_name: str, **kw: Any) -> str:
    raise RuntimeError(
        f"A form was rendered without the theme's renderer: pass renderer= to deform.Form ({template_name})"
    )


def take_over() -> None:
    """Close deform's own templates for the whole process and give plain types our widgets. Called once at start."""
    deform.Field.set_default_renderer(_no_renderer)
    deform.schema.default_widget_makers.update(default_widgets)
