"""One role and one record: which rows, which fields, what else must hold; and the role as a whole beside another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyramid.httpexceptions import HTTPFound, HTTPSeeOther
from pyramid.request import Request

from parlour.access import memberships, role_rules, roles, viewing
from parlour.access.models import Role
from parlour.access.role_rules import Held
from parlour.access.role_words import THEMSELVES, RoleWords
from parlour.access.rules import OWNER, allows
from parlour.access.views.declare import view
from parlour.access.views.roles import (
    READ,
    WRITE,
    acts_of,
    crumbs_to_roles,
    role_of_address,
)
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.records import kinds
from parlour.records.operators import FilterFault
from parlour.records.pages import filter_words
from parlour.records.registry import RecordType, all_records, enabled_record, fields_of
from parlour.web.flash import say


def _record(request: Request) -> RecordType:
    return enabled_record(request.db, request.matchdict["record"])


def _words(request: Request, record: RecordType) -> RoleWords:
    return RoleWords(request.db, record, request.loc, request.permission_titles)


@view(route_name="settings.role.record", request_method="GET", permission=READ, renderer="role_record.jinja2")
def record_page(request: Request) -> Any:
    record, role = _record(request), _not_the_owner(role_of_address(request))
    held, words = role_rules.held(request.db, role.id), _words(request, record)
    may = allows(request.db, WRITE)
    here = {"id": role.id, "record": record.name}
    seen = held.get(record.permission("read"), Held(False))
    return {
        "title": _of_both(request, role, record),
        "crumbs": crumbs_to_roles(request, role),
        "sentence": words.say(held),
        "locked": None if may else _("Only an owner changes what roles may do."),
        "acts": [
            {
                "title": title,
                "given": (found := held.get(record.permission(action), Held(False))).given,
                "rows": words.rows(found.filter) if found.given else "",
                "narrow": bool(found.filter),
                "url": request.url_of("settings.role.rows", query=_kept(action, found.filter), **here),
            }
            for action, title in acts_of(request, record)
        ],
        "restrictions": [
            {
                "title": request.permission_titles.get(rule.permission, rule.permission),
                "rows": words.rows(rule.filter) if rule.filter else "",
                "fields": words.fields(rule.fields_except or ()),
                "everyone": rule.role_id is None,
                "lift": {
                    "title": _("Take away"),
                    "url": request.url_of("settings.role.lift", id=role.id, rule=rule.id),
                    "icon": "x",
                    "method": "post",
                    "fields": {"record": record.name},
                },
            }
            for rule in role_rules.restrictions(request.db, role.id, record)
        ],
        "restrict_url": request.url_of("settings.role.rows", query={"only": "1", "act": "read"}, **here),
        "post_url": request.url_of("settings.role.record", **here),
        "fields": _fields(request, record, held) if seen.given else [],
    }


def _of_both(request: Request, role: Role, record: RecordType) -> str:
    say_it = request.loc.translate
    return f"{say_it(roles.title_of(role))}: {say_it(record.plural)}"


def _not_the_owner(role: Role) -> Role:
    if role.code == OWNER:
        raise Refusal(_("The owner may do everything; this cannot be narrowed."))
    return role


def _fields(request: Request, record: RecordType, held: dict[str, Held]) -> list[dict[str, Any]]:
    seen = held.get(record.permission("read"), Held(False))
    set_ = held.get(record.permission("write")) or held.get(record.permission("create")) or Held(False)
    return [
        {
            "name": item.name,
            "title": item.title,
            "seen": item.name not in seen.fields_except,
            "set": set_.given
            and item.name not in set_.fields_except | seen.fields_except
            and not item.computed,
            # What Parlour computes, and what a role that changes nothing could set, is no question.
            "settable": set_.given and not item.computed,
            "own": item.guarded or item.secret,
        }
        for item in fields_of(request.db, record)
    ]


@view(route_name="settings.role.record", request_method="POST", permission=WRITE)
def save_fields(request: Request) -> Any:
    role, record = role_of_address(request), _record(request)
    seen, set_ = set(request.POST.getall("seen")), set(request.POST.getall("set"))
    shown = fields_of(request.db, record)
    names = {item.name for item in shown}
    fixed = {item.name for item in shown if item.name not in set_ and not item.computed}
    role_rules.set_fields(request.db, role.id, record, names - seen, fixed)
    say(request, _("Saved."))
    return HTTPSeeOther(request.url_of("settings.role.record", id=role.id, record=record.name))


# ---- which rows


def _kept(action: str, given: Any) -> dict[str, str]:
    """An act and its filter as they stand in an address."""
    conditions = _conditions(given)
    return {"act": action, **({"f": filter_words.unparse(conditions)} if conditions else {})}


def _conditions(given: Any) -> list[Any]:
    """A filter as conditions that all hold."""
    if not given:
        return []
    return list(given["and"]) if isinstance(given, dict) and "and" in given else [given]


class _Rows:
    """The rows that somebody is choosing, as the address says: conditions, acts, and whether it is a restriction."""

    def __init__(self, request: Request, params: Any):
        self.request = request
        self.role, self.record = role_of_address(request), _record(request)
        self.conditions = filter_words.parse(params.get("f"))
        self.known = [action for action, _title in acts_of(request, self.record)]
        self.acts = [action for action in self.known if action in params.getall("act")]
        self.only = params.get("only") == "1"

    @property
    def filter(self) -> Any:
        return {"and": self.conditions} if self.conditions else None

    def pairs(self, conditions: Sequence[Any] | None = None) -> list[tuple[str, str]]:
        chosen = self.conditions if conditions is None else conditions
        found = [("act", action) for action in self.acts]
        found += [("f", filter_words.unparse(chosen))] if chosen else []
        return [*found, *([("only", "1")] if self.only else [])]

    def url(self, conditions: Sequence[Any] | None = None) -> str:
        address = self.request.url_of(
            "settings.role.rows",
            query=self.pairs(conditions),
            id=self.role.id,
            record=self.record.name,
        )
        return str(address)

    def offers(self) -> list[dict[str, Any]]:
        """The limits that people want most: one click each."""
        found = []
        for item in fields_of(self.request.db, self.record):
            title = {"field": self.request.loc.translate(item.title)}
            if isinstance(item.kind, kinds.UserKind) and item.storage == "column":
                found.append(
                    (_("Only their own: ${field} is the person", mapping=title), [item.name, "=", "me"])
                )
            elif item.storage == "part":
                line = next((one for one in item.lines if isinstance(one.kind, kinds.UserKind)), None)
                if line is not None:
                    mine = [f"{item.name}.{line.name}", "=", "me"]
                    found.append((_("Only their own: ${field} is the person", mapping=title), mine))
            if isinstance(item.kind, kinds.BranchKind):
                found.append(
                    (_("Only their branches: ${field}", mapping=title), [item.name, "in", "my_branches"])
                )
        found.append((_("Only what they have added"), ["created_by", "=", "me"]))
        return [
            {"title": self.request.loc.translate(title), "url": self.url([*self.conditions, condition])}
            for title, condition in found
            if condition not in self.conditions
        ]


@view(route_name="settings.role.rows", request_method="GET", permission=WRITE, renderer="role_rows.jinja2")
def rows_page(request: Request) -> Any:
    rows = _Rows(request, request.GET)
    rows.acts = rows.acts or rows.known[:1]
    role, record, loc = _not_the_owner(rows.role), rows.record, request.loc
    if request.GET.get("field"):
        return _with_condition(request, rows)
    words = filter_words.Words(request.db, record, loc, me=THEMSELVES)
    chips = [
        {
            "text": words.say(condition),
            "remove_url": rows.url([one for one in rows.conditions if one is not condition]),
        }
        for condition in rows.conditions
    ]
    address = request.url_of("settings.role.rows", id=role.id, record=record.name)
    return {
        "title": _("Restriction") if rows.only else _("Which rows"),
        "lead": _of_both(request, role, record),
        "crumbs": [
            *crumbs_to_roles(request, role),
            {
                "title": record.plural,
                "url": request.url_of("settings.role.record", id=role.id, record=record.name),
            },
        ],
        "only": rows.only,
        "chips": chips,
        "clear_url": rows.url([]),
        "offers": rows.offers(),
        "filters": {
            "url": address,
            "keep": rows.pairs(),
            "fields": filter_words.offered_fields(request.db, record, loc),
        },
        "post_url": address,
        "keep": [pair for pair in rows.pairs() if pair[0] != "act"],
        "acts": [
            {"name": action, "title": title, "checked": action in rows.acts}
            for action, title in acts_of(request, record)
        ],
    }


def _with_condition(request: Request, rows: _Rows) -> HTTPFound:
    """The sheet was sent: its condition joins the chips."""
    given = request.GET
    try:
        condition = filter_words.condition_of(
            request.db, rows.record, request.loc, given["field"], given.get("op", ""), given.get("value", "")
        )
    except Refusal as refusal:
        say(request, refusal.message, "warn")
        return HTTPFound(rows.url())
    known = rows.conditions
    return HTTPFound(rows.url(known if condition in known else [*known, condition]))


@view(route_name="settings.role.rows", request_method="POST", permission=WRITE)
def save_rows(request: Request) -> Any:
    rows = _Rows(request, request.POST)
    change = role_rules.restrict if rows.only else role_rules.set_rows
    try:
        if not rows.acts:
            raise Refusal(_("Choose at least one of the acts."))
        change(request.db, rows.role.id, rows.record, rows.acts, rows.filter)
    except (FilterFault, Refusal) as refused:
        say(request, refused.message, "bad")
        return HTTPSeeOther(rows.url())
    say(request, _("Saved."))
    return HTTPSeeOther(request.url_of("settings.role.record", id=rows.role.id, record=rows.record.name))


@view(route_name="settings.role.lift", request_method="POST", permission=WRITE)
def lift(request: Request) -> Any:
    role = role_of_address(request)
    role_rules.lift(request.db, role.id, int(request.matchdict["rule"]))
    say(request, _("The restriction is gone."))
    record = enabled_record(request.db, request.POST.get("record", ""))
    return HTTPSeeOther(request.url_of("settings.role.record", id=role.id, record=record.name))


# ---- the role as a whole


@view(route_name="settings.role.reset", request_method="POST", permission=WRITE)
def reset(request: Request) -> Any:
    role = role_of_address(request)
    role_rules.reset(request.db, role.id)
    say(request, _("The role is again as it was made."))
    return HTTPSeeOther(request.url_of("settings.role", id=role.id))


@view(
    route_name="settings.role.compare", request_method="GET", permission=READ, renderer="role_compare.jinja2"
)
def compare(request: Request) -> Any:
    """The role beside another, or, ready-made, beside itself as its plugins ship it."""
    role, loc = _not_the_owner(role_of_address(request)), request.loc
    others = [one for one in roles.all_roles(request.db) if one.code != OWNER and one.id != role.id]
    wanted = request.GET.get("with", "")
    other = next((one for one in others if str(one.id) == wanted), None)
    if other is None and not role.builtin:
        other = others[0]
    theirs = role_rules.held(request.db, other.id) if other else role_rules.shipped(request.db, role.id)
    found = role_rules.differences(role_rules.held(request.db, role.id), theirs)
    titles = request.permission_titles
    choices = [(str(one.id), roles.title_of(one)) for one in others]
    if role.builtin:
        choices.insert(0, ("", _("the same role as it was made")))
    return {
        "title": _("Compare with another role"),
        "crumbs": crumbs_to_roles(request, role),
        "own_url": request.url_of("settings.role.compare", id=role.id),
        "choices": choices,
        "chosen": str(other.id) if other else "",
        "heads": [
            roles.title_of(role),
            roles.title_of(other) if other else loc.translate(_("As it was made")),
        ],
        "rows": [
            {"title": titles[name], "cells": [_cell(request, name, one) for one in pair]}
            for name, pair in found.items()
            if name in titles
        ],
    }


def _cell(request: Request, permission: str, held: Held) -> dict[str, Any]:
    """What a role has of one permission, in short."""
    loc = request.loc
    if not held.given or None in held.only:
        return {"no": True, "text": loc.translate(_("No"))}
    plugin, _colon, rest = permission.partition(":")
    name = f"{plugin}.{rest.partition(':')[0]}"
    record = next((one for one in all_records() if one.name == name), None)
    parts = []
    if record is not None:
        words = _words(request, record)
        parts += [words.rows(given) for given in (held.filter, *held.only) if given]
        if held.fields_except:
            parts.append(loc.translate(_("without: ${fields}"), {"fields": words.fields(held.fields_except)}))
    return {"no": False, "text": "; ".join(parts) or loc.translate(_("Yes"))}


# ---- looking at the site as somebody else


@view(route_name="settings.role.view", request_method="POST", permission=READ)
def view_as_role(request: Request) -> Any:
    viewing.start(request.db, request.identity.login, role_id=role_of_address(request).id)
    return HTTPSeeOther(request.url_of("today"))


@view(route_name="settings.member.view", request_method="POST", permission=READ)
def view_as_member(request: Request) -> Any:
    found = memberships.member(request.db, int(request.matchdict["id"]))
    viewing.start(request.db, request.identity.login, user_id=found.id)
    return HTTPSeeOther(request.url_of("today"))
