"""What calendar apps fetch: no log-in and no cookies, the address is the key."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from parlour.access.roles import own_organisation
from parlour.db.session import Session
from parlour.errors import NotFound
from parlour.plugins.schedule import feeds
from parlour.web.api.limits import charge_address


def includeme(config: Configurator) -> None:
    config.add_api_route("schedule.api.calendar", r"calendars/{token:[\w-]{1,200}}.ics", public=True)


@view_config(route_name="schedule.api.calendar", request_method="GET", permission=NO_PERMISSION_REQUIRED)
def calendar(_context: Any, request: Request) -> Response:
    """What is booked of one specialist or resource, for a calendar app (iCalendar). Who tries addresses is soon sent away."""
    try:
        subject = feeds.subject_of(request.db, request.matchdict["token"])
    except NotFound:
        charge_address(request)
        raise
    body = feeds.calendar_file(request.db, subject)
    response = Response(body, content_type="text/calendar", charset="utf-8", conditional_response=True)
    response.etag = blake2b(body, digest_size=12).hexdigest()
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = 'inline; filename="calendar.ics"'
    return response


def paths(session: Session) -> dict[str, Any]:
    """What is said about it in the OpenAPI document."""
    token = {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}
    told = {
        "summary": (calendar.__doc__ or "").split("\n")[0],
        "security": [],
        "parameters": [token],
        "responses": {
            "200": {
                "description": "A calendar",
                "content": {"text/calendar": {"schema": {"type": "string"}}},
            },
            "304": {"description": "Nothing has changed since the entity tag of If-None-Match"},
            "default": {"description": "A problem document (RFC 9457)"},
        },
    }
    return {
        f"/api/v1/public/{own_organisation(session).slug}/schedule/calendars/{{token}}.ics": {"get": told}
    }
