"""Whether the code of this process and the tables of its database belong together.

`parlour db upgrade` moves the tables while older processes may still run, and a newer process may be started
before it. Neither may do jobs: they wait for a process that fits.
"""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import Connection, Engine

from parlour.db.engine import reader
from parlour.migrations import heads
from parlour.plugin.discovery import folder_of
from parlour.plugin.registry import current


def core_fits(engine: Engine) -> bool:
    """Whether the core's tables are those that this process was started with; costs two small queries."""
    with reader(engine).connect() as connection:
        return fits(connection, heads.CORE)


def fits(connection: Connection, owner: str) -> bool:
    """Whether the tables of the core or of a loaded plugin are neither behind nor ahead of its code."""
    wanted = _wanted(owner, current().generation)
    return wanted is None or heads.current(connection, owner) == wanted


def remember_heads() -> None:
    """Read the heads of all that is loaded, before the processes are forked that go by them."""
    plugins = current()
    for owner in (heads.CORE, *plugins.loaded):
        _wanted(owner, plugins.generation)


@lru_cache(maxsize=256)
def _wanted(owner: str, _generation: int) -> str | None:
    """The head of the code as it was loaded: on the disk there may be a newer one by now."""
    folder = heads.core_folder() if owner == heads.CORE else folder_of(current().loaded[owner].package)
    return heads.head(folder)
