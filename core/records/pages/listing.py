"""The list of a record: tabs, search, chips, table, paging by key, bulk bar, side preview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from pyramid.httpexceptions import HTTPFound
from pyramid.request import Request
from pyramid.view import view_config

from parlour.access.protection import may_bulk_delete
from parlour.access.rules import allows
from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.records import kinds
from parlour.records.actions import actions_of
from parlour.records.keyset import Page
from parlour.records.operators import FilterFault
from parlour.records.pages import filter_words
from parlour.records.pages.addresses import (
    card_url,
    crumbs,
    file_url,
    is_picture,
    new_url,
    photo_field,
    reader_of,
    title_of,
)
from parlour.records.pages.preview import preview_of
from parlour.records.pages.reads import saw_list
from parlour.records.pages.shown import first_only, show
from parlour.records.pages.state import ListState, read_state, segments
from parlour.records.query import COUNTED_EXACTLY, count, page, sort_of
from parlour.records.registry import Field, RecordType, fields_of
from parlour.web import flash
from parlour.web.contexts import RecordContext
from parlour.web.requests import routed

PAGE = 50
# Statements, whatever the number of rows; a test counts them.
max_queries = 30


@view_config(route_name="record.list", renderer="list.jinja2", permission="read")
def list_page(context: RecordContext, request: Request) -> Any:
    record, session = context.record, request.db
    if request.GET.get("field"):
        return _with_condition(context, request)
    fault: Any = None
    try:
        state = read_state(session, record, request.GET)
        listing = Listing(request, record, state)
        rows = listing.rows()
        saw_list(request, record, listing.columns, len(rows.rows), q=state.q, filter=state.filter)
        total, more = count(
            session,
            record,
            filter=state.filter,
            q=state.q,
            archived=state.archived,
            exact=request.GET.get("count") == "exact",
        )
    except FilterFault as error:
        # The list must open even when its filter has become meaningless; the chips show what to take away.
        fault, listing = error.message, Listing(request, record, _without_filter(context, request))
        rows, total, more = Page([], None), 0, False
    return listing.page(rows, total, more, fault)


@view_config(route_name="record.filters", renderer="_filters.jinja2", permission="read")
def filter_sheet(context: RecordContext, request: Request) -> dict[str, Any]:
    """The sheet alone, fetched when somebody opens it."""
    try:
        state = read_state(request.db, context.record, request.GET)
    except FilterFault:
        state = ListState(context.record)
    return {"filters": Listing(request, context.record, state).filter_sheet()}


def _without_filter(context: RecordContext, request: Request) -> ListState:
    try:
        conditions = tuple(filter_words.parse(request.GET.get("f")))
    except FilterFault:
        conditions = ()
    return ListState(context.record, conditions=conditions)


def _with_condition(context: RecordContext, request: Request) -> HTTPFound:
    """The filter menu was sent: its condition joins the chips."""
    state = read_state(request.db, context.record, request.GET)
    given = request.GET
    try:
        condition = filter_words.condition_of(
            request.db,
            context.record,
            request.loc,
            given["field"],
            given.get("op", ""),
            given.get("value", ""),
        )
    except Refusal as refusal:
        flash.say(request, refusal.message, "warn")
        return HTTPFound(state.url(request))
    if condition in state.conditions:
        return HTTPFound(state.url(request))
    return HTTPFound(state.url(request, conditions=(*state.conditions, condition)))


@dataclass
class Listing:
    """The parts of one list page."""

    request: Request
    record: RecordType
    state: ListState

    def __post_init__(self) -> None:
        self.session = self.request.db
        self.loc = self.request.loc
        self.reader = reader_of(self.request)
        self.photo = photo_field(self.request, self.record)
        self.columns = columns_of(self.request, self.record)
        self.named = self.record.person or self.photo is not None

    def rows(self) -> Page:
        needed = [*self.columns, *([self.photo] if self.photo else [])]
        state = self.state
        return page(
            self.session,
            self.record,
            fields=needed,
            filter=state.filter,
            q=state.q,
            sort=state.sort or None,
            after=state.after or None,
            before=state.before or None,
            limit=PAGE,
            archived=state.archived,
        )

    def page(self, found: Page, total: int, more: bool, fault: Any) -> dict[str, Any]:
        request, record, state = self.request, self.record, self.state
        empty = not found.rows and not state.narrowed and not fault
        shown = {
            "title": state.segment.title if state.segment else record.plural,
            "crumbs": crumbs(request, record)[:-1],
            "count_text": self.count_text(total, more),
            "count_url": state.url(request, after=state.after, more={"count": "exact"}) if more else None,
            "primary": self.new_action(),
            "more": self.head_actions(total),
            "tabs": self.tabs(),
            "search_url": request.url_of("record.list", record=record.name),
            "q": state.q,
            "keep": state.pairs("q", "after", "before"),
            "chips": self.chips(),
            "clear_url": state.url(request, conditions=(), q=""),
            "filters": self.filters(),
            "columns": self.heads(),
            "rows": [self.row(row) for row in found.rows],
            "name_cell": self.named,
            "fault": fault,
            "pages": self.pages(found),
            "bulk_url": request.url_of("record.bulk", record=record.name),
            # With the search: "all that fit" means those that were found.
            "bulk_keep": state.pairs("after", "before"),
            "actions": self.bulk_actions(),
            "all_matching_text": self.all_matching(total, more, len(found.rows)),
            "empty": self.empty() if empty else None,
            "no_result": self.no_result() if state.narrowed and not found.rows and not fault else None,
            "preview": self.preview(),
        }
        if fault:
            shown["no_result"] = {**self.no_result(), "title": _("This filter cannot be used"), "text": fault}
        return shown

    def count_text(self, total: int, more: bool) -> str:
        return f"{self.loc.number(COUNTED_EXACTLY)}+" if more else str(self.loc.number(total))

    def all_matching(self, total: int, more: bool, on_page: int) -> str | None:
        if total <= on_page and not more:
            return None
        return str(self.loc.translate(_("All ${n} that fit"), {"n": self.count_text(total, more)}))

    # ---- what stands above the table

    def new_action(self) -> dict[str, Any] | None:
        if not allows(self.session, self.record.permission("create")):
            return None
        url = new_url(self.request, self.record)
        return {"title": self.record.title_of_new(), "url": url, "icon": "plus"}

    def head_actions(self, total: int) -> list[dict[str, Any]]:
        request, record, state = self.request, self.record, self.state
        found: list[dict[str, Any]] = []
        if may_import(self.request, record):
            url = request.url_of("record.import", record=record.name)
            found.append({"title": _("Import from a file"), "url": url, "icon": "upload"})
        if total and allows(self.session, record.permission("export")):
            url = request.url_of("record.export", record=record.name, query=state.pairs("after", "before"))
            found.append({"title": _("Export to a file"), "url": url, "icon": "download"})
        if state.conditions:
            url = request.url_of("record.segments", record=record.name, query=state.pairs("after", "before"))
            found.append({"title": _("Save this filter as a segment"), "url": url, "icon": "bookmark"})
        elif state.segment is not None:
            url = request.url_of("record.segments", record=record.name, query=state.pairs("after", "before"))
            found.append({"title": _("Rename or remove this segment"), "url": url, "icon": "bookmark"})
        return found

    def filters(self) -> dict[str, Any]:
        """The sheet that adds a filter: only where it is, for it names every field and its choices."""
        state, request = self.state, self.request
        opened = request.GET.get("filter") == "open"
        return {
            "load_url": request.url_of(
                "record.filters", query=state.pairs("after", "before"), record=self.record.name
            ),
            "open_url": state.url(request, more={"filter": "open"}),
            **(self.filter_sheet() if opened else {}),
        }

    def filter_sheet(self) -> dict[str, Any]:
        return {
            "url": self.request.url_of("record.list", record=self.record.name),
            "keep": self.state.pairs("after", "before"),
            "fields": filter_words.offered_fields(self.session, self.record, self.loc),
        }

    def tabs(self) -> list[dict[str, Any]]:
        request, state = self.request, self.state
        base = ListState(self.record, sort=state.sort)
        everything = state.segment is None and not state.archived
        tabs = [{"title": _("All"), "url": base.url(request), "active": everything}]
        tabs += [
            {
                "title": one.title,
                "url": base.url(request, segment=one),
                "active": state.segment is not None and one.id == state.segment.id,
            }
            for one in segments(self.session, self.record)
        ]
        archived = {
            "title": _("In the archive"),
            "url": base.url(request, archived=True),
            "active": state.archived,
        }
        return [*tabs, archived]

    def chips(self) -> list[dict[str, Any]]:
        words = filter_words.Words(self.session, self.record, self.loc)
        conditions = self.state.conditions
        found = []
        for number, condition in enumerate(conditions):
            rest = conditions[:number] + conditions[number + 1 :]
            found.append(
                {"text": words.say(condition), "remove_url": self.state.url(self.request, conditions=rest)}
            )
        return found

    # ---- the table

    def heads(self) -> list[dict[str, Any]]:
        order = sort_of(self.session, self.record, self.state.sort or None)
        heads = []
        # Where it is narrow a row says its name and a phone, or without phones what stands next to the name.
        beside = next((number for number, item in enumerate(self.columns) if is_phone(item)), 1)
        for number, item in enumerate(self.columns):
            sortable = item.sortable and item.storage == "column"
            active = item is order.field
            turned = f"-{item.name}" if active and not order.descending else item.name
            heads.append(
                {
                    "name": item.name,
                    "title": item.title,
                    "align": "end" if item.kind.align == "end" else "",
                    "sort_url": self.state.url(self.request, sort=turned) if sortable else None,
                    "sorted": ("descending" if order.descending else "ascending") if active else None,
                    "priority": 1 if number in (0, beside) else 2 if number < 5 else 3,
                }
            )
        return heads

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        photo = file_url(self.request, row.get(self.photo.name), "small") if self.photo else None
        title = title_of(self.record, row)
        cells = [first_only(show(item, row[item.name], self.reader)) for item in self.columns]
        return {
            "id": row["id"],
            "title": title,
            "url": card_url(self.request, self.record, row["id"]),
            "preview_url": self.request.url_of("record.preview", record=self.record.name, id=row["id"]),
            "photo_url": photo,
            "archived": row["archived_at"] is not None,
            "cells": [{"kind": "text", "text": title}, *cells[1:]],
        }

    def pages(self, found: Page) -> dict[str, Any]:
        state, request = self.state, self.request
        return {
            "text": self.loc.plural("${n} row on this page", "${n} rows on this page", len(found.rows)),
            "prev_url": state.url(request, before=found.previous, after="") if found.previous else None,
            "next_url": state.url(request, after=found.next, before="") if found.next else None,
        }

    def bulk_actions(self) -> list[dict[str, Any]]:
        return list(bulk_actions(self.request, self.record, self.state.archived))

    def preview(self) -> Markup | None:
        """The side preview that the address names; one that is gone is left out."""
        wanted = self.request.GET.get("preview", "")
        if not wanted.isdecimal() or len(wanted) > 18:
            return None
        try:
            return preview_of(self.request, self.record, int(wanted))
        except NotFound:
            return None

    # ---- nothing there

    def empty(self) -> dict[str, Any]:
        if self.state.archived or self.state.segment is not None:
            return {"icon": self.record.icon, "title": _("Nothing here"), "text": ""}
        actions = []
        if may_import(self.request, self.record):
            url = self.request.url_of("record.import", record=self.record.name)
            actions.append({"title": _("Import from a file"), "url": url, "icon": "upload"})
        return {
            "icon": self.record.icon,
            "title": _("Nothing here yet"),
            "text": self.loc.translate(
                _("${what} will stand here. Add the first one, or bring in what you have from a file.")
                if actions
                else _("${what} will stand here."),
                {"what": self.record.plural},
            ),
            "primary": self.new_action(),
            "actions": actions,
        }

    def no_result(self) -> dict[str, Any]:
        state, request = self.state, self.request
        if state.q:
            last = self.loc.translate(_("“${text}”"), {"text": state.q})
            url = state.url(request, q="")
        elif state.conditions:
            words = filter_words.Words(self.session, self.record, self.loc)
            last = words.say(state.conditions[-1])
            url = state.url(request, conditions=state.conditions[:-1])
        else:
            last, url = "", ListState(self.record).url(request)
        return {
            "title": _("Nothing fits"),
            "text": self.loc.translate(_("Nothing was found for: ${what}"), {"what": last}) if last else "",
            "clear_url": url,
            "clear_text": self.loc.translate(_("Take away: ${what}"), {"what": last})
            if last
            else _("Show all"),
        }


def columns_of(request: Request, record: RecordType) -> list[Field]:
    """The columns of a list: what the row is called, how to call it, then the listed fields in their order."""
    readable = fields_of(request.db, record)
    first = [item for item in readable if item.name == record.title_field]
    others = [item for item in readable if item.listed and item not in first and not is_picture(item)]
    others.sort(key=lambda item: not is_phone(item))
    return [*first, *others] or readable[:1]


def is_phone(item: Field) -> bool:
    """Whether the field holds numbers to call."""
    kind = item.lines[0].kind if item.storage == "part" else item.kind
    return isinstance(kind, kinds.PhoneKind)


def may_import(request: Request, record: RecordType) -> bool:
    return (
        routed(request, "record.import")
        and allows(request.db, "core:import")
        and allows(request.db, record.permission("create"))
    )


def bulk_actions(request: Request, record: RecordType, archived: bool) -> Sequence[dict[str, Any]]:
    """What can be done with chosen rows: first what every record offers, then the record's own actions."""
    session = request.db
    found: list[dict[str, Any]] = []
    bulk, write = allows(session, "core:bulk"), allows(session, record.permission("write"))
    if bulk and write and not archived:
        found.append({"name": "set", "title": _("Change a field"), "icon": "pencil"})
    if bulk and write:
        found.append(
            {"name": "restore", "title": _("Bring back"), "icon": "archive-restore"}
            if archived
            else {"name": "archive", "title": _("Archive"), "icon": "archive"}
        )
    if allows(session, record.permission("export")):
        found.append({"name": "export", "title": _("Export"), "icon": "download"})
    if not archived and allows(session, record.permission("merge")):
        found.append({"name": "merge", "title": _("Merge"), "icon": "merge"})
    if bulk:
        found += [
            {
                "name": f"act:{one.name}",
                "title": one.title,
                "icon": one.icon,
                "danger": one.danger,
                "dialog": bool(one.fields),
            }
            for one in actions_of(session, record, bulk=True)
        ]
    if allows(session, record.permission("delete")) and may_bulk_delete(session):
        found.append({"name": "delete", "title": _("Delete"), "icon": "trash-2", "danger": True})
    return found
