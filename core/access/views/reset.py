"""The forgotten password: asking for a link, and what the link leads to."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.security import NO_PERMISSION_REQUIRED

from parlour import mail
from parlour.access import resets
from parlour.access.throttle import Throttled
from parlour.access.views import forms
from parlour.access.views.declare import view
from parlour.errors import Invalid
from parlour.i18n import _
from parlour.web.flash import say


def _ask_form(request: Request) -> forms.Form:
    return forms.Form(
        request,
        forms.email("email", _("E-mail"), required=True, hint=_("With this you log in.")),
        action=request.url_of("forgot"),
        save=_("Send the link"),
    )


def _ask_page(request: Request, **values: Any) -> dict[str, Any]:
    page = {"title": _("Forgotten the password"), "ways": [_to_login(request)], **values}
    if mail.is_on(request.settings):
        lead = _("We send a link by which you set a new one.")
        return {"lead": lead, "form": _ask_form(request).show({}), **page}
    return {
        **page,
        "note": _(
            "This site sends no mail. Ask an owner for a new initial password; whoever runs the site can make "
            "one with the command parlour users passwd."
        ),
    }


def _to_login(request: Request) -> dict[str, Any]:
    return {"title": _("To the log-in"), "url": request.url_of("login")}


@view(
    route_name="forgot", request_method="GET", permission=NO_PERMISSION_REQUIRED, renderer="plain_form.jinja2"
)
def forgot_page(request: Request) -> Any:
    return _ask_page(request)


@view(
    route_name="forgot",
    request_method="POST",
    permission=NO_PERMISSION_REQUIRED,
    renderer="plain_form.jinja2",
)
def forgot(request: Request) -> Any:
    if not mail.is_on(request.settings):
        return _ask_page(request)
    form = _ask_form(request)
    try:
        email = form.read()["email"]
        resets.ask(request.db, email, request.address, request.loc.name)
    except Invalid as error:
        return _ask_page(request, form=form.again(error))
    except Throttled as refused:
        return _ask_page(request, warn=forms.too_often(request, refused))
    # The same whether somebody has this address or nobody.
    return _ask_page(
        request,
        form=None,
        lead=None,
        done=_(
            "If somebody logs in with this address, a letter with a link is on its way. It works for an hour; look "
            "into the spam as well."
        ),
    )


def _new_form(request: Request) -> forms.Form:
    return forms.Form(
        request,
        forms.password("password", _("New password"), required=True, hint=_("Ten characters or more")),
        action=request.url_of("reset", token=request.matchdict["token"]),
        save=_("Set the password"),
    )


def _new_page(request: Request, email: str, form: Any) -> dict[str, Any]:
    return {"title": _("New password"), "lead": email, "form": form}


@view(
    route_name="reset", request_method="GET", permission=NO_PERMISSION_REQUIRED, renderer="plain_form.jinja2"
)
def reset_page(request: Request) -> Any:
    """Looking does not use the link up: mail programs look at links before people do."""
    user = resets.person_of(request.db, request.matchdict["token"])
    return _new_page(request, user.email, _new_form(request).show({}))


@view(
    route_name="reset", request_method="POST", permission=NO_PERMISSION_REQUIRED, renderer="plain_form.jinja2"
)
def reset(request: Request) -> Any:
    user = resets.person_of(request.db, request.matchdict["token"])
    form = _new_form(request)
    try:
        resets.use(request.db, request.matchdict["token"], form.read()["password"])
    except Invalid as error:
        return _new_page(request, user.email, form.again(error))
    say(request, _("The password is set. Log in with it."))
    return HTTPSeeOther(request.url_of("login"))
