"""`parlour orgs`: organisations."""

from __future__ import annotations

import click

from parlour.cli.common import as_json, show, site
from parlour.db.session import open_session


@click.group()
def orgs() -> None:
    """Add and list organisations."""


@orgs.command()
@click.argument("name")
@click.option(
    "--region", metavar="CC", help="Country: its time zone, currency, language and phone numbers; RU, GB, ..."
)
@click.option("--zone", help="Time zone, when the country has several; Asia/Omsk, ...")
@click.option("--currency", metavar="CUR", help="Currency, when it is not the country's.")
@click.option("--locale", help="Language: en or ru.")
@as_json
def add(
    name: str, region: str | None, zone: str | None, currency: str | None, locale: str | None, as_json: bool
) -> None:
    """Add an organisation with a first branch, the ready-made roles and the plugins that are on by default."""
    from parlour.access.organisations import add_organisation
    from parlour.plugin.lifecycle import enable_defaults

    with site() as engine, open_session(engine) as session:
        made = add_organisation(session, name, region=region, zone=zone, currency=currency, locale=locale)
        enabled = enable_defaults(session)
        session.commit()
        row = {
            "slug": made.slug,
            "name": made.name,
            "country": made.country,
            "zone": made.zone,
            "currency": made.currency,
            "locale": made.locale,
            "plugins": ", ".join(enabled),
        }
    show([{**row, "plugins": enabled}] if as_json else [row], list(row), json_wanted=as_json)


@orgs.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the organisations."""
    from parlour.access.organisations import all_organisations

    with site() as engine, open_session(engine) as session:
        rows = [
            {
                "slug": item.slug,
                "name": item.name,
                "country": item.country,
                "zone": item.zone,
                "currency": item.currency,
                "archived": item.archived_at is not None,
            }
            for item in all_organisations(session)
        ]
    columns = ["slug", "name", "country", "zone", "currency"]
    show(rows, columns, json_wanted=as_json, empty="No organisation yet. Run: parlour orgs add NAME")
