"""Calls: wanting no more advertising, for everybody; what became of messages, for programs with a token."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from parlour.db.session import Session
from parlour.errors import Invalid
from parlour.i18n import _
from parlour.plugins.messages.access import RESEND
from parlour.plugins.messages.journal import CHANNEL_TITLES
from parlour.plugins.messages.kinds import EMAIL, SMS
from parlour.plugins.messages.reports import report, take_notice
from parlour.plugins.messages.unsubscribe import Subscription, subscription_of, withdraw
from parlour.web.api.body import an_object, parsed
from parlour.web.api.body import read as body_of
from parlour.web.rendering import template

# Ways out whose numbers are each given once; of Telegram they are those of one chat.
_REPORTED = (SMS, EMAIL)


def includeme(config: Configurator) -> None:
    config.add_api_route("messages.api.unsubscribe", "unsubscribe/{token}", public=True)
    config.add_api_route("messages.api.bounces", "bounces")
    config.add_api_route("messages.api.reports", "reports")


def paths(session: Session) -> dict[str, Any]:
    """What is said about them in the OpenAPI document."""
    done = {"200": {"description": "Written down; `id` is the message's number."}}
    number = {"type": "string", "description": "The provider's number of the message."}
    report_of = {
        "type": "object",
        "required": ["number", "state"],
        "properties": {
            "number": number,
            "state": {"enum": ["delivered", "failed"]},
            "detail": {"type": "string"},
            "channel": {"enum": list(_REPORTED), "default": SMS},
        },
    }
    notice = {"message/rfc822": {"schema": {"type": "string"}}}
    return {
        "/api/v1/messages/bounces": {
            "post": {
                "summary": "A notification of a mail server about a letter (RFC 3464), as it came",
                "requestBody": {"required": True, "content": notice},
                "responses": done,
            }
        },
        "/api/v1/messages/reports": {
            "post": {
                "summary": "What a provider says about a message",
                "requestBody": {"required": True, "content": {"application/json": {"schema": report_of}}},
                "responses": done,
            }
        },
    }


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


@view_config(route_name="messages.api.bounces", request_method="POST", permission=RESEND)
def bounce(request: Request) -> Response:
    """A letter came back, or has arrived."""
    return Response(json_body={"id": take_notice(request.db, body_of(request))})


@view_config(route_name="messages.api.reports", request_method="POST", permission=RESEND)
def reported(request: Request) -> Response:
    """A provider says whether a message has arrived."""
    given = an_object(parsed(request))
    number, state, detail = given.get("number"), given.get("state"), given.get("detail", "")
    channel = given.get("channel", SMS)
    errors: dict[str, Any] = {}
    if not isinstance(number, str | int) or not str(number).strip():
        errors["number"] = _("Fill this in.")
    if state not in ("delivered", "failed"):
        errors["state"] = _("Choose one of these.")
    if channel not in _REPORTED:
        errors["channel"] = _("Choose one of these.")
    if not isinstance(detail, str):
        errors["detail"] = _("This is not text.")
    if errors:
        raise Invalid(_("Some values cannot be saved."), {0: errors})
    arrived = state == "delivered"
    found = report(request.db, str(number), channel=str(channel), arrived=arrived, detail=str(detail))
    return Response(json_body={"id": found})
