"""Export: a file of what the list shows, or of the rows that were chosen. Every one is logged."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyramid.request import Request
from pyramid.response import FileIter, Response
from pyramid.view import view_config

from parlour.access.accesslog import log_export
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.records.defaults import defaults_of
from parlour.records.exporting import FORMATS, export, exportable
from parlour.records.pages.addresses import crumbs
from parlour.records.pages.filter_words import Words
from parlour.records.pages.state import ListState, read_state
from parlour.records.query import count
from parlour.records.registry import RecordType
from parlour.web.contexts import RecordContext
from parlour.web.requests import Params

max_queries = 20
_TITLES = {
    "xlsx": _("Excel workbook (xlsx)"),
    "csv": _("Table as text (csv)"),
    "json": _("For programs (json)"),
    "vcf": _("Address cards (vcf)"),
}
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "vcf": "text/vcard; charset=utf-8",
}


def _ids(params: Params) -> list[int] | None:
    """The rows chosen in the list; None for all that fit its filter."""
    found = [int(text) for text in params.getall("id") if text.isdecimal() and len(text) <= 18]
    return found or None


@view_config(route_name="record.export", renderer="export.jinja2", permission="export")
def choose(context: RecordContext, request: Request) -> dict[str, Any]:
    """Which format, and which fields."""
    record, session = context.record, request.db
    state, ids = read_state(session, record, request.GET), _ids(request.GET)
    formats = [name for name in ("xlsx", "csv", "json", "vcf") if name != "vcf" or record.card]
    return {
        "title": _("Export to a file"),
        "crumbs": crumbs(request, record),
        "lead": _lead(request, state, ids),
        "file_url": request.url_of("record.export.file", record=record.name),
        "back_url": state.url(request),
        "keep": [*state.pairs("after", "before", "sort"), *(("id", str(one)) for one in ids or ())],
        "formats": [{"name": name, "title": _TITLES[name]} for name in formats],
        "fields": [{"name": item.name, "title": item.title} for item in exportable(session, record)],
    }


def _lead(request: Request, state: ListState, ids: list[int] | None) -> str:
    loc = request.loc
    if ids is not None:
        return str(loc.plural("${n} chosen record", "${n} chosen records", len(ids)))
    total, _more = count(
        request.db,
        state.record,
        filter=state.filter,
        q=state.q,
        archived=state.archived,
        exact=True,
        action="export",
    )
    said = loc.plural("${n} record", "${n} records", total)
    words = Words(request.db, state.record, loc)
    parts = [*([f"“{state.q}”"] if state.q else []), *(words.say(one) for one in state.conditions)]
    return f"{said} · {', '.join(parts)}" if parts else said


@view_config(route_name="record.export.file", permission="export")
def send(context: RecordContext, request: Request) -> Response:
    """The file itself."""
    record, given = context.record, request.GET
    wanted = given.get("format", "")
    if wanted not in FORMATS:
        raise Refusal(_("Choose one of the formats."))
    state, ids = read_state(request.db, record, given), _ids(given)
    folder = tempfile.TemporaryDirectory(prefix="parlour-export-")
    path = Path(folder.name) / f"{record.name.partition('.')[2]}.{wanted}"
    try:
        rows = export(
            request.db,
            record,
            path,
            request.loc,
            fields=given.getall("field") or None,
            filter=None if ids else state.filter,
            q="" if ids else state.q,
            ids=ids,
            archived=None if ids else state.archived,
        )
        names = [item.name for item in exportable(request.db, record, given.getall("field") or None)]
        log_export(
            request.registry["parlour.engine"],
            request.db,
            record,
            rows,
            fields=names,
            detail=_detail(wanted, state, ids),
            by=request.user,
            ip=request.address,
        )
    except BaseException:
        folder.cleanup()
        raise
    response = Response(content_type=_TYPES[wanted].partition(";")[0])
    response.headers["Content-Type"] = _TYPES[wanted]
    response.content_length = path.stat().st_size
    response.app_iter = _Sending(path, folder)
    response.content_disposition = f'attachment; filename="{_filename(request, record, wanted)}"'
    return response


def _detail(wanted: str, state: ListState, ids: list[int] | None) -> dict[str, Any]:
    if ids is not None:
        return {"format": wanted, "ids": ids[:100]}
    return {"format": wanted, "filter": state.filter, "q": state.q}


def _filename(request: Request, record: RecordType, ending: str) -> str:
    slug = request.organisation.slug
    return f"{slug}-{record.name.partition('.')[2]}-{defaults_of(request.db).today()}.{ending}"


class _Sending:
    """The file in pieces; its folder goes when the response is closed, whether or not all of it was taken."""

    def __init__(self, path: Path, folder: tempfile.TemporaryDirectory[str]):
        self._file = path.open("rb")
        self._folder = folder

    def __iter__(self) -> Iterator[bytes]:
        return iter(FileIter(self._file))

    def close(self) -> None:
        self._file.close()
        self._folder.cleanup()
