"""The import in the browser: bring a file, check what its columns are, try it, bring it in, take it back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from parlour.errors import Invalid, NotFound, Refusal
from parlour.i18n import _
from parlour.jobs.models import Job
from parlour.jobs.progress import own_job, progress_of
from parlour.records.files import File, file_of, path_of, store
from parlour.records.importing import job as importing
from parlour.records.importing.columns import mapping_page, page_of, plan_of_form
from parlour.records.importing.given import Given, said
from parlour.records.importing.plan import Plan, from_plain, propose, remember
from parlour.records.registry import RecordType
from parlour.records.tables import Table, open_table
from parlour.web.contexts import RecordContext
from parlour.web.limits import allow

max_queries = 25
MAX_BYTES = 200 * 1024 * 1024
SLOT = "import"
SHOWN_PROBLEMS = 200
OPTIONS = ("sheet", "encoding", "delimiter")
LIST = "/o/{organisation}/r/{record}/import"
_STATES = {
    "waiting": "waiting",
    "running": "running",
    "sending": "running",
    "done": "done",
    "cancelled": "cancelled",
}
_FIGURES = (
    ("rows", _("Rows"), ""),
    ("created", _("Added"), "good"),
    ("updated", _("Changed"), "info"),
    ("unchanged", _("As they were"), ""),
    ("skipped", _("Passed over"), ""),
    ("rejected", _("Refused"), "bad"),
)


def includeme(config: Configurator) -> None:
    config.add_route("record.import", LIST, factory=RecordContext)
    allow(config, "record.import", MAX_BYTES + 1_000_000)
    config.add_route("record.import.map", LIST + r"/{file:\d{1,18}}", factory=RecordContext)
    config.add_route("record.import.run", LIST + r"/{file:\d{1,18}}/{job:\d{1,18}}", factory=RecordContext)
    config.scan(__name__)


@view_config(
    route_name="record.import",
    request_method="GET",
    renderer="import_upload.jinja2",
    permission="core:import",
)
def choose(context: RecordContext, request: Request) -> dict[str, Any]:
    """Where the file is."""
    record = context.record
    importing.check_allowed(request.db, record)
    return {
        **page_of(request, record),
        "post_url": request.url_of("record.import", record=record.name),
        "error": None,
        "records": [{"name": record.name, "title": record.plural, "chosen": True}],
        "accept": ".csv,.tsv,.txt,.xlsx,.xls,.ods,.vcf,.json",
        "max_text": request.loc.translate(_("up to ${n} MB"), {"n": MAX_BYTES // 1024 // 1024}),
    }


@view_config(
    route_name="record.import",
    request_method="POST",
    renderer="import_upload.jinja2",
    permission="core:import",
)
def upload(context: RecordContext, request: Request) -> Any:
    """Keep the file and look into it before saying that it is fine."""
    record = context.record
    importing.check_allowed(request.db, record)
    given = request.POST.get("file")
    try:
        if given is None or not getattr(given, "filename", ""):
            raise Refusal(_("Choose a file first."))
        stored = store(
            request.db,
            request.settings,
            given.file,
            given.filename,
            record=record.name,
            slot=SLOT,
            limit=MAX_BYTES,
        )
        open_table(Path(path_of(request.settings, stored)), stored.name)
    except Refusal as refused:
        request.response.status_int = 422
        return {**choose(context, request), "error": refused.message}
    return HTTPSeeOther(request.url_of("record.import.map", record=record.name, file=stored.id))


def _own_file(request: Request, record: RecordType) -> File:
    """The upload of the address, if this person brought it for this record. Raises NotFound."""
    stored = file_of(request.db, int(request.matchdict["file"]))
    if stored.record != record.name or stored.slot != SLOT or stored.created_by != request.user.id:
        raise NotFound(_("There is no such file."))
    return stored


def _options(given: Mapping[str, str]) -> dict[str, str]:
    return {name: given[name] for name in OPTIONS if given.get(name)}


def _opened(request: Request, stored: File, options: Mapping[str, str]) -> Table:
    return open_table(Path(path_of(request.settings, stored)), stored.name, **options)


@view_config(
    route_name="record.import.map",
    request_method="GET",
    renderer="import_map.jinja2",
    permission="core:import",
)
def mapping(context: RecordContext, request: Request) -> dict[str, Any]:
    """What each column becomes; comes back from a trial with `?job=` as it was tried."""
    record = context.record
    importing.check_allowed(request.db, record)
    stored = _own_file(request, record)
    options = _options(request.GET)
    tried = request.GET.get("job", "")
    keys: list[str] = []
    plan: Plan | None = None
    if tried.isdecimal() and len(tried) <= 18:
        job = _own_import(request, stored, int(tried))
        options, plan, keys = job.args["options"], from_plain(job.args["plan"]), job.args["keys"]
    table = _opened(request, stored, options)
    plan = plan or propose(request.db, record, table)
    return mapping_page(
        request, record, stored, table, plan, options, keys, Given.of_plan(request, record, plan)
    )


@view_config(
    route_name="record.import.map",
    request_method="POST",
    renderer="import_map.jinja2",
    permission="core:import",
)
def start(context: RecordContext, request: Request) -> Any:
    """Read again, try, or bring in: with the columns of the form, or those of an earlier trial."""
    record = context.record
    importing.check_allowed(request.db, record)
    stored = _own_file(request, record)
    given = request.POST
    options = _options(given)
    act = given.get("action", "")
    if act == "read":
        return HTTPSeeOther(
            request.url_of("record.import.map", record=record.name, file=stored.id, query=options)
        )
    if given.get("job", "").isdecimal():
        tried = _own_import(request, stored, int(given["job"][:18]))
        plan, keys, options = from_plain(tried.args["plan"]), tried.args["keys"], tried.args["options"]
    else:
        table = _opened(request, stored, options)
        plan = plan_of_form(request, record, table)
        keys = [given["key"]] if given.get("key") else []
        act, _sign, dropped = act.partition(":")
        boxes = Given.of_form(request, record, add=given.get("new", "") if act == "add" else "", drop=dropped)
        if act in ("add", "drop"):
            boxes.keep()
            return mapping_page(request, record, stored, table, plan, options, keys, boxes)
        try:
            boxes.put_into(plan)
        except Invalid:
            request.response.status_int = 422
            page = mapping_page(request, record, stored, table, plan, options, keys, boxes)
            return {**page, "error": _("Not tried yet. Look at the values that go along.")}
        remember(request.db, record, table, plan)
    number = importing.start(request.db, record, stored.id, plan, keys, options=options, dry_run=act != "run")
    return HTTPSeeOther(request.url_of("record.import.run", record=record.name, file=stored.id, job=number))


def _own_import(request: Request, stored: File, number: int) -> Job:
    """An import of this file that this person started. Raises NotFound."""
    found = own_job(request.db, number)
    if (
        found.name != importing.JOB
        or found.args["file_id"] != stored.id
        or found.created_by != request.user.id
    ):
        raise NotFound(_("There is no such import."))
    return found


@view_config(
    route_name="record.import.run",
    request_method="GET",
    renderer="import_run.jinja2",
    permission="core:import",
)
def show(context: RecordContext, request: Request) -> dict[str, Any]:
    """How far it is, and what came of it."""
    record, loc = context.record, request.loc
    stored = _own_file(request, record)
    job = _own_import(request, stored, int(request.matchdict["job"]))
    seen = progress_of(request.db, job.id)
    state = _STATES.get(seen["state"], "failed")
    result: dict[str, Any] = seen["result"] or {}
    dry = bool(job.args["dry_run"])
    map_url = request.url_of("record.import.map", record=record.name, file=stored.id)
    here = request.path
    page: dict[str, Any] = {
        **page_of(request, record),
        "lead": stored.name,
        "state": state,
        "state_text": _state_text(state, dry, result, loc),
        "progress": {
            "url": request.url_of("job", id=job.id),
            "done": seen["done"] or 0,
            "total": seen["total"],
            "message": loc.translate(seen["message"]) if seen["message"] else "",
        },
        "cancel": {
            "title": _("Stop"),
            "icon": "x",
            "method": "post",
            "url": request.url_of("job.cancel", id=job.id),
            "fields": {"back": here},
        },
        "error": loc.translate(seen["error"]) if seen["error"] else "",
        "code": str(job.id),
        "figures": [
            {"title": title, "value": loc.number(result[name]), "tone": tone if result[name] else ""}
            for name, title, tone in _FIGURES
            if name in result
        ],
        "given": said(request, record, from_plain(job.args["plan"])),
        "unmatched": result.get("unmatched_columns", []),
        "problems": result.get("problems", [])[:SHOWN_PROBLEMS],
        "problems_text": _more(result, loc),
        "undo": None,
        "primary": None,
    }
    if state in ("waiting", "running"):
        return page
    if dry:
        again = {"action": "run", "job": str(job.id)}
        page["primary"] = {
            "title": _("Bring it in"),
            "icon": "file-up",
            "method": "post",
            "url": map_url,
            "fields": again,
        }
        change = request.url_of(
            "record.import.map", record=record.name, file=stored.id, query={"job": job.id}
        )
        page["actions"] = [{"title": _("Change the columns"), "icon": "pencil", "url": change}]
    else:
        page["primary"] = {
            "title": record.plural,
            "icon": "list",
            "url": request.url_of("record.list", record=record.name),
        }
        if result.get("change_set"):
            page["undo"] = {
                "title": _("Undo this import"),
                "icon": "undo-2",
                "method": "post",
                "danger": True,
                "url": request.url_of("undo", change_set=result["change_set"], query={"back": here}),
                "confirm": {
                    "title": loc.translate(_("Undo the whole import?")),
                    "text": loc.translate(_("Records that somebody has changed since stay as they are.")),
                },
            }
    return page


def _state_text(state: str, dry: bool, result: Mapping[str, Any], loc: Any) -> str:
    words = {
        "waiting": _("The import begins in a moment."),
        "running": _("The file is being read."),
        "failed": _("The import stopped."),
        "cancelled": _("Stopped. What was brought in until then stays, and can be undone."),
        "done": _("The import is done."),
    }
    if dry and state == "done":
        return str(loc.translate(_("Nothing is written yet. This is what would happen.")))
    if dry and state == "cancelled":
        return str(loc.translate(_("Stopped; nothing was written.")))
    return str(loc.translate(words[state]))


def _more(result: Mapping[str, Any], loc: Any) -> str:
    left = len(result.get("problems", [])) - SHOWN_PROBLEMS
    return (
        str(loc.plural("${n} more line like these", "${n} more lines like these", left)) if left > 0 else ""
    )
