"""What a call gets back: JSON with an entity tag.

A tag is strong: it is made of the very bytes, so a link whose title changed is a new one. In front stands the version of
the row, which is what If-Match compares: a title of something else that changed is no reason to refuse a write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from parlour.i18n import _
from parlour.records.clean import to_json
from parlour.records.registry import Field
from parlour.web.api.problems import ApiProblem

_TAG = re.compile(r'(?:W/)?"(?:(\d{1,18})\.)?([^"]*)"')
# One way of writing for answers and problems: a moment or an amount of a plugin's is no fault in either.
encode = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=lambda value: _plain(value)
).encode


def _plain(value: Any) -> Any:
    """What a kind of a plugin left as it is in Python."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value)


def respond(
    request: Request,
    value: Any,
    *,
    status: int = 200,
    version: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The value as JSON with its tag; 304 without a body for who has it already."""
    body = encode(value).encode("utf-8")
    digest = blake2b(body, digest_size=12).hexdigest()
    tag = f'"{version}.{digest}"' if version is not None else f'"{digest}"'
    known = request.headers.get("If-None-Match") if request.method in ("GET", "HEAD") else None
    if known and (
        known.strip() == "*" or tag in [found.group(0).removeprefix("W/") for found in _TAG.finditer(known)]
    ):
        response = Response(status=304)
        for name in ("Content-Type", "Content-Length"):
            response.headers.pop(name, None)
    else:
        response = Response(body, status=status, content_type="application/json")
    response.headers["ETag"] = tag
    if headers:
        response.headers.update(headers)
    return response


def wanted_versions(request: Request) -> list[int] | None:
    """The versions that If-Match names, None without it or for "*" (the row is looked up in any case).

    Raises ApiProblem where it holds none of our tags: nothing can match then, or what was given is no tag at all.
    """
    given = request.headers.get("If-Match", "").strip()
    if not given or given == "*":
        return None
    versions = [int(found.group(1)) for found in _TAG.finditer(given) if found.group(1)]
    if not versions:
        raise ApiProblem(_("If-Match takes the ETag of a record."), status=412 if '"' in given else 400)
    return versions


Converter = Callable[[Any], Any]


def converters(fields: Sequence[Field]) -> list[tuple[str, Converter | None]]:
    """How each field becomes JSON; None where it is that already. Found once for all rows."""
    from parlour.records.kinds import Kind

    found: list[tuple[str, Converter | None]] = []
    for item in fields:
        if item.storage == "part":
            found.append((item.name, partial(to_json, item)))
        elif item.storage in ("link", "links") or type(item.kind).to_json is Kind.to_json:
            found.append((item.name, None))
        else:
            found.append((item.name, item.kind.to_json))
    return found


def as_json(row: Mapping[str, Any], how: Sequence[tuple[str, Converter | None]]) -> dict[str, Any]:
    """A row as the API shows it."""
    archived = row["archived_at"]
    shown: dict[str, Any] = {
        "id": row["id"],
        "version": row["version"],
        "archived_at": archived.isoformat() if archived else None,
    }
    for name, convert in how:
        value = row[name]
        shown[name] = value if convert is None or value is None else convert(value)
    return shown
