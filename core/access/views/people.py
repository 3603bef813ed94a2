"""Who works here: the list, adding, roles, switching off, a new initial password."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from parlour.access import memberships, roles, sessions
from parlour.access.memberships import Duty, Member
from parlour.access.models import Branch, Role
from parlour.access.organisations import branches
from parlour.access.rules import OWNER, allows
from parlour.access.views import forms
from parlour.access.views.declare import view
from parlour.errors import Invalid, NotAllowed, Refusal
from parlour.i18n import _
from parlour.web.flash import say

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
                "badges": []
                if member.active
                else [{"kind": "badge", "text": _("switched off"), "tone": "warn"}],
                "actions": _actions(request, member) if may else [],
            }
        )
    add = {"title": _("Add a person"), "url": request.url_of("settings.member.new"), "icon": "user-plus"}
    return {
        "title": _("Who works here"),
        "people": people,
        "primary": add if may else None,
    }


def _actions(request: Request, member: Member) -> list[dict[str, Any]]:
    """What can be done with somebody; an owner is left alone by others."""
    if member.owner and not memberships.is_owner(request.db):
        return []
    say_it = request.loc.translate
    switch = {
        "title": _("Switch off") if member.active else _("Switch on"),
        "url": request.url_of("settings.member.active", id=member.id),
        "icon": "user-x" if member.active else "user-check",
        "method": "post",
        "fields": {"active": "" if member.active else "1"},
        "danger": member.active,
    }
    if member.active:
        switch["confirm"] = {
            "title": say_it(_("Switch off ${name}", mapping={"name": member.user.name})),
            "text": say_it(_("They cannot come in any more; everything they did stays.")),
            "button": say_it(_("Switch off")),
        }
    password = {
        "title": _("New initial password"),
        "url": request.url_of("settings.member.password", id=member.id),
        "icon": "key-round",
        "method": "post",
        "confirm": {
            "title": say_it(_("New password for ${name}", mapping={"name": member.user.name})),
            "text": say_it(_("The old one stops working, and they are logged out everywhere.")),
            "button": say_it(_("Make a password")),
        },
    }
    edit = {
        "title": _("Roles"),
        "url": request.url_of("settings.member", id=member.id),
        "icon": "pencil",
    }
    return [edit, password, switch] if member.active else [edit, switch]


# ---- roles of one person


def _duty_nodes(request: Request, duties: Sequence[Duty] = ()) -> list[Any]:
    """Roles to choose from; by branch where there are several, one question for each role."""
    places = branches(request.db)
    several = len(places) > 1 or any(duty.branch_id is not None for duty in duties)
    # Who is no owner makes none; an owner's own page shows what they have.
    offered = [
        role
        for role in roles.all_roles(request.db)
        if role.code != OWNER
        or memberships.is_owner(request.db)
        or any(duty.role_id == role.id for duty in duties)
    ]
    if not several:
        values = [(_key(Duty(role.id)), roles.title_of(role)) for role in offered]
        return [forms.choices("roles", _("Roles"), values)]
    return [_places_of(role, places, duties) for role in offered]


def _places_of(role: Role, places: Iterable[Branch], duties: Sequence[Duty]) -> Any:
    values = [(_key(Duty(role.id)), _("everywhere"))]
    if role.code != OWNER:
        closed = {duty.branch_id for duty in duties if duty.role_id == role.id} - {None}
        values += [(_key(Duty(role.id, place.id)), place.name) for place in places]
        values += [
            (_key(Duty(role.id, place)), _("a closed branch"))
            for place in sorted(filter(None, closed - {place.id for place in places}))
        ]
    return forms.choices(f"role_{role.id}", roles.title_of(role), values, inline=True)


def _key(duty: Duty) -> str:
    return f"{duty.role_id}:{duty.branch_id or ''}"


def _shown(duties: Sequence[Duty]) -> dict[str, set[str]]:
    """Duties as the form's values, whichever of its two shapes it has."""
    values: dict[str, set[str]] = {"roles": {_key(duty) for duty in duties}}
    for duty in duties:
        values.setdefault(f"role_{duty.role_id}", set()).add(_key(duty))
    return values


