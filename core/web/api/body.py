"""What a call brings along: JSON, read with limits before anything is asked of the database.

The whole body is read first, because on SQLite a caller who sends slowly would hold the one write lock otherwise. Nothing
longer than `MAX_BYTES` is read at all.
"""

from __future__ import annotations

import io
import json
import math
import re
from typing import Any

from pyramid.request import Request

from parlour.i18n import _
from parlour.web.api.problems import ApiProblem

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_BATCH = 500
_JSON = ("application/json", "application/merge-patch+json")
_TAKEN = "parlour.api.body"
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)


def take(request: Request) -> None:
    """Read the body of a call, before its transaction begins and before anybody copies it.

    What is wrong with it is said later, by `read`, where it becomes an answer.
    """
    environ = request.environ
    body = b""
    try:
        environ[_TAKEN] = body = _read(environ)
    except ApiProblem as problem:
        environ[_TAKEN] = problem
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
    environ["webob.is_body_seekable"] = True


def read(request: Request) -> bytes:
    """The body as bytes. Raises ApiProblem: 413 for one that is too long, 400 for one cut short."""
    found = request.environ[_TAKEN]
    if isinstance(found, ApiProblem):
        raise found
    return bytes(found)


def _read(environ: dict[str, Any]) -> bytes:
    too_long = ApiProblem(_("A request has at most ${n} bytes.", mapping={"n": MAX_BYTES}), status=413)
    cut_short = ApiProblem(_("The request was cut short."))
    given = environ.get("CONTENT_LENGTH") or ""
    length = int(given) if given.isascii() and given.isdecimal() else None
    if length is not None and length > MAX_BYTES:
        raise too_long
    if length is None and not environ.get("wsgi.input_terminated"):
        return b""
    body, wanted = b"", MAX_BYTES + 1 if length is None else length
    try:
        while len(body) < wanted and (chunk := environ["wsgi.input"].read(wanted - len(body))):
            body += chunk
    except OSError as error:
        raise cut_short from error
    if length is None and len(body) > MAX_BYTES:
        raise too_long
    if length is not None and len(body) < length:
        raise cut_short
    return body


def parsed(request: Request) -> Any:
    """The value that the body holds. Raises ApiProblem: 415 for another type, 400 for what is no JSON."""
    raw = read(request)
    if not raw.strip():
        raise ApiProblem(_("Send JSON in the body."))
    kind, _semicolon, rest = request.environ.get("CONTENT_TYPE", "").partition(";")
    charset = _CHARSET.search(rest)
    if kind.strip().lower() not in _JSON or (charset and charset.group(1).lower() not in ("utf-8", "utf8")):
        raise ApiProblem(
            _("Send JSON in UTF-8, with Content-Type: application/json."),
            status=415,
            headers={"Accept": ", ".join(_JSON)},
        )
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant, parse_float=_float
        )
    except UnicodeDecodeError as error:
        raise ApiProblem(
            _("The text is not UTF-8: byte ${n} belongs to no character.", mapping={"n": error.start + 1})
        ) from error
    except json.JSONDecodeError as error:
        where = {"line": error.lineno, "column": error.colno}
        raise ApiProblem(_("This is no JSON: see line ${line}, column ${column}.", mapping=where)) from error
    except RecursionError as error:
        raise _too_deep() from error
    except _Fault as error:
        raise ApiProblem(error.message) from error
    except ValueError as error:  # a number of thousands of digits
        raise ApiProblem(_("A number is too long.")) from error
    _check(value, 1)
    return value


def an_object(value: Any) -> dict[str, Any]:
    """The value, which must be a JSON object. Raises ApiProblem."""
    if not isinstance(value, dict):
        raise ApiProblem(_("Send a JSON object: field names with their values."))
    return value


def some_objects(value: list[Any]) -> list[dict[str, Any]]:
    """The items of a batch. Raises ApiProblem."""
    if not value or not all(isinstance(item, dict) for item in value):
        raise ApiProblem(_("A batch is a list of JSON objects, with one of them at least."))
    if len(value) > MAX_BATCH:
        raise ApiProblem(_("A batch has at most ${n} items.", mapping={"n": MAX_BATCH}), status=413)
    return value


class _Fault(Exception):
    def __init__(self, message: Any):
        super().__init__(str(message))
        self.message = message


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Fault(_("${name} stands twice in one object.", mapping={"name": twice[:80]}))
    return found


def _constant(word: str) -> Any:
    raise _Fault(_("${word} is no number in JSON.", mapping={"word": word}))


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Fault(_("${word} is no number in JSON.", mapping={"word": text[:40]}))
    return value


def _check(value: Any, depth: int) -> None:
    """No deeper than allowed, and only text that can be written down again."""
    if depth > MAX_DEPTH:
        raise _too_deep()
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ApiProblem(_("A text holds half of a surrogate pair.")) from error
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check(name, depth)
            _check(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)


def _too_deep() -> ApiProblem:
    return ApiProblem(_("The JSON is nested more than ${n} deep.", mapping={"n": MAX_DEPTH}))
