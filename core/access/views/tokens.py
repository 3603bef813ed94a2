"""Settings, tokens: the keys that programs have, how they are made and how they end."""

from __future__ import annotations

import re
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from parlour.access import tokens
from parlour.access.rules import allows
from parlour.access.tokens import Shown
from parlour.access.views import forms
from parlour.access.views.declare import view
from parlour.db.base import now
from parlour.errors import Invalid
from parlour.i18n import _
from parlour.web.api import V1
from parlour.web.flash import say
from parlour.web.rendering import once

MAKE, ALL = "core:tokens:write", "core:users:write"
_MAY = {
    "": _("Everything that I may"),
    "read": _("Only see"),
    "write": _("See and change"),
    "export": _("See and export"),
}


def _form(request: Request) -> forms.Form:
    return forms.Form(
        request,
        forms.text("title", _("For which program"), required=True),
        forms.choice("may", _("What it may do"), list(_MAY.items()), hint=_("Never more than you may.")),
        forms.text(
            "scopes",
            _("Only these"),
            hint=_("For experts, instead of the choice above: contacts.contact:read contacts.tag:write"),
        ),
        forms.day("expires", _("Last day"), hint=_("Empty: until it is revoked.")),
        action=request.url_of("settings.tokens"),
        save=_("Make a token"),
    )


def _page(request: Request, form: Any) -> dict[str, Any]:
    found = tokens.shown(request.db, None if allows(request.db, ALL) else request.user.id)
    return {
        "title": _("Tokens for programs"),
        "lead": _("With a token a program works here as the person who made it, over the API."),
        "form": form,
        "rows": [_row(request, token) for token in found],
        "rows_empty": _("No program has a token yet."),
    }


def _row(request: Request, token: Shown) -> dict[str, Any]:
    loc = request.loc
    may = ", ".join(token.scopes) if token.scopes is not None else loc.translate(_("everything"))
    used = (
        loc.translate(_("last used ${when}", mapping={"when": loc.ago(token.used_at)}))
        if token.used_at
        else loc.translate(_("never used"))
    )
    ended = token.expires_at is not None and token.expires_at <= now()
    return {
        "title": token.title,
        "sub": " · ".join([token.user, f"{token.begins}…", may, used]),
        "icon": "key-round",
        "badges": [{"kind": "badge", "text": _("expired"), "tone": "warn"}] if ended else [],
        "actions": [
            {
                "title": _("Revoke"),
                "url": request.url_of("settings.token.revoke", id=token.id),
                "icon": "trash-2",
                "method": "post",
                "danger": True,
                "confirm": forms.confirm(
                    request,
                    _("Revoke ${name}", mapping={"name": token.title}),
                    _("The program that uses it is locked out at once."),
                    _("Revoke"),
                ),
            }
        ],
    }


@view(route_name="settings.tokens", request_method="GET", permission=MAKE, renderer="settings.jinja2")
def tokens_page(request: Request) -> Any:
    return _page(request, _form(request).show({}))


@view(route_name="settings.tokens", request_method="POST", permission=MAKE, renderer="settings.jinja2")
def make_token(request: Request) -> Any:
    form = _form(request)
    try:
        values = form.read()
        if values["scopes"].strip():
            narrow = re.findall(r"[^\s,;]+", values["scopes"]) or [""]
        else:
            narrow = [values["may"]] if values["may"] else []
        day = values["expires"]
        until = tokens.end_of(str(day), request.organisation.zone) if day else None
        made = tokens.make(request.db, request.user.id, values["title"], scopes=narrow, expires_at=until)
    except Invalid as error:
        return _page(request, form.again(error))
    return once(
        request,
        "token_once.jinja2",
        {
            "title": _("Token for ${name}", mapping={"name": values["title"]}),
            "token": made,
            "example": f'curl -H "Authorization: Bearer TOKEN" {request.host_url}{V1}/records',
            "crumbs": [{"title": _("Tokens for programs"), "url": request.url_of("settings.tokens")}],
        },
    )


@view(route_name="settings.token.revoke", request_method="POST", permission=MAKE)
def revoke_token(request: Request) -> Any:
    whose = None if allows(request.db, ALL) else request.user.id
    tokens.revoke(request.db, int(request.matchdict["id"]), user_id=whose)
    say(request, _("The token is revoked."))
    return HTTPSeeOther(request.url_of("settings.tokens"))
