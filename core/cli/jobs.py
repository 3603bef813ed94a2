"""`parlour jobs`: background work of every organisation, for operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click
from sqlalchemy import Engine

from parlour.cli.common import as_json, choose, of_organisation, show, site, words
from parlour.db.session import Scope, Session, open_session

STATES = ("waiting", "running", "sending", "done", "failed", "uncertain", "parked", "cancelled")
# What a database can keep as an id.
NUMBER = click.IntRange(1, 2**63 - 1)
Change = Callable[[Session, int], None]


@click.group()
def jobs() -> None:
    """Look at background work, try it again, cancel it, and decide what became of it."""


@jobs.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only these; repeatable.")
@click.option("--queue", type=click.Choice(("default", "mail", "documents", "slow")), help="Only this queue.")
@click.option("--before", type=NUMBER, metavar="ID", help="Jobs older than this one.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="How many.")
@of_organisation
@as_json
def list_(
    states: tuple[str, ...], queue: str | None, before: int | None, limit: int, org: str | None, as_json: bool
) -> None:
    """List jobs, the newest first: of all organisations, unless --org names one."""
    from parlour.jobs import listing

    with site() as engine, open_session(engine) as session:
        if org is not None:
            session.enter(Scope(choose(session, org), trusted=True, via="cli"))
        found = listing.page(session, states, queue=queue, before=before, limit=limit)
        rows = [_row(job, whole=as_json) for job in found]
    columns = ["id", "organisation", "name", "queue", "state", "attempts", "next_try", "code", "error"]
    show(rows, columns, json_wanted=as_json, empty="No jobs.")


@jobs.command()
@click.argument("ids", nargs=-1, required=True, type=NUMBER, metavar="ID...")
@click.option(
    "--not-sent", is_flag=True, help="Also uncertain ones, of which you know that nothing went out."
)
@as_json
def retry(ids: tuple[int, ...], not_sent: bool, as_json: bool) -> None:
    """Try jobs again that failed or were cancelled."""
    from parlour.jobs import control

    def again(session: Session, job_id: int) -> None:
        if not_sent and control.state_of(session, job_id) == "uncertain":
            control.decide(session, job_id, sent=False)
        else:
            control.retry(session, job_id)

    _change(ids, again, as_json)


@jobs.command()
@click.argument("ids", nargs=-1, required=True, type=NUMBER, metavar="ID...")
@as_json
def cancel(ids: tuple[int, ...], as_json: bool) -> None:
    """Cancel jobs that have not ended; set failed ones aside."""
    from parlour.jobs import control

    _change(ids, control.cancel, as_json)


@jobs.command()
@click.argument("ids", nargs=-1, required=True, type=NUMBER, metavar="ID...")
@as_json
def sent(ids: tuple[int, ...], as_json: bool) -> None:
    """Say of uncertain jobs that what they were to send did go out."""
    from parlour.jobs import control

    _change(ids, lambda session, job_id: control.decide(session, job_id, sent=True), as_json)


def _change(ids: tuple[int, ...], change: Change, as_json: bool) -> None:
    """Change each job in a transaction of its own; the first that cannot be changed ends it with its reason."""
    with site() as engine:
        rows = [_changed(engine, job_id, change) for job_id in ids]
    show(rows, ["id", "state"], json_wanted=as_json)


def _changed(engine: Engine, job_id: int, change: Change) -> dict[str, Any]:
    from parlour.jobs import control

    with open_session(engine) as session:
        organisation_id = control.organisation_of(session, job_id)
        if organisation_id is not None:
            session.enter(Scope(organisation_id, trusted=True, via="cli"))
        change(session, job_id)
        session.commit()
        return {"id": job_id, "state": control.state_of(session, job_id)}


def _row(job: Any, *, whole: bool) -> dict[str, Any]:
    row = asdict(job) if whole else {"id": job.id, "organisation": job.organisation, "name": job.name}
    for name in ("title", "message", "error"):
        value = getattr(job, name)
        row[name] = words(value) if value else None
    return row | {
        "queue": job.queue,
        "state": job.state,
        "attempts": job.attempts if whole else f"{job.attempts} of {job.max_attempts}",
        "next_try": job.run_at.isoformat(timespec="seconds") if job.state == "waiting" else None,
        "code": job.code,
    }
