"""`parlour openapi`: what the API offers, as an OpenAPI 3.1 document."""

from __future__ import annotations

import json

import click

from parlour.cli.common import inside, of_organisation, site
from parlour.i18n import LOCALES


@click.command()
@click.option(
    "--locale", default="en", show_default=True, type=click.Choice(LOCALES), help="The language of titles."
)
@of_organisation
def openapi(locale: str, org: str | None) -> None:
    """Print the OpenAPI document of an organisation: every record and field that is switched on there."""
    from parlour.db.engine import reader
    from parlour.i18n import localizer
    from parlour.web.api.openapi import document

    with site() as engine, inside(reader(engine), org) as session:
        click.echo(json.dumps(document(session, localizer(locale)), ensure_ascii=False, indent=1))
