"""What plugins declare in their `access.py`, and what the core itself grants.

    PERMISSIONS = {"contacts:contact:read": _("See clients"), ...}
    GRANTS = {"receptionist": ["contacts:contact:read", Grant("contacts:contact:write",
    fields_except=["note"])], EVERYONE: [Restriction("contacts:contact:read", filter={...})]}

Grants are starting values: they become rows of the rule table when the plugin is switched on, and people may
change those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from parlour.access.rules import PERMISSION, RESTRICTION
from parlour.i18n import _

EVERYONE = "*"


@dataclass(frozen=True)
class Grant:
    """A permission for a role, for the rows of `filter` and without the fields of `fields_except`."""

    permission: str
    filter: Mapping[str, Any] | None = None
    fields_except: Sequence[str] = ()
    kind: str = PERMISSION


@dataclass(frozen=True)
class Restriction(Grant):
    """What is taken away: rows outside `filter`, the fields, or, with neither, the permission itself."""

    kind: str = RESTRICTION


@dataclass(frozen=True)
class Declared:
    """The access of one plugin."""

    permissions: Mapping[str, Any]
    grants: Mapping[str, Sequence[Grant]]


# The ready-made roles, in the order in which people meet them.
ROLES: dict[str, Any] = {
    "owner": _("Owner"),
    "manager": _("Manager"),
    "receptionist": _("Receptionist"),
    "specialist": _("Specialist"),
    "accountant": _("Accountant"),
    "organiser": _("Event organiser"),
}

CORE_PERMISSIONS: dict[str, Any] = {
    "core:settings:read": _("See the settings"),
    "core:settings:write": _("Change the organisation, its branches and the settings of plugins"),
    "core:plugins:write": _("Switch plugins on and off"),
    "core:users:read": _("See who works here and what they may do"),
    "core:users:write": _("Add people, give roles, switch people off"),
    "core:roles:write": _("Change what roles may do"),
    "core:tokens:write": _("Make tokens, with which programs work as oneself"),
    "core:history:read": _("See who changed what"),
    "core:undo": _("Undo changes of others"),
    "core:import": _("Import from files"),
    "core:export": _("Export to files"),
    "core:bulk": _("Change many records at once"),
    "core:bulk_delete": _("Delete many records at once"),
    "core:merge": _("Merge duplicates"),
    "core:export_person": _("Hand out all data about a person"),
    "core:erase_person": _("Erase a person for good"),
    "core:jobs:read": _("See background work"),
    "core:jobs:write": _("Repeat or cancel background work"),
    "core:log:read": _("See which data left by export or download"),
}

_DESK = ["core:history:read", "core:bulk"]
CORE_GRANTS: dict[str, Sequence[str]] = {
    "manager": [
        "core:settings:read",
        "core:settings:write",
        "core:users:read",
        "core:users:write",
        *_DESK,
        "core:undo",
        "core:import",
        "core:export",
        "core:merge",
        "core:export_person",
        "core:jobs:read",
        "core:jobs:write",
        "core:log:read",
    ],
    "receptionist": [*_DESK, "core:merge"],
    "specialist": [],
    "accountant": ["core:history:read", "core:export", "core:settings:read"],
    "organiser": [*_DESK, "core:import", "core:jobs:read"],
}


def declared_by(plugin: str) -> Declared:
    """What a loaded plugin declares; nothing for one that has no `access.py`. "core" is the core.

    Raises ValueError when the declaration breaks the rules of `check`.
    """
    if plugin == "core":
        return Declared(CORE_PERMISSIONS, _as_grants(CORE_GRANTS))
    from parlour.plugin.registry import current

    module = current().loaded[plugin].module("access")
    return Declared({}, {}) if module is None else read_module(plugin, module)


def read_module(plugin: str, module: ModuleType) -> Declared:
    """The declaration in an `access.py`, checked. Raises ValueError."""
    found = Declared(
        dict(getattr(module, "PERMISSIONS", {})),
        _as_grants(getattr(module, "GRANTS", {})),
    )
    problem = fault(plugin, found)
    if problem:
        raise ValueError(problem)
    return found


def _as_grants(given: Mapping[str, Sequence[str | Grant]]) -> dict[str, list[Grant]]:
    return {
        role: [item if isinstance(item, Grant) else Grant(item) for item in items]
        for role, items in given.items()
    }


def fault(plugin: str, found: Declared) -> str | None:
    """What is wrong with a declaration: a foreign prefix, a role that does not exist, a permission nobody
    declared.
    """
    for permission in found.permissions:
        if permission.partition(":")[0] != plugin or permission.count(":") > 2:
            return f"The permission {permission!r} does not have the form {plugin}:record:action."
    for role, grants in found.grants.items():
        if role == "owner" or (role not in ROLES and role != EVERYONE):
            return f"GRANTS name the role {role!r}; there are {', '.join(list(ROLES)[1:])} and {EVERYONE!r}."
        for grant in grants:
            if grant.permission not in found.permissions:
                return f"GRANTS give {grant.permission!r}, which PERMISSIONS do not declare."
            if role == EVERYONE and grant.kind == PERMISSION:
                return (
                    f"GRANTS give {grant.permission!r} to everyone; only restrictions may hold for everyone."
                )
    return None


def permissions_by_plugin(plugins: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Permission -> title for each of these plugins that declares some, in the given order, for the editor of
    roles.
    """
    found = {name: declared_by(name).permissions for name in plugins}
    return {name: permissions for name, permissions in found.items() if permissions}
