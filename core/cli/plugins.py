"""`parlour plugins`: what is there, what is installed, what is on; and the only way to drop a plugin's data."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from parlour.cli.common import as_json, inside, of_organisation, settings, show, site, words
from parlour.errors import Refusal
from parlour.i18n import _


@click.group()
def plugins() -> None:
    """List, install, switch, uninstall and purge plugins."""


@plugins.command("list")
@as_json
@click.option("--org", "org", metavar="SLUG", help="Also show what this organisation has switched on.")
def list_(as_json: bool, org: str | None) -> None:
    """List every plugin with its state: loaded, quarantined (and why) or available (not installed)."""
    from parlour.plugin.gate import switched_on
    from parlour.plugin.registry import current

    with site() as engine:
        on: frozenset[str] | None = None
        if org is not None:
            with inside(engine, org) as session:
                on = switched_on(session)
        found = current()
        names = [*found.order, *sorted(found.quarantined), *sorted(found.available)]
        rows = [_row(name, on) for name in dict.fromkeys(names)]
    columns = ["name", "version", "state", *(["enabled"] if on is not None else []), "summary", "reason"]
    show(rows, columns, json_wanted=as_json, empty="No plugin is there.")


def _row(name: str, on: frozenset[str] | None) -> dict[str, Any]:
    from parlour.plugin.registry import current

    found = current()
    manifest = found.manifests.get(name)
    fault = found.quarantined.get(name)
    state = "quarantined" if fault else "loaded" if name in found.loaded else "available"
    row: dict[str, Any] = {
        "name": name,
        "title": words(manifest.title) if manifest else name,
        "version": manifest.version if manifest else found.installed.get(name),
        "state": state,
        "summary": words(manifest.summary) if manifest and not fault else "",
        "requires": list(manifest.requires) if manifest else [],
        "reason": words(fault.message) + (f" ({fault.detail})" if fault.detail else "") if fault else None,
    }
    if on is not None:
        row["enabled"] = name in on
    return row


@plugins.command()
@click.argument("name")
def install(name: str) -> None:
    """Make a plugin's tables, and those of what it requires. Restart the site afterwards."""
    from parlour.plugin.lifecycle import install as install_plugin

    done = install_plugin(settings(), name)
    click.echo(
        f"Installed {name}" + (f": {', '.join(done)}." if done else "; its tables were there already.")
    )
    click.echo("Restart the site and its workers, then: parlour plugins enable " + name)


@plugins.command()
@click.argument("name")
@of_organisation
def enable(name: str, org: str | None) -> None:
    """Switch a plugin on for an organisation, with everything it requires."""
    from parlour.plugin.lifecycle import enable as switch_on

    with site() as engine, inside(engine, org) as session:
        done = switch_on(session, name)
        session.commit()
    click.echo(f"Switched on: {', '.join(done)}." if done else f"{name} was on already.")


@plugins.command()
@click.argument("name")
@of_organisation
def disable(name: str, org: str | None) -> None:
    """Switch a plugin off for an organisation. Nothing is lost."""
    from parlour.plugin.lifecycle import disable as switch_off

    with site() as engine, inside(engine, org) as session:
        done = switch_off(session, name)
        session.commit()
    click.echo(f"Switched off: {name}." if done else f"{name} was off already.")


@plugins.command()
@click.argument("name")
def uninstall(name: str) -> None:
    """Stop loading a plugin. Its tables and data stay; installing it again brings everything back."""
    from parlour.plugin.lifecycle import uninstall as uninstall_plugin

    uninstall_plugin(settings(), name)
    click.echo(f"Uninstalled {name}; its data stay. Restart the site and its workers.")


@plugins.command()
@click.argument("name")
@click.option(
    "--yes-drop", metavar="NAME", help="The plugin's name once more, for scripts; otherwise it is asked for."
)
@click.option("--dry-run", is_flag=True, help="Show what would be dropped, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print what was dropped as JSON.")
def purge(name: str, yes_drop: str | None, dry_run: bool, as_json: bool) -> None:
    """Drop a plugin's tables with all data in them, after exporting them as JSON to the data folder."""
    from parlour.plugin.purge import plan
    from parlour.plugin.purge import purge as purge_plugin

    given = settings()
    found = plan(given, name)
    if not as_json:
        rows = [{"table": table, "rows": count} for table, count in found.rows.items()]
        show(rows, ["table", "rows"], json_wanted=False, empty=f"{name} has no tables.")
        for other in [*found.dependents, *found.references]:
            click.echo(f"stands on it: {other}")
    if dry_run:
        if as_json:
            click.echo(json.dumps({"plugin": name, "tables": found.rows, "dependents": found.dependents}))
        return
    if not found.blocked:
        if yes_drop is None and not sys.stdin.isatty():
            raise Refusal(
                _("Repeat the plugin's name to drop its data: --yes-drop ${name}", mapping={"name": name})
            )
        typed = yes_drop if yes_drop is not None else click.prompt(f"Type {name} to drop all this for good")
        if typed != name:
            raise Refusal(_("The name does not match; nothing was dropped."))
    done = purge_plugin(given, name)
    if as_json:
        click.echo(json.dumps({"plugin": name, "tables": done.plan.rows, "export": str(done.export)}))
    else:
        click.echo(f"Dropped {name}. Its data were exported to {done.export}")
