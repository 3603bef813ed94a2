"""Adding and changing a row. Nothing typed is lost: not by mistakes, not by look-alikes, not by a conflict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from parlour.errors import Conflict, Invalid
from parlour.i18n import _
from parlour.records.defaults import defaults_of
from parlour.records.forms import ANYWAY, VERSION
from parlour.records.pages.addresses import card_url, crumbs, heading_of
from parlour.records.pages.conflict import Merged, conflict_of
from parlour.records.pages.form_parts import Typed, again, build_form, fill, group_fields, save_buttons
from parlour.records.pages.lookalikes import arising, seen_text, unseen
from parlour.records.pages.pictures import shown_files, store_files
from parlour.records.pages.reads import saw_card
from parlour.records.pages.undoing import undo_url
from parlour.records.query import get
from parlour.records.registry import RecordType, fields_of
from parlour.records.values import Fault
from parlour.records.write import Change, Written, write
from parlour.web import flash
from parlour.web.addresses import back_to
from parlour.web.contexts import RecordContext, RowContext
from parlour.web.rendering import template

max_queries = 30
UNSAVED = 422


class FormPage:
    """One form of a record: a new row, or with `row` a change of it, perhaps of one group of fields only."""

    def __init__(self, request: Request, record: RecordType, row: Mapping[str, Any] | None = None):
        self.request, self.record, self.row = request, record, row
        self.group = request.GET.get("group", "") if row is not None else ""
        self.fragment = "X-Fragment" in request.headers
        names = group_fields(request, record, self.group) if self.group else None
        self.fields = [
            item for item in fields_of(request.db, record, "write") if names is None or item.name in names
        ]
        self.back = back_to(request, request.GET.get("back"), self._home())
        check = request.url_of("record.check", query={"id": row["id"]} if row else None, record=record.name)
        self.form = build_form(
            request,
            record,
            "quick" if row is None else "full",
            names=names,
            action=request.path_qs,
            buttons=save_buttons(self.back, again=row is None) if not self.fragment else save_buttons("")[:1],
            check_url=check if record.duplicates is not None and not self.group else None,
        )

    def _home(self) -> str:
        if self.row is None:
            return str(self.request.url_of("record.list", record=self.record.name))
        return card_url(self.request, self.record, self.row["id"])

    def empty(self) -> Response:
        """The form before anything was typed."""
        if self.row is None:
            return self.page(fill(self.form, self._given()))
        saw_card(self.request, self.record, self.row["id"])
        shown = {**self.row, **shown_files(self.request, self.fields, self.row)}
        return self.page(fill(self.form, {**shown, VERSION: str(self.row["version"])}))

    def _given(self) -> dict[str, Any]:
        """What a new row starts with: defaults, and what the link to this page brings along."""
        defaults = defaults_of(self.request.db)
        found: dict[str, Any] = {}
        for item in self.fields:
            if item.default is not None:
                found[item.name] = item.default() if callable(item.default) else item.default
            text = self.request.GET.get(item.name)
            if text and item.storage in ("column", "link"):
                try:
                    found[item.name] = item.kind.clean(text, defaults)
                except Fault:
                    continue
        return found

    def page(self, form: Markup, status: int = 200, **more: Any) -> Response:
        """The page around the form, or the form alone for a panel of the card."""
        if self.fragment:
            return Response(form, status=status)
        record, row = self.record, self.row
        say = self.request.loc.translate
        if row is None:
            title = say(record.title_of_new())
        else:
            title = say(_("Edit: ${name}"), {"name": heading_of(self.request, record, row)})
        values = {"title": title, "crumbs": crumbs(self.request, record, row), "form": form, **more}
        response = render_to_response("form.jinja2", values, request=self.request)
        response.status_code = status
        return response

    def wrong(self, typed: Typed) -> Response:
        """The form again, with what is wrong beside each box."""
        return self.page(again(typed.form), UNSAVED)

    def look(self, typed: Typed, values: Mapping[str, Any]) -> Response | None:
        """The page between, when look-alikes turn up that were not on the screen yet; None to go on."""
        matches = arising(self.request, self.record, values, self.row)
        if not unseen(matches, typed.form.cstruct.get(ANYWAY) or ""):
            return None
        typed.form.buttons[0].title = _("It is somebody else: save")
        form = again(typed.form, **{ANYWAY: seen_text(matches)})
        return self.page(form, UNSAVED, matches=matches)

    def saved(self, written: Written, message: Any) -> HTTPSeeOther:
        """On to the card, or to the next empty form."""
        request, row_id = self.request, written.ids[0]
        action = None
        if written.change_set is not None and self.row is not None:
            url = undo_url(request, written.change_set, self.back)
            action = {"title": _("Undo"), "url": url, "method": "post"}
        flash.say(request, message, action=action)
        if "save_new" in request.POST:
            return HTTPSeeOther(request.url_of("record.new", record=self.record.name))
        if request.GET.get("back"):
            return HTTPSeeOther(self.back)
        return HTTPSeeOther(card_url(request, self.record, row_id))


@view_config(route_name="record.new", permission="create")
def new(context: RecordContext, request: Request) -> Response:
    if context.record.new_route:
        # What an older link brings along is known there by the same names.
        return HTTPSeeOther(request.url_of(context.record.new_route, query=request.GET))
    page = FormPage(request, context.record)
    if request.method != "POST":
        return page.empty()
    typed = Typed(page.form, request)
    if typed.faults:
        return page.wrong(typed)
    values = {
        item.name: typed.values[item.name] for item in page.fields if typed.values.get(item.name) is not None
    }
    between = page.look(typed, {name: value for name, value in values.items() if value != []})
    if between is not None:
        return between
    try:
        values |= store_files(request, context.record, page.fields, typed.values)
        written = write(request.db, context.record, [Change(values)])
    except Invalid as error:
        typed.fault(error)
        return page.wrong(typed)
    return page.saved(written, _("Added"))


@view_config(route_name="record.edit", permission="write")
def edit(context: RowContext, request: Request) -> Response:
    # A row that the person may read is not always one that they may change.
    get(request.db, context.record, context.id, fields=[], action="write")
    page = FormPage(request, context.record, context.row)
    if request.method != "POST":
        return page.empty()
    typed = Typed(page.form, request)
    if typed.faults:
        return page.wrong(typed)
    merged = Merged.of(request, context.record, context.row, typed, page.fields)
    if merged.clashes:
        return _ask(page, merged)
    between = page.look(typed, merged.values)
    if between is not None:
        return between
    try:
        values = {**merged.values, **store_files(request, context.record, page.fields, typed.values)}
        change = Change(values, context.id, context.row["version"])
        written = write(request.db, context.record, [change])
    except Invalid as error:
        typed.fault(error)
        return page.wrong(typed)
    except Conflict:
        # Somebody was faster between our reading and our writing: look at the row as it is now.
        row = get(request.db, context.record, context.id)
        merged = Merged.of(request, context.record, row, typed, page.fields)
        return _ask(FormPage(request, context.record, row), merged)
    message = _("Saved. What ${who} changed meanwhile is kept as well.", mapping={"who": merged.who})
    return page.saved(written, message if merged.theirs else _("Saved"))


def _ask(page: FormPage, merged: Merged) -> Response:
    """Yours and theirs side by side; what was typed travels along."""
    values = conflict_of(page.request, page.record, merged)
    if page.fragment:
        return Response(template(page.request, "_conflict.jinja2", {"conflict": values}), status=UNSAVED)
    return page.page(Markup(), UNSAVED, conflict=values)
