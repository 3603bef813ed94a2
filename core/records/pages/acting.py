"""Running one of a record's own actions: at once, or after the form in which it asks for what it needs.

The form is a page. Where scripts run it opens as a dialog above the card or the list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import colander
import deform
from markupsafe import Markup
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from parlour.errors import Invalid
from parlour.records.actions import Action, action_of, run_action
from parlour.records.forms import schema_of
from parlour.records.pages.addresses import card_url, crumbs, heading_of
from parlour.records.pages.form_parts import Typed, again, as_appstruct, save_buttons
from parlour.records.pages.undoing import done
from parlour.records.query import get
from parlour.records.registry import RecordType
from parlour.web.addresses import back_to
from parlour.web.contexts import RowContext

FORM = "action"
max_queries = 25


class Asked:
    """The form of an action. `carried` are hidden boxes that say on which rows, for a form about many."""

    def __init__(
        self,
        request: Request,
        record: RecordType,
        action: Action,
        *,
        url: str,
        back: str,
        lead: str,
        crumbs: Sequence[Any],
        carried: colander.SchemaNode | None = None,
    ):
        self.request, self.record, self.action = request, record, action
        self.back, self.lead, self.crumbs = back, lead, crumbs

        def suggest(target: RecordType) -> str:
            return str(request.url_of("record.suggest", record=target.name))

        schema = schema_of(request.db, action.fields, loc=request.loc, suggest_url=suggest)
        for node in carried or ():
            schema.add(node)
        buttons = save_buttons(back, title=action.title)
        if action.danger:
            buttons[0].css_class = "btn-danger"
        self.form = deform.Form(
            schema, action=url, formid=FORM, buttons=buttons, renderer=request.form_renderer
        )

    @property
    def answered(self) -> bool:
        """Whether this form was sent, and not the button that asks for it."""
        return str(self.request.POST.get("__formid__", "")) == FORM

    def show(self, begins: Mapping[str, Any] | None = None) -> Response:
        start = {
            item.name: item.default() if callable(item.default) else item.default
            for item in self.action.fields
            if item.default is not None
        }
        return self._page(
            Markup(self.form.render(as_appstruct({**start, **(begins or {})}, self.action.fields)))
        )

    def run(self, ids: Sequence[int]) -> Response:
        """Do it with what was filled in, or show the form again with what is wrong beside each box."""
        typed = Typed(self.form, self.request)
        if typed.faults:
            return self._page(again(self.form), 422)
        values = {item.name: typed.values.get(item.name) for item in self.action.fields}
        try:
            outcome = run_action(self.request.db, self.record, ids, self.action.name, values)
        except Invalid as error:
            typed.fault(error)
            return self._page(again(self.form), 422)
        return done(self.request, outcome.message, outcome.change_set, self.back)

    def _page(self, form: Markup, status: int = 200) -> Response:
        values = {"title": self.action.title, "lead": self.lead, "crumbs": self.crumbs, "form": form}
        name = "_dialog.jinja2" if "X-Fragment" in self.request.headers else "form.jinja2"
        response = render_to_response(name, values, request=self.request)
        response.status_code = status
        return response


@view_config(route_name="record.act", permission="read")
def act(context: RowContext, request: Request) -> Any:
    """Run one of the record's actions on the row; the action asks for its own permission."""
    record, row = context.record, context.row
    found = action_of(request.db, record, request.matchdict["action"])
    # A row that the person may read is not always one that they may so act on.
    get(request.db, record, context.id, fields=[], action=found.permission)
    back = back_to(request, request.GET.get("back"), card_url(request, record, context.id))
    if request.method == "POST" and not found.fields:
        outcome = run_action(request.db, record, [context.id], found.name)
        return done(request, outcome.message, outcome.change_set, back)
    asked = Asked(
        request,
        record,
        found,
        url=request.path_qs,
        back=back,
        lead=heading_of(request, record, row),
        crumbs=crumbs(request, record, row),
    )
    if request.method == "POST":
        return asked.run([context.id])
    return asked.show(found.begins(request.db, context.id) if found.begins else None)
