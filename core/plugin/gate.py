"""The gate: which plugins are on for an organisation. Every surface asks here and nowhere else."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import select

from parlour.db.session import Session, system
from parlour.plugin.registry import current

CORE = "core"
_KEY = "enabled_plugins"
_VERSION = "plugins_version"
_SWITCHED = "switched_plugins"
# Connection pool (one per database) -> (organisation, version of its switches, generation of this process) ->
# names.
_known: WeakKeyDictionary[Any, dict[tuple[int, int, int], frozenset[str]]] = WeakKeyDictionary()


def enabled(session: Session) -> frozenset[str]:
    """Names of the plugins that are loaded here and switched on for the session's organisation; "core" is
    always one.

    Costs one query on the organisation's row per session; the names are kept until a switch raises its
    version.
    """
    cached = session.scope.cache.get(_KEY)
    if isinstance(cached, frozenset):
        return cached
    from parlour.access.models import Organisation

    organisation_id = session.scope.organisation_id
    plugins = current()
    version = session.scope.cache.get(_VERSION)
    if version is None:
        with system(session):
            version = session.execute(
                select(Organisation.plugins_version).where(Organisation.id == organisation_id)
            ).scalar_one()
    known = _known.setdefault(session.get_bind().engine.pool, {})
    key = (organisation_id, version, plugins.generation)
    # What this session has switched may yet be rolled back, and another may then get the same version.
    names = None if session.info.get(_SWITCHED) else known.get(key)
    if names is None:
        names = frozenset({CORE, *(switched_on(session) & plugins.loaded.keys())})
        if not session.info.get(_SWITCHED):
            for old in [old for old in known if old[0] == organisation_id]:
                known.pop(old, None)
            known[key] = names
    session.scope.cache[_KEY] = names
    return names


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
