"""`parlour bench`: how many times as long Parlour takes as plain SQL doing the same work."""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

import parlour
from parlour.cli.common import as_json, show
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.settings import Settings, load

SIZES = ("tiny", "small", "large")


@click.command()
@click.option(
    "--size", default="small", show_default=True, type=click.Choice(SIZES), help="How much is measured."
)
@click.option("--rounds", type=click.IntRange(1, 1000), help="How often each task runs on each side.")
@click.option(
    "--database", metavar="URL", help="An empty database to measure on; SQLite in a scratch folder otherwise."
)
@as_json
def bench(size: str, rounds: int | None, database: str | None, as_json: bool) -> None:
    """Measure lists, writing, import and export against SQLAlchemy Core doing the same by hand, in turn."""
    run, salon, raw = (_module(name) for name in ("run", "salon", "raw.tasks"))
    wanted = run.SIZES[size] if rounds is None else replace(run.SIZES[size], rounds=rounds)
    with tempfile.TemporaryDirectory(prefix="parlour-bench-") as scratch:
        made = salon.furnish(_settings(Path(scratch), database), wanted.clients)
        try:
            found = [one.as_json() for one in run.measure(made, wanted)]
            plan = raw.plan(made, "орлов")
        finally:
            made.engine.dispose()
    if as_json:
        click.echo(
            json.dumps({"size": size, "clients": wanted.clients, "tasks": found, "list_plan": plan}, indent=1)
        )
        return
    click.echo(
        f"{wanted.clients:,} clients, medians of the rounds; the ratio is Parlour to plain SQLAlchemy Core.\n"
    )
    show(found, ["task", "rows", "parlour_ms", "raw_ms", "ratio", "rounds"], json_wanted=False)
    click.echo("\nHow the database answers the list:")
    for line in plan:
        click.echo(f"  {line}")


def _settings(folder: Path, database: str | None) -> Settings:
    url = database or f"sqlite:///{folder / 'bench.sqlite'}"
    return load(
        {}, folder, data=folder, database_url=url, owner_database_url=url, secret="only-for-measuring"
    )


def _module(name: str) -> Any:
    """A module of benchmarks/, which lies in the repository and is not installed. Raises Refusal."""
    root = Path(parlour.__file__).resolve().parent.parent
    if not (root / "benchmarks" / "run.py").is_file():
        raise Refusal(
            _("The benchmarks come with the source of Parlour. Run this in a clone of the repository.")
        )
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    return importlib.import_module(f"benchmarks.{name}")
