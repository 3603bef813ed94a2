"""The gate: which plugins are on for an organisation. Every surface asks here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import select

from parlour.db.session import Session, system
from parlour.plugin.registry import current

CORE = "core"
_KEY = "enabled_plugins"
_VERSION = "plugins_version"
_SWITCHED = "switched_plugins"
# Connection pool (one per database) -> organisation -> (version of its switches, generation of this process), and what is
# remembered by name.
_known: WeakKeyDictionary[Any, dict[int, tuple[tuple[int, int], dict[str, Any]]]] = WeakKeyDictionary()


def enabled(session: Session) -> frozenset[str]:
    """Names of the plugins that are loaded here and switched on for the session's organisation; "core" is
    always one.

    Costs one query on the organisation's row per session; the names are kept until a switch raises its
    version.
    """
    cached = session.scope.cache.get(_KEY)
    if isinstance(cached, frozenset):
        return cached
    names: frozenset[str] = remembered(
        session, _KEY, lambda: frozenset({CORE, *(switched_on(session) & current().loaded.keys())})
    )
    session.scope.cache[_KEY] = names
    return names


def remembered(session: Session, name: str, read: Callable[[], Any]) -> Any:
    """What `read` says of the organisation's switches and their settings; each process keeps it until their version is raised, so
    it must not be changed by who gets it.
    """
    # What this session has switched may yet be rolled back, and another may then get the same version.
    if session.info.get(_SWITCHED):
        return read()
    organisation_id = session.scope.organisation_id
    version = session.scope.cache.get(_VERSION)
    if version is None:
        from parlour.access.models import Organisation

        with system(session):
            version = session.execute(
                select(Organisation.plugins_version).where(Organisation.id == organisation_id)
            ).scalar_one()
        session.scope.cache[_VERSION] = version
    by_organisation = _known.setdefault(session.get_bind().engine.pool, {})
    key = (version, current().generation)
    kept = by_organisation.get(organisation_id)
    if kept is None or kept[0] != key:
        kept = by_organisation[organisation_id] = (key, {})
    if name not in kept[1]:
        kept[1][name] = read()
    return kept[1][name]


def known_version(session: Session, version: int) -> None:
    """Save this session the query for the version of its switches, which has been read already."""
    session.scope.cache[_VERSION] = version


def switched_on(session: Session) -> frozenset[str]:
    """What the organisation has switched on, loaded in this process or not."""
    from parlour.plugin.models import OrganisationPlugin

    rows = session.scalars(select(OrganisationPlugin.name).where(OrganisationPlugin.enabled_at.is_not(None)))
    return frozenset(rows)


def switched(session: Session) -> None:
    """Let this session read its switches anew, and for itself only; called by what changes them."""
    session.info[_SWITCHED] = True
    session.scope.cache.pop(_KEY, None)
    session.scope.cache.pop(_VERSION, None)


def plugin_of(package_or_module: str) -> str | None:
    """The plugin to which a module belongs; "core" for the core's own, None for a stranger's."""
    return current().owner_of(package_or_module)
