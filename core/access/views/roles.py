"""Roles and what each may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from parlour.access import memberships, role_rules, roles
from parlour.access.grants import permissions_by_plugin
from parlour.access.models import Role
from parlour.access.role_rules import Held
from parlour.access.role_words import ACTIONS, RoleWords
from parlour.access.rules import OWNER, allows, is_owner
from parlour.access.views import forms
from parlour.access.views.declare import view
from parlour.errors import Invalid, Refusal
from parlour.i18n import _
from parlour.plugin.gate import CORE
from parlour.plugin.registry import current
from parlour.records.registry import RecordType, all_records, enabled_records
from parlour.web.flash import say

READ, WRITE = "core:users:read", "core:roles:write"


@view(route_name="settings.roles", request_method="GET", permission=READ, renderer="members.jinja2")
def roles_page(request: Request) -> Any:
    may = allows(request.db, WRITE)
    held: dict[int, int] = {}
    for member in memberships.members(request.db):
        for role_id in {duty.role_id for duty in member.duties if member.active}:
            held[role_id] = held.get(role_id, 0) + 1
    shown = [
        {
            "title": roles.title_of(role),
            "summary": _SUMMARIES.get(role.code, "") if role.builtin else "",
            "url": request.url_of("settings.role", id=role.id),
            "count_text": request.loc.plural("${n} person", "${n} people", held.get(role.id, 0)),
        }
        for role in roles.all_roles(request.db)
    ]
    add = {"title": _("Add a role"), "url": request.url_of("settings.role.new"), "icon": "plus"}
    return {
        "title": _("Roles"),
        "roles": shown,
        "primary": add if may else None,
    }


_SUMMARIES = {
    "owner": _("Everything, always"),
    "manager": _("Runs the place: people, settings, imports and exports"),
    "receptionist": _("Works at the desk all day"),
    "specialist": _("Serves clients and sees what that takes"),
    "accountant": _("Reads figures and takes them along"),
    "organiser": _("Runs events"),
}


def _new_form(request: Request) -> forms.Form:
    models = [
        (str(role.id), roles.title_of(role)) for role in roles.all_roles(request.db) if role.code != OWNER
    ]
    return forms.Form(
        request,
        forms.text("title", _("Name of the role"), required=True),
        forms.choice("like", _("May do the same as"), [("", _("nothing yet")), *models]),
        action=request.url_of("settings.role.new"),
        save=_("Add"),
    )


def crumbs_to_roles(request: Request, role: Role | None = None) -> list[dict[str, Any]]:
    """The way back to the list of roles, or to one of them."""
    found = [{"title": _("Roles"), "url": request.url_of("settings.roles")}]
    if role is not None:
        found.append({"title": roles.title_of(role), "url": request.url_of("settings.role", id=role.id)})
    return found


@view(route_name="settings.role.new", request_method="GET", permission=WRITE, renderer="form.jinja2")
def new_role(request: Request) -> Any:
    like = request.GET.get("like", "")
    shown = _new_form(request).show({"like": like} if like.isdecimal() else {})
    return {"title": _("New role"), "crumbs": crumbs_to_roles(request), "form": shown}


@view(route_name="settings.role.new", request_method="POST", permission=WRITE, renderer="form.jinja2")
def add_role(request: Request) -> Any:
    form = _new_form(request)
    try:
        values = form.read()
        like = values["like"]
        role = roles.add_role(request.db, values["title"], like=int(like[:18]) if like.isdecimal() else None)
    except Invalid as error:
        return {"title": _("New role"), "crumbs": crumbs_to_roles(request), "form": form.again(error)}
    return HTTPSeeOther(request.url_of("settings.role", id=role.id))


def role_of_address(request: Request) -> Role:
    """Raises NotFound."""
    return roles.role_by_id(request.db, int(request.matchdict["id"]))


@view(route_name="settings.role", request_method="GET", permission=READ, renderer="role.jinja2")
def role_page(request: Request) -> Any:
    return _page(request, role_of_address(request))


@view(route_name="settings.role", request_method="POST", permission=WRITE, renderer="role.jinja2")
def save_role(request: Request) -> Any:
    role = role_of_address(request)
    known = set(request.permission_titles)
    wanted = known & set(request.POST.getall("permission"))
    try:
        if not role.builtin:
            roles.rename_role(request.db, role, forms.posted(request, "title"))
        roles.set_permissions(request.db, role.id, wanted, known)
    except Invalid as error:
        request.response.status_code = 422
        return {
            **_page(request, role),
            "name": {"value": forms.posted(request, "title"), "error": error.message},
        }
    try:
        limits = [_number(request, name) for name in LIMITS]
        role_rules.set_export_limits(request.db, role.id, *limits)
    except Refusal as refused:
        request.response.status_code = 422
        request.tm.doom()
        typed = {name.removeprefix("export_"): forms.posted(request, name, 20) for name in LIMITS}
        return {**_page(request, role), "export_limits": {**typed, "error": refused.message}}
    say(request, _("Saved."))
    return HTTPSeeOther(request.url_of("settings.role", id=role.id))


@view(route_name="settings.role.remove", request_method="POST", permission=WRITE)
def remove_role(request: Request) -> Any:
    role = role_of_address(request)
    try:
        roles.remove_role(request.db, role.id)
    except Refusal as refused:
        say(request, refused.message, "bad")
        return HTTPSeeOther(request.url_of("settings.role", id=role.id))
    say(request, _("The role is removed."))
    return HTTPSeeOther(request.url_of("settings.roles"))


LIMITS = ("export_rows", "export_rows_day")


def _number(request: Request, name: str) -> int | None:
    text = forms.posted(request, name, 20).strip()
    if text and not text.isdecimal():
        raise Refusal(_("A limit of exports is a number from 1 to 100,000,000."))
    return int(text) if text else None


def permission_titles(request: Request) -> dict[str, Any]:
    """Permission -> title, of everything that is on."""
    return {name: text for names in _permissions(request).values() for name, text in names.items()}


def acts_of(request: Request, record: RecordType) -> list[tuple[str, Any]]:
    """The acts of a record that have a permission, with their titles; the usual ones first."""
    prefix, titles = record.permission(""), request.permission_titles
    usual = [(action, title) for action, title in ACTIONS.items() if prefix + action in titles]
    own = [
        (name.removeprefix(prefix), title)
        for name, title in titles.items()
        if name.startswith(prefix) and name.removeprefix(prefix) not in ACTIONS
    ]
    return usual + own


def _permissions(request: Request) -> dict[str, Mapping[str, Any]]:
    """Permission -> title by plugin, of every plugin that is on, in load order, and of the core."""
    on = [*(name for name in current().order if name in request.enabled), CORE]
    return permissions_by_plugin(on)


def _page(request: Request, role: Role) -> dict[str, Any]:
    everything = role.code == OWNER
    held = role_rules.held(request.db, role.id)
    given = {name for name, found in held.items() if found.given}
    groups = []
    for plugin, permissions in _permissions(request).items():
        title = _("Everywhere") if plugin == CORE else current().title(plugin)
        groups += _tables(request, role, title, permissions, given)
    locked = None
    if everything:
        locked = _("The owner may do everything; this cannot be narrowed.")
    elif not allows(request.db, WRITE):
        locked = _("Only an owner changes what roles may do.")
    return {
        "title": roles.title_of(role),
        "crumbs": crumbs_to_roles(request),
        "lead": _SUMMARIES.get(role.code, "") if role.builtin else "",
        "post_url": request.url_of("settings.role", id=role.id),
        "locked": locked,
        "name": None if role.builtin else {"value": role.title},
        "groups": groups,
        "records": [] if everything else _in_words(request, role, held),
        "export_limits": None
        if everything
        else {"rows": role.export_rows or "", "rows_day": role.export_rows_day or ""},
        "more": _more(request, role, locked is None),
    }


def _more(request: Request, role: Role, may_change: bool) -> list[dict[str, Any]]:
    """What can be done with the role as a whole."""
    here, say_it = {"id": role.id}, request.loc.translate
    found: list[dict[str, Any]] = []
    if role.code != OWNER and is_owner(request.db):
        found.append(
            {
                "title": _("Look at the site as this role"),
                "url": request.url_of("settings.role.view", **here),
                "icon": "eye",
                "method": "post",
            }
        )
    if role.code != OWNER:
        url = request.url_of("settings.role.compare", **here)
        found.append({"title": _("Compare with another role"), "url": url, "icon": "git-compare"})
    if not may_change:
        return found
    copy = request.url_of("settings.role.new", query={"like": role.id})
    found.append({"title": _("Copy the role"), "url": copy, "icon": "copy"})
    what, route = (
        (_("Reset the role"), "settings.role.reset")
        if role.builtin
        else (_("Remove the role"), "settings.role.remove")
    )
    sure = _("Everything that was changed here goes; the role is again as it was made.")
    found.append(
        {
            "title": what,
            "url": request.url_of(route, **here),
            "icon": "rotate-ccw" if role.builtin else "trash-2",
            "method": "post",
            "danger": True,
            "confirm": {"title": say_it(what), "text": say_it(sure) if role.builtin else ""},
        }
    )
    return found


def _in_words(request: Request, role: Role, held: Mapping[str, Held]) -> list[dict[str, Any]]:
    """What the role may do with each record, as sentences."""
    titles = request.permission_titles
    return [
        {
            "title": record.plural,
            "icon": record.icon,
            "url": request.url_of("settings.role.record", id=role.id, record=record.name),
            "text": RoleWords(request.db, record, request.loc, titles).say(held),
        }
        for record in enabled_records(request.db)
        if record.permission("read") in titles
    ]


def _tables(
    request: Request, role: Role, title: Any, permissions: Mapping[str, Any], given: set[str]
) -> list[dict[str, Any]]:
    """A plugin's records against the usual acts, and beneath them what has a name of its own."""
    everything = role.code == OWNER
    records = {record.permission(""): record for record in all_records()}

    def cell(name: str) -> dict[str, Any] | None:
        if name not in permissions:
            return None
        return {"name": name, "checked": everything or name in given, "title": permissions[name]}

    used = [action for action in ACTIONS if any(prefix + action in permissions for prefix in records)]
    rows = [
        {
            "title": record.plural,
            "url": None
            if everything
            else request.url_of("settings.role.record", id=role.id, record=record.name),
            "cells": [cell(prefix + action) for action in used],
        }
        for prefix, record in records.items()
        if any(prefix + action in permissions for action in used)
    ]
    in_table = {prefix + action for prefix in records for action in ACTIONS}
    others = [
        {"title": text, "cells": [cell(name)]} for name, text in permissions.items() if name not in in_table
    ]
    tables = []
    if rows:
        tables.append({"title": title, "actions": [ACTIONS[action] for action in used], "rows": rows})
    if others:
        tables.append({"title": _("More") if rows else title, "actions": [_("Yes")], "rows": others})
    return tables
