"""The page at the door: who came in today."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.view import view_config

from parlour.i18n import _
from parlour_visitors import services


def includeme(config: Configurator) -> None:
    config.add_route("visitors.door", "/door")


@view_config(route_name="visitors.door", permission="visitors:visitor:read", renderer="visitors/door.jinja2")
def door(request: Request) -> dict[str, Any]:
    rows = services.today(request.db, request.loc.zone)
    return {
        "title": _("At the door today"),
        "rows": [
            {
                "name": name,
                "at": request.loc.time(at),
                "url": request.url_of("record.card", record="visitors.visitor", id=visitor_id),
            }
            for visitor_id, name, at in rows
        ],
    }
