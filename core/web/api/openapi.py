"""What the API says about itself: an OpenAPI 3.1 document of the records and fields that the caller may see.

A plugin with views of its own below /api/v1/ describes them in `api.py`: `paths(session)` returns path items by path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from parlour.access.policy import MEMBER
from parlour.access.rules import allows
from parlour.access.views.declare import view
from parlour.db.session import Session
from parlour.i18n import Localizer
from parlour.plugin.gate import enabled
from parlour.plugin.registry import current
from parlour.records.actions import Action, actions_of
from parlour.records.registry import Field, RecordType, enabled_records, fields_of
from parlour.web.api import V1
from parlour.web.api.answers import respond
from parlour.web.api.body import MAX_BATCH
from parlour.web.api.caller import BRANCH
from parlour.web.api.contexts import CallContext
from parlour.web.api.reading import ARCHIVED, MAX_LIMIT, MAX_SEARCH, USUAL_LIMIT, parameters
from parlour.web.api.replay import KEY

Schema = dict[str, Any]

_PROBLEMS = {
    "400": "The call cannot be understood.",
    "401": "No token, or one that opens nothing.",
    "403": "The person of the token may not do this, or the token is narrowed.",
    "404": "There is nothing here, or it is not the caller's to see.",
    "409": "It cannot be done as things stand.",
    "412": "The record is not any more what If-Match names; `current` is what it is.",
    "413": "The body is too large.",
    "415": "The body is no JSON.",
    "422": "Values that cannot be saved; `errors` has a message for each field.",
    "429": "Too many calls; Retry-After says when to go on.",
    "500": "A fault of the site; quote the code.",
}
_READS = ("400", "401", "403", "404", "429", "500")
_WRITES = (*_READS, "409", "413", "415", "422")


@view(route_name="api.openapi", request_method="GET", permission=MEMBER)
def show(context: CallContext, request: Request) -> Response:
    parameters(request, ())
    return respond(request, document(request.db, request.loc))


def document(session: Session, loc: Localizer) -> dict[str, Any]:
    """The document for the session's person, with titles in the language of `loc`."""
    paths: dict[str, Any] = {**_own_paths()}
    schemas: dict[str, Any] = dict(_SCHEMAS)
    for record in enabled_records(session):
        may = {
            word: allows(session, record.permission(word)) for word in ("read", "create", "write", "delete")
        }
        if may["read"] or may["create"]:
            _add_record(session, record, may, loc, paths, schemas)
    on = enabled(session)
    for name, item in current().loaded.items():
        described = getattr(item.module("api"), "paths", None)
        if name in on and described is not None:
            paths.update(described(session))
    for path, item in paths.items():
        if not path.startswith(f"{V1}/public/"):
            paths[path] = {**item, "parameters": [*item.get("parameters", ()), _BRANCH]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Parlour", "version": _version()},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {f"p{code}": _problem(said) for code, said in _PROBLEMS.items()},
            "schemas": schemas,
        },
    }


def _version() -> str:
    try:
        return version("parlour")
    except PackageNotFoundError:
        return "0"


def _own_paths() -> dict[str, Any]:
    entry = {"type": "object", "required": ["name", "url"], "properties": {"name": {"type": "string"}}}
    return {
        f"{V1}/openapi.json": {
            "get": {
                "operationId": "openapi",
                "summary": "This document",
                "responses": {
                    "200": _answer("OpenAPI 3.1", {"type": "object"}),
                    **_not_modified(),
                    **_refs(_READS),
                },
            }
        },
        f"{V1}/records": {
            "get": {
                "operationId": "records",
                "summary": "The records that this token may see",
                "responses": {
                    "200": _answer("Records", _items(entry)),
                    **_not_modified(),
                    **_refs(_READS),
                },
            }
        },
    }


