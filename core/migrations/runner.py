"""Running migrations: the core first, then the plugins that this database holds, in the order in which they
stand on each other.

Every revision is one transaction. When one dies, its owner stays at the revision before it, what stands on
that owner is left alone, the others go on, and the message names both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from parlour.errors import Refusal
from parlour.i18n import _
from parlour.migrations import heads, ledger
from parlour.migrations.heads import CORE
from parlour.migrations.lock import alone, owner_engine, transaction
from parlour.migrations.owner import Step, downgrade_owner, upgrade_owner
from parlour.plugin import graph
from parlour.plugin.discovery import Found, find, folder_of
from parlour.plugin.manifest import Plugin, core_version
from parlour.plugin.models import INSTALLED, UNINSTALLED
from parlour.settings import Settings

# Notes of a status.
NEWER, ABSENT, GONE = "newer than this code", "not installed", "package is gone"


@dataclass(frozen=True)
class Status:
    """Where an owner's tables stand. `pending` are the revisions that an upgrade would run; `note` says why
    none can.
    """

    owner: str
    current: str | None
    head: str | None
    pending: tuple[str, ...]
    note: str = ""

    @property
    def up_to_date(self) -> bool:
        return self.current == self.head and not self.note


@dataclass
class Owners:
    """The owners of tables that this process knows, in the order in which they are migrated."""

    folders: dict[str, Path]
    plugins: dict[str, Plugin]
    faults: dict[str, str] = field(default_factory=dict)


def upgrade(settings: Settings, only: Iterable[str] | None = None, to: str = "head") -> list[Step]:
    """Bring the core and the installed plugins to their newest tables; returns the revisions that were run.

    A database without the core's tables gets every plugin that is there. `only` names owners, installed or
    not, and installs them; `to` is "head" or a revision of the single owner named. Raises Refusal when
    anything could not be done.
    """
    known = owners(find())
    named = None if only is None else set(only)
    wanted = _wanted(known, named)
    done: list[Step] = []
    failed: dict[str, Refusal] = {}
    with _database(settings) as engine, alone(engine):
        with engine.connect() as connection:
            fresh = heads.current(connection, CORE) is None
            there = ledger.read(connection)
        for owner, folder in known.folders.items():
            held = owner == CORE or fresh or (owner in there and there[owner].state == INSTALLED)
            if owner not in wanted if wanted is not None else not held:
                continue
            plugin = known.plugins.get(owner)
            if plugin is not None and failed.keys() & plugin.requirements.keys():
                failed[owner] = Refusal(
                    graph.stands_on(next(iter(failed.keys() & plugin.requirements.keys()))).message
                )
                continue
            try:
                target = to if named == {owner} else "head"
                done += upgrade_owner(engine, settings, owner, folder, plugin, target)
            except Refusal as refusal:
                if owner == CORE:
                    raise
                failed[owner] = refusal
            if owner == CORE and fresh and wanted is None:
                _intend(engine, known)
    if failed:
        raise Refusal(next(iter(failed.values())).message)
    return done


def downgrade(settings: Settings, owner: str, to: str = "base") -> list[Step]:
    """Take an owner's revisions back, newest first, down to but not including `to`. Its data go with its
    tables.
    """
    known = owners(find())
    folder = _folder(known, owner)
    with _database(settings) as engine, alone(engine):
        return downgrade_owner(engine, owner, folder, known.plugins.get(owner), to)


def status(settings: Settings) -> list[Status]:
    """Where every owner's tables stand: the core's, then those of every plugin found here or there."""
    found = find()
    known = owners(found)
    out: list[Status] = []
    with _database(settings) as engine, engine.connect() as connection:
        there = ledger.read(connection)
        for owner, folder in known.folders.items():
            try:
                line = [item.id for item in heads.revisions(folder)]
            except Refusal as refusal:
                out.append(Status(owner, heads.current(connection, owner), None, (), str(refusal)))
                continue
            here = heads.current(connection, owner)
            if owner != CORE and owner not in there:
                out.append(Status(owner, None, line[-1] if line else None, (), ABSENT))
            elif here is not None and here not in line:
                out.append(Status(owner, here, line[-1] if line else None, (), NEWER))
            else:
                pending = tuple(line[line.index(here) + 1 if here else 0 :])
                note = "" if owner == CORE or there[owner].state == INSTALLED else UNINSTALLED
                out.append(Status(owner, here, line[-1] if line else None, pending, note))
        for owner in there.keys() - known.folders.keys():
            out.append(
                Status(
                    owner,
                    heads.current(connection, owner),
                    None,
                    (),
                    known.faults.get(owner, GONE),
                )
            )
    return out


def core_behind(engine: Engine) -> bool:
    """Whether the core's tables are not the ones this code wants; the site refuses to serve then."""
    with engine.connect() as connection:
        return heads.current(connection, CORE) != heads.head(heads.core_folder())


def owners(found: Found) -> Owners:
    """The core and all plugins that can load, in migration order."""
    order, faults = graph.order(found.plugins, found.faults)
    folders = {CORE: heads.core_folder()} | {name: folder_of(found.plugins[name].package) for name in order}
    return Owners(folders, found.plugins, {name: str(fault) for name, fault in faults.items()})


def _intend(engine: Engine, known: Owners) -> None:
    """Write down that a new database gets every plugin, so that one whose migration fails is tried again next time."""
    with transaction(engine) as connection:
        for name, plugin in known.plugins.items():
            if name in known.folders:
                ledger.keep(
                    connection, name, version=plugin.version, state=INSTALLED, requires=plugin.requirements
                )


def _wanted(known: Owners, named: set[str] | None) -> set[str] | None:
    """The owners named and all that they stand on; None for everything that the database holds."""
    if named is None:
        return None
    wanted = set(named)
    for name in sorted(named):
        _folder(known, name)
        wanted |= set(graph.requirements(known.plugins, name)) if name != CORE else set()
    return wanted | {CORE}


def _folder(known: Owners, owner: str) -> Path:
    if owner in known.folders:
        return known.folders[owner]
    if owner in known.faults:
        raise Refusal(
            _(
                "The plugin ${name} cannot be used: ${why}",
                mapping={"name": owner, "why": known.faults[owner]},
            )
        )
    raise Refusal(
        _(
            "There is no plugin ${name}. Known: ${names}.",
            mapping={"name": owner, "names": ", ".join(known.folders)},
        )
    )


@contextmanager
def _database(settings: Settings) -> Iterator[Engine]:
    engine = owner_engine(settings.owner_database_url)
    try:
        with engine.connect():
            pass
    except DBAPIError as error:
        raise Refusal(
            _(
                "The database cannot be reached: ${why}",
                mapping={"why": str(error.orig).strip().splitlines()[0]},
            )
        ) from error
    try:
        yield engine
    finally:
        engine.dispose()


def versions_of(plugins: Mapping[str, Plugin]) -> dict[str, str]:
    """Owner -> version of the code that runs here; what backups write down."""
    return {CORE: str(core_version())} | {name: plugin.version for name, plugin in plugins.items()}
