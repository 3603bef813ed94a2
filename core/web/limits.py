"""How large a request may be: decided by what it says of itself, before a byte of its body is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPLengthRequired, HTTPRequestEntityTooLarge
from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

# Bytes. A file of a record may have 20 MB, and a form comes with it.
USUAL = 25_000_000
_LIMITS = "parlour.body_limits"


def includeme(config: Configurator) -> None:
    config.registry.setdefault(_LIMITS, {})
    config.add_tween("parlour.web.limits.limits_tween", under=EXCVIEW)


def allow(config: Configurator, route: str, size: int) -> None:
    """Let the pages of a route take bodies of up to `size` bytes."""
    config.registry.setdefault(_LIMITS, {})[route] = size


def limits_tween(handler: Callable[[Request], Response], registry: object) -> Callable[[Request], Response]:
    def tween(request: Request) -> Response:
        if _unknown_length(request):
            raise HTTPLengthRequired()
        if _too_large(request):
            raise HTTPRequestEntityTooLarge()
        return handler(request)

    return tween


def refuses(request: Request) -> bool:
    """Whether the request will be refused for its length, or for not telling it."""
    return _unknown_length(request) or _too_large(request)


def limit_of(request: Request) -> int:
    """The most bytes that the page of this address takes."""
    mapper: Any = request.registry.queryUtility(IRoutesMapper)
    route = mapper(request)["route"] if mapper is not None else None
    limits: dict[str, int] = request.registry[_LIMITS]
    return limits.get(route.name, USUAL) if route is not None else USUAL


def _unknown_length(request: Request) -> bool:
    return "HTTP_TRANSFER_ENCODING" in request.environ and request.content_length is None


def _too_large(request: Request) -> bool:
    size = request.content_length
    return size is not None and size > USUAL and size > limit_of(request)
