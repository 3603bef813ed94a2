"""Which plugins this database holds, and whether their tables stand where their code wants them.

Asked before any model is imported: one column that is in the code and not in the table breaks every query on
that table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, inspect, text

from parlour.errors import Refusal
from parlour.i18n import _
from parlour.migrations import heads
from parlour.plugin.discovery import folder_of
from parlour.plugin.manifest import Fault, Plugin
from parlour.plugin.models import INSTALLED


@dataclass
class State:
    """The database's side: installed plugins with the version that was installed, and the faults of their
    tables.
    """

    installed: dict[str, str] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)


def read_state(engine: Engine | None, plugins: Mapping[str, Plugin]) -> State:
    """What the database says of these plugins. Without an engine every plugin counts as installed and up to
    date.
    """
    if engine is None:
        return State({name: plugin.version for name, plugin in plugins.items()})
    state = State()
    with engine.connect() as connection:
        state.installed = installed(connection)
        for name in state.installed.keys() & plugins.keys():
            fault = tables_fault(connection, plugins[name])
            if fault:
                state.faults[name] = fault
    return state


def installed(connection: Connection) -> dict[str, str]:
    """Name -> version of the plugins installed here; empty for a database that is not set up yet."""
    if not inspect(connection).has_table("core_plugin"):
        return {}
    rows = connection.execute(
        text("SELECT name, version FROM core_plugin WHERE state = :state ORDER BY name"), {"state": INSTALLED}
    )
    return {row.name: row.version for row in rows}


def tables_fault(connection: Connection, plugin: Plugin) -> Fault | None:
    """Why the tables of an installed plugin do not fit its code, or None."""
    try:
        line = [item.id for item in heads.revisions(folder_of(plugin.package))]
    except (Refusal, ModuleNotFoundError) as error:
        return Fault(_("The plugin's migrations cannot be read."), str(error))
    here = heads.current(connection, plugin.name)
    wanted = line[-1] if line else None
    if here == wanted:
        return None
    detail = f"database at {here or 'nothing'}, code at {wanted or 'nothing'}"
    if here is None or here in line:
        return Fault(_("The plugin's tables are behind its code. Run: parlour db upgrade"), detail)
    return Fault(
        _("The plugin's tables are newer than its code. Install the newer version of the plugin."), detail
    )
