"""Who a request comes from, and what they may do.

A view names one permission: LOGGED_IN (anybody with a living log-in), MEMBER (who works in the organisation
of the address), a full one ("core:plugins:write"), or on a page of a record a bare action ("read"), which its
context completes. Which rows it covers is not decided here: the context reads rows through the rules'
predicate and finds nothing else.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from pyramid.config import Configurator
from pyramid.request import Request, RequestLocalCache
from pyramid.security import Allowed, Denied
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from parlour.access import sessions
from parlour.access.models import LoginSession, User
from parlour.access.rules import allows
from parlour.db.base import now
from parlour.db.session import Session, open_session
from parlour.web.api import for_programs
from parlour.web.api.caller import Caller, caller_of
from parlour.web.embedded import embedded

COOKIE = "parlour_session"
LOGGED_IN = "logged_in"
MEMBER = "member"
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Identity:
    """A person with the log-in that this browser holds."""

    user: User
    login: LoginSession
    token: str


def includeme(config: Configurator) -> None:
    config.set_security_policy(SecurityPolicy())
    config.add_request_method(address_of, "address", reify=True)


class SecurityPolicy:
    """Log-ins by cookie on pages, tokens in the API; neither counts in the other. Everything is read once per request."""

    def __init__(self) -> None:
        self._identities = RequestLocalCache(self._load)

    def identity(self, request: Request) -> Identity | Caller | None:
        found: Identity | Caller | None = self._identities.get_or_create(request)
        return found

    def authenticated_userid(self, request: Request) -> int | None:
        identity = self.identity(request)
        return identity.user.id if identity else None

    def _load(self, request: Request) -> Identity | Caller | None:
        if for_programs(request):
            return caller_of(request)
        if embedded(request):
            return None
        token = request.cookies.get(cookie_name(request, COOKIE))
        if not token or len(token) > 200:
            return None
        engine = request.registry["parlour.engine"]
        found = sessions.login_of_token(request.db, token)
        if found is None:
            if sessions.has_ended(request.db, token):
                request.add_finished_callback(
                    _afterwards(engine, lambda session: sessions.end_login(session, token))
                )
            return None
        login, user = found
        if abs(now() - login.seen_at) > sessions.seen_every(login):
            request.add_finished_callback(_afterwards(engine, lambda session: sessions.seen(session, login)))
        return Identity(user, login, token)

    def permits(self, request: Request, context: Any, permission: str) -> Allowed | Denied:
        if self.identity(request) is None:
            return Denied("nobody is logged in")
        if permission == LOGGED_IN:
            return Allowed("somebody is logged in")
        if getattr(context, "organisation", None) is None:
            return Denied("the page belongs to no organisation")
        if permission == MEMBER:
            return Allowed("the person works here")
        full = context.permission(permission)
        if allows(request.db, full):
            return Allowed("%s is granted", full)
        return Denied("%s is not granted", full)

    def remember(self, request: Request, userid: Any, **kw: Any) -> list[tuple[str, str]]:
        """Headers that hand the token of a new log-in (`userid`) to the browser."""
        return _cookie(request, str(userid), int(sessions.ABSOLUTE.total_seconds()))

    def forget(self, request: Request, **kw: Any) -> list[tuple[str, str]]:
        return _cookie(request, "", 0)


def _cookie(request: Request, value: str, max_age: int) -> list[tuple[str, str]]:
    response = request.response_factory() if hasattr(request, "response_factory") else None
    if response is None:
        from pyramid.response import Response

        response = Response()
    set_cookie(request, response, cookie_name(request, COOKIE), value, max_age=max_age)
    return [(name, text) for name, text in response.headerlist if name == "Set-Cookie"]


def set_cookie(request: Request, response: Any, name: str, value: str, *, max_age: int | None) -> None:
    """A cookie of ours: for this site only, unseen by scripts, over https only where the site is."""
    response.set_cookie(
        name, value, max_age=max_age, path="/", httponly=True, samesite="Lax", secure=is_secure(request)
    )


def cookie_name(request: Request, name: str) -> str:
    """The prefix makes browsers refuse the cookie from anywhere but this very host over https."""
    return f"__Host-{name}" if is_secure(request) else name


def is_secure(request: Request) -> bool:
    """Whether the browser reached us over https, perhaps through a proxy that we trust."""
    settings = request.settings
    return request.scheme == "https" or bool(settings.trusted_proxies and settings.url.startswith("https:"))


def address_of(request: Request) -> str:
    """The address of the browser, as `request.address`.

    Forwarded headers are believed as far as there are trusted proxies and no farther: anybody can write the
    rest, and the throttle counts by this.
    """
    trusted = request.settings.trusted_proxies
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if trusted and len(hops) >= trusted:
        try:
            return str(ipaddress.ip_address(hops[-trusted]))
        except ValueError:
            log.warning("forwarded_address_is_none", hop=hops[-trusted][:60])
    return str(request.remote_addr or "")


def _afterwards(engine: Engine, write: Callable[[Session], None]) -> Callable[[Request], None]:
    """Written after the response, because reading requests cannot write."""

    def note(_request: Request) -> None:
        try:
            with open_session(engine) as session:
                write(session)
                session.commit()
        except OperationalError:
            # The next request of this browser tries again.
            log.warning("login_not_noted", exc_info=True)

    return note
