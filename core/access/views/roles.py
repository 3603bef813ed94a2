"""Roles and what each may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from parlour.access import memberships, roles
from parlour.access.grants import permissions_by_plugin
from parlour.access.models import Role, Rule
from parlour.access.rules import OWNER, PERMISSION, allows
from parlour.access.views import forms
from parlour.access.views.declare import view
from parlour.errors import Invalid, NotFound, Refusal
from parlour.i18n import _
from parlour.plugin.gate import CORE
from parlour.plugin.registry import current
from parlour.records.pages.filter_words import Words
from parlour.records.registry import RecordType, all_records
from parlour.web.flash import say

READ, WRITE = "core:users:read", "core:roles:write"
# The columns of a plugin's table, where something stands in them; every other permission is a row of its own.
ACTIONS = {
    "read": _("See"),
    "create": _("Add"),
    "write": _("Change"),
    "delete": _("Delete"),
    "merge": _("Merge"),
    "export": _("Export"),
}


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


def _crumbs(request: Request) -> list[dict[str, Any]]:
    return [{"title": _("Roles"), "url": request.url_of("settings.roles")}]


@view(route_name="settings.role.new", request_method="GET", permission=WRITE, renderer="form.jinja2")
def new_role(request: Request) -> Any:
    return {"title": _("New role"), "crumbs": _crumbs(request), "form": _new_form(request).show({})}


@view(route_name="settings.role.new", request_method="POST", permission=WRITE, renderer="form.jinja2")
def add_role(request: Request) -> Any:
    form = _new_form(request)
    try:
        values = form.read()
        like = values["like"]
        role = roles.add_role(request.db, values["title"], like=int(like[:18]) if like.isdecimal() else None)
    except Invalid as error:
        return {"title": _("New role"), "crumbs": _crumbs(request), "form": form.again(error)}
    return HTTPSeeOther(request.url_of("settings.role", id=role.id))


def _role(request: Request) -> Role:
    wanted = int(request.matchdict["id"])
    for role in roles.all_roles(request.db):
        if role.id == wanted:
            return role
    raise NotFound(_("There is no such role."))


@view(route_name="settings.role", request_method="GET", permission=READ, renderer="role.jinja2")
def role_page(request: Request) -> Any:
    return _page(request, _role(request))


@view(route_name="settings.role", request_method="POST", permission=WRITE, renderer="role.jinja2")
def save_role(request: Request) -> Any:
    role = _role(request)
    known = {name for names in _permissions(request).values() for name in names}
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
    say(request, _("Saved."))
    return HTTPSeeOther(request.url_of("settings.role", id=role.id))


@view(route_name="settings.role.remove", request_method="POST", permission=WRITE)
def remove_role(request: Request) -> Any:
    role = _role(request)
    try:
        roles.remove_role(request.db, role.id)
    except Refusal as refused:
        say(request, refused.message, "bad")
        return HTTPSeeOther(request.url_of("settings.role", id=role.id))
    say(request, _("The role is removed."))
    return HTTPSeeOther(request.url_of("settings.roles"))


def _permissions(request: Request) -> dict[str, Mapping[str, Any]]:
    """Permission -> title by plugin, of every plugin that is on, in load order, and of the core."""
    on = [*(name for name in current().order if name in request.enabled), CORE]
    return permissions_by_plugin(on)


def _page(request: Request, role: Role) -> dict[str, Any]:
    everything = role.code == OWNER
    held = roles.rules_by_role(request.db, role.id)
    given = {rule.permission for rule in held if rule.kind == PERMISSION}
    groups = []
    for plugin, permissions in _permissions(request).items():
        title = _("Everywhere") if plugin == CORE else current().title(plugin)
        groups += _tables(title, permissions, given, everything)
    locked = None
    if everything:
        locked = _("The owner may do everything; this cannot be narrowed.")
    elif not allows(request.db, WRITE):
        locked = _("Only an owner changes what roles may do.")
    remove = {
        "title": _("Remove the role"),
        "url": request.url_of("settings.role.remove", id=role.id),
        "icon": "trash-2",
        "method": "post",
        "danger": True,
        "confirm": {"title": request.loc.translate(_("Remove the role"))},
    }
    return {
        "title": roles.title_of(role),
        "crumbs": _crumbs(request),
        "lead": _SUMMARIES.get(role.code, "") if role.builtin else "",
        "post_url": request.url_of("settings.role", id=role.id),
        "locked": locked,
        "name": None if role.builtin else {"value": role.title},
        "groups": groups,
        "narrowed": _narrowed(request, [*held, *roles.rules_by_role(request.db, None)]),
        "primary": remove if not role.builtin and locked is None else None,
    }


def _tables(
    title: Any, permissions: Mapping[str, Any], given: set[str], everything: bool
) -> list[dict[str, Any]]:
    """A plugin's records against the four actions, and beneath them what has a name of its own."""
    records = {record.permission(""): record for record in all_records()}

    def cell(name: str) -> dict[str, Any] | None:
        if name not in permissions:
            return None
        return {"name": name, "checked": everything or name in given, "title": permissions[name]}

    used = [action for action in ACTIONS if any(prefix + action in permissions for prefix in records)]
    rows = [
        {"title": record.plural, "cells": [cell(prefix + action) for action in used]}
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


def _narrowed(request: Request, held: Sequence[Rule]) -> list[dict[str, Any]]:
    """Rules that do not hold for all rows and fields, in words, for reading."""
    titles = {name: text for names in _permissions(request).values() for name, text in names.items()}
    records = {record.permission(""): record for record in all_records()}
    found = []
    for rule in held:
        if rule.kind == PERMISSION and not rule.filter and not rule.fields_except:
            continue
        if rule.permission not in titles:
            continue
        record = records.get(rule.permission.rpartition(":")[0] + ":")
        found.append(
            {
                "title": titles[rule.permission],
                "everyone": rule.role_id is None,
                "never": rule.kind != PERMISSION and not rule.filter and not rule.fields_except,
                "rows": _rows_in_words(request, record, rule.filter),
                "fields": _field_titles(request, record, rule.fields_except or ()),
            }
        )
    return found


def _rows_in_words(request: Request, record: RecordType | None, given: Any) -> str:
    if not given or record is None:
        return ""
    return Words(request.db, record, request.loc).say(given)


def _field_titles(request: Request, record: RecordType | None, names: Sequence[str]) -> list[str]:
    titles = {item.name: item.title for item in record.fields} if record else {}
    return [request.loc.translate(titles.get(name, name)) for name in names]
