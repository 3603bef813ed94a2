"""What a person decides about themselves: name, password, language, colours, where they are logged in, which
branch.
"""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import Engine

from parlour.access import browsers, secondfactor, sessions, users
from parlour.access.memberships import my_branches
from parlour.access.policy import LOGGED_IN, MEMBER, cookie_name, set_cookie
from parlour.access.throttle import Throttled
from parlour.access.views import forms
from parlour.access.views.declare import view
from parlour.access.views.inout import let_in
from parlour.db.session import open_session
from parlour.errors import Invalid
from parlour.i18n import LANGUAGES, LOCALES, _
from parlour.web.addresses import back_to
from parlour.web.flash import say
from parlour.web.requests import LANGUAGE_COOKIE

_THEMES = {"": _("As the system"), "light": _("Light"), "dark": _("Dark")}
_YEAR = 365 * 24 * 3600


def _profile(request: Request) -> forms.Form:
    languages = [("", _("The salon's")), *((name, LANGUAGES[name]) for name in LOCALES)]
    return forms.Form(
        request,
        forms.text("name", _("Name"), required=True),
        forms.choice("locale", _("Language"), languages),
        forms.choice("theme", _("Colours"), list(_THEMES.items())),
        action=request.url_of("me"),
        name="profile",
    )


def _passwords(request: Request) -> forms.Form:
    return forms.Form(
        request,
        forms.password("current", _("Current password"), autocomplete="current-password", required=True),
        forms.password("password", _("New password"), required=True, hint=_("Ten characters or more")),
        action=request.url_of("me.password"),
        name="password",
        save=_("Change the password"),
    )


def _page(request: Request, *, profile: Any = None, password: Any = None) -> dict[str, Any]:
    user = request.user
    known = {"name": user.name, "locale": user.locale or "", "theme": user.theme}
    here = request.identity.login.token_hash
    return {
        "email": user.email,
        "profile": profile or _profile(request).show(known),
        "password": password or _passwords(request).show({}),
        "factor": secondfactor.is_on(user),
        "logins": [
            {
                "agent": browsers.words(login.agent) or _("Unknown browser"),
                "ip": login.ip,
                "seen": request.loc.ago(login.seen_at),
                "seen_title": request.loc.moment(login.seen_at),
                "begun": request.loc.moment(login.created_at, "short"),
                "here": login.token_hash == here,
                "end": request.url_of("me.logout", mark=sessions.mark_of(login)),
            }
            for login in sessions.logins_of(request.db, user.id)
        ],
    }


@view(route_name="me", request_method="GET", permission=LOGGED_IN, renderer="me.jinja2")
def me(request: Request) -> Any:
    return _page(request)


@view(route_name="me", request_method="POST", permission=LOGGED_IN, renderer="me.jinja2")
def save_me(request: Request) -> Any:
    form = _profile(request)
    try:
        values = form.read()
        users.update_user(
            request.db,
            request.user.id,
            name=values["name"],
            locale=values["locale"] or None,
            theme=values["theme"],
        )
    except Invalid as error:
        return _page(request, profile=form.again(error))
    say(request, _("Saved."))
    return HTTPSeeOther(request.url_of("me"))


@view(route_name="me.password", request_method="POST", permission=LOGGED_IN, renderer="me.jinja2")
def save_password(request: Request) -> Any:
    form = _passwords(request)
    engine: Engine = request.registry["parlour.engine"]
    try:
        values = form.read()
        users.confirm_password(engine, request.user, values["current"])
        with open_session(engine) as writing:
            user = users.set_password(writing, request.user.id, values["password"])
            answer = let_in(request, user, request.url_of("me"), session=writing)
            writing.commit()
    except (Invalid, Throttled) as error:
        return _page(request, password=form.again(error))
    say(request, _("The password is changed. Everywhere else you are logged out."))
    return answer


@view(route_name="me.logouts", request_method="POST", permission=LOGGED_IN)
def log_out_elsewhere(request: Request) -> Any:
    gone = sessions.end_all(request.db, request.user.id, keep=request.identity.token)
    say(request, _("Logged out everywhere else: ${n}.", mapping={"n": gone}))
    return HTTPSeeOther(request.url_of("me"))


@view(route_name="me.logout", request_method="POST", permission=LOGGED_IN)
def log_out_there(request: Request) -> Any:
    """End one log-in of one's own."""
    if sessions.end_one(request.db, request.user.id, request.matchdict["mark"]):
        say(request, _("Logged out there."))
    return HTTPSeeOther(request.url_of("me"))


@view(route_name="language", request_method="POST", permission=NO_PERMISSION_REQUIRED)
def choose_language(request: Request) -> Any:
    """For this browser, and for the person wherever they log in."""
    response = HTTPSeeOther(back_to(request, forms.posted(request, "back", 2000), "/"))
    wanted = forms.posted(request, "language")
    if wanted in LOCALES:
        if request.user is not None:
            users.update_user(request.db, request.user.id, locale=wanted)
        set_cookie(request, response, cookie_name(request, LANGUAGE_COOKIE), wanted, max_age=_YEAR)
    return response


@view(route_name="theme", request_method="POST", permission=LOGGED_IN)
def choose_theme(request: Request) -> Any:
    wanted = forms.posted(request, "theme")
    if wanted in users.THEMES:
        users.update_user(request.db, request.user.id, theme=wanted)
    return HTTPSeeOther(back_to(request, forms.posted(request, "back", 2000), "/"))


@view(route_name="branch", request_method="POST", permission=MEMBER)
def choose_branch(request: Request) -> Any:
    """Work in another branch, in this browser; one that is not the person's own changes nothing."""
    wanted = forms.posted(request, "branch")
    branch = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else None
    if branch is None or branch in my_branches(request.db):
        sessions.choose_branch(request.db, request.identity.login, request.organisation.id, branch)
    return HTTPSeeOther(back_to(request, forms.posted(request, "back", 2000), request.url_of("today")))
