"""In and out: the door, the choice of an organisation, the way out."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.security import NO_PERMISSION_REQUIRED, forget, remember

from parlour.access import secondfactor, sessions
from parlour.access.models import User
from parlour.access.organisations import organisations_of
from parlour.access.policy import COOKIE, LOGGED_IN, cookie_name, set_cookie
from parlour.access.throttle import Throttled
from parlour.access.users import authenticate
from parlour.access.views.declare import view
from parlour.access.views.forms import posted, too_often
from parlour.db.session import Session
from parlour.errors import NotAllowed
from parlour.i18n import _
from parlour.web.addresses import back_to
from parlour.web.flash import say

# Between the password and the code of the second factor.
CODE_COOKIE = "parlour_code"


@view(route_name="home", permission=LOGGED_IN, renderer="organisations.jinja2")
def home(request: Request) -> Any:
    """Straight into the only organisation, or a choice of several."""
    found = organisations_of(request.db, request.user.id)
    if len(found) == 1:
        return HTTPFound(request.url_of("today", organisation=found[0].slug))
    return {
        "organisations": [
            {"name": item.name, "url": request.url_of("today", organisation=item.slug)} for item in found
        ]
    }


@view(route_name="login", request_method="GET", permission=NO_PERMISSION_REQUIRED, renderer="login.jinja2")
def login_page(request: Request) -> Any:
    back = back_to(request, request.GET.get("back"), "")
    if request.user is not None:
        return HTTPFound(back or request.url_of("home"))
    return _page(request, back, "")


@view(route_name="login", request_method="POST", permission=NO_PERMISSION_REQUIRED, renderer="login.jinja2")
def login(request: Request) -> Any:
    email = posted(request, "email")
    back = back_to(request, posted(request, "back", 2000), "")
    try:
        # Before anything else touches `request.db`: the attempt is counted in a transaction of its own.
        user = authenticate(request.db, email, posted(request, "password"), request.address)
    except Throttled as refused:
        return _page(request, back, email, wait=too_often(request, refused))
    except NotAllowed as refused:
        request.response.status_code = 422
        return _page(request, back, email, error=refused.message)
    if secondfactor.is_on(user):
        answer = HTTPSeeOther(request.url_of("login.code"))
        ticket = secondfactor.ticket_of(request.settings, user, back)
        name = cookie_name(request, CODE_COOKIE)
        set_cookie(request, answer, name, ticket, max_age=secondfactor.CODE_PATIENCE)
        return answer
    return let_in(request, user, back or request.url_of("home"))


def _page(request: Request, back: str, email: str, **more: Any) -> dict[str, Any]:
    return {"back": back, "email": email, "reset_url": request.url_of("forgot"), **more}


def let_in(request: Request, user: User, address: str, *, session: Session | None = None) -> HTTPSeeOther:
    """Begin a log-in in this browser and go on to `address`; a log-in that was there before ends.

    `session` is where it is written, when that is not the request's own.
    """
    token = sessions.start_login(
        session or request.db,
        user,
        ip=request.address,
        agent=request.user_agent or "",
        old=request.cookies.get(cookie_name(request, COOKIE)),
    )
    if user.password_temporary:
        say(request, _("Somebody else chose your password. Set one of your own."), "warn")
        address = request.url_of("me")
    return HTTPSeeOther(address, headers=remember(request, token))


@view(route_name="logout", request_method="POST", permission=NO_PERMISSION_REQUIRED)
def logout(request: Request) -> Any:
    if request.identity is not None:
        sessions.end_login(request.db, request.identity.token)
    return HTTPSeeOther(request.url_of("login"), headers=forget(request))
