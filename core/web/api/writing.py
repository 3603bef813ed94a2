"""New records, changes, deletes and actions: all through the one write path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from parlour.access.policy import MEMBER
from parlour.access.rules import require
from parlour.access.scopes import covers_action
from parlour.access.views.declare import view
from parlour.errors import Conflict, Invalid, NotAllowed, NotFound
from parlour.i18n import _
from parlour.records import query, removal
from parlour.records.actions import action_of, run_action
from parlour.records.registry import Field, RecordType, fields_of
from parlour.records.write import Change, Written, write
from parlour.web.api import V1, body
from parlour.web.api.answers import as_json, converters, respond, wanted_versions
from parlour.web.api.body import an_object, parsed, some_objects
from parlour.web.api.caller import widened
from parlour.web.api.contexts import RecordContext, RowContext
from parlour.web.api.problems import ApiProblem, Stale
from parlour.web.api.reading import answer_row, noted, parameters
from parlour.web.api.replay import once

# Actions that every record has, beside those that plugins declare.
ARCHIVE, RESTORE = "archive", "restore"


@view(route_name="api.record", request_method="POST", permission=MEMBER)
def create(context: RecordContext, request: Request) -> Response:
    """One new row for an object, several for a list: all of them or none."""
    parameters(request, ())
    return once(request, partial(_create, context, request))


def _create(context: RecordContext, request: Request) -> Response:
    given = parsed(request)
    record = context.record
    if isinstance(given, list):
        written = _write(request, record, [Change(item) for item in some_objects(given)], batch=True)
        return _batch(request, record, written, 201)
    (row_id,) = _write(request, record, [Change(an_object(given))]).ids
    headers = {"Location": f"{V1}/records/{record.name}/{row_id}"}
    return _row(request, record, row_id, status=201, headers=headers)


@view(route_name="api.record", request_method="PATCH", permission=MEMBER)
def change_many(context: RecordContext, request: Request) -> Response:
    """A list of {"id", "version" or not, fields}: all of them or none."""
    parameters(request, ())
    given = parsed(request)
    if not isinstance(given, list):
        raise ApiProblem(_("A batch is a list of JSON objects, with one of them at least."))
    require(request.db, "core:bulk")
    changes = []
    for position, item in enumerate(some_objects(given)):
        values = dict(item)
        row_id, version = values.pop("id", None), values.pop("version", None)
        if not _is_number(row_id) or not (version is None or _is_number(version)):
            wrong = _('Each item names its record: {"id": 1, ...}, perhaps with the version that was seen.')
            raise Invalid(_("Some values cannot be saved."), {position: {"id": wrong}})
        changes.append(Change(values, row_id, version))
    return _batch(request, context.record, _write(request, context.record, changes, batch=True), 200)


@view(route_name="api.row", request_method="PATCH", permission=MEMBER)
def change(context: RowContext, request: Request) -> Response:
    parameters(request, ())
    values = an_object(parsed(request))
    version = _seen(context, request)
    try:
        _write(request, context.record, [Change(values, context.id, version)])
    except Conflict as conflict:
        raise _stale(context, request) from conflict
    return _row(request, context.record, context.id)


@view(route_name="api.row", request_method="DELETE", permission=MEMBER)
def delete(context: RowContext, request: Request) -> Response:
    """For good, as on the card; `actions/archive` is the gentle way."""
    parameters(request, ())
    require(request.db, context.record.permission("delete"))
    version = _seen(context, request)
    try:
        removal.delete(request.db, context.record, [context.id], version=version)
    except Conflict as conflict:
        raise _stale(context, request) from conflict
    return Response(status=204)


@view(route_name="api.action", request_method="POST", permission=MEMBER)
def act(context: RowContext, request: Request) -> Response:
    """Run a declared action on the row, with the values that it asks for."""
    parameters(request, ())
    return once(request, partial(_act, context, request))


def _act(context: RowContext, request: Request) -> Response:
    name = request.matchdict["action"]
    values = an_object(parsed(request)) if body.read(request).strip() else {}
    record, session = context.record, request.db
    query.get(session, record, context.id, fields=())
    if name in (ARCHIVE, RESTORE):
        if values:
            raise ApiProblem(_("This action takes no values."))
        written = removal.archive(session, record, [context.id], restore=name == RESTORE)
        said = _("It is back.") if name == RESTORE else _("It is in the archive now.")
        return respond(request, {"message": request.loc.translate(said), "change_set": written.change_set})
    declared = record.actions.get(name)
    if declared is not None:
        if not covers_action(session.scope.scopes, record.name, name):
            raise NotAllowed(_("The token may not do this."))
        session.enter(widened(session.scope, record.permission(declared.permission)))
        _check_types(action_of(session, record, name).fields, [values])
    outcome = run_action(session, record, [context.id], name, values)
    return respond(
        request, {"message": request.loc.translate(outcome.message), "change_set": outcome.change_set}
    )


def _write(
    request: Request, record: RecordType, changes: Sequence[Change], *, batch: bool = False
) -> Written:
    try:
        _check_types(fields_of(request.db, record, "write"), [change.values for change in changes])
        return write(request.db, record, changes)
    except Invalid as wrong:
        if not batch:
            raise
        say = request.loc.translate
        items = [
            {"index": position, "errors": {name: say(why) for name, why in found.items()}}
            for position, found in sorted(wrong.errors.items())
        ]
        raise ApiProblem(
            _("Nothing was saved: ${n} of the items cannot be.", mapping={"n": len(items)}),
            status=422,
            members={"items": items},
        ) from wrong
    except Conflict as conflict:
        if not batch:
            raise
        current = conflict.current
        members = {"current": {"id": current.get("id"), "version": current.get("version")}}
        raise ApiProblem(conflict.message, status=409, members=members) from conflict


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (),
}
_WANTED = {
    "string": _("This must be text."),
    "integer": _("This must be a whole number."),
    "boolean": _("This must be yes or no."),
    "array": _("This must be a list."),
}


def _check_types(fields: Sequence[Field], rows: Sequence[Mapping[str, Any]]) -> None:
    """Values are of the JSON types that the OpenAPI document says. Raises Invalid.

    Forms and files bring everything as text; a program that sends "yes" for true is mistaken and should hear it.
    """
    wanted = {
        item.name: ["array"] if item.storage == "part" else _types_of(item.kind.input_schema())
        for item in fields
    }
    errors: dict[int, dict[str, Any]] = {}
    for position, values in enumerate(rows):
        for name, value in values.items():
            kinds = wanted.get(name)
            if value is None or kinds is None:
                continue
            right = any(
                isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
                for kind in kinds
            )
            if not right:
                said = _WANTED.get(kinds[0]) or _("This is of another type than the field.")
                errors.setdefault(position, {})[name] = said
    if errors:
        raise Invalid(_("Some values cannot be saved."), errors)


def _types_of(schema: Mapping[str, Any]) -> list[str] | None:
    """The JSON types that a schema lets in; None where it does not say."""
    if "type" in schema:
        return [schema["type"]] if isinstance(schema["type"], str) else list(schema["type"])
    found = [_types_of(one) for one in schema.get("anyOf") or schema.get("oneOf") or ()]
    return [kind for some in found for kind in some or ()] if found and None not in found else None


def _batch(request: Request, record: RecordType, written: Written, status: int) -> Response:
    """What became of every item, in their order; versions are read in one statement."""
    cls = record.cls
    rows = query.read(request.db, record, (), [cls.id.in_(written.ids)])
    versions = {row["id"]: row["version"] for row in rows}
    items = [{"status": status, "id": one, "version": versions.get(one)} for one in written.ids]
    return respond(request, {"items": items}, status=status)


def _row(
    request: Request, record: RecordType, row_id: int, *, status: int = 200, headers: Any = None
) -> Response:
    """The row as it stands now; only its number for who may write it and not read it."""
    try:
        fields = fields_of(request.db, record)
        return answer_row(request, record, row_id, fields, status=status, headers=headers)
    except (NotAllowed, NotFound):
        return respond(request, {"id": row_id}, status=status, headers=headers)


def _seen(context: RowContext, request: Request) -> int | None:
    """The version that the caller goes by; None when the call says nothing about it."""
    versions = wanted_versions(request)
    if versions is None or len(versions) == 1:
        return versions[0] if versions else None
    now = query.get(request.db, context.record, context.id, fields=())["version"]
    return now if now in versions else versions[0]


def _stale(context: RowContext, request: Request) -> Stale:
    fields = fields_of(request.db, context.record)
    row = query.get(request.db, context.record, context.id, fields=fields)
    noted(request, context.record, [row])
    return Stale(
        _("Somebody has changed this record since you read it. What it is now stands under current."),
        members={"current": as_json(row, converters(fields))},
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63
