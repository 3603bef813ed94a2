"""Saved filters: a name for what a list shows, as a tab for oneself or for everybody."""

from __future__ import annotations

from typing import Any

import colander
import deform
from markupsafe import Markup
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import func, select

from parlour.access.rules import allows
from parlour.errors import NotAllowed, Refusal
from parlour.i18n import _
from parlour.records.filters import compile_filter
from parlour.records.models import SavedFilter
from parlour.records.pages.addresses import crumbs
from parlour.records.pages.filter_words import Words
from parlour.records.pages.form_parts import save_buttons
from parlour.records.pages.state import ListState, read_state
from parlour.web import flash, widgets
from parlour.web.contexts import RecordContext

MAX_SEGMENTS = 1000
max_queries = 20


@view_config(route_name="record.segments", permission="read")
def segment(context: RecordContext, request: Request) -> Response:
    """Name the filter of the list that one comes from, or rename or remove the segment that is open."""
    record, session = context.record, request.db
    state = read_state(session, record, request.GET)
    form = _form(request, state)
    if request.method != "POST":
        shared = state.segment is not None and state.segment.user_id is None
        title = state.segment.title if state.segment else _suggested(request, state)
        return _page(request, state, Markup(form.render({"title": title, "everybody": shared})))
    if "remove" in request.POST:
        return _remove(request, state)
    try:
        values = form.validate(list(request.POST.items()))
    except deform.ValidationFailure as failure:
        return _page(request, state, Markup(failure.render()), status=422)
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal(_("This form cannot be understood.")) from error
    saved = _save(request, state, values["title"], values["everybody"])
    flash.say(request, _("Saved"))
    return HTTPSeeOther(ListState(record, segment=saved, sort=state.sort).url(request))


def _form(request: Request, state: ListState) -> deform.Form:
    schema = colander.Schema(
        colander.SchemaNode(
            colander.String(),
            name="title",
            title=_("Name of the segment"),
            validator=colander.Length(max=80, max_err=_("A name has at most ${max} characters.")),
            missing_msg=_("Give it a name."),
            widget=widgets.TextInputWidget(max_length=80, autocomplete="off"),
        )
    )
    if may_share(request):
        schema.add(
            colander.SchemaNode(
                colander.Boolean(),
                name="everybody",
                title=_("For everybody who works here"),
                missing=False,
                widget=widgets.CheckboxWidget(true_val="true", false_val="false", labelled=True),
            )
        )
    buttons = save_buttons(state.url(request))
    if state.segment is not None:
        remove = deform.Button(name="remove", title=_("Remove the segment"), css_class="btn-outline-danger")
        buttons.insert(1, remove)
    return deform.Form(
        schema, action=request.path_qs, formid="segment", buttons=buttons, renderer=request.form_renderer
    )


def may_share(request: Request) -> bool:
    """Whether this person may make segments for everybody."""
    return allows(request.db, "core:settings:write")


def _suggested(request: Request, state: ListState) -> str:
    """The filter in words, as a first name."""
    words = Words(request.db, state.record, request.loc)
    return ", ".join(words.say(condition) for condition in state.conditions)[:80]


def _page(request: Request, state: ListState, form: Markup, status: int = 200) -> Response:
    title = _("Segment") if state.segment else _("Save the filter as a segment")
    values: dict[str, Any] = {
        "title": title,
        "crumbs": crumbs(request, state.record),
        "lead": _suggested(request, state),
        "form": form,
    }
    response = render_to_response("form.jinja2", values, request=request)
    response.status_code = status
    return response


def _save(request: Request, state: ListState, title: str, everybody: bool) -> SavedFilter:
    session, record = request.db, state.record
    if everybody and not may_share(request):
        raise NotAllowed(_("You may not make segments for everybody."))
    if state.filter is None:
        raise Refusal(_("Choose a filter first; this list shows everything."))
    compile_filter(session, record, state.filter)
    owner = None if everybody else session.scope.user_id
    row = state.segment
    if row is None:
        counted = select(func.count()).select_from(SavedFilter).where(SavedFilter.record == record.name)
        if session.scalar(counted) >= MAX_SEGMENTS:
            raise Refusal(_("There are too many segments; remove some first."))
        row = SavedFilter(record=record.name, title=title, filter=state.filter, user_id=owner)
        session.add(row)
    else:
        _may_change(request, row)
        row.title, row.filter, row.user_id = title, state.filter, owner
    session.flush()
    return row


def _remove(request: Request, state: ListState) -> HTTPSeeOther:
    if state.segment is not None:
        _may_change(request, state.segment)
        request.db.delete(state.segment)
        request.db.flush()
        flash.say(request, _("The segment is removed; what it showed stays."))
    return HTTPSeeOther(ListState(state.record).url(request))


def _may_change(request: Request, row: SavedFilter) -> None:
    if row.user_id is None and not may_share(request):
        raise NotAllowed(_("This segment is for everybody; ask who may change the settings."))
