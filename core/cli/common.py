"""What the commands share: settings, a checked database, the organisation meant, and tables or JSON out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from sqlalchemy import Engine

from parlour.db.engine import make_engine, site_role_fault
from parlour.db.session import Scope, Session, open_session
from parlour.errors import Refusal
from parlour.i18n import _, localizer
from parlour.settings import Settings, load

F = TypeVar("F", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
of_organisation = click.option(
    "--org", "org", metavar="SLUG", help="The organisation; needed where there are several."
)


def settings() -> Settings:
    return load()


def words(message: Any) -> str:
    """A message in the language of the command line."""
    return localizer("en").translate(message)


@contextmanager
def site(given: Settings | None = None) -> Iterator[Engine]:
    """The site's engine with all plugins loaded. Raises Refusal when the core's tables are not up to date."""
    from parlour.plugin.registry import boot

    given = given or settings()
    engine = make_engine(given.database_url)
    try:
        refuse_behind(engine)
        boot(given, engine=engine)
        yield engine
    finally:
        engine.dispose()


def make_first_tables(given: Settings, engine: Engine) -> None:
    """Make the tables of an empty database, which then opens its set-up page; any other is left for `db upgrade`."""
    from sqlalchemy import inspect

    with engine.connect() as connection:
        empty = not inspect(connection).get_table_names()
    if empty:
        # Alembic stays out of the memory of a site that has its tables.
        from parlour.migrations import runner

        runner.upgrade(given)


def refuse_unfit(engine: Engine) -> None:
    """Raises Refusal when this code must not touch the database: tables behind, or a role that sees
    everything.
    """
    refuse_behind(engine)
    refuse_exempt(engine)


def refuse_behind(engine: Engine) -> None:
    """Raises Refusal when the core's tables are not the ones that this code wants."""
    from parlour.migrations import heads

    known = [item.id for item in heads.revisions(heads.core_folder())]
    with engine.connect() as connection:
        here = heads.current(connection, heads.CORE)
    if here == known[-1]:
        return
    if here is not None and here not in known:
        raise Refusal(_("The database is newer than this Parlour. Install the newer version again."))
    raise Refusal(_("The database is not up to date. Run: parlour db upgrade"))


def refuse_exempt(engine: Engine) -> None:
    """Raises Refusal when the role of the site would see every organisation whatever row-level security says."""
    fault = site_role_fault(engine)
    if fault:
        raise Refusal(
            _(
                "The site must not run like this: ${why}. Let PARLOUR_DATABASE_URL name a role of its own.",
                mapping={"why": fault},
            )
        )


@contextmanager
def inside(engine: Engine, org: str | None, *, via: str = "cli") -> Iterator[Session]:
    """A session in the organisation meant, as Parlour itself. Raises Refusal when it is not clear which is
    meant.
    """
    with open_session(engine) as session:
        chosen = choose(session, org)
        session.enter(Scope(chosen, trusted=True, via=via))
        yield session


def choose(session: Session, org: str | None) -> int:
    """The id of the organisation named, or of the only one."""
    from parlour.access.organisations import all_organisations, organisation_by_slug

    if org is not None:
        return organisation_by_slug(session, org).id
    found = [item for item in all_organisations(session) if item.archived_at is None]
    if not found:
        raise Refusal(_("There is no organisation yet. Run: parlour orgs add NAME"))
    if len(found) > 1:
        raise Refusal(
            _(
                "There are several organisations; name one with --org: ${names}.",
                mapping={"names": ", ".join(item.slug for item in found)},
            )
        )
    return found[0].id


def show(
    rows: Sequence[dict[str, Any]], columns: Sequence[str], *, json_wanted: bool, empty: str = ""
) -> None:
    """Rows as a plain table under the columns' names, or as JSON with everything in them."""
    if json_wanted:
        click.echo(json.dumps(list(rows), ensure_ascii=False, indent=1, default=str))
        return
    if not rows:
        click.echo(empty)
        return
    table = [[column.replace("_", " ") for column in columns]]
    table += [["" if row.get(column) is None else str(row[column]) for column in columns] for row in rows]
    widths = [max(len(line[place]) for line in table) for place in range(len(columns))]
    for line in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
