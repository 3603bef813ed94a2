"""What a load balancer asks: /healthz, whether this process lives, and /readyz, whether it can do its work.

Neither needs a log-in nor says anything about what is in the database: a name of a part and a few fixed words.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import structlog
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from parlour.migrations import heads
from parlour.plugin.discovery import folder_of
from parlour.plugin.registry import current

log = structlog.get_logger(__name__)

# What machines ask every few seconds: not logged, and without a transaction of their own.
PATHS = ("/healthz", "/readyz", "/metrics")
# Seconds that the broker may take to accept a connection.
BROKER_WAIT = 1.0
_PORTS = {"redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671}


def includeme(config: Configurator) -> None:
    config.registry["parlour.tables"] = _wanted()
    for name, view in (("healthz", healthz), ("readyz", readyz)):
        config.add_route(name, f"/{name}", request_method=("GET", "HEAD"))
        config.add_view(view, route_name=name, permission=NO_PERMISSION_REQUIRED)


def healthz(request: Request) -> Response:
    """200 as long as this process answers at all; asks nobody else."""
    return Response(json_body={"alive": True})


def readyz(request: Request) -> Response:
    """200 when this process can serve requests, 503 with the parts that are not ready."""
    registry = request.registry
    looks: dict[str, Callable[[], str | None]] = {
        "database": lambda: database_fault(registry["parlour.reader"], registry["parlour.tables"]),
        "data folder": lambda: folder_fault(request.settings.data),
        "broker": lambda: broker_fault(request.settings.broker_url),
    }
    faults = {name: fault for name, look in looks.items() if (fault := look())}
    if not faults:
        return Response(json_body={"ready": True})
    log.warning("not_ready", **{name.replace(" ", "_"): fault for name, fault in faults.items()})
    return Response(json_body={"ready": False, "not_ready": faults}, status=503)


def database_fault(engine: Engine, wanted: dict[str, str]) -> str | None:
    """Why the site cannot use its database, or None: whether it answers, and where the tables stand, in one statement."""
    asked = " UNION ALL ".join(
        f"SELECT '{owner}' AS owner, version_num FROM \"{heads.version_table(owner)}\"" for owner in wanted
    )
    try:
        with engine.connect() as connection:
            found = {row.owner: row.version_num for row in connection.execute(text(asked))}
    except SQLAlchemyError as error:
        missing = type(getattr(error, "orig", None)).__name__ == "UndefinedTable" or "no such table" in str(
            error
        )
        return "the tables are not there" if missing else "does not answer"
    off = [owner for owner, revision in wanted.items() if found.get(owner) != revision]
    return f"the tables of {', '.join(off)} are not those of this program" if off else None


def folder_fault(folder: Path) -> str | None:
    """Why nothing can be kept in the data folder, or None. A byte is really written: full disks allow everything else."""
    probe = folder / f".ready.{os.getpid()}"
    try:
        probe.write_bytes(b"\n")
        probe.unlink(missing_ok=True)
    except OSError as error:
        return f"cannot be written: {os.strerror(error.errno) if error.errno else 'unknown'}"
    return None


def broker_fault(url: str) -> str | None:
    """Why jobs cannot be handed over, or None, also without a broker. Only whether it accepts connections; `parlour doctor`
    also logs in.
    """
    if not url:
        return None
    place = make_url(url)
    try:
        port = place.port or _PORTS.get(place.drivername, 0)
        socket.create_connection((place.host or "localhost", port), BROKER_WAIT).close()
    except OSError:
        return "does not answer"
    return None


def _wanted() -> dict[str, str]:
    """Owner -> revision of the tables that this process was put together for."""
    folders = {heads.CORE: heads.core_folder()}
    folders |= {name: folder_of(item.package) for name, item in current().loaded.items()}
    found = {owner: heads.head(folder) for owner, folder in folders.items()}
    return {owner: revision for owner, revision in found.items() if revision is not None}
