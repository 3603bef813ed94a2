"""The widget's two addresses: its module, which any web site may load, and a page that stands in frames."""

from __future__ import annotations

import gzip
from functools import lru_cache
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config
from sqlalchemy import select

from parlour.access.models import Branch
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.bookings.words import words_of_failure
from parlour.web.rendering import assets_of

# Seconds. A salon that changes its settings sees it soon; a web site that names the module always gets the newest.
KEPT = 300
SCRIPT = "bookings/widget.js"


def includeme(config: Any) -> None:
    config.add_widget_route("bookings.widget", "")
    config.add_widget_route("bookings.widget.module", "widget.js")


@view_config(route_name="bookings.widget.module", request_method="GET", permission=NO_PERMISSION_REQUIRED)
def module(request: Request) -> Response:
    """The module that defines <parlour-booking>: the same for everybody, so any site may read it."""
    assets = assets_of(request)
    found = assets.get(assets.url(SCRIPT).removeprefix("/static/"))
    assert found is not None
    packed = "gzip" in request.accept_encoding
    response = Response(body=_script(found.body, packed), conditional_response=True)
    response.headers["Content-Type"] = found.content_type
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Access-Control-Allow-Origin"] = "*"
    _for_all(response)
    response.md5_etag()
    return response


@lru_cache(maxsize=2)
def _script(body: bytes, packed: bool) -> bytes:
    whole = words_of_failure().encode() + body
    return gzip.compress(whole, 9, mtime=0) if packed else whole


@view_config(
    route_name="bookings.widget",
    request_method="GET",
    permission=NO_PERMISSION_REQUIRED,
    renderer="bookings/widget.jinja2",
)
def page(request: Request) -> dict[str, Any]:
    """The page for frames, and for who has only a link: the same element and nothing else."""
    request.frame_ancestors = " ".join(("'self'", *policy_of(request.db).sites))
    _for_all(request.response)
    return {
        "organisation": request.organisation,
        "phones": _phones(request),
        "module": request.url_of("bookings.widget.module"),
        "attributes": {
            name: request.GET[name][:60]
            for name in ("branch", "service", "staff", "theme")
            if request.GET.get(name)
        },
        "locale": str(request.GET.get("locale", ""))[:20] or request.loc.name,
    }


def _phones(request: Request) -> list[dict[str, str]]:
    """The telephones of the open branches, for a visitor whose browser runs no script."""
    rows = request.db.execute(
        select(Branch.name, Branch.phone)
        .where(Branch.archived_at.is_(None), Branch.phone.is_not(None))
        .order_by(Branch.id)
    )
    return [
        {"name": name, "number": phone, "text": request.loc.phone(phone)} for name, phone in rows if phone
    ]


def _for_all(response: Response) -> None:
    """Nothing in it depends on who asks."""
    response.headers["Cache-Control"] = f"public, max-age={KEPT}"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
