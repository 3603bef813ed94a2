"""`parlour shell`: a Python prompt inside an organisation."""

from __future__ import annotations

import code

import click

from parlour.cli.common import inside, of_organisation, site


@click.command()
@of_organisation
@click.option("-c", "--command", help="Run this instead of asking.")
def shell(org: str | None, command: str | None) -> None:
    """Open a Python prompt with `session`, `organisation`, `records` and `plugins`. Commit with
    session.commit().
    """
    from parlour.access.organisations import organisation_by_id
    from parlour.plugin.registry import current
    from parlour.records.registry import all_records

    with site() as engine, inside(engine, org) as session:
        names = {
            "session": session,
            "organisation": organisation_by_id(session, session.scope.organisation_id),
            "plugins": current(),
            "records": {record.name: record for record in all_records()},
        }
        session.commit()  # a prompt that waits must not hold the write lock
        if command is not None:
            exec(compile(command, "<command>", "exec"), names)  # the operator's own words
            return
        code.interact(banner=f"Parlour: {', '.join(names)}", local=names, exitmsg="")
