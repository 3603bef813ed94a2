"""The bulk bar: one act on the rows that were chosen, or on all that fit the list's filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import colander
import deform
from markupsafe import Markup
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from parlour.access.protection import require_bulk_delete
from parlour.access.rules import allows
from parlour.errors import Invalid, NotAllowed, Refusal
from parlour.i18n import _
from parlour.jobs.progress import progress_of
from parlour.records import bulk
from parlour.records.actions import action_of, run_action
from parlour.records.forms import build_one
from parlour.records.pages.acting import Asked
from parlour.records.pages.addresses import card_url, crumbs, title_of
from parlour.records.pages.form_parts import Typed, again, save_buttons
from parlour.records.pages.removing import consequences_shown
from parlour.records.pages.state import ListState, read_state
from parlour.records.pages.undoing import done
from parlour.records.query import read
from parlour.records.registry import Field, RecordType, fields_of
from parlour.records.removal import delete
from parlour.web import flash, widgets
from parlour.web.contexts import RecordContext

# Rows of which a delete shows the names.
NAMED = 10
DELETED_AT_MOST = 500
MODES = ((bulk.ADD, _("Add")), (bulk.REMOVE, _("Take away")), (bulk.REPLACE, _("Replace all")))


@dataclass(frozen=True)
class Selection:
    """The rows that somebody chose: some by id, or all that the list's state lets through."""

    state: ListState
    ids: list[int] | None

    @classmethod
    def of(cls, request: Request, record: RecordType) -> Selection:
        """What the bulk bar, or a page that carries its choice along, sent. Raises Refusal for nothing."""
        posted = request.POST
        state = read_state(request.db, record, posted)
        if posted.get("all") == "1":
            return cls(state, None)
        texts = [*posted.getall("id"), *str(posted.get("ids", "")).split()]
        ids = [int(text) for text in map(str, texts) if text.isdecimal() and len(text) <= 18]
        if not ids:
            raise Refusal(_("Choose some rows first."))
        return cls(state, ids)

    def rows(self, request: Request, action: str) -> list[int]:
        """Their ids, as far as this person may so act on them."""
        state = self.state
        found = bulk.chosen(
            request.db,
            state.record,
            self.ids,
            action=action,
            filter=state.filter,
            q=state.q,
            archived=state.archived,
        )
        if not found:
            raise NotAllowed(_("None of these records is yours to change."))
        return found

    def keep(self) -> list[tuple[str, str]]:
        """The choice as hidden boxes of a form."""
        pairs = self.state.pairs("after", "before")
        if self.ids is None:
            return [*pairs, ("all", "1")]
        return [*pairs, *(("id", str(one)) for one in self.ids)]

    def back(self, request: Request) -> str:
        return self.state.url(request)


@view_config(route_name="record.bulk", request_method="POST", permission="read")
def act(context: RecordContext, request: Request) -> Response:
    """Do what the pressed button says; each act asks for its own permission."""
    record = context.record
    chosen = Selection.of(request, record)
    name = str(request.POST.get("action", ""))
    if name.startswith("act:"):
        return _run(request, chosen, name.partition(":")[2])
    simple = {"export": _to_export, "merge": _to_merge, "delete": _ask_delete, "delete_now": _delete}
    if name in simple:
        return simple[name](request, chosen)
    bulk.require_bulk(request.db)
    if name in ("archive", "restore"):
        return _archive(request, chosen, restore=name == "restore")
    if name == "set":
        return _ask_field(request, chosen)
    if name == "set_now":
        return _set(request, chosen)
    raise Refusal(_("There is no action ${name}.", mapping={"name": name[:80]}))


def _run(request: Request, chosen: Selection, name: str) -> Response:
    """One of the record's own actions; what it asks for comes in a second step, the choice travelling along."""
    bulk.require_bulk(request.db)
    record = chosen.state.record
    found = action_of(request.db, record, name)
    rows = chosen.rows(request, found.permission)
    if len(rows) > bulk.AT_ONCE * 5 and not found.background:
        raise Refusal(_("At most ${n} records at once.", mapping={"n": bulk.AT_ONCE * 5}))
    if not found.fields:
        outcome = run_action(request.db, record, rows, name)
        return done(request, outcome.message, outcome.change_set, chosen.back(request))
    asked = Asked(
        request,
        record,
        found,
        url=request.url_of("record.bulk", record=record.name),
        back=chosen.back(request),
        lead=request.loc.plural("On ${n} record", "On ${n} records", len(rows)),
        crumbs=crumbs(request, record),
        carried=_hidden(chosen, f"act:{name}"),
    )
    return asked.run(rows) if asked.answered else asked.show()


def _to_export(request: Request, chosen: Selection) -> Response:
    query = chosen.keep() if chosen.ids is not None else chosen.state.pairs("after", "before")
    return HTTPSeeOther(request.url_of("record.export", query=query, record=chosen.state.record.name))


