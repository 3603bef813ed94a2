"""`parlour import` and `parlour export`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from parlour.cli.common import as_json, inside, of_organisation, site, words
from parlour.db.engine import reader
from parlour.errors import Refusal
from parlour.i18n import _, localizer


@click.command("import")
@click.argument("record")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Which column goes into a field (repeatable).",
)
@click.option(
    "--set",
    "fixed",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A value for every row, whatever the file says (repeatable).",
)
@click.option(
    "--default",
    "defaults",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A value for rows in which the file has none (repeatable).",
)
@click.option(
    "--key", "keys", multiple=True, metavar="FIELD", help="Rows are the same when these fields are equal."
)
@click.option("--sheet", help="The sheet of a workbook; otherwise the one that holds a table.")
@click.option("--encoding", help="The code page of a text file; otherwise it is found.")
@click.option("--delimiter", help="What stands between the columns of a text file; otherwise it is found.")
@click.option("--dry-run", is_flag=True, help="Show what would happen and change nothing.")
@of_organisation
@as_json
def import_(
    record: str,
    file: Path,
    mapping: tuple[str, ...],
    fixed: tuple[str, ...],
    defaults: tuple[str, ...],
    keys: tuple[str, ...],
    sheet: str | None,
    encoding: str | None,
    delimiter: str | None,
    dry_run: bool,
    org: str | None,
    as_json: bool,
) -> None:
    """Read RECORD (contacts.contact, ...) from FILE: xlsx, xls, ods, csv, vcf or json."""
    from parlour.records.importing.plan import fill, propose
    from parlour.records.importing.run import import_table
    from parlour.records.registry import enabled_record
    from parlour.records.tables import open_table

    given: dict[str, list[str]] = {}
    for field, column in map(_pair, mapping):
        given.setdefault(field, []).append(column)
    # A trial is read-only, so that it keeps nobody from working.
    with site() as engine, inside(reader(engine) if dry_run else engine, org, via="import") as session:
        kind = enabled_record(session, record)
        table = open_table(file, sheet=sheet, encoding=encoding, delimiter=delimiter)
        plan = propose(session, kind, table, given)
        if not (plan.columns or plan.labels or plan.parts):
            raise Refusal(
                _(
                    "No column of ${name} is a field of ${record}. Say which is with --map FIELD=COLUMN; there are: ${columns}.",
                    mapping={"name": file.name, "record": record, "columns": ", ".join(table.columns)[:200]},
                )
            )
        fill(session, kind, plan, dict(map(_pair, fixed)), dict(map(_pair, defaults)))
        result = import_table(
            session,
            kind,
            table,
            plan,
            keys=keys,
            dry_run=dry_run,
            progress=None if as_json else _progress(table.count),
        )
        session.commit()
        said = result.as_json(localizer("en"))
    if as_json:
        click.echo(json.dumps({**said, "dry_run": dry_run}, ensure_ascii=False, indent=1, default=str))
        return
    _report(said, dry_run)


def _pair(text: str) -> tuple[str, str]:
    field, sign, column = text.partition("=")
    if not sign or not field.strip():
        raise Refusal(_("--map wants FIELD=COLUMN, not ${given}.", mapping={"given": text[:80]}))
    return field.strip(), column.strip()


def _progress(total: int) -> Any:
    """Rows done so far, on a terminal only."""
    if not sys.stderr.isatty():
        return None
    return lambda done: click.echo(f"\r{done} of {total} rows", nl=done >= total, err=True)


def _report(said: dict[str, Any], dry_run: bool) -> None:
    refused = said["rows"] and said["rejected"] == said["rows"]
    done = "Nothing was imported: every row was refused." if refused else "Imported."
    click.echo("Nothing was changed; this is what an import would do." if dry_run else done)
    for name in ("rows", "created", "updated", "unchanged", "skipped", "rejected"):
        click.echo(f"  {name:<10} {said[name]}")
    if said["unmatched_columns"]:
        click.echo(f"  columns without a field, kept in the note: {', '.join(said['unmatched_columns'])}")
    for problem in said["problems"][:50]:
        row = f"row {problem['row']}" if problem["row"] is not None else "file"
        click.echo(f"  {row}, {problem['column'] or '-'}: {problem['value']!r} {problem['reason']}")
    if len(said["problems"]) > 50:
        click.echo(f"  ... and {len(said['problems']) - 50} more; --json lists them all.")
    if refused:
        click.get_current_context().exit(2)


@click.command()
@click.argument("record")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--filter", "filter_", metavar="JSON", help='Only these rows: {"and": [["city", "=", "Омск"]]}')
@click.option("--fields", metavar="A,B", help="Only these fields, in this order.")
@of_organisation
@as_json
def export(
    record: str, file: Path, filter_: str | None, fields: str | None, org: str | None, as_json: bool
) -> None:
    """Write RECORD to FILE; its ending names the format: csv, xlsx, json or vcf."""
    from parlour.access import accesslog
    from parlour.records.exporting import export as write_export
    from parlour.records.importing.job import language_of
    from parlour.records.registry import enabled_record

    condition = _json(filter_)
    names = [name.strip() for name in fields.split(",") if name.strip()] if fields else None
    if not file.parent.is_dir():
        raise Refusal(_("The folder ${folder} does not exist.", mapping={"folder": str(file.parent)}))
    with site() as engine:
        with inside(reader(engine), org) as session:
            kind = enabled_record(session, record)
            count = write_export(session, kind, file, language_of(session), fields=names, filter=condition)
        with inside(engine, org) as session:
            detail = {"file": file.name, "filter": condition}
            accesslog.note(session, accesslog.EXPORT, kind.name, count, fields=names, detail=detail)
            session.commit()
        title = words(kind.plural)
    if as_json:
        click.echo(json.dumps({"record": record, "file": str(file), "rows": count}, ensure_ascii=False))
    else:
        click.echo(f"{count} rows of {title} are in {file}")


def _json(text: str | None) -> Any:
    from parlour.records.filters import MAX_DEPTH

    if text is None:
        return None
    try:
        return json.loads(text)
    except RecursionError as error:
        raise Refusal(_("The filter is nested more than ${n} deep.", mapping={"n": MAX_DEPTH})) from error
    except ValueError as error:
        raise Refusal(_("--filter is not JSON: ${why}", mapping={"why": str(error)})) from error
