"""A browser in which somebody is logged in already, without the slow hash of a password."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, select
from webtest import TestApp

from parlour.access.models import LoginSession, User
from parlour.access.policy import COOKIE
from parlour.access.sessions import start_login, token_hash
from parlour.db.session import open_session, system


class Browser(TestApp):  # type: ignore[misc]
    """Sends the log-in's CSRF token with every post, as our pages do."""

    csrf = ""

    def post(self, url: str, params: Any = "", **given: Any) -> Any:
        given["headers"] = {"X-CSRF-Token": self.csrf} | given.get("headers", {})
        return super().post(url, params, **given)


def browser_of(site: Any, engine: Engine, user: User) -> Browser:
    """A browser that holds a new log-in of this person."""
    with open_session(engine) as session:
        token = start_login(session, user)
        with system(session):
            csrf = session.scalars(
                select(LoginSession.csrf).where(LoginSession.token_hash == token_hash(token))
            ).one()
        session.commit()
    browser = Browser(site)
    browser.set_cookie(COOKIE, token)
    browser.csrf = csrf
    return browser
