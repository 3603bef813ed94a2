"""Where a second factor is required, setting it up comes before everything else of the organisation."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.viewderivers import INGRESS

from parlour.access import secondfactor
from parlour.access.security import needs_second_factor
from parlour.errors import NotAllowed
from parlour.i18n import _
from parlour.web.errors import wants_json


def includeme(config: Configurator) -> None:
    config.add_view_deriver(enrol_first, "parlour_enrol_first", under=INGRESS, over="secured_view")


def must_enrol(request: Request) -> bool:
    """Whether this is a page of an organisation that lets the person in only with a second factor.

    Programs with a token are not asked: who made the token had to have one.
    """
    # Files of the program are no page of an organisation, and are sent without asking the database who wants them.
    if "organisation" not in (request.matchdict or {}):
        return False
    if getattr(request.identity, "login", None) is None or request.organisation is None:
        return False
    return not secondfactor.is_on(request.user) and needs_second_factor(
        request.db, request.organisation, request.user.id
    )


def enrol_first(view: Any, info: Any) -> Any:
    if info.exception_only:
        return view

    def led(context: Any, request: Request) -> Any:
        if not must_enrol(request):
            return view(context, request)
        if wants_json(request):
            raise NotAllowed(_("This organisation asks for a second factor. Set it up under My account."))
        return HTTPSeeOther(request.url_of("me.factor"))

    return led
