"""`parlour demo`: a furnished salon to look around in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from parlour.i18n import LOCALES
from parlour.settings import Settings, load

if TYPE_CHECKING:
    from parlour.demo.beside import Page


@click.command()
@click.option(
    "--port", default=6543, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on."
)
@click.option(
    "--data",
    default=Path("data/demo"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the salon is kept; the next start goes on with it. Delete the folder to begin anew.",
)
@click.option(
    "--locale", default="en", show_default=True, type=click.Choice(LOCALES), help="Language of a new salon."
)
@click.option(
    "--sample-port",
    default=None,
    type=click.IntRange(0, 65535),
    help="Port of a web site as a salon has one, with the booking widget on it; any free one unless given.",
)
def demo(port: int, data: Path, locale: str, sample_port: int | None) -> None:
    """Furnish a salon on SQLite and serve it on this machine. Prints the site's address, then whom to log in
    as, then the address of a sample of the salon's own web site.
    """
    from parlour.cli.logs import configure
    from parlour.cli.server import listen, run
    from parlour.demo import LOGINS, SHOWN
    from parlour.demo.beside import serve

    given = demo_settings(data, port)
    listener = listen("127.0.0.1", port)
    beside = listen("127.0.0.1", sample_port or 0)
    own, site = (f"http://localhost:{one.getsockname()[1]}" for one in (beside, listener))
    prepare(given, locale)
    pages = sample_pages(given, site, own)
    configure(level=30)  # warnings only: what a visitor reads are the addresses

    def announce(url: str) -> None:
        click.echo(url)
        click.echo("")
        for login in LOGINS:
            if login.role in SHOWN:
                click.echo(f"{login.role:<14} {login.email:<24} {login.password}")
        click.echo("")
        if pages:
            serve(beside, pages)
            click.echo(f"{'web site':<14} {own}")
            click.echo("")
        click.echo(f"The salon is kept in {given.data}. Ctrl+C stops it.")

    run(given, listener, workers=1, announce=announce)


def demo_settings(data: Path, port: int) -> Settings:
    """Settings of the demo alone: whatever this machine's own Parlour uses is left in peace."""
    folder = data.expanduser().resolve()
    url = f"sqlite:///{folder / 'parlour.sqlite'}"
    folder.mkdir(parents=True, exist_ok=True)
    return load(
        {}, folder, data=folder, database_url=url, owner_database_url=url, url=f"http://localhost:{port}"
    )


def prepare(given: Settings, locale: str) -> None:
    """Bring the tables up to date and furnish the salon unless that was done before; all of it or nothing."""
    from parlour.access.organisations import all_organisations
    from parlour.db.engine import make_engine
    from parlour.db.session import open_session
    from parlour.demo import furnish
    from parlour.migrations import runner
    from parlour.plugin.registry import boot

    runner.upgrade(given)
    engine = make_engine(given.database_url)
    try:
        boot(given, engine=engine)
        with open_session(engine) as session:
            there = bool(all_organisations(session))
        if not there:
            click.echo("Furnishing a salon, once ...", err=True)
            with open_session(engine) as session:
                furnish(session, given, locale=locale)
                session.commit()
    finally:
        engine.dispose()


def sample_pages(given: Settings, site: str, own: str) -> Mapping[str, Page] | None:
    """The pages of the sample web site at `own` for the salon at `site`; the salon lets it in. Needs loaded plugins."""
    from parlour.db.engine import make_engine
    from parlour.demo.beside import sample_site

    engine = make_engine(given.database_url)
    try:
        return sample_site(engine, site, own)
    finally:
        engine.dispose()
