"""Who works here: the list, adding, roles, switching off, a new initial password."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from parlour.access import leaving, memberships, roles, secondfactor, sessions
from parlour.access.memberships import Member
from parlour.access.organisations import branches
from parlour.access.rules import allows, is_owner
from parlour.access.views import duties, forms
from parlour.access.views.declare import view
from parlour.access.views.inviting import waiting
from parlour.db.base import now
from parlour.errors import Invalid, NotAllowed, Refusal
from parlour.i18n import _
from parlour.web.flash import say
from parlour.web.rendering import once

READ, WRITE = "core:users:read", "core:users:write"


@view(route_name="settings.members", request_method="GET", permission=READ, renderer="members.jinja2")
def members_page(request: Request) -> Any:
    may = allows(request.db, WRITE)
    found = memberships.members(request.db)
    titles = {role.id: roles.title_of(role) for role in roles.all_roles(request.db)}
    places = {branch.id: branch.name for branch in branches(request.db, archived=None)}
    seen = sessions.last_seen(request.db, [member.id for member in found])
    people = []
    for member in found:
        at = seen.get(member.id)
        own = dict.fromkeys(duty.role_id for duty in member.duties)
        where = {duty.branch_id for duty in member.duties}
        people.append(
            {
                "id": member.id,
                "title": member.user.name,
                "sub": member.user.email,
                "url": request.url_of("settings.member", id=member.id) if may else None,
                "roles": [{"kind": "badge", "text": titles[role]} for role in own],
                "branches": ""
                if None in where
                else ", ".join(sorted(places[place] for place in where if place)),
                "seen": request.loc.ago(at) if at else "",
                "seen_title": request.loc.moment(at) if at else "",
                "badges": _badges(request, member),
                "actions": _actions(request, member) if may else [],
            }
        )
    invite = {"title": _("Invite a person"), "url": request.url_of("settings.invite"), "icon": "user-plus"}
    add = {
        "title": _("Add with a password"),
        "url": request.url_of("settings.member.new"),
        "icon": "key-round",
    }
    return {
        "title": _("Who works here"),
        "people": people,
        "waiting": waiting(request, titles) if may else [],
        "primary": invite if may else None,
        "more": [add] if may else [],
    }


def _badges(request: Request, member: Member) -> list[dict[str, Any]]:
    over = member.ends_at is not None and member.ends_at <= now()
    if not member.active and not over:
        return [{"kind": "badge", "text": _("switched off"), "tone": "warn"}]
    if member.ends_at is None:
        return []
    last = request.loc.date(member.ends_at - timedelta(microseconds=1))
    said = request.loc.translate(_("until ${day}", mapping={"day": last}))
    return [{"kind": "badge", "text": said, "tone": "warn" if over else "info"}]


def _actions(request: Request, member: Member) -> list[dict[str, Any]]:
    """What can be done with somebody; an owner is left alone by others."""
    if member.owner and not is_owner(request.db):
        return []
    sure, name = partial(forms.confirm, request), {"name": member.user.name}
    switch = {
        "title": _("Switch off") if member.active else _("Switch on"),
        "url": request.url_of("settings.member.active", id=member.id),
        "icon": "user-x" if member.active else "user-check",
        "method": "post",
        "fields": {"active": "" if member.active else "1"},
        "danger": member.active,
    }
    if member.active:
        switch["confirm"] = sure(
            _("Switch off ${name}", mapping=name),
            _("They cannot come in any more; everything they did stays."),
            _("Switch off"),
        )
    password = {
        "title": _("New initial password"),
        "url": request.url_of("settings.member.password", id=member.id),
        "icon": "key-round",
        "method": "post",
        "confirm": sure(
            _("New password for ${name}", mapping=name),
            _("The old one stops working, and they are logged out everywhere."),
            _("Make a password"),
        ),
    }
    edit = {
        "title": _("Roles"),
        "url": request.url_of("settings.member", id=member.id),
        "icon": "pencil",
    }
    factor = {
        "title": _("Reset the second factor"),
        "url": request.url_of("settings.member.factor", id=member.id),
        "icon": "shield-off",
        "method": "post",
        "confirm": sure(
            _("Reset the second factor of ${name}", mapping=name),
            _("They log in with the password alone, and are logged out everywhere."),
            _("Reset"),
        ),
    }
    resettable = secondfactor.is_on(member.user) and is_owner(request.db)
    look = {
        "title": _("Look at the site as they do"),
        "url": request.url_of("settings.member.view", id=member.id),
        "icon": "eye",
        "method": "post",
    }
    remove = {
        "title": _("Remove"),
        "url": request.url_of("settings.member.remove", id=member.id),
        "icon": "trash-2",
        "method": "post",
        "danger": True,
        "confirm": sure(
            _("Remove ${name}", mapping=name),
            _("They cannot come in any more and lose their roles and tokens; everything they did stays."),
            _("Remove"),
        ),
    }
    may_look = member.active and not member.owner and is_owner(request.db)
    return [
        edit,
        *([look] if may_look else []),
        *([password] if member.active else []),
        *([factor] if resettable else []),
        switch,
        remove,
    ]


def _new_form(request: Request) -> forms.Form:
    return forms.Form(
        request,
        forms.email("email", _("E-mail"), required=True, hint=_("With this they log in.")),
        forms.text("name", _("Name"), required=True),
        *duties.nodes(request),
        forms.password(
            "password",
            _("Initial password"),
            hint=_("Leave it empty and one is made for you to hand over."),
        ),
        action=request.url_of("settings.member.new"),
        save=_("Add"),
    )


@view(route_name="settings.member.new", request_method="GET", permission=WRITE, renderer="form.jinja2")
def new_member(request: Request) -> Any:
    return duties.form_page(request, _("New person"), _new_form(request).show({}))


@view(route_name="settings.member.new", request_method="POST", permission=WRITE, renderer="form.jinja2")
def add_member(request: Request) -> Any:
    form = _new_form(request)
    try:
        values = form.read()
        user, made = memberships.add_member(
            request.db,
            values["email"],
            values["name"],
            duties.read(values),
            password=values["password"] or None,
        )
    except (Invalid, NotAllowed) as error:
        return duties.form_page(request, _("New person"), form.again(error))
    if made is not None and not values["password"]:
        return _hand_over(request, user.name, user.email, made)
    say(request, _("${name} can log in now.", mapping={"name": user.name}))
    return HTTPSeeOther(request.url_of("settings.members"))


def _hand_over(request: Request, name: str, email: str, password: str) -> Any:
    """Show a password that was made, once: it is nowhere to be looked up again."""
    return once(
        request,
        "password_once.jinja2",
        {
            "title": _("Password for ${name}", mapping={"name": name}),
            "email": email,
            "password": password,
            "crumbs": [{"title": _("Who works here"), "url": request.url_of("settings.members")}],
        },
    )


def _form(request: Request, member: Member) -> forms.Form:
    return forms.Form(
        request,
        *duties.nodes(request, member.duties),
        forms.day(
            "until", _("Last day"), hint=_("The last day on which they work here. Empty: without an end.")
        ),
        action=request.url_of("settings.member", id=member.id),
        readonly=member.owner and not is_owner(request.db),
    )


@view(route_name="settings.member", request_method="GET", permission=WRITE, renderer="form.jinja2")
def member_page(request: Request) -> Any:
    member = memberships.member(request.db, int(request.matchdict["id"]))
    until = leaving.last_day(member.ends_at, request.organisation.zone)
    shown = _form(request, member).show({**duties.shown(member.duties), "until": until})
    return {**duties.form_page(request, member.user.name, shown), "lead": member.user.email}


@view(route_name="settings.member", request_method="POST", permission=WRITE, renderer="form.jinja2")
def save_member(request: Request) -> Any:
    member = memberships.member(request.db, int(request.matchdict["id"]))
    form = _form(request, member)
    try:
        values = form.read()
        wanted = duties.read(values)
        if set(wanted) != set(member.duties):
            memberships.set_duties(request.db, member.id, wanted)
        leaving.set_last_day(request.db, member.id, str(values["until"]))
    except (Invalid, NotAllowed, Refusal) as error:
        return duties.form_page(request, member.user.name, form.again(error))
    say(request, _("Saved."))
    return HTTPSeeOther(request.url_of("settings.members"))


@view(route_name="settings.member.active", request_method="POST", permission=WRITE)
def switch_member(request: Request) -> Any:
    active = forms.posted(request, "active") == "1"
    try:
        leaving.set_member_active(request.db, int(request.matchdict["id"]), active)
    except (Refusal, NotAllowed) as refused:
        # The redirect commits; what was written before the refusal must not be.
        request.tm.doom()
        say(request, refused.message, "bad")
    return HTTPSeeOther(request.url_of("settings.members"))


@view(route_name="settings.member.remove", request_method="POST", permission=WRITE)
def remove_member(request: Request) -> Any:
    member = memberships.member(request.db, int(request.matchdict["id"]))
    try:
        leaving.remove_member(request.db, member.id)
        say(request, _("${name} works here no more.", mapping={"name": member.user.name}))
    except (Refusal, NotAllowed) as refused:
        request.tm.doom()
        say(request, refused.message, "bad")
    return HTTPSeeOther(request.url_of("settings.members"))


@view(route_name="settings.member.password", request_method="POST", permission=WRITE)
def new_password(request: Request) -> Any:
    member = memberships.member(request.db, int(request.matchdict["id"]))
    try:
        made = memberships.reset_password(request.db, member.id)
    except NotAllowed as refused:
        say(request, refused.message, "bad")
        return HTTPSeeOther(request.url_of("settings.members"))
    return _hand_over(request, member.user.name, member.user.email, made)


@view(route_name="settings.member.factor", request_method="POST", permission=WRITE)
def reset_factor(request: Request) -> Any:
    member = memberships.member(request.db, int(request.matchdict["id"]))
    try:
        memberships.reset_second_factor(request.db, member.id, ip=request.address)
        say(request, _("${name} logs in without a second factor now.", mapping={"name": member.user.name}))
    except NotAllowed as refused:
        say(request, refused.message, "bad")
    return HTTPSeeOther(request.url_of("settings.members"))
