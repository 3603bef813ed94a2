"""Forms prove that they are ours: every unsafe request that a cookie vouches for carries a token.

Whoever is logged in has the token of their log-in, kept on the server. Before that, on the pages without
menus, the token is a random value that the browser holds in a signed cookie and the form repeats: another
site can neither read nor set it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request

from parlour.access.policy import cookie_name, set_cookie

# Pages where nobody is logged in yet, or might not be: here only the cookie counts, so that the database is
# not asked before an attempt is counted.
OPEN_ROUTES = frozenset({"login", "login.code", "setup"})
_MADE = "parlour_csrf_made"


def includeme(config: Configurator) -> None:
    settings = config.registry["parlour.settings"]
    config.set_csrf_storage_policy(CsrfPolicy(settings.secret))


class CsrfPolicy:
    """Pyramid's storage policy for tokens."""

    def __init__(self, secret: str):
        self._key = hashlib.sha256(f"csrf:{secret}".encode()).digest()

    def new_csrf_token(self, request: Request) -> str:
        """A new token for somebody who is not logged in; a log-in brings its own."""
        token = secrets.token_urlsafe(32)
        value = f"{token}.{self._signature(token)}"
        request.environ[_MADE] = token
        request.add_response_callback(
            lambda _request, response: set_cookie(
                request, response, _cookie_name(request), value, max_age=None
            )
        )
        return token

    def get_csrf_token(self, request: Request) -> str:
        login = self._login(request)
        if login is not None:
            return str(login.csrf)
        return self._from_cookie(request) or request.environ.get(_MADE) or self.new_csrf_token(request)

    def check_csrf_token(self, request: Request, supplied_token: Any) -> bool:
        login = self._login(request)
        expected = login.csrf if login is not None else self._from_cookie(request)
        if not expected or not isinstance(supplied_token, str):
            return False
        return hmac.compare_digest(expected.encode(), supplied_token.encode("utf-8", "replace"))

    def _login(self, request: Request) -> Any:
        route = request.matched_route
        if route is not None and route.name in OPEN_ROUTES:
            return None
        return getattr(request.identity, "login", None)

    def _from_cookie(self, request: Request) -> str | None:
        token, _dot, signature = str(request.cookies.get(_cookie_name(request), "")).partition(".")
        if token and hmac.compare_digest(
            self._signature(token).encode(), signature.encode("utf-8", "replace")
        ):
            return token
        return None

    def _signature(self, token: str) -> str:
        return hmac.new(self._key, token.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _cookie_name(request: Request) -> str:
    return cookie_name(request, "parlour_csrf")