def _to_merge(request: Request, chosen: Selection) -> Response:
    ids = chosen.ids or []
    if not 2 <= len(ids) <= 20:
        raise Refusal(_("Choose between two and ${n} records to merge.", mapping={"n": 20}))
    query = [("keep", str(ids[0])), *(("lose", str(one)) for one in ids[1:])]
    return HTTPSeeOther(request.url_of("record.merge", query=query, record=chosen.state.record.name))


def _archive(request: Request, chosen: Selection, *, restore: bool) -> Response:
    record, rows = chosen.state.record, chosen.rows(request, "write")
    if len(rows) > bulk.AT_ONCE:
        return _in_background(request, chosen, rows, {"act": "restore" if restore else "archive"})
    made = bulk.archive(request.db, record, rows, restore=restore)
    message = _said(request, len(rows), restored=restore)
    return done(request, message, made, chosen.back(request))


def _said(request: Request, count: int, *, restored: bool) -> str:
    if restored:
        return str(request.loc.plural("${n} record is back", "${n} records are back", count))
    return str(
        request.loc.plural("${n} record is in the archive now", "${n} records are in the archive now", count)
    )


# ---- a field on all of them


def _ask_field(request: Request, chosen: Selection) -> Response:
    """Which field, then its value: a page for each, the choice of rows travelling along."""
    record = chosen.state.record
    fields = bulk.settable(request.db, record)
    name = str(request.POST.get("field", ""))
    item = next((one for one in fields if one.name == name), None)
    rows = chosen.rows(request, "write")
    if item is None:
        return _page(request, chosen, rows, Markup(_which_form(request, chosen, fields).render()))
    return _page(request, chosen, rows, Markup(_value_form(request, chosen, item).render()))


def _which_form(request: Request, chosen: Selection, fields: Sequence[Field]) -> deform.Form:
    titles = sorted(
        ((item.name, request.loc.translate(item.title)) for item in fields), key=lambda one: one[1]
    )
    schema = _hidden(chosen, "set")
    schema.add(
        colander.SchemaNode(
            colander.String(),
            name="field",
            title=_("Which field"),
            widget=widgets.SelectWidget(values=titles),
        )
    )
    return _form(request, chosen, schema, _("Next"))


def _value_form(request: Request, chosen: Selection, item: Field) -> deform.Form:
    schema = _hidden(chosen, "set_now")
    schema.add(_quiet("field", item.name))
    if item.storage in ("part", "links"):
        values = [(code, request.loc.translate(title)) for code, title in MODES]
        schema.add(
            colander.SchemaNode(
                colander.String(),
                name="mode",
                title=_("What to do"),
                default=bulk.ADD,
                missing=bulk.ADD,
                widget=widgets.RadioChoiceWidget(values=values, inline=True, grouped=True),
            )
        )
    schema.add(build_one(request.db, item, loc=request.loc))
    return _form(request, chosen, schema, _("Change all of them"))


def _hidden(chosen: Selection, action: str) -> colander.SchemaNode:
    """A schema that carries the choice along. Rows chosen by hand stand in one box, divided by blanks."""
    schema = colander.SchemaNode(colander.Mapping(unknown="ignore"))
    for name, value in [("action", action), *chosen.state.pairs("after", "before")]:
        schema.add(_quiet(name, value))
    if chosen.ids is None:
        schema.add(_quiet("all", "1"))
    else:
        schema.add(_quiet("ids", " ".join(map(str, chosen.ids))))
    return schema


def _quiet(name: str, value: str) -> colander.SchemaNode:
    return colander.SchemaNode(
        colander.String(), name=name, title="", default=value, missing="", widget=widgets.HiddenWidget()
    )


def _form(request: Request, chosen: Selection, schema: colander.SchemaNode, title: Any) -> deform.Form:
    return deform.Form(
        schema,
        action=request.url_of("record.bulk", record=chosen.state.record.name),
        formid="bulk-form",
        buttons=save_buttons(chosen.back(request), title=title),
        renderer=request.form_renderer,
    )


def _page(
    request: Request, chosen: Selection, rows: Sequence[int], form: Markup, status: int = 200
) -> Response:
    record = chosen.state.record
    values = {
        "title": _("Change a field"),
        "crumbs": crumbs(request, record),
        "lead": request.loc.plural("On ${n} record", "On ${n} records", len(rows)),
        "form": form,
    }
    response = render_to_response("form.jinja2", values, request=request)
    response.status_code = status
    return response


