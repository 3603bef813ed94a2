"""The import in the browser: bring a file, check what its columns are, try it, bring it in, take it back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.jobs.models import Job
from parlour.jobs.progress import own_job, progress_of
from parlour.records.files import File, file_of, path_of, store
from parlour.records.importing import job as importing
from parlour.records.importing.plan import SKIP, Plan, from_plain, importable, propose, remember
from parlour.records.pages.addresses import crumbs
from parlour.records.parse import text_of
from parlour.records.registry import RecordType
from parlour.records.tables import Table, open_table
from parlour.web.contexts import RecordContext

max_queries = 25
MAX_BYTES = 200 * 1024 * 1024
SLOT = "import"
NOTE = "*"
SAMPLES = 3
SHOWN_PROBLEMS = 200
ENCODINGS = ("utf-8", "windows-1251", "koi8-r", "cp866", "utf-16", "windows-1252")
DELIMITERS = ((",", ","), (";", ";"), ("\t", _("Tab")), ("|", "|"))
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
    config.add_route("record.import.map", LIST + r"/{file:\d{1,18}}", factory=RecordContext)
    config.add_route("record.import.run", LIST + r"/{file:\d{1,18}}/{job:\d{1,18}}", factory=RecordContext)
    config.scan(__name__)


def _page(request: Request, record: RecordType) -> dict[str, Any]:
    return {
        "title": _("Import from a file"),
        "crumbs": crumbs(request, record),
    }


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
        **_page(request, record),
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
    return _mapping_page(request, record, stored, table, plan, options, keys)


def _mapping_page(
    request: Request,
    record: RecordType,
    stored: File,
    table: Table,
    plan: Plan,
    options: Mapping[str, str],
    keys: list[str],
) -> dict[str, Any]:
    loc = request.loc
    fields = importable(request.db, record)
    samples = table.samples(60)
    read = [loc.plural("${n} row", "${n} rows", table.count), table.sheet, table.encoding]
    return {
        **_page(request, record),
        "post_url": request.url_of("record.import.map", record=record.name, file=stored.id),
        "back_url": request.url_of("record.import", record=record.name),
        "error": None,
        "file": {"name": stored.name, "text": ", ".join(part for part in read if part)},
        "options": _reading(table, options, loc),
        "columns": [
            {
                "index": index,
                "title": column,
                "samples": [text_of(cell)[:60] for cell in samples[column][:SAMPLES]],
                "field": _chosen(plan, column),
                "sure": True,
                "note": _note(plan, column, loc),
            }
            for index, column in enumerate(table.columns)
        ],
        "fields": [
            {"title": "", "items": [(NOTE, loc.translate(_("Into the note")))]},
            {"title": record.title, "items": [(item.name, loc.translate(item.title)) for item in fields]},
        ],
        "key": {
            "choices": [("", loc.translate(_("what Parlour tells them apart by")))]
            + [
                (item.name, loc.translate(item.title))
                for item in fields
                if item.storage in ("column", "part")
            ],
            "value": keys[0] if keys else "",
            "hint": loc.translate(
                _("With a field chosen here, what the file says replaces what stands there.")
            ),
        },
        "result": None,
    }


def _chosen(plan: Plan, column: str) -> str:
    name = plan.columns.get(column)
    if name == SKIP:
        return ""
    return name or (NOTE if column in plan.unmatched else plan.parts.get(column, (NOTE,))[0])


def _note(plan: Plan, column: str, loc: Any) -> str:
    if column in plan.labels:
        return str(loc.translate(_("Says what kind “${column}” is."), {"column": plan.labels[column]}))
    if column in plan.parts:
        return str(loc.translate(_("A part of “${column}”."), {"column": plan.parts[column][1]}))
    return ""


def _reading(table: Table, options: Mapping[str, str], loc: Any) -> list[dict[str, Any]]:
    """How the file was read, to be corrected."""
    found: list[dict[str, Any]] = []
    if len(table.sheets) > 1:
        choices = [(name, f"{name} ({loc.number(rows)})") for name, rows in table.sheets]
        found.append({"name": "sheet", "title": _("Sheet"), "value": table.sheet, "choices": choices})
    if table.kind in ("csv", "vcf") and table.encoding:
        names = list(dict.fromkeys([table.encoding, *ENCODINGS]))
        choices = [(name, name) for name in names]
        found.append(
            {"name": "encoding", "title": _("Characters"), "value": table.encoding, "choices": choices}
        )
    if table.delimiter:
        choices = [(value, loc.translate(text)) for value, text in DELIMITERS]
        if table.delimiter not in dict(choices):
            choices.insert(0, (table.delimiter, table.delimiter))
        found.append(
            {"name": "delimiter", "title": _("Between columns"), "value": table.delimiter, "choices": choices}
        )
    return found


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
    act = given.get("action")
    if act == "read":
        return HTTPSeeOther(
            request.url_of("record.import.map", record=record.name, file=stored.id, query=options)
        )
    if given.get("job", "").isdecimal():
        tried = _own_import(request, stored, int(given["job"][:18]))
        plan, keys, options = from_plain(tried.args["plan"]), tried.args["keys"], tried.args["options"]
    else:
        table = _opened(request, stored, options)
        plan = _plan_of_form(request, record, table)
        keys = [given["key"]] if given.get("key") else []
        remember(request.db, record, table, plan.columns)
    number = importing.start(request.db, record, stored.id, plan, keys, options=options, dry_run=act != "run")
    return HTTPSeeOther(request.url_of("record.import.run", record=record.name, file=stored.id, job=number))


def _plan_of_form(request: Request, record: RecordType, table: Table) -> Plan:
    """The plan that the form says; label and part columns stay with the column that they belong to."""
    names = {item.name for item in importable(request.db, record)}
    plan = propose(request.db, record, table)
    for index, column in enumerate(table.columns):
        wanted = request.POST.get(f"column-{index}", NOTE)
        if column in plan.labels or (column in plan.parts and wanted == plan.parts[column][0]):
            continue
        plan.parts.pop(column, None)
        plan.columns.pop(column, None)
        if column in plan.unmatched:
            plan.unmatched.remove(column)
        if wanted == "":
            plan.columns[column] = SKIP
        elif wanted in names:
            plan.columns[column] = wanted
        else:
            plan.unmatched.append(column)
    return plan


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
        **_page(request, record),
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
