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

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, inspect, make_url, text
from sqlalchemy.exc import DBAPIError

from parlour.db import rls
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.migrations import heads, ledger
from parlour.migrations.heads import CORE, Revision
from parlour.migrations.lock import alone, owner_engine, transaction
from parlour.plugin import graph
from parlour.plugin.discovery import Found, find, folder_of
from parlour.plugin.manifest import Plugin, core_version
from parlour.plugin.models import INSTALLED
from parlour.settings import Settings


@dataclass(frozen=True)
class Step:
    """One revision that was run."""

    owner: str
    revision: str


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
                done += _upgrade_owner(engine, settings, owner, folder, plugin, target)
            except Refusal as refusal:
                if owner == CORE:
                    raise
                failed[owner] = refusal
    if failed:
        raise Refusal(next(iter(failed.values())).message)
    return done


def downgrade(settings: Settings, owner: str, to: str = "base") -> list[Step]:
    """Take an owner's revisions back, newest first, down to but not including `to`. Its data go with its
    tables.
    """
    known = owners(find())
    folder = _folder(known, owner)
    done: list[Step] = []
    with _database(settings) as engine, alone(engine):
        line = heads.revisions(folder)
        if to != "base" and to not in [item.id for item in line]:
            raise _unknown(owner, to)
        for item in reversed(line):
            if item.id == to:
                break
            with one_revision(engine, owner, item.id) as connection:
                if heads.current(connection, owner) == item.id:
                    _run(connection, owner, folder, item.down or "base", up=False)
                    _enter(connection, owner, known.plugins.get(owner), item.down)
                    done.append(Step(owner, item.id))
    return done


def take_back(connection: Connection, owner: str, folder: Path) -> None:
    """Run all of an owner's downgrades within the caller's transaction."""
    command.downgrade(alembic_config(connection, owner, folder), "base")
    inspect(connection).clear_cache()


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
                out.append(Status(owner, None, line[-1] if line else None, (), "not installed"))
            elif here is not None and here not in line:
                out.append(Status(owner, here, line[-1] if line else None, (), "newer than this code"))
            else:
                pending = tuple(line[line.index(here) + 1 if here else 0 :])
                note = "" if owner == CORE or there[owner].state == INSTALLED else "uninstalled"
                out.append(Status(owner, here, line[-1] if line else None, pending, note))
        for owner in there.keys() - known.folders.keys():
            out.append(
                Status(
                    owner,
                    heads.current(connection, owner),
                    None,
                    (),
                    known.faults.get(owner, "package is gone"),
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


def _upgrade_owner(
    engine: Engine, settings: Settings, owner: str, folder: Path, plugin: Plugin | None, to: str
) -> list[Step]:
    line = heads.revisions(folder)
    if to != "head" and to not in [item.id for item in line]:
        raise _unknown(owner, to)
    done: list[Step] = []
    with engine.connect() as connection:
        here = heads.current(connection, owner)
    if here is not None and here not in [item.id for item in line]:
        raise Refusal(
            _(
                "The tables of ${owner} are at ${revision}, which only a newer version knows. Install that.",
                mapping={"owner": owner, "revision": here},
            )
        )
    for item in line:
        with one_revision(engine, owner, item.id) as connection:
            ids = [each.id for each in line]
            here = heads.current(connection, owner)
            # Another upgrade may have been here between two transactions.
            if here is None or ids.index(here) < ids.index(item.id):
                _check_requires(connection, owner, item)
                _run(connection, owner, folder, item.id, up=True)
                _enter(connection, owner, plugin, item.id)
                _grant(connection, settings)
                done.append(Step(owner, item.id))
        if item.id == to:
            break
    if plugin is not None:
        with transaction(engine) as connection:
            _enter(connection, owner, plugin, heads.current(connection, owner))
    return done


def _run(connection: Connection, owner: str, folder: Path, to: str, *, up: bool) -> None:
    before = ledger.tables_now(connection)
    config = alembic_config(connection, owner, folder)
    (command.upgrade if up else command.downgrade)(config, to)
    inspect(connection).clear_cache()
    after = ledger.tables_now(connection)
    connection.info["parlour_tables"] = (after - before, before - after)


def _enter(connection: Connection, owner: str, plugin: Plugin | None, head: str | None) -> None:
    """Bring the plugin's line in core_plugin up to date, within the revision's own transaction."""
    made, dropped = connection.info.pop("parlour_tables", ((), ()))
    if plugin is not None:
        ledger.keep(
            connection,
            owner,
            version=plugin.version,
            state=INSTALLED,
            requires=plugin.requirements,
            head=head,
            made=made,
            dropped=dropped,
        )


def alembic_config(connection: Connection, owner: str, folder: Path) -> Config:
    """Alembic's configuration for one owner over the shared environment."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("version_locations", str(heads.versions_folder(folder)).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(connection=connection, owner=owner)
    return config


def _check_requires(connection: Connection, owner: str, item: Revision) -> None:
    for other, needed in item.requires.items():
        here = heads.current(connection, other)
        # Revision ids end in their number, so the order of two ids of one owner is the order of their texts.
        if here is None or here < needed:
            raise Refusal(
                _(
                    "The migration ${revision} of ${owner} needs ${other} at ${needed}; it is at ${here}.",
                    mapping={
                        "revision": item.id,
                        "owner": owner,
                        "other": other,
                        "needed": needed,
                        "here": here or "-",
                    },
                )
            )


@contextmanager
def one_revision(engine: Engine, owner: str, revision: str) -> Iterator[Connection]:
    """The transaction of one revision; an error in it becomes one sentence that names both."""
    try:
        with transaction(engine) as connection:
            yield connection
    except Refusal:
        raise
    except Exception as error:
        cause = getattr(error, "orig", None) if isinstance(error, DBAPIError) else error
        why = f"{type(cause).__name__}: {str(cause).strip().splitlines()[0] if str(cause).strip() else ''}"
        raise Refusal(
            _(
                "The migration ${revision} of ${owner} failed and was taken back whole. ${why}",
                mapping={"revision": revision, "owner": owner, "why": why},
            )
        ) from error


def _grant(connection: Connection, settings: Settings) -> None:
    role = site_role(settings)
    if role is None or connection.dialect.name != "postgresql":
        return
    if not connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).scalar():
        raise Refusal(
            _(
                "PARLOUR_DATABASE_URL names a role that does not exist. Create it: CREATE ROLE ${role} LOGIN",
                mapping={"role": role},
            )
        )
    own = [name for name in inspect(connection).get_table_names() if name.startswith(ledger.VERSION_TABLES)]
    rls.grant_site(connection, role, read_only=[*own, *(["core_plugin"] if _has_plugins(connection) else [])])


def _has_plugins(connection: Connection) -> bool:
    return inspect(connection).has_table("core_plugin")


def site_role(settings: Settings) -> str | None:
    """The role as which the site connects, where it is another than the owner of the tables."""
    site, owner = make_url(settings.database_url).username, make_url(settings.owner_database_url).username
    return site if site and site != owner else None


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


def _unknown(owner: str, revision: str) -> Refusal:
    return Refusal(_("${owner} has no revision ${revision}.", mapping={"owner": owner, "revision": revision}))


def versions_of(plugins: Mapping[str, Plugin]) -> dict[str, str]:
    """Owner -> version of the code that runs here; what backups write down."""
    return {CORE: str(core_version())} | {name: plugin.version for name, plugin in plugins.items()}
