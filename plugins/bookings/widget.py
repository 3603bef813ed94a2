"""The widget's addresses: its module, which any web site may load, a page that stands in frames, and photos of specialists."""

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
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.plugins.bookings.online import public
from parlour.plugins.bookings.online.words import words_of_failure
from parlour.plugins.bookings.settings import policy_of
from parlour.records.file_views import POLICY
from parlour.records.files import thumb_of
from parlour.web.rendering import assets_of

# Seconds. Another photo has another address; who cannot be booked online any more is not shown for longer than that.
PHOTO_KEPT = 3600
# Seconds. A salon that changes its settings sees it soon; a web site that names the module always gets the newest.
KEPT = 300
# What the element keeps in a visitor's browser, on the page of the web site that shows it: for the page that tells.
STORED = (
    (
        "parlour.visits.*",
        _(
            "Online booking: the keys of the visits that were booked with this browser. It is no cookie and is sent only to look"
            " at them."
        ),
        _("until you clear it"),
    ),
    (
        "parlour.waiting.*",
        _(
            "Online booking: the keys of what was put on the waiting list with this browser. It is no cookie and is sent only to"
            " look at it or to leave the list."
        ),
        _("until you clear it"),
    ),
    (
        "parlour.proofs.*",
        _(
            "Online booking: that a phone was confirmed with a code in this browser, where the salon asks for that once."
        ),
        _("half a year"),
    ),
)
# In the order in which they become one module; the last defines the element.
SCRIPTS = (
    *(
        f"bookings/widget-{part}.js"
        for part in (
            "style",
            "base",
            "services",
            "people",
            "times",
            "form",
            "codes",
            "visits",
            "sessions",
            "waiting",
            "reviews",
        )
    ),
    "bookings/widget.js",
)


def includeme(config: Any) -> None:
    config.add_widget_route("bookings.widget", "")
    config.add_widget_route("bookings.widget.module", "widget.js")
    config.add_widget_route("bookings.widget.photo", r"photos/{id:\d{1,18}}/{mark:[0-9a-f]+}.webp")


@view_config(route_name="bookings.widget.module", request_method="GET", permission=NO_PERMISSION_REQUIRED)
def module(request: Request) -> Response:
    """The module that defines <parlour-booking>: the same for everybody, so any site may read it."""
    assets = assets_of(request)
    found = [assets.get(assets.url(name).removeprefix("/static/")) for name in SCRIPTS]
    packed = "gzip" in request.accept_encoding
    body = _script(tuple(one.body for one in found if one is not None), packed)
    response = Response(body=body, conditional_response=True)
    response.headers["Content-Type"] = "text/javascript; charset=utf-8"
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Access-Control-Allow-Origin"] = "*"
    _for_all(response)
    response.md5_etag()
    return response


@lru_cache(maxsize=2)
def _script(parts: tuple[bytes, ...], packed: bool) -> bytes:
    whole = b"".join((words_of_failure().encode(), *parts))
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


@view_config(route_name="bookings.widget.photo", request_method="GET", permission=NO_PERMISSION_REQUIRED)
def photo(request: Request) -> Response:
    """The small photo of a specialist who can be booked online, for any web site."""
    file = public.photo(request.db, int(request.matchdict["id"]), request.matchdict["mark"])
    response = Response(conditional_response=True, content_type="image/webp")
    try:
        response.body = thumb_of(request.settings, file).read_bytes()
    except FileNotFoundError as error:
        raise NotFound(_("There is no such photo.")) from error
    response.etag = file.sha256[:32]
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Access-Control-Allow-Origin"] = "*"
    _for_all(response, PHOTO_KEPT)
    return response


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


def _for_all(response: Response, kept: int = KEPT) -> None:
    """Nothing in it depends on who asks."""
    response.headers["Cache-Control"] = f"public, max-age={kept}"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