def _set(request: Request, chosen: Selection) -> Response:
    record, session = chosen.state.record, request.db
    name = str(request.POST.get("field", ""))
    item = next((one for one in bulk.settable(session, record) if one.name == name), None)
    if item is None:
        raise Refusal(_("${field} cannot be set on many records at once.", mapping={"field": name[:80]}))
    rows = chosen.rows(request, "write")
    form = _value_form(request, chosen, item)
    typed = Typed(form, request)
    if typed.faults:
        return _page(request, chosen, rows, again(form), 422)
    value, mode = typed.values[item.name], str(typed.values.get("mode") or bulk.REPLACE)
    if mode not in dict(MODES):
        mode = bulk.REPLACE
    try:
        if len(rows) > bulk.AT_ONCE:
            work = {"act": "set", "field": item.name, "value": bulk.value_as_json(item, value), "mode": mode}
            return _in_background(request, chosen, rows, work)
        made = bulk.set_field(session, record, rows, item.name, value, mode)
    except Invalid as error:
        typed.fault(_of_one(error))
        return _page(request, chosen, rows, again(form), 422)
    message = request.loc.plural("${n} record is changed", "${n} records are changed", len(rows))
    return done(request, message if made else _("All of them were so already."), made, chosen.back(request))


def _of_one(error: Invalid) -> Invalid:
    """The faults of many rows as those of the one form that all of them share."""
    together: dict[str, Any] = {}
    for found in error.errors.values():
        together.update(found)
    return Invalid(error.message, {0: together})


# ---- deleting


def _may_delete(request: Request, record: RecordType) -> None:
    if not allows(request.db, record.permission("delete")):
        raise NotAllowed(_("You may not delete many records at once."))
    require_bulk_delete(request.db)


def _ask_delete(request: Request, chosen: Selection, error: Any = None) -> Response:
    record, session = chosen.state.record, request.db
    _may_delete(request, record)
    ids = chosen.rows(request, "delete")
    if len(ids) > DELETED_AT_MOST:
        raise Refusal(
            _(
                "At most ${n} records can be deleted at once; archive them instead.",
                mapping={"n": DELETED_AT_MOST},
            )
        )
    titled = [
        item
        for item in fields_of(session, record)
        if item.name == record.title_field or item.storage == "part"
    ]
    rows = read(session, record, titled, [record.cls.id.in_(ids)], order_by=[record.cls.id])
    names = [
        {"title": title_of(record, row), "url": card_url(request, record, row["id"])} for row in rows[:NAMED]
    ]
    more = len(rows) - NAMED
    values = {
        "title": request.loc.plural("Delete ${n} record", "Delete ${n} records", len(rows)),
        "crumbs": crumbs(request, record),
        "names": names,
        "names_text": request.loc.plural("and ${n} more", "and ${n} more", more) if more > 0 else "",
        "post_url": request.url_of("record.bulk", record=record.name),
        "back_url": chosen.back(request),
        "word": str(len(rows)),
        "keep": [*chosen.keep(), ("action", "delete_now")],
        "error": error,
        **consequences_shown(request, record, rows),
    }
    response = render_to_response("delete.jinja2", values, request=request)
    response.status_code = 422 if error else 200
    return response


def _delete(request: Request, chosen: Selection) -> Response:
    record = chosen.state.record
    _may_delete(request, record)
    ids = chosen.rows(request, "delete")
    if str(request.POST.get("typed", "")).strip() != str(len(ids)):
        return _ask_delete(request, chosen, _("Type the number of records to delete them."))
    written = delete(request.db, record, ids)
    message = request.loc.plural("${n} record is deleted", "${n} records are deleted", len(ids))
    return done(request, message, written.change_set, chosen.back(request))


# ---- long work


def _in_background(
    request: Request, chosen: Selection, rows: Sequence[int], work: Mapping[str, Any]
) -> Response:
    job = bulk.ask_for(request.db, chosen.state.record, rows, work)
    return HTTPSeeOther(request.url_of("record.work", record=chosen.state.record.name, job=job))


@view_config(route_name="record.work", renderer="progress.jinja2", permission="read")
def work(context: RecordContext, request: Request) -> Any:
    """How far a large piece of bulk work is; back to the list when it is done."""
    record = context.record
    number = request.matchdict["job"]
    job = progress_of(request.db, int(number))
    if job["created_by"] != request.user.id and not allows(request.db, "core:jobs:read"):
        raise NotAllowed(_("This is somebody else's work."))
    home = request.url_of("record.list", record=record.name)
    if job["finished"]:
        result = job["result"] or {}
        if job["state"] == "done":
            message = request.loc.plural(
                "${n} record is changed", "${n} records are changed", int(result.get("rows", 0))
            )
            return done(request, message, result.get("change_set"), home)
        flash.say(request, job["error"] or _("The work was stopped; what was done so far stays."), "warn")
        return HTTPSeeOther(home)
    return {
        "title": _("Changing records"),
        "crumbs": crumbs(request, record),
        "progress": {
            "url": request.url_of("job", id=number),
            "done": job["done"],
            "total": job["total"],
            "message": request.loc.translate(job["message"]) if job["message"] else "",
        },
        "cancel": {
            "title": _("Stop"),
            "method": "post",
            "url": request.url_of("job.cancel", id=number),
            "fields": {"back": request.path},
        },
        "back_url": home,
    }
