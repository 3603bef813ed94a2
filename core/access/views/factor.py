"""The second factor: the code after the password, setting it up, new recovery codes, switching it off."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import Engine

from parlour.access import secondfactor, users
from parlour.access.organisations import organisations_of
from parlour.access.policy import LOGGED_IN, cookie_name, set_cookie
from parlour.access.security import NOBODY, security_of
from parlour.access.throttle import Throttled
from parlour.access.views import forms
from parlour.access.views.declare import view
from parlour.access.views.inout import CODE_COOKIE, let_in
from parlour.db.session import Session, open_session
from parlour.errors import Invalid, NotAllowed
from parlour.i18n import _
from parlour.web.flash import say
from parlour.web.rendering import once


def _ticket(request: Request) -> str:
    return str(request.cookies.get(cookie_name(request, CODE_COOKIE), ""))


@view(
    route_name="login.code", request_method="GET", permission=NO_PERMISSION_REQUIRED, renderer="login.jinja2"
)
def code_page(request: Request) -> Any:
    if secondfactor.holder(request.db, request.settings, _ticket(request)) is None:
        return HTTPFound(request.url_of("login"))
    return _code_page(request)


def _code_page(request: Request, **more: Any) -> dict[str, Any]:
    lead = _("The password is right. Now the code that your authenticator shows.")
    return {"code_wanted": True, "lead": lead, "email": "", "back": "", **more}


@view(
    route_name="login.code", request_method="POST", permission=NO_PERMISSION_REQUIRED, renderer="login.jinja2"
)
def code(request: Request) -> Any:
    # The request's own session stays unused until the attempt is counted.
    with open_session(request.registry["parlour.reader"]) as looking:
        found = secondfactor.holder(looking, request.settings, _ticket(request))
    if found is None:
        say(request, _("That took too long. Log in again."), "warn")
        return HTTPSeeOther(request.url_of("login"))
    user, back = found
    typed = forms.posted(request, "code")
    try:
        kind = secondfactor.check(request.db, request.settings, user, typed, request.address)
    except Throttled as refused:
        return _code_page(request, wait=forms.too_often(request, refused))
    except NotAllowed as refused:
        request.response.status_code = 422
        return _code_page(request, error=refused.message)
    if kind == secondfactor.RECOVERY:
        with open_session(request.registry["parlour.reader"]) as looking:
            left = secondfactor.codes_left(looking, user.id)
        say(request, _("That was a recovery code; ${n} are left.", mapping={"n": left}), "warn")
    answer = let_in(request, user, back or request.url_of("home"))
    set_cookie(request, answer, cookie_name(request, CODE_COOKIE), "", max_age=0)
    return answer


# ---- setting it up


def _required_by(request: Request) -> list[str]:
    """Names of the organisations that ask some or all of their people for one."""
    return [
        organisation.name
        for organisation in organisations_of(request.db, request.user.id)
        if security_of(organisation).second_factor != NOBODY
    ]


def _enrol_form(request: Request) -> forms.Form:
    return forms.Form(
        request,
        forms.hidden("ticket"),
        forms.code("code", _("Code from your authenticator"), hint=_("Six digits, new every half minute")),
        _password(),
        action=request.url_of("me.factor"),
        name="factor",
        save=_("Switch it on"),
    )


def _password() -> Any:
    return forms.password("current", _("Current password"), autocomplete="current-password", required=True)


def _password_form(request: Request, route: str, save: Any) -> forms.Form:
    name = route.rpartition(".")[2]
    return forms.Form(
        request,
        _password(),
        action=request.url_of(route),
        name=name,
        save=save,
    )


def _off_form(request: Request) -> forms.Form:
    return _password_form(request, "me.factor.off", _("Switch it off"))


def _codes_form(request: Request) -> forms.Form:
    return _password_form(request, "me.factor.codes", _("Make new recovery codes"))


def _page(
    request: Request, *, enrolment: secondfactor.Enrolment | None = None, form: Any = None, **more: Any
) -> dict[str, Any]:
    user = request.user
    page = {"on": secondfactor.is_on(user), "required_by": _required_by(request), **more}
    if page["on"]:
        page["left"] = secondfactor.codes_left(request.db, user.id)
        page.setdefault("codes", _codes_form(request).show({}))
        page.setdefault("off", _off_form(request).show({}))
        return page
    enrolment = enrolment or secondfactor.begin(request.settings, user)
    secret = enrolment.secret
    return {
        **page,
        "picture": enrolment.picture(user),
        "secret": " ".join(secret[place : place + 4] for place in range(0, len(secret), 4)),
        "form": form or _enrol_form(request).show({"ticket": enrolment.ticket}),
    }


@view(route_name="me.factor", request_method="GET", permission=LOGGED_IN, renderer="factor.jinja2")
def factor_page(request: Request) -> Any:
    return _page(request)


@view(route_name="me.factor", request_method="POST", permission=LOGGED_IN, renderer="factor.jinja2")
def switch_on(request: Request) -> Any:
    if secondfactor.is_on(request.user):
        return HTTPSeeOther(request.url_of("me.factor"))
    form = _enrol_form(request)
    enrolment = secondfactor.begun(request.settings, request.user, forms.posted(request, "ticket", 2000))
    if enrolment is None:
        say(request, _("That took too long. Scan the new picture."), "warn")
        return HTTPSeeOther(request.url_of("me.factor"))

    def act(session: Session) -> list[str]:
        code = forms.posted(request, "code")
        return secondfactor.confirm(session, request.settings, request.user.id, enrolment, code)

    codes, again = _confirmed(request, form, act)
    if again:
        return _page(request, enrolment=enrolment, form=again)
    return _codes_once(request, codes, _("The second factor is on"))


def _codes_once(request: Request, codes: list[str], title: Any) -> Any:
    """Show recovery codes, once: only their hashes are kept."""
    return once(request, "codes_once.jinja2", {"title": title, "codes": codes})


def _confirmed(request: Request, form: forms.Form, act: Any) -> tuple[Any, Any]:
    """What `act(session)` returns once the password is right, else None; and the form to show again, else None.

    These posts hold no write transaction of their own, see CONFIRMING in `web.requests`: a wrong password stays counted.
    """
    engine: Engine = request.registry["parlour.engine"]
    try:
        users.confirm_password(engine, request.user, form.read()["current"])
        with open_session(engine) as writing:
            done = act(writing)
            writing.commit()
    except (Invalid, Throttled) as error:
        return None, form.again(error)
    return done, None


@view(route_name="me.factor.codes", request_method="POST", permission=LOGGED_IN, renderer="factor.jinja2")
def new_codes(request: Request) -> Any:
    if not secondfactor.is_on(request.user):
        return HTTPSeeOther(request.url_of("me.factor"))

    def act(session: Session) -> list[str]:
        return secondfactor.new_codes(session, request.settings, request.user.id)

    codes, again = _confirmed(request, _codes_form(request), act)
    return _page(request, codes=again) if again else _codes_once(request, codes, _("New recovery codes"))


@view(route_name="me.factor.off", request_method="POST", permission=LOGGED_IN, renderer="factor.jinja2")
def switch_off(request: Request) -> Any:
    def act(session: Session) -> None:
        secondfactor.switch_off(session, request.user.id)

    _done, again = _confirmed(request, _off_form(request), act)
    if again:
        return _page(request, off=again)
    say(request, _("The second factor is off."))
    return HTTPSeeOther(request.url_of("me.factor"))
