"""`parlour bench`: how many times as long Parlour takes as plain SQL doing the same work."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import click

import parlour
from parlour.cli.common import as_json
from parlour.errors import Refusal
from parlour.i18n import _

SIZES = ("tiny", "small", "large", "million")


@click.command()
@click.option(
    "--size", default="small", show_default=True, type=click.Choice(SIZES), help="How much is measured."
)
@click.option("--rounds", type=click.IntRange(1, 1000), help="How often each task runs on each side.")
@click.option(
    "--database",
    metavar="URL",
    help="An empty database to measure on, or 'sqlite'; one of its own on the PostgreSQL of the tests otherwise.",
)
@click.option(
    "--part",
    default="all",
    show_default=True,
    type=click.Choice(("all", "clients", "bookings")),
    help="What is measured: clients and the core, or bookings.",
)
@as_json
def bench(size: str, rounds: int | None, database: str | None, part: str, as_json: bool) -> None:
    """Measure lists, writing, import, export, start, memory, slots and bookings against the same done by hand, in turn."""
    root = Path(parlour.__file__).resolve().parent.parent
    if not (root / "benchmarks" / "run.py").is_file():
        raise Refusal(
            _("The benchmarks come with the source of Parlour. Run this in a clone of the repository.")
        )
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    report: Any = importlib.import_module("benchmarks.report")
    report.run(size, rounds, database, part, as_json=as_json)
