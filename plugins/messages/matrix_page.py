"""One page: which kind of message goes over which channel."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from parlour.i18n import _
from parlour.plugins.messages.access import SETTINGS
from parlour.plugins.messages.kinds import CHANNELS, kinds_of
from parlour.plugins.messages.options import options_of, save_options
from parlour.plugins.messages.own_kinds import TRIAL
from parlour.web import flash
from parlour.web.contexts import OrganisationContext


@view_config(
    route_name="messages.matrix", request_method="GET", permission=SETTINGS, renderer="messages/matrix.jinja2"
)
def page(context: OrganisationContext, request: Request) -> dict[str, Any]:
    """Every kind with a box for each channel."""
    options = options_of(request.db)
    rows = [
        {
            "title": kind.title,
            "off": kind.code in options.off,
            "boxes": [
                {"value": value, "on": value not in options.off_by, "title": title}
                for code, title in CHANNELS
                for value in (f"{kind.code}:{code}",)
            ],
        }
        for kind in kinds_of(request.db)
        if kind is not TRIAL
    ]
    return {"channels": [title for _code, title in CHANNELS], "rows": rows}


@view_config(route_name="messages.matrix", request_method="POST", permission=SETTINGS)
def save(context: OrganisationContext, request: Request) -> HTTPSeeOther:
    """Keep which boxes are empty; kinds of plugins that are off just now stay as they are."""
    shown = {
        f"{kind.code}:{code}" for kind in kinds_of(request.db) if kind is not TRIAL for code, _t in CHANNELS
    }
    kept = set(options_of(request.db).off_by) - shown
    off = kept | (shown - set(request.POST.getall("on")))
    save_options(request.db, {"off_by": tuple(sorted(off))})
    flash.say(request, _("Saved."))
    return HTTPSeeOther(request.url_of("messages.matrix"))
