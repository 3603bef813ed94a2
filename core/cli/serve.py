"""`parlour serve` and `parlour worker`."""

from __future__ import annotations

import click

from parlour.settings import load


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option(
    "--port", default=6543, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on."
)
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Number of processes."
)
def serve(host: str, port: int, workers: int) -> None:
    """Serve the site. Without a broker its processes also do the jobs.

    SIGTERM ends it when the requests under way are answered. SIGHUP starts the program anew beside the old one, which
    ends when the new one can be visited; no request is lost.
    """
    from parlour.cli.logs import configure
    from parlour.cli.server import handed_over, listen, run

    given = load()
    listener = None if handed_over() else listen(host, port)
    configure()
    run(given, listener, workers=workers)


@click.command()
@click.option(
    "--queues",
    metavar="NAMES",
    default="default,mail,documents,slow",
    show_default=True,
    help="Queues to work on; mail=8 does 8 jobs of that queue at a time.",
)
def worker(queues: str) -> None:
    """Do the jobs that the site hands to the broker of PARLOUR_BROKER_URL, until told to end."""
    from parlour.cli.common import refuse_unfit
    from parlour.cli.logs import configure
    from parlour.db.engine import make_engine
    from parlour.jobs.worker import main, read_queues

    given = load()
    wanted = read_queues(queues)
    if given.broker_url:  # without one the worker itself says what to do
        engine = make_engine(given.database_url)
        try:
            refuse_unfit(engine)
        finally:
            engine.dispose()
    configure()
    main(given, queues=wanted)
