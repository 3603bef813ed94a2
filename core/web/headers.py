"""The headers of every response: what a page may load, who may show it in a frame, how it may be kept.

Nothing is inline anywhere, so the policy has no exception. A page that may stand in other people's frames (the
widget) sets `request.frame_ancestors`; every other one may stand in none.
"""

from __future__ import annotations

from collections.abc import Callable

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import INGRESS

from parlour.access.policy import is_secure
from parlour.web.requests import known

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'"
)
HSTS = "max-age=31536000"
# What no page of ours asks a browser for.
PERMISSIONS = (
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
    "microphone=(), midi=(), payment=(), usb=(), xr-spatial-tracking=()"
)
# Pages about people are kept nowhere: the next one at this computer would look at them with the Back button.
PERSONAL = "private, no-store"


def includeme(config: Configurator) -> None:
    config.add_request_method(lambda request: "'none'", "frame_ancestors", reify=True)
    config.add_tween("parlour.web.headers.headers_tween", under=INGRESS)


def headers_tween(handler: Callable[[Request], Response], registry: object) -> Callable[[Request], Response]:
    def tween(request: Request) -> Response:
        response = handler(request)
        for name, value in security_headers(request).items():
            response.headers.setdefault(name, value)
        return response

    return tween


def security_headers(request: Request) -> dict[str, str]:
    """What a response gets unless its view has said otherwise."""
    headers = {
        "Content-Security-Policy": f"{POLICY}; frame-ancestors {request.frame_ancestors}",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": PERMISSIONS,
        "Cache-Control": PERSONAL if known(request, "user") is not None else "private, no-cache",
        "X-Request-Id": request.id,
    }
    if is_secure(request):
        headers["Strict-Transport-Security"] = HSTS
    return headers
