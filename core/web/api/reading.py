"""Lists and single records."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from parlour.access.accesslog import API, note_after
from parlour.access.policy import MEMBER
from parlour.access.rules import allows, require
from parlour.access.views.declare import view
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.records import query
from parlour.records.actions import actions_of
from parlour.records.pages.reads import is_personal
from parlour.records.registry import Field, RecordType, enabled_records, fields_of
from parlour.web.api import V1
from parlour.web.api.answers import as_json, converters, respond
from parlour.web.api.contexts import CallContext, RecordContext, RowContext
from parlour.web.api.problems import ApiProblem

USUAL_LIMIT = 50
MAX_LIMIT = 200
MAX_SEARCH = 200
ARCHIVED: dict[str, bool | None] = {"no": False, "only": True, "any": None}
LIST_PARAMETERS = ("q", "filter", "sort", "fields", "limit", "after", "archived")


@view(route_name="api.records", request_method="GET", permission=MEMBER)
def records(context: CallContext, request: Request) -> Response:
    parameters(request, ())
    say = request.loc.translate
    items = []
    for record in visible_records(request):
        may = [
            word
            for word in ("read", "create", "write", "delete")
            if allows(request.db, record.permission(word))
        ]
        items.append(
            {
                "name": record.name,
                "plugin": record.plugin,
                "title": say(record.title),
                "plural": say(record.plural),
                "url": f"{V1}/records/{record.name}",
                "may": may,
                "actions": [action.name for action in actions_of(request.db, record)],
            }
        )
    return respond(request, {"items": items})


@view(route_name="api.record", request_method="GET", permission=MEMBER)
def listing(context: RecordContext, request: Request) -> Response:
    given = parameters(request, LIST_PARAMETERS)
    record = context.record
    require(request.db, record.permission("read"))
    try:
        fields = chosen_fields(request, record, given.get("fields"))
        found = query.page(
            request.db,
            record,
            fields=fields,
            filter=_filter(given.get("filter")),
            q=_search(given.get("q", "")),
            sort=given.get("sort"),
            after=given.get("after"),
            limit=_limit(given.get("limit")),
            archived=_archived(given.get("archived")),
        )
    except Refusal as refused:  # what was asked cannot be understood; the caller must ask otherwise
        raise ApiProblem(refused.message) from refused
    how = converters(fields)
    noted(request, record, found.rows)
    return respond(request, {"items": [as_json(row, how) for row in found.rows], "next": found.next})


@view(route_name="api.row", request_method="GET", permission=MEMBER)
def one(context: RowContext, request: Request) -> Response:
    given = parameters(request, ("fields",))
    fields = chosen_fields(request, context.record, given.get("fields"))
    return answer_row(request, context.record, context.id, fields)


def answer_row(
    request: Request, record: RecordType, row_id: int, fields: Sequence[Field], **answer: Any
) -> Response:
    """One row as it stands now, with its version in the tag. Raises NotFound."""
    row = query.get(request.db, record, row_id, fields=fields)
    noted(request, record, [row])
    return respond(request, as_json(row, converters(fields)), version=row["version"], **answer)


def noted(request: Request, record: RecordType, rows: Sequence[dict[str, Any]]) -> None:
    """Write down that these rows were handed out, if they hold personal data; one line for an answer."""
    if not rows:
        return
    personal = [item.name for item in record.fields if item.name in rows[0] and is_personal(record, item)]
    if personal:
        only = rows[0]["id"] if len(rows) == 1 else None
        note_after(request, API, record.name, len(rows), row_id=only, fields=personal)


def visible_records(request: Request) -> list[RecordType]:
    """The records that the caller may read or add to."""
    return [
        record
        for record in enabled_records(request.db)
        if any(allows(request.db, record.permission(word)) for word in ("read", "create"))
    ]


def parameters(request: Request, known: Collection[str]) -> dict[str, str]:
    """The parameters of the address. Raises ApiProblem for one that is unknown or comes twice."""
    if not request.environ.get("QUERY_STRING"):
        return {}
    given = request.GET
    found: dict[str, str] = dict(given.items())
    for name in found:
        if name not in known:
            said = {"name": name[:80], "names": ", ".join(known) or "–"}
            raise ApiProblem(_("There is no parameter ${name} here; there are: ${names}.", mapping=said))
    if len(found) != len(given):
        raise ApiProblem(_("A parameter stands twice in the address."))
    return found


def chosen_fields(request: Request, record: RecordType, names: str | None) -> list[Field]:
    """The fields named, in that order, or all that the caller may read. Raises ApiProblem for an unknown one."""
    readable = fields_of(request.db, record)
    if names is None:
        return readable
    by_name = {item.name: item for item in readable}
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in by_name and name not in ("id", "version", "archived_at"):
            said = {"record": record.name, "field": name[:80], "fields": ", ".join(by_name)}
            raise ApiProblem(_("${record} has no field ${field}; there are: ${fields}.", mapping=said))
    return [by_name[name] for name in dict.fromkeys(wanted) if name in by_name]


def _filter(text: str | None) -> Any:
    if text is None or not text.strip():
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ApiProblem(_("The filter is no JSON.")) from error


def _search(text: str) -> str:
    if len(text) > MAX_SEARCH:
        raise ApiProblem(_("Search for ${n} characters at most.", mapping={"n": MAX_SEARCH}))
    return text


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL_LIMIT
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    if not 1 <= number <= MAX_LIMIT:
        raise ApiProblem(_("limit lies between 1 and ${n}; follow next for more.", mapping={"n": MAX_LIMIT}))
    return number


def _archived(text: str | None) -> bool | None:
    if text is None:
        return False
    if text not in ARCHIVED:
        raise ApiProblem(_("archived is one of: ${words}.", mapping={"words": ", ".join(ARCHIVED)}))
    return ARCHIVED[text]
