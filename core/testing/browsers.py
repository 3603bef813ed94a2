"""Browsers of people who are logged in already, and what must never stand in a page."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

from sqlalchemy import Engine, select
from webtest import TestApp

from parlour.access.links import token_hash
from parlour.access.models import LoginSession, User
from parlour.access.policy import COOKIE
from parlour.access.sessions import start_login
from parlour.access.tokens import make
from parlour.db.session import Session, open_session, system


class Browser(TestApp):  # type: ignore[misc]
    """Asks the site without a network between. Posts carry the log-in's CSRF token, as our pages' do."""

    csrf = ""
    user: User

    def post(self, url: str, params: Any = "", **given: Any) -> Any:
        given["headers"] = {"X-CSRF-Token": self.csrf} | (given.get("headers") or {})
        return super().post(url, params, **given)


def browser_of(site: Any, engine: Engine, user: User) -> Browser:
    """A browser with a new log-in of this person; no password is hashed for it."""
    with open_session(engine) as session:
        token = start_login(session, user)
        with system(session):
            of_token = LoginSession.token_hash == token_hash(token)
            csrf = session.scalars(select(LoginSession.csrf).where(of_token)).one()
        session.commit()
    browser = Browser(site)
    browser.set_cookie(COOKIE, token)
    browser.csrf = csrf
    return browser


class Program(TestApp):  # type: ignore[misc]
    """Calls the API with a token, without cookies."""

    token = ""
    user: User

    def do_request(self, req: Any, *args: Any, **kw: Any) -> Any:
        if self.token and "Authorization" not in req.headers:
            req.headers["Authorization"] = f"Bearer {self.token}"
        return super().do_request(req, *args, **kw)


def program_of(site: Any, session: Session, user: User, *, scopes: Sequence[str] = ()) -> Program:
    """A program with a new token of this person in the session's organisation; the caller commits."""
    program = Program(site)
    program.token, program.user = make(session, user.id, "A test", scopes=scopes), user
    return program


def inline_parts(html: str) -> list[str]:
    """What a page holds that its policy forbids: scripts and styles written into it, and handlers in attributes."""
    reader = _Inline()
    reader.feed(html)
    reader.close()
    return reader.found


class _Inline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        for name, value in attrs:
            scripted = name.startswith("on") or (value or "").strip().lower().startswith("javascript:")
            if name == "style" or scripted:
                self.found.append(f'line {self.getpos()[0]}: <{tag} {name}="{value}">')

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style") and data.strip():
            self.found.append(f"line {self.getpos()[0]}: <{self._open}> with {data.strip()[:60]!r}")

    def handle_endtag(self, tag: str) -> None:
        self._open = ""
