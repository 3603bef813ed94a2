"""Running the revisions of one owner, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, inspect, make_url, text
from sqlalchemy.exc import DBAPIError

from parlour.db import rls
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.migrations import heads, ledger
from parlour.migrations.heads import Revision
from parlour.migrations.lock import looking, transaction
from parlour.plugin.manifest import Plugin
from parlour.plugin.models import INSTALLED
from parlour.settings import Settings


@dataclass(frozen=True)
class Step:
    """One revision that was run."""

    owner: str
    revision: str


def upgrade_owner(
    bind: Engine | Connection, settings: Settings, owner: str, folder: Path, plugin: Plugin | None, to: str
) -> list[Step]:
    """Run an owner's revisions up to `to` ("head" or one of them); returns those that were run. Raises
    Refusal.
    """
    line = heads.revisions(folder)
    if to != "head" and to not in [item.id for item in line]:
        raise _unknown(owner, to)
    done: list[Step] = []
    with looking(bind) as connection:
        here = heads.current(connection, owner)
    if here is not None and here not in [item.id for item in line]:
        raise Refusal(
            _(
                "The tables of ${owner} are at ${revision}, which only a newer version knows. Install that.",
                mapping={"owner": owner, "revision": here},
            )
        )
    for item in line:
        with one_revision(bind, owner, item.id) as connection:
            ids = [each.id for each in line]
            here = heads.current(connection, owner)
            # Another upgrade may have been here between two transactions.
            if here is None or ids.index(here) < ids.index(item.id):
                _check_requires(connection, owner, item)
                _run(connection, owner, folder, item.id, up=True)
                _enter(connection, owner, plugin, item.id)
                grant(connection, settings)
                done.append(Step(owner, item.id))
        if item.id == to:
            break
    if plugin is not None:
        with transaction(bind) as connection:
            _enter(connection, owner, plugin, heads.current(connection, owner))
    return done


def downgrade_owner(
    bind: Engine | Connection, owner: str, folder: Path, plugin: Plugin | None, to: str = "base"
) -> list[Step]:
    """Take revisions back, newest first, down to but not including `to`. Raises Refusal."""
    line = heads.revisions(folder)
    if to != "base" and to not in [item.id for item in line]:
        raise _unknown(owner, to)
    done: list[Step] = []
    for item in reversed(line):
        if item.id == to:
            break
        with one_revision(bind, owner, item.id) as connection:
            if heads.current(connection, owner) == item.id:
                _run(connection, owner, folder, item.down or "base", up=False)
                _enter(connection, owner, plugin, item.down)
                done.append(Step(owner, item.id))
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
def one_revision(bind: Engine | Connection, owner: str, revision: str) -> Iterator[Connection]:
    """The transaction of one revision; an error in it becomes one sentence that names both."""
    try:
        with transaction(bind) as connection:
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


def grant(connection: Connection, settings: Settings) -> None:
    """Give the site's role what it needs on the tables that there are now, where it is another than their owner."""
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


def _unknown(owner: str, revision: str) -> Refusal:
    return Refusal(_("${owner} has no revision ${revision}.", mapping={"owner": owner, "revision": revision}))