def _add_record(
    session: Session,
    record: RecordType,
    may: Mapping[str, bool],
    loc: Localizer,
    paths: dict[str, Any],
    schemas: dict[str, Any],
) -> None:
    name, url = record.name, f"{V1}/records/{record.name}"
    title = loc.translate(record.title)
    readable, writable = fields_of(session, record), fields_of(session, record, "write")
    shown = {"$ref": f"#/components/schemas/{name}"}
    given = {"$ref": f"#/components/schemas/{name}.input"}
    schemas[name] = {
        "title": title,
        "type": "object",
        "required": ["id"],
        "properties": {**_STANDARD, **{item.name: _shown(item, loc) for item in readable}},
        "additionalProperties": False,
    }
    schemas[f"{name}.input"] = {
        "title": title,
        "type": "object",
        "properties": {item.name: _input(item, loc) for item in writable},
        "additionalProperties": False,
    }
    tags = {"tags": [name]}
    many: dict[str, Any] = {}
    one: dict[str, Any] = {"parameters": [_ID]}
    if may["read"]:
        many["get"] = {
            **tags,
            "operationId": f"{name}.list",
            "summary": loc.translate(record.plural),
            "parameters": [*_list_parameters(readable), _IF_NONE_MATCH],
            "responses": {
                "200": _answer("A page", _items(shown, next={"type": ["string", "null"]})),
                **_not_modified(),
                **_refs(_READS),
            },
        }
        one["get"] = {
            **tags,
            "operationId": f"{name}.get",
            "summary": title,
            "parameters": [_FIELDS, _IF_NONE_MATCH],
            "responses": {"200": _answer(title, shown), **_not_modified(), **_refs(_READS)},
        }
    if may["create"]:
        batch = {"type": "array", "minItems": 1, "maxItems": MAX_BATCH, "items": given}
        made = {"anyOf": [shown, _BATCH]}
        many["post"] = {
            **tags,
            "operationId": f"{name}.create",
            "summary": loc.translate(record.title_of_new()),
            "parameters": [_IDEMPOTENCY],
            "requestBody": _body({"anyOf": [_needing(given, record, writable), batch]}),
            "responses": {"201": _answer("As it was kept", made), **_refs(_WRITES)},
        }
    if may["write"]:
        changes = {
            "type": "object",
            "required": ["id"],
            "properties": {"id": _NUMBER, "version": {"anyOf": [_NUMBER, {"type": "null"}]}},
        }
        many["patch"] = {
            **tags,
            "operationId": f"{name}.change_many",
            "summary": f"{title}: several at once, all or none",
            "requestBody": _body({"type": "array", "minItems": 1, "maxItems": MAX_BATCH, "items": changes}),
            "responses": {"200": _answer("What became of each", _BATCH), **_refs(_WRITES)},
        }
        one["patch"] = {
            **tags,
            "operationId": f"{name}.change",
            "summary": f"{title}: change",
            "parameters": [_IF_MATCH],
            "requestBody": _body(given),
            "responses": {"200": _answer("As it is now", shown), **_refs((*_WRITES, "412"))},
        }
    if may["delete"]:
        one["delete"] = {
            **tags,
            "operationId": f"{name}.delete",
            "summary": f"{title}: delete for good",
            "parameters": [_IF_MATCH],
            "responses": {"204": {"description": "Gone"}, **_refs((*_READS, "409", "412"))},
        }
    if many:
        paths[url] = many
    if len(one) > 1:
        paths[f"{url}/{{id}}"] = one
    for action in actions_of(session, record):
        paths[f"{url}/{{id}}/actions/{action.name}"] = _action(record, action, loc)
    if may["write"]:
        for plain in ("archive", "restore"):
            paths[f"{url}/{{id}}/actions/{plain}"] = {
                "parameters": [_ID],
                "post": _act(record, plain, plain, {"type": "object", "maxProperties": 0}),
            }


def _action(record: RecordType, action: Action, loc: Localizer) -> dict[str, Any]:
    takes: Schema = {
        "type": "object",
        "properties": {item.name: _input(item, loc) for item in action.fields},
        "required": [item.name for item in action.fields if item.needed],
        "additionalProperties": False,
    }
    return {"parameters": [_ID], "post": _act(record, action.name, loc.translate(action.title), takes)}


def _act(record: RecordType, name: str, title: str, takes: Schema) -> dict[str, Any]:
    return {
        "tags": [record.name],
        "operationId": f"{record.name}.{name}",
        "summary": title,
        "parameters": [_IDEMPOTENCY],
        "requestBody": {**_body(takes), "required": bool(takes.get("required"))},
        "responses": {"200": _answer("What was done", _DONE), **_refs(_WRITES)},
    }


def _needing(given: Schema, record: RecordType, writable: Sequence[Field]) -> Schema:
    needed = [item.name for item in writable if item.needed]
    return {"allOf": [given], "required": needed} if needed else given


def _shown(item: Field, loc: Localizer) -> Schema:
    return {"title": loc.translate(item.title), **nullable(_value(item, item.kind.schema()))}


