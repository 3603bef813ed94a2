"""Makes the base, measures everything, and prints it: ours, by hand, what is wanted, and what others need."""

from __future__ import annotations

import json
import multiprocessing
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from benchmarks import calls, processes
from benchmarks import run as measuring
from benchmarks.raw import tasks as raw
from benchmarks.salon import TERMS, furnish
from parlour.cli.common import show
from parlour.settings import Settings, load
from parlour.testing import postgresql

# Medians of others on a machine with two cores, measured through their own public interfaces: Odoo 18, Tryton 8.2.
PEERS = (
    ("list in process, ms", "Odoo 43, Tryton 47"),
    ("list by API, 8 clients, requests/s", "Odoo 24, Tryton 35"),
    ("one card by API, ms", "Odoo 4.0, Tryton 10.6"),
    ("create 1,000, records/s", "Odoo 1,103, Tryton 409"),
    ("import 10,000 from csv, rows/s", "Odoo 990, Tryton 254"),
    ("export 100,000 to csv, s", "Odoo 1.28, Tryton 394"),
    ("start to first answer, s", "Odoo 1.74, Tryton 0.67"),
    ("idle memory of one process, PSS MiB", "Odoo 128, Tryton 63"),
)
COLUMNS = (
    "task",
    "rows",
    "parlour_ms",
    "raw_ms",
    "p95_ms",
    "ratio",
    "target",
    "cpu_ratio",
    "memory_mib",
    "rounds",
)


def run(size: str, rounds: int | None, database: str | None, part: str, *, as_json: bool) -> None:
    wanted = measuring.SIZES[size]
    wanted = wanted if rounds is None else replace(wanted, rounds=rounds)
    said: dict[str, Any] = {"size": size}
    if part in ("all", "clients"):
        said |= _clients(wanted, database)
    if part in ("all", "bookings"):
        said |= _in_its_own_process(_bookings, wanted, database)
    if as_json:
        click.echo(json.dumps(said, indent=1))
        return
    if "tasks" in said:
        _tell(said)
    if "slots" in said:
        click.echo()
        show(said["slots"], [column for column in COLUMNS if column != "memory_mib"], json_wanted=False)
        click.echo()
        show([said["growth"]], list(said["growth"]), json_wanted=False)
        if said["bookings"]:
            click.echo()
            show([said["bookings"]], list(said["bookings"]), json_wanted=False)
        click.echo(
            "\nEasy!Appointments on such a machine: 11 s for these slots, 26 to 36 bookings/s, some of them double."
        )


def _clients(wanted: measuring.Size, database: str | None) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory(prefix="parlour-bench-") as scratch,
        _database(Path(scratch), database) as given,
    ):
        made = furnish(given, wanted.clients)
        try:
            kind = made.plain.dialect.name
            start = processes.measure(made, wanted.rounds)
            start += calls.measure(made, wanted.rounds)
            switch = measuring.switching(made, wanted.rounds)
            plans = {term: raw.plan(made, term) for term in (TERMS["usual"][0], TERMS["common"][0])}
            found = []
            for one in measuring.measure(made, wanted):
                found.append(one.as_json())
                click.echo(f"{one.task}: {one.ratio:.2f}", err=True)
        finally:
            made.dispose()
    return {
        "clients": wanted.clients,
        "database": kind,
        "tasks": found,
        "processes": start,
        "switch": switch,
        "list_plans": plans,
    }


def _bookings(wanted: measuring.Size, database: str | None) -> dict[str, Any]:
    from benchmarks import bookings

    with (
        tempfile.TemporaryDirectory(prefix="parlour-bench-") as scratch,
        _database(Path(scratch), database) as given,
    ):
        found, grown, booked = bookings.measure(given, wanted.clients, wanted.rounds)
        for one in found:
            click.echo(f"{one.task}, {one.rows:,}: {one.ratio:.2f}", err=True)
        return {"slots": [one.as_json() for one in found], "growth": grown, "bookings": booked}


def _in_its_own_process(what: Callable[..., Any], *given: Any) -> Any:
    """Run with all plugins of bookings, while the clients are measured with contacts alone: a process loads plugins once."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(what, *given).result()


def _tell(said: Mapping[str, Any]) -> None:
    click.echo(
        f"{said['clients']:,} clients on {said['database']}, a receptionist under all access rules; medians, by turns. The"
        " ratio is Parlour to the same\nwork by hand, as the owner of the tables. cpu_ratio counts the processors' time of"
        " this process alone, which\nother work on the machine disturbs less.\n"
    )
    show(said["tasks"], list(COLUMNS), json_wanted=False)
    click.echo()
    show(said["processes"], ["task", "parlour", "raw", "ratio", "target"], json_wanted=False)
    switch = said["switch"]
    click.echo(
        f"\n{switch['task']}, next request included: {switch['ms']} ms, wanted: {switch['target_ms']} ms"
    )
    click.echo("\nOthers, for the same on two cores (their figures are not measured in this run):")
    for what, figures in PEERS:
        click.echo(f"  {what}: {figures}")
    for term, plan in said["list_plans"].items():
        click.echo(f"\nHow the database answers the list by hand for “{term}”:")
        for line in plan:
            click.echo(f"  {line}")


@contextmanager
def _database(folder: Path, given: str | None) -> Iterator[Settings]:
    """Settings for the database given, else for one of our own, else for SQLite."""
    if given and given != "sqlite":
        yield _settings(folder, given, given)
    elif given is None and postgresql.server() is not None:
        name = postgresql.name_of("bench")
        postgresql.create(name)
        try:
            yield _settings(
                folder, postgresql.url(name, postgresql.SITE), postgresql.url(name, postgresql.OWNER)
            )
        finally:
            postgresql.drop(name)
    else:
        url = f"sqlite:///{folder / 'bench.sqlite'}"
        yield _settings(folder, url, url)


def _settings(folder: Path, site: str, owner: str) -> Settings:
    return load(
        {}, folder, data=folder, database_url=site, owner_database_url=owner, secret="only-for-measuring"
    )
