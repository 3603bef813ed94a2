"""Roles of one person in a form: which, and in which branches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pyramid.request import Request

from parlour.access import roles
from parlour.access.memberships import Duty
from parlour.access.models import Branch, Role
from parlour.access.organisations import branches
from parlour.access.rules import OWNER, is_owner
from parlour.access.views import forms
from parlour.i18n import _


def nodes(request: Request, duties: Sequence[Duty] = ()) -> list[Any]:
    """Roles to choose from; by branch where there are several, one question for each role."""
    places = branches(request.db)
    several = len(places) > 1 or any(duty.branch_id is not None for duty in duties)
    # Who is no owner makes none; an owner's own page shows what they have.
    offered = [
        role
        for role in roles.all_roles(request.db)
        if role.code != OWNER or is_owner(request.db) or any(duty.role_id == role.id for duty in duties)
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


def shown(duties: Sequence[Duty]) -> dict[str, set[str]]:
    """Duties as the form's values, whichever of its two shapes it has."""
    values: dict[str, set[str]] = {"roles": {_key(duty) for duty in duties}}
    for duty in duties:
        values.setdefault(f"role_{duty.role_id}", set()).add(_key(duty))
    return values


def read(values: dict[str, Any]) -> list[Duty]:
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


def form_page(request: Request, title: Any, form: Any) -> dict[str, Any]:
    crumbs = [{"title": _("Who works here"), "url": request.url_of("settings.members")}]
    return {"title": title, "crumbs": crumbs, "form": form}