def _read(values: dict[str, Any]) -> list[Duty]:
    found = []
    for name, keys in sorted(values.items()):
        if name == "roles" or name.startswith("role_"):
            for key in sorted(keys):
                role, _colon, place = str(key).partition(":")
                if role.isdecimal() and (not place or place.isdecimal()):
                    found.append(Duty(int(role[:18]), int(place[:18]) if place else None))
    # A role everywhere makes the same role in one branch superfluous.
    everywhere = {duty.role_id for duty in found if duty.branch_id is None}
    return [duty for duty in found if duty.branch_id is None or duty.role_id not in everywhere]


def _member_page(request: Request, title: Any, form: Any) -> dict[str, Any]:
    crumbs = [{"title": _("Who works here"), "url": request.url_of("settings.members")}]
    return {"title": title, "crumbs": crumbs, "form": form}


def _new_form(request: Request) -> forms.Form:
    return forms.Form(
        request,
        forms.email("email", _("E-mail"), required=True, hint=_("With this they log in.")),
        forms.text("name", _("Name"), required=True),
        *_duty_nodes(request),
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
    return _member_page(request, _("New person"), _new_form(request).show({}))


@view(route_name="settings.member.new", request_method="POST", permission=WRITE, renderer="form.jinja2")
def add_member(request: Request) -> Any:
    form = _new_form(request)
    try:
        values = form.read()
        user, made = memberships.add_member(
            request.db, values["email"], values["name"], _read(values), password=values["password"] or None
        )
    except Invalid as error:
        return _member_page(request, _("New person"), form.again(error))
    if made is not None and not values["password"]:
        return _hand_over(request, user.name, user.email, made)
    say(request, _("${name} can log in now.", mapping={"name": user.name}))
    return HTTPSeeOther(request.url_of("settings.members"))


def _hand_over(request: Request, name: str, email: str, password: str) -> Any:
    """Show a password that was made, once: it is nowhere to be looked up again."""
    from parlour.web.rendering import template

    request.response.headers["Cache-Control"] = "no-store"
    request.response.text = template(
        request,
        "password_once.jinja2",
        {
            "title": _("Password for ${name}", mapping={"name": name}),
            "email": email,
            "password": password,
            "crumbs": [{"title": _("Who works here"), "url": request.url_of("settings.members")}],
        },
    )
    return request.response


def _form(request: Request, member: Member) -> forms.Form:
    return forms.Form(
        request,
        *_duty_nodes(request, member.duties),
        action=request.url_of("settings.member", id=member.id),
        readonly=member.owner and not memberships.is_owner(request.db),
    )


@view(route_name="settings.member", request_method="GET", permission=WRITE, renderer="form.jinja2")
def member_page(request: Request) -> Any:
    member = memberships.member(request.db, int(request.matchdict["id"]))
    shown = _form(request, member).show(_shown(member.duties))
    return {**_member_page(request, member.user.name, shown), "lead": member.user.email}


@view(route_name="settings.member", request_method="POST", permission=WRITE, renderer="form.jinja2")
def save_member(request: Request) -> Any:
    member = memberships.member(request.db, int(request.matchdict["id"]))
    form = _form(request, member)
    try:
        memberships.set_duties(request.db, member.id, _read(form.read()))
    except Invalid as error:
        return _member_page(request, member.user.name, form.again(error))
    except Refusal as refused:
        return _member_page(
            request, member.user.name, form.again(Invalid(refused.message, {0: {"": refused.message}}))
        )
    say(request, _("Saved."))
    return HTTPSeeOther(request.url_of("settings.members"))


@view(route_name="settings.member.active", request_method="POST", permission=WRITE)
def switch_member(request: Request) -> Any:
    active = forms.posted(request, "active") == "1"
    try:
        memberships.set_member_active(request.db, int(request.matchdict["id"]), active)
    except (Refusal, NotAllowed) as refused:
        # The redirect commits; what was written before the refusal must not be.
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
