"""Pages that stay up to date: an open one asks for its middle alone, and is told 304 while nothing has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.httpexceptions import HTTPNotModified
from pyramid.request import Request
from pyramid.response import Response

from parlour.web.rendering import template


def drawn(request: Request, stamp: str, name: str, draw: Callable[[], dict[str, Any]]) -> Any:
    """What the template of the whole page is given, or the answer to a page that asks for its middle, `name`, again.

    `stamp` is another text whenever something may have changed; it is known before anything is drawn.
    """
    tag = f'"{request.loc.name}-{stamp}"'
    headers = [("ETag", tag), ("Cache-Control", "no-store")]
    alone = "X-Fragment" in request.headers
    if alone and tag in request.headers.get("If-None-Match", ""):
        return HTTPNotModified(headers=headers)
    values = draw() | {"stamp": tag}
    if not alone:
        return values
    headers.append(("Content-Type", "text/html; charset=UTF-8"))
    return Response(template(request, name, values), headerlist=headers)
