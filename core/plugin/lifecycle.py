"""Switching plugins: on and off for an organisation; into and out of the database.

Enabling is data and shows with the next request. Installing changes tables and needs a restart of every
process. Neither disabling nor uninstalling loses anything; only `purge` drops data.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from parlour.access.roles import apply_grants, lock_organisation
from parlour.db.base import now
from parlour.db.session import Session, system
from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.plugin import calls, gate, graph
from parlour.plugin.models import UNINSTALLED, OrganisationPlugin
from parlour.plugin.registry import current
from parlour.settings import Settings


def missing_requirements(session: Session, name: str) -> list[str]:
    """What would be switched on together with a plugin, in load order; empty when it can go on alone."""
    on = gate.enabled(session)
    return [needed for needed in graph.requirements(current().manifests, name) if needed not in on]


def enable(session: Session, name: str) -> list[str]:
    """Switch a plugin on for the session's organisation, with everything it requires; returns what was
    switched on.

    Enabling again changes nothing and returns an empty list. Raises Refusal for a plugin that is not loaded
    here.
    """
    _known(name)
    plugins = current()
    organisation = lock_organisation(session)
    on = gate.switched_on(session)
    added: list[str] = []
    for each in [*graph.requirements(plugins.manifests, name), name]:
        if each not in plugins.loaded:
            raise _not_loaded(each)
        if each not in on:
            _row(session, each).enabled_at = now()
            added.append(each)
    if not added:
        return []
    _touch(session, organisation)
    for each in added:
        apply_grants(session, each)
        calls.changed(session, "plugin_enabled", plugin=each)
        from parlour.jobs.control import unpark

        unpark(session, each)
    return added


def enable_defaults(session: Session) -> list[str]:
    """Switch on what a new organisation starts with: every loaded plugin whose manifest says so."""
    added: list[str] = []
    for name, item in current().loaded.items():
        if item.manifest.enabled_by_default:
            added += enable(session, name)
    return added


def disable(session: Session, name: str) -> bool:
    """Switch a plugin off; False when it was off already. Its data, settings and rules stay.

    Raises Refusal, naming them, while enabled plugins stand on it.
    """
    organisation = lock_organisation(session)
    on = gate.switched_on(session)
    if name not in on:
        if name not in current().installed:
            _known(name)
        return False
    standing = [other for other in graph.dependents(current().manifests, name) if other in on]
    if standing:
        raise Refusal(
            _(
                "${name} is needed by other plugins: ${others}. Switch them off first.",
                mapping={"name": current().title(name), "others": _titles(standing)},
            )
        )
    _row(session, name).enabled_at = None
    _touch(session, organisation)
    return True


def settings_of(session: Session, name: str) -> dict[str, object]:
    """The organisation's settings of a plugin, as it keeps them; empty before anything was saved."""

    def read() -> dict[str, object]:
        kept = select(OrganisationPlugin.settings).where(OrganisationPlugin.name == name)
        return session.scalars(kept).one_or_none() or {}

    return dict(gate.remembered(session, f"settings:{name}", read))


def save_settings(session: Session, name: str, values: dict[str, object]) -> None:
    """Replace the organisation's settings of a plugin."""
    organisation = lock_organisation(session)
    _row(session, name).settings = dict(values)
    _touch(session, organisation)


def install(settings: Settings, name: str) -> list[str]:
    """Make a plugin's tables, and those of what it requires; returns the revisions that were run.

    Processes that run already load it after a restart. Raises Refusal when it cannot be used here.
    """
    from parlour.migrations import runner

    if name == gate.CORE:
        raise Refusal(_("The core is not a plugin. Run: parlour db upgrade"))
    return [step.revision for step in runner.upgrade(settings, only={name})]


def uninstall(settings: Settings, name: str) -> None:
    """Stop loading a plugin from the next start on; its tables and data stay. Raises Refusal while others
    stand on it.
    """
    from parlour.migrations import ledger
    from parlour.migrations.lock import alone, owner_engine, transaction

    engine = owner_engine(settings.owner_database_url)
    try:
        with alone(engine), transaction(engine) as connection:
            rows = ledger.read(connection)
            row = rows.get(name)
            if row is None or row.state == UNINSTALLED:
                raise Refusal(_("The plugin ${name} is not installed.", mapping={"name": name}))
            standing = ledger.standing_on(rows, name)
            if standing:
                raise Refusal(
                    _(
                        "${name} cannot be uninstalled while these plugins need it: ${others}.",
                        mapping={"name": name, "others": ", ".join(standing)},
                    )
                )
            ledger.mark(connection, name, UNINSTALLED)
    finally:
        engine.dispose()


def _row(session: Session, name: str) -> OrganisationPlugin:
    row = session.scalars(select(OrganisationPlugin).where(OrganisationPlugin.name == name)).one_or_none()
    if row is None:
        row = OrganisationPlugin(name=name, settings={})
        session.add(row)
    return row


def _touch(session: Session, organisation: object) -> None:
    """Raise the version under which every process keeps the organisation's switches and their settings."""
    from parlour.access.models import Organisation

    assert isinstance(organisation, Organisation)
    with system(session):
        organisation.plugins_version += 1
    session.flush()
    gate.switched(session)
    # Rules and fields of a plugin exist only while it is on.
    session.scope.cache.clear()


def _known(name: str) -> None:
    plugins = current()
    if name not in plugins.manifests and name not in plugins.quarantined:
        raise NotFound(_("There is no plugin ${name}.", mapping={"name": name[:80]}))


def _not_loaded(name: str) -> Refusal:
    plugins = current()
    if name in plugins.quarantined:
        return Refusal(
            _(
                "${name} cannot be switched on: ${why}",
                mapping={"name": plugins.title(name), "why": plugins.quarantined[name].message},
            )
        )
    return Refusal(
        _(
            "${name} is not installed in this database. Run: parlour plugins install ${name}, then restart.",
            mapping={"name": name},
        )
    )


def _titles(names: Iterable[str]) -> str:
    return ", ".join(str(current().title(name)) for name in names)
