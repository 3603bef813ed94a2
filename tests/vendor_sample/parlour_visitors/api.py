"""Calls beside those of the records: how busy the door is, and a tablet at it that everybody may use."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from parlour.db.session import Session
from parlour.records.write import save
from parlour.web.api.body import an_object, parsed
from parlour.web.api.replay import once
from parlour_visitors import services


def includeme(config: Configurator) -> None:
    config.add_api_route("visitors.api.today", "today")
    config.add_api_route("visitors.api.arrive", "arrive", public=True)


def paths(session: Session) -> dict[str, Any]:
    """What is said about them in the OpenAPI document."""
    return {
        "/api/v1/visitors/today": {"get": {"responses": {"200": {"description": "How many came in today"}}}}
    }


@view_config(route_name="visitors.api.today", request_method="GET", permission="visitors:visitor:read")
def today(request: Request) -> Response:
    return Response(json_body={"count": len(services.today(request.db, request.loc.zone))})


@view_config(route_name="visitors.api.arrive", request_method="POST", permission=NO_PERMISSION_REQUIRED)
def arrive(request: Request) -> Response:
    """Somebody types their name at the door; the answer says nothing but that it is written down."""

    def write_down() -> Response:
        name = an_object(parsed(request)).get("name")
        save(request.db, "visitors.visitor", {"name": name}, system=True)
        return Response(status=201, json_body={"status": "written down"})

    return once(request, write_down)
