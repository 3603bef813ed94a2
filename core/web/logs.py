"""One structured line per request: number, route, status, duration, organisation and user by their ids.

No addresses, names, search words or bodies: a log is read by people who may not read the data.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import INGRESS

from parlour.web import health
from parlour.web.assets import PREFIX
from parlour.web.requests import known

log = structlog.get_logger("parlour.web")


def includeme(config: Configurator) -> None:
    config.add_tween("parlour.web.logs.log_tween", under=INGRESS, over="parlour.web.headers.headers_tween")


def log_tween(handler: Callable[[Request], Response], registry: object) -> Callable[[Request], Response]:
    def tween(request: Request) -> Response:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=request.id)
        begun = time.perf_counter()
        status = 500
        try:
            response = handler(request)
            status = response.status_code
            return response
        finally:
            path = request.environ.get("PATH_INFO", "")
            if not path.startswith(f"{PREFIX}/") and path not in health.PATHS:
                _note(request, status, begun)
            structlog.contextvars.clear_contextvars()

    return tween


def _note(request: Request, status: int, begun: float) -> None:
    route = getattr(request, "matched_route", None)
    organisation, user = known(request, "organisation"), known(request, "user")
    log.info(
        "request",
        method=request.method,
        route=route.name if route is not None else None,
        record=(request.matchdict or {}).get("record", "")[:80] if route is not None else None,
        status=status,
        ms=round((time.perf_counter() - begun) * 1000, 1),
        organisation=_id_of(organisation),
        user=_id_of(user),
    )


def _id_of(row: object) -> int | None:
    """The id of a row whose session may be closed by now, or of what stands for one on calls of the API."""
    from sqlalchemy import inspect

    state = inspect(row, raiseerr=False) if row is not None else None
    if state is None:
        return getattr(row, "id", None)
    return int(state.identity[0]) if state.identity else None
