"""Undo: a button after every act and on every change, and what could not be taken back."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from parlour.errors import NotFound
from parlour.i18n import _
from parlour.records.history import undo
from parlour.web import flash
from parlour.web.addresses import back_to
from parlour.web.contexts import OrganisationContext

NAMED = 3


def done(request: Request, message: Any, change_set: int | None, address: str) -> HTTPSeeOther:
    """Go on to `address`, say what was done and offer to take it back."""
    action = None
    if change_set is not None:
        action = {"title": _("Undo"), "url": undo_url(request, change_set, address), "method": "post"}
    flash.say(request, message, action=action)
    return HTTPSeeOther(address)


def undo_url(request: Request, change_set: int, back: str = "") -> str:
    return str(request.url_of("undo", change_set=change_set, query={"back": back} if back else None))


@view_config(route_name="undo", request_method="POST", permission="member")
def undo_view(context: OrganisationContext, request: Request) -> HTTPSeeOther:
    """Reverse a change set; `history.undo` decides who may."""
    number = request.matchdict["change_set"]
    if len(number) > 18:
        raise NotFound(_("There is no such change."))
    result = undo(request.db, int(number))
    back = back_to(request, request.GET.get("back"), request.url_of("today"))
    if not result.left:
        flash.say(request, _("It is undone."))
    else:
        reasons = list(dict.fromkeys(request.loc.translate(reason) for _record, _id, reason in result.left))
        flash.say(
            request,
            _(
                "Undone, except for ${n}: ${reasons}",
                mapping={"n": request.loc.number(len(result.left)), "reasons": " ".join(reasons[:NAMED])},
            ),
            "warn",
        )
    return HTTPSeeOther(back)
