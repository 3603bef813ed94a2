"""What the organisation demands of log-ins."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from parlour.access import security
from parlour.access.rules import allows
from parlour.access.security import Security
from parlour.access.views import forms
from parlour.access.views.declare import view
from parlour.errors import Invalid
from parlour.i18n import _
from parlour.web.flash import say

# Whoever may decide what others may do decides how they prove who they are.
READ, WRITE = "core:users:read", "core:roles:write"
_FACTOR = {
    security.NOBODY: _("Whoever wants to"),
    security.LEADERS: _("Owners and managers must"),
    security.EVERYBODY: _("Everybody must"),
}


def _spans(request: Request, minutes: tuple[int, ...]) -> list[tuple[str, str]]:
    return [(str(given), _span(request, given)) for given in minutes]


def _span(request: Request, minutes: int) -> str:
    if minutes < 60:
        return str(request.loc.plural("${n} minute", "${n} minutes", minutes))
    if minutes < 1440:
        return str(request.loc.plural("${n} hour", "${n} hours", minutes // 60))
    return str(request.loc.plural("${n} day", "${n} days", minutes // 1440))


def _form(request: Request) -> forms.Form:
    lives = [(str(hours), _span(request, hours * 60)) for hours in security.LIFE]
    return forms.Form(
        request,
        forms.choice(
            "second_factor",
            _("Second factor"),
            list(_FACTOR.items()),
            hint=_("A code from the phone after the password. Who must and has none is led to it first."),
        ),
        forms.choice(
            "idle",
            _("Log out when unused for"),
            _spans(request, security.IDLE),
            hint=_("On a computer that several people use, choose little."),
        ),
        forms.choice("life", _("Log out in any case after"), lives),
        forms.choice(
            "exclusive",
            _("At the same time"),
            [("", _("Several devices may be logged in")), ("1", _("A new log-in ends the others"))],
        ),
        action=request.url_of("settings.security"),
        readonly=not allows(request.db, WRITE),
    )


def _page(request: Request, form: Any) -> dict[str, Any]:
    lead = _(
        "Holds for everybody who works here. A shorter time holds at once, a longer one from the next log-in on."
    )
    return {"title": _("Logging in"), "lead": lead, "form": form}


@view(route_name="settings.security", request_method="GET", permission=READ, renderer="settings.jinja2")
def security_page(request: Request) -> Any:
    found = security.security_of(request.organisation)
    values = {
        "second_factor": found.second_factor,
        "idle": str(found.idle),
        "life": str(found.life),
        "exclusive": "1" if found.exclusive else "",
    }
    return _page(request, _form(request).show(values))


@view(route_name="settings.security", request_method="POST", permission=WRITE, renderer="settings.jinja2")
def save(request: Request) -> Any:
    form = _form(request)
    try:
        values = form.read()
        wanted = Security(
            second_factor=values["second_factor"],
            idle=_number(values["idle"]),
            life=_number(values["life"]),
            exclusive=values["exclusive"] == "1",
        )
        security.save_security(request.db, wanted)
    except Invalid as error:
        return _page(request, form.again(error))
    say(request, _("Saved."))
    return HTTPSeeOther(request.url_of("settings.security"))


def _number(text: str) -> int:
    """A number from a list of ours, or one that is in none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else -1
