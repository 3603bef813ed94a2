"""`parlour db`: migrations, backup, restore and copy."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from parlour.cli.common import as_json, settings, show
from parlour.errors import Refusal
from parlour.i18n import _


@click.group()
def db() -> None:
    """Upgrade, look at, back up, restore and copy the database."""


@db.command()
@click.option(
    "--only", "only", multiple=True, metavar="OWNER", help="Only the core or these plugins (repeatable)."
)
@as_json
def upgrade(only: tuple[str, ...], as_json: bool) -> None:
    """Bring the tables of the core and of the installed plugins up to date."""
    from parlour.migrations import runner

    done = runner.upgrade(settings(), only=only or None)
    rows = [{"owner": step.owner, "revision": step.revision} for step in done]
    show(rows, ["owner", "revision"], json_wanted=as_json, empty="Everything is up to date.")


@db.command()
@as_json
def status(as_json: bool) -> None:
    """Show where the tables of the core and of every plugin stand. Exits 1 when something is behind."""
    from parlour.migrations import runner

    found = runner.status(settings())
    rows = [
        {
            "owner": item.owner,
            "current": item.current,
            "head": item.head,
            "pending": list(item.pending) if as_json else ", ".join(item.pending),
            "note": item.note or ("up to date" if item.up_to_date else "behind"),
        }
        for item in found
    ]
    show(rows, ["owner", "current", "head", "pending", "note"], json_wanted=as_json)
    if any(item.pending or item.note == runner.NEWER for item in found):
        click.get_current_context().exit(1)


@db.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--then", "then", metavar="COMMAND", help="Run this with the archive's path as its last argument."
)
@click.option(
    "--keep",
    type=click.IntRange(1),
    metavar="N",
    help="Where FILE is a folder: keep only the latest N in it.",
)
@as_json
def backup(file: Path, then: str | None, keep: int | None, as_json: bool) -> None:
    """Write the database and the files to one archive, as they stand at one moment, while the site runs.

    Where FILE is a folder, the archive is named after the moment. COMMAND takes it to another place, or encrypts it;
    old ones are removed when that went well.
    """
    from parlour.db.backup import backup as write_backup
    from parlour.db.keep import forget_old, hand_on, name_now

    folder = file if file.is_dir() else None
    if keep is not None and folder is None:
        raise Refusal(_("With --keep, name a folder and not a file."))
    if folder is not None:
        file = folder / name_now()
    made = write_backup(settings(), file)
    row = {"file": str(file), "bytes": file.stat().st_size, "tables": len(made.tables), "files": made.files}
    if then is not None:
        hand_on(then, file)
    if folder is not None and keep is not None:
        row["removed"] = len(forget_old(folder, keep))
    show([row], list(row), json_wanted=as_json)


@db.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@as_json
def drill(file: Path, as_json: bool) -> None:
    """Try whether a backup would bring everything back, without touching what is there.

    It is restored into a temporary folder, every table is counted and its checksum compared, the site is opened on it,
    and everything is removed again.
    """
    from parlour.db.drill import drill as try_restore

    made = try_restore(settings(), file)
    row = {
        "file": str(file),
        "made_at": made.made_at,
        "tables": len(made.tables),
        "rows": sum(made.tables.values()),
        "files": made.files,
    }
    show([row], list(row), json_wanted=as_json)


@db.command()
@as_json
def compact(as_json: bool) -> None:
    """Give the room of deleted rows back and bring the planner's statistics up to date."""
    from parlour.db.compact import compact as make_compact

    sizes = make_compact(settings())
    show([{"before": sizes.before, "after": sizes.after}], ["before", "after"], json_wanted=as_json)


@db.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--replace", is_flag=True, help="Replace what the database holds now. There is no way back.")
@as_json
def restore(file: Path, replace: bool, as_json: bool) -> None:
    """Bring back a backup into an empty database, of either kind. Stop the site and its workers before."""
    from parlour.db.restore import restore as read_backup

    made = read_backup(settings(), file, replace=replace)
    row = {
        "file": str(file),
        "tables": len(made.tables),
        "rows": sum(made.tables.values()),
        "files": made.files,
    }
    show([row], list(row), json_wanted=as_json)


@db.command()
@click.argument("url")
@click.option(
    "--site-role", metavar="ROLE", help="On PostgreSQL: the role as which the site will connect to the copy."
)
@as_json
def copy(url: str, site_role: str | None, as_json: bool) -> None:
    """Copy everything into the empty database at URL, of either kind, and compare each table's checksum.

    URL names the target as its owner. It happens whole or not at all. Stop the site and its workers before; the files
    stay in the data folder.
    """
    from parlour.db.copy import copy as copy_database

    given = settings()
    with click.progressbar(length=1, file=sys.stderr, item_show_func=str) as bar:

        def progress(table: str, done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos, table)

        sums = copy_database(given, url, site_role=site_role, progress=progress)
    rows = [{"table": name, "rows": each.rows, "checksum": each.hex} for name, each in sums.items()]
    show(rows, ["table", "rows", "checksum"], json_wanted=as_json)


@db.command()
@click.argument("owner")
@click.option(
    "-m", "--message", required=True, help="What it does, in a few words; becomes part of the file's name."
)
def revision(owner: str, message: str) -> None:
    """For developers: draft the next migration of OWNER (core or a plugin) from its models."""
    from parlour.migrations.make import make_revision

    click.echo(make_revision(owner, message))
