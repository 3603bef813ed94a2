"""Short messages for the next page, kept in a signed cookie: reading them writes nothing to the database."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.session import JSONSerializer, SignedCookieSessionFactory

COOKIE = "parlour_flash"
MAX_TEXT = 400
# The cookie must stay below the 4,096 bytes that browsers keep.
MAX_MESSAGES = 3


def includeme(config: Configurator) -> None:
    settings = config.registry["parlour.settings"]
    secure = settings.url.startswith("https:")
    factory = SignedCookieSessionFactory(
        hashlib.sha256(f"flash:{settings.secret}".encode()).hexdigest(),
        # As `policy.cookie_name`, decided once for the site.
        cookie_name=f"__Host-{COOKIE}" if secure else COOKIE,
        max_age=None,
        timeout=None,
        # Without this every look would send the cookie anew.
        reissue_time=None,
        httponly=True,
        samesite="Lax",
        secure=secure,
        serializer=JSONSerializer(),
    )
    config.set_session_factory(factory)


def say(request: Request, message: Any, tone: str = "good", action: Mapping[str, Any] | None = None) -> None:
    """Show `message` (a translation string) on the next page. `tone` is "good", "info", "warn" or "bad".

    `action` is what the theme calls an action, of plain values: {"title", "url", "method"}.
    """
    text = request.loc.translate(message)[:MAX_TEXT]
    shown: dict[str, Any] = {"tone": tone, "text": text}
    if action is not None:
        shown["action"] = {**action, "title": request.loc.translate(action["title"])}
    waiting = request.session.peek_flash()
    if len(waiting) >= MAX_MESSAGES:
        del waiting[0]
    request.session.flash(shown)


def take(request: Request) -> list[dict[str, Any]]:
    """The messages for this page; they are shown once."""
    return list(request.session.pop_flash())
