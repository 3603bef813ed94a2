"""Public addresses: wanting no more advertising."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from parlour.plugins.messages.journal import CHANNEL_TITLES
from parlour.plugins.messages.unsubscribe import Subscription, subscription_of, withdraw
from parlour.web.rendering import template


def includeme(config: Configurator) -> None:
    config.add_api_route("messages.api.unsubscribe", "unsubscribe/{token}", public=True)


def _found(request: Request) -> Subscription:
    return subscription_of(request.db, request.registry["parlour.settings"], request.matchdict["token"])


def _page(request: Request, found: Subscription, *, done: bool) -> Response:
    values: dict[str, Any] = {
        "salon": request.organisation.name,
        "channel": CHANNEL_TITLES.get(found.channel, found.channel),
        "done": done,
        "action": request.path,
    }
    response = Response(str(template(request, "messages/unsubscribe.jinja2", values)))
    # The address is a secret of the reader's: no page that they go to from here may learn it.
    response.headers.update({"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"})
    return response


@view_config(route_name="messages.api.unsubscribe", request_method="GET", permission=NO_PERMISSION_REQUIRED)
def ask(request: Request) -> Response:
    """A page with a button. Looking at it changes nothing."""
    return _page(request, _found(request), done=False)


@view_config(route_name="messages.api.unsubscribe", request_method="POST", permission=NO_PERMISSION_REQUIRED)
def unsubscribe(request: Request) -> Response:
    """The button, or a mail program's "List-Unsubscribe=One-Click"."""
    found = _found(request)
    withdraw(request.db, found, everything=request.POST.get("all") == "1")
    return _page(request, found, done=True)
