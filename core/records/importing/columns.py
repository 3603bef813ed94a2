"""The page that asks what each column of a file becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.request import Request

from parlour.i18n import _
from parlour.records.files import File
from parlour.records.importing.convert import left_out
from parlour.records.importing.given import Given
from parlour.records.importing.plan import SKIP, Plan, importable, propose
from parlour.records.pages.addresses import crumbs
from parlour.records.parse import text_of
from parlour.records.registry import RecordType
from parlour.records.tables import Table

NOTE = "*"
SAMPLES = 3
ENCODINGS = ("utf-8", "windows-1251", "koi8-r", "cp866", "utf-16", "windows-1252")
DELIMITERS = ((",", ","), (";", ";"), ("\t", _("Tab")), ("|", "|"))


def page_of(request: Request, record: RecordType) -> dict[str, Any]:
    """What every page of an import has."""
    return {
        "title": _("Import from a file"),
        "crumbs": crumbs(request, record),
    }


def mapping_page(
    request: Request,
    record: RecordType,
    stored: File,
    table: Table,
    plan: Plan,
    options: Mapping[str, str],
    keys: list[str],
    given: Given,
) -> dict[str, Any]:
    loc = request.loc
    fields = importable(request.db, record)
    samples = table.samples(60)
    idle = left_out(plan, table.samples())
    read = [loc.plural("${n} row", "${n} rows", table.count), table.sheet, table.encoding]
    return {
        **page_of(request, record),
        "post_url": request.url_of("record.import.map", record=record.name, file=stored.id),
        "back_url": request.url_of("record.import", record=record.name),
        "given": given.drawn(),
        "error": None,
        "file": {"name": stored.name, "text": ", ".join(part for part in read if part)},
        "options": _reading(table, options, loc),
        "columns": [
            {
                "index": index,
                "title": column,
                "samples": [text_of(cell)[:60] for cell in samples[column][:SAMPLES]],
                "field": "" if column in idle else _chosen(plan, column),
                "sure": True,
                "note": loc.translate(idle[column]) if column in idle else _note(plan, column, loc),
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


def plan_of_form(request: Request, record: RecordType, table: Table) -> Plan:
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
