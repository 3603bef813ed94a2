"""Inviting somebody to work here: the form, the invitations that wait, sending again, taking back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from parlour import mail
from parlour.access import invitations
from parlour.access.models import Invitation
from parlour.access.throttle import Throttled
from parlour.access.views import duties, forms
from parlour.access.views.declare import view
from parlour.errors import Invalid, NotAllowed, NotFound
from parlour.i18n import _
from parlour.jobs.models import RUNNING, SENDING, WAITING
from parlour.mail.letters import site_address
from parlour.web.flash import say
from parlour.web.rendering import once

WRITE = "core:users:write"


def waiting(request: Request, titles: Mapping[int, Any]) -> list[dict[str, Any]]:
    """Invitations that nobody has accepted yet."""
    rows = []
    for item in invitations.waiting(request.db):
        invitation = item.invitation
        badges = []
        if item.expired:
            badges.append({"kind": "badge", "text": _("expired"), "tone": "warn"})
        if item.error:
            badges.append({"kind": "badge", "text": _("not sent"), "tone": "bad"})
        elif item.state in (WAITING, RUNNING, SENDING):
            badges.append({"kind": "badge", "text": _("being sent")})
        given = dict.fromkeys(role for role, _branch in invitation.duties)
        roles_given = [
            request.loc.translate(titles[role]) for role in given if role is not None and role in titles
        ]
        until = request.loc.translate(
            _("until ${day}", mapping={"day": request.loc.date(invitation.expires_at)})
        )
        rows.append(
            {
                "title": invitation.name or invitation.email,
                "sub": " · ".join(
                    part
                    for part in (invitation.email if invitation.name else "", ", ".join(roles_given), until)
                    if part
                ),
                "fault": request.loc.translate(item.error) if item.error else "",
                "badges": badges,
                "actions": _invitation_actions(request, invitation),
            }
        )
    return rows


def _invitation_actions(request: Request, invitation: Invitation) -> list[dict[str, Any]]:
    address = request.url_of("settings.invitation", id=invitation.id)
    again = _("Send again") if mail.is_on(request.settings) else _("Make a new link")
    return [
        {"title": again, "url": address, "icon": "send", "method": "post", "fields": {"do": "again"}},
        {
            "title": _("Take back"),
            "url": address,
            "icon": "user-x",
            "method": "post",
            "fields": {"do": "revoke"},
            "danger": True,
            "confirm": forms.confirm(
                request,
                _("Take back the invitation of ${name}", mapping={"name": invitation.email}),
                _("The link works no more."),
                _("Take back"),
            ),
        },
    ]


# ---- inviting


def _invite_form(request: Request) -> forms.Form:
    return forms.Form(
        request,
        forms.email("email", _("E-mail"), required=True, hint=_("With this they log in.")),
        forms.text("name", _("Name"), hint=_("They can change it.")),
        *duties.nodes(request),
        action=request.url_of("settings.invite"),
        save=_("Invite") if mail.is_on(request.settings) else _("Make a link"),
    )


def _invite_page(request: Request, form: Any) -> dict[str, Any]:
    page = duties.form_page(request, _("Invite a person"), form)
    if mail.is_on(request.settings):
        lead = _("They get a letter with a link, choose a password of their own, and can begin.")
    else:
        lead = _(
            "This site sends no mail, so you get a link to hand over. They choose a password of their own."
        )
    return {**page, "lead": lead}


@view(route_name="settings.invite", request_method="GET", permission=WRITE, renderer="form.jinja2")
def invite_page(request: Request) -> Any:
    return _invite_page(request, _invite_form(request).show({}))


@view(route_name="settings.invite", request_method="POST", permission=WRITE, renderer="form.jinja2")
def invite(request: Request) -> Any:
    form = _invite_form(request)
    try:
        values = form.read()
        invitation = invitations.invite(request.db, values["email"], values["name"], duties.read(values))
        return _on_its_way(request, invitation)
    except (Invalid, NotAllowed, Throttled) as error:
        return _invite_page(request, form.again(error))


def _on_its_way(request: Request, invitation: Invitation) -> Any:
    """Have the letter sent, or show the link where no letters are sent. Raises Throttled."""
    if mail.is_on(request.settings):
        invitations.send(request.db, invitation)
        say(request, _("The invitation is on its way to ${email}.", mapping={"email": invitation.email}))
        return HTTPSeeOther(request.url_of("settings.members"))
    token = invitations.make_link(request.db, invitation)
    address = site_address(request.settings, request.url_of("join", token=token))
    return once(
        request,
        "link_once.jinja2",
        {
            "title": _("Link for ${name}", mapping={"name": invitation.name or invitation.email}),
            "email": invitation.email,
            "address": address,
            "crumbs": [{"title": _("Who works here"), "url": request.url_of("settings.members")}],
        },
    )


@view(route_name="settings.invitation", request_method="POST", permission=WRITE)
def change_invitation(request: Request) -> Any:
    """Send it again, or take it back."""
    invitation_id = int(request.matchdict["id"])
    try:
        if forms.posted(request, "do") == "revoke":
            invitations.revoke(request.db, invitation_id)
            say(request, _("The invitation is taken back."))
        else:
            invitation = invitations.invitation_of(request.db, invitation_id)
            invitations.may_handle(request.db, invitation)
            return _on_its_way(request, invitation)
    except (NotAllowed, NotFound, Throttled) as refused:
        say(request, refused.message, "bad")
    return HTTPSeeOther(request.url_of("settings.members"))
