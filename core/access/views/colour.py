"""The organisation's own colour: the style sheet that brings it, and how it looks before it is saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from parlour.access.organisations import colour_of
from parlour.access.views.declare import view
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.web.assets import OWN_COLOUR, organisation_stylesheet, organisation_tokens
from parlour.web.static import LASTING

SCHEMES = {"light": _("Light"), "dark": _("Dark")}
CHANGED = {
    "light": _("Yours would be too pale to read here, so it is darkened to ${colour}."),
    "dark": _("Yours would be too dark to read here, so it is lightened to ${colour}."),
}


@view(route_name="colours", permission=NO_PERMISSION_REQUIRED)
def stylesheet(request: Request) -> Response:
    """A colour made readable in both schemes. The address holds the colour, so its answer never changes."""
    sheet = organisation_stylesheet(f"#{request.matchdict['colour']}")
    response = Response(sheet, content_type="text/css", charset="utf-8")
    response.headers["Cache-Control"] = f"public, {LASTING}"
    return response


def samples(request: Request, colour: str) -> Sequence[dict[str, Any]]:
    """What a colour becomes in each scheme, and whether that is as it was chosen."""
    say = request.loc.translate
    found = []
    for scheme, tokens in organisation_tokens(colour).items():
        accent = tokens["accent"]
        same = accent == colour
        note = _("As you chose it.") if same else CHANGED[scheme]
        found.append(
            {
                "scheme": scheme,
                "title": SCHEMES[scheme],
                "tokens": tokens,
                "note": say(note, {"colour": accent}),
                "changed": not same,
            }
        )
    return found


@view(
    route_name="settings.colour",
    request_method="GET",
    permission="core:settings:read",
    renderer="_colour.jinja2",
)
def preview(request: Request) -> Any:
    """The samples of a colour that is being chosen, for the form to show."""
    try:
        colour = colour_of(request.GET.get("colour", ""))
    except Refusal:
        request.response.status_code = 422
        colour = ""
    return {"samples": samples(request, colour or OWN_COLOUR)}
