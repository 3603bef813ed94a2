"""The list of commands, and how their refusals reach the terminal."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Sequence

import click

from parlour.errors import Invalid, ParlourError

# Name -> (place, what the list says). The place is imported when the command is called.
COMMANDS = {
    "demo": ("parlour.cli.demo:demo", "Furnish a salon and serve it, to look around."),
    "serve": ("parlour.cli.serve:serve", "Serve the site; without a broker also its jobs."),
    "worker": ("parlour.cli.serve:worker", "Do the jobs that the site hands to a broker."),
    "jobs": ("parlour.cli.jobs:jobs", "Look at background work, repeat and cancel it."),
    "db": ("parlour.cli.db:db", "Upgrade, look at, back up, restore and copy the database."),
    "plugins": ("parlour.cli.plugins:plugins", "List, install, switch, uninstall and purge plugins."),
    "orgs": ("parlour.cli.orgs:orgs", "Add and list organisations."),
    "users": ("parlour.cli.users:users", "Add people, reset passwords, make tokens."),
    "import": ("parlour.cli.data:import_", "Read records from a file."),
    "export": ("parlour.cli.data:export", "Write records to a file."),
    "openapi": ("parlour.cli.openapi:openapi", "Print the OpenAPI document of the API."),
    "doctor": ("parlour.cli.doctor:doctor", "Check settings, database, plugins and broker."),
    "shell": ("parlour.cli.shell:shell", "A Python prompt inside an organisation."),
    "bench": ("parlour.cli.bench:bench", "Measure speed against plain SQL."),
}

# The exit code of what was not done.
REFUSED = 2
# Of PostgreSQL: a grant is missing.
INSUFFICIENT_PRIVILEGE = "42501"


class LazyGroup(click.Group):
    """A group that knows its commands by place and help line, and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return _of_plugin(cmd_name)
        module, _colon, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_place, line) in COMMANDS.items()])


def _of_plugin(name: str) -> click.Command | None:
    """The commands of a plugin, called by its name: `commands` in its module of that name. Looked for when it is called, so that
    no other command waits for plugins.
    """
    from parlour.plugin.discovery import find, module_of

    plugin = find(frozenset({name})).plugins.get(name)
    found = getattr(module_of(plugin.package, "commands"), "commands", None) if plugin else None
    return found if isinstance(found, click.Command) else None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="parlour", prog_name="parlour")
def parlour() -> None:
    """Parlour, the open front desk for salons and event organisers.

    Settings come from PARLOUR_* variables, then parlour.toml in the working folder; `parlour doctor` shows
    them.
    """


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; every refusal becomes one line on stderr."""
    _log_to_stderr()
    # Pyramid and deform still use pkg_resources; setup.py keeps the last setuptools that has it.
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
    try:
        result = parlour.main(
            args=list(arguments) if arguments is not None else None,
            prog_name="parlour",
            standalone_mode=False,
        )
        return result if isinstance(result, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return REFUSED
    except click.exceptions.Abort:
        click.echo("", err=True)
        return 130
    except BrokenPipeError:
        # The reader went away (`parlour ... | head`); writing the rest would only raise again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        say(error)
        return REFUSED


def say(error: Exception) -> None:
    """Write a refusal to stderr, in one line; anything else is a fault of ours and is raised again."""
    if isinstance(error, click.ClickException):
        message = error.format_message()
    elif isinstance(error, ParlourError):
        message = _sentences(error)
    else:
        message = _of_database(error)
    click.echo("parlour: " + " ".join(message.split()), err=True)


def _sentences(error: ParlourError) -> str:
    from parlour.i18n import localizer

    words = localizer("en")
    said = [words.translate(error.message)]
    if isinstance(error, Invalid):
        found = [words.translate(message) for fields in error.errors.values() for message in fields.values()]
        said += [sentence for sentence in found if sentence not in said]
    return " ".join(said)


def _of_database(error: Exception) -> str:
    """One line for a database that does not answer, cannot be written or lacks a right; anything else is a fault of ours."""
    from sqlalchemy.exc import OperationalError, ProgrammingError

    if isinstance(error, OperationalError):
        return f"The database cannot be used: {str(error.orig).strip().splitlines()[0]}"
    if isinstance(error, ProgrammingError) and getattr(error.orig, "sqlstate", "") == INSUFFICIENT_PRIVILEGE:
        return (
            f"The database cannot be used: {str(error.orig).strip().splitlines()[0]}. "
            "Grant that to the role of PARLOUR_DATABASE_URL; parlour doctor looks at the rest."
        )
    raise error


def _log_to_stderr() -> None:
    """Only warnings, and never between the rows of an answer; `serve` and `worker` set up logs of their own."""
    import logging

    import structlog

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