def _input(item: Field, loc: Localizer) -> Schema:
    return {
        "title": loc.translate(item.title),
        **nullable(_value(item, item.kind.input_schema(), write=True)),
    }


def _value(item: Field, own: Schema, *, write: bool = False) -> Schema:
    if item.storage != "part":
        return own
    inner = {
        line.name: nullable(line.kind.input_schema() if write else line.kind.schema()) for line in item.lines
    }
    line: Schema = {"type": "object", "properties": inner, "additionalProperties": False}
    if write:
        # The main value alone will do.
        line = {"anyOf": [{**line, "required": [item.lines[0].name]}, item.lines[0].kind.input_schema()]}
    return {"type": "array", "items": line}


def nullable(schema: Schema) -> Schema:
    """The schema, or nothing."""
    if not schema:
        return {}
    kind = schema.get("type")
    if kind is None:
        return {"anyOf": [schema, {"type": "null"}]}
    kinds = [kind] if isinstance(kind, str) else list(kind)
    found = {**schema, "type": [*kinds, "null"]}
    if "enum" in schema:
        found["enum"] = [*schema["enum"], None]
    return found


def _list_parameters(readable: Sequence[Field]) -> list[dict[str, Any]]:
    sortable = [item.name for item in readable if item.sortable and item.storage == "column"]
    orders = [*sortable, *(f"-{name}" for name in sortable)]
    sort = (
        [_query("sort", {"type": "string", "enum": orders}, "-name turns the order around")] if orders else []
    )
    return [
        _query("q", {"type": "string", "maxLength": MAX_SEARCH}, "Words to search for"),
        _query("filter", {"type": "string"}, 'JSON, as in ["name", "contains", "anna"]'),
        *sort,
        _FIELDS,
        _query(
            "limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": USUAL_LIMIT}, "Rows"
        ),
        _query("after", {"type": "string"}, "`next` of the page before"),
        _query(
            "archived",
            {"type": "string", "enum": list(ARCHIVED), "default": "no"},
            "What lies in the archive",
        ),
    ]


def _query(name: str, schema: Schema, description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "schema": {"type": "string"}, "description": description}


def _answer(description: str, schema: Schema) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _not_modified() -> dict[str, Any]:
    return {"304": {"description": "The caller has it already"}}


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/problem"}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}


def _refs(codes: Sequence[str]) -> dict[str, Any]:
    return {code: {"$ref": f"#/components/responses/p{code}"} for code in codes}


def _body(schema: Schema) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _items(schema: Schema, **more: Schema) -> Schema:
    return {
        "type": "object",
        "required": ["items", *more],
        "properties": {"items": {"type": "array", "items": schema}, **more},
    }


_NUMBER: Schema = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
_STANDARD: dict[str, Schema] = {
    "id": _NUMBER,
    "version": {"type": "integer", "minimum": 1},
    "archived_at": {"type": ["string", "null"], "format": "date-time"},
}
_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "integer", "minimum": 1, "maximum": 10**18 - 1},
}
_FIELDS = _query("fields", {"type": "string"}, "Names of fields, with commas; all without it")
_IF_NONE_MATCH = _header("If-None-Match", "The ETag that the caller has")
_IF_MATCH = _header(
    "If-Match", "The ETag that the caller has seen; refused with 412 if that is not what stands"
)
_IDEMPOTENCY = {
    **_header("Idempotency-Key", "The same key gets the same answer for a day, and nothing is done twice"),
    "schema": {"type": "string", "pattern": f"^{KEY.pattern}$"},
}
_BRANCH = {
    **_header(
        BRANCH, "The branch in which the call works; refused with 403, naming those there are, if it is none"
    ),
    "schema": _NUMBER,
}
_BATCH: Schema = _items(
    {
        "type": "object",
        "required": ["status", "id", "version"],
        "properties": {
            "status": {"type": "integer"},
            "id": _NUMBER,
            "version": {"type": ["integer", "null"]},
        },
    }
)
_DONE: Schema = {
    "type": "object",
    "required": ["message", "change_set"],
    "properties": {"message": {"type": "string"}, "change_set": {"type": ["integer", "null"]}},
}
_SCHEMAS: dict[str, Schema] = {
    "problem": {
        "title": "RFC 9457",
        "type": "object",
        "required": ["type", "title", "status", "code"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string"},
            "errors": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    }
}
