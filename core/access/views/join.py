"""What the link of an invitation leads to."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.security import NO_PERMISSION_REQUIRED

from parlour.access import invitations
from parlour.access.views import forms
from parlour.access.views.declare import view
from parlour.access.views.inout import let_in
from parlour.errors import Invalid
from parlour.i18n import _
from parlour.web.flash import say


def _form(request: Request, offer: invitations.Offer) -> forms.Form:
    """Who logs in already only says yes."""
    nodes = [
        forms.text("name", _("Your name"), required=True, hint=_("As your colleagues see it.")),
        forms.password("password", _("Password"), required=True, hint=_("Ten characters or more")),
    ]
    return forms.Form(
        request,
        *([] if offer.known else nodes),
        action=request.url_of("join", token=request.matchdict["token"]),
        name="join",
        save=_("Accept the invitation"),
    )


def _page(request: Request, offer: invitations.Offer, form: Any) -> dict[str, Any]:
    name = {"name": offer.organisation.name}
    email = {"email": offer.invitation.email}
    return {
        "title": _("${name} invites you", mapping=name),
        "lead": _("You log in as ${email}, as you are used to.", mapping=email)
        if offer.known
        else _("You will log in as ${email}.", mapping=email),
        "form": form,
    }


@view(
    route_name="join", request_method="GET", permission=NO_PERMISSION_REQUIRED, renderer="plain_form.jinja2"
)
def join_page(request: Request) -> Any:
    """Looking does not use the link up: mail programs look at links before people do."""
    offer = invitations.offer_of(request.db, request.matchdict["token"])
    return _page(request, offer, _form(request, offer).show({"name": offer.invitation.name}))


@view(
    route_name="join", request_method="POST", permission=NO_PERMISSION_REQUIRED, renderer="plain_form.jinja2"
)
def join(request: Request) -> Any:
    token = request.matchdict["token"]
    offer = invitations.offer_of(request.db, token)
    form = _form(request, offer)
    try:
        values = form.read()
        user, organisation, made = invitations.accept(
            request.db,
            token,
            name=values.get("name", ""),
            password=values.get("password"),
            locale=None if offer.known else request.loc.name,
        )
    except Invalid as error:
        return _page(request, offer, form.again(error))
    home = request.url_of("today", organisation=organisation.slug)
    if made:
        return let_in(request, user, home)
    # The link is no log-in: who knows it may only bring the person here, who then logs in as ever.
    say(request, _("You work in ${name} now. Log in as ever.", mapping={"name": organisation.name}))
    return HTTPSeeOther(home)
