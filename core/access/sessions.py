"""Log-ins, kept on the server: the browser holds a random token, the database its hash.

A log-in ends after `ABSOLUTE`, after `IDLE` without a request, by logging out here or everywhere, with a new
password, and when the person is switched off. A new log-in never takes over an old token.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from parlour.access.models import LoginSession, User
from parlour.db.base import Moment, now
from parlour.db.session import Session, system

ABSOLUTE = timedelta(days=30)
IDLE = timedelta(days=7)
# `seen_at` is written at most this often, or every page view would be a write.
SEEN_EVERY = timedelta(minutes=5)


def token_hash(token: str) -> str:
    """A random token of 32 bytes needs no slow hash: there is nothing to guess."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def start_login(
    session: Session, user: User, *, ip: str = "", agent: str = "", old: str | None = None
) -> str:
    """A new log-in and its token, which is shown to nobody but this browser. The log-in of the token `old`
    ends.
    """
    if old:
        end_login(session, old)
    token = secrets.token_urlsafe(32)
    at = now()
    with system(session):
        session.add(
            LoginSession(
                token_hash=token_hash(token),
                user_id=user.id,
                csrf=secrets.token_urlsafe(32),
                created_at=at,
                seen_at=at,
                expires_at=at + ABSOLUTE,
                ip=ip[:45],
                agent=agent[:300],
                branches={},
            )
        )
    return token


def login_of_token(
    session: Session, token: str, at: datetime | None = None
) -> tuple[LoginSession, User] | None:
    """The living log-in of a token and its person, or None."""
    at = at or now()
    with system(session):
        found = session.execute(
            select(LoginSession, User)
            .join(User, User.id == LoginSession.user_id)
            .where(
                LoginSession.token_hash == token_hash(token),
                LoginSession.expires_at > at,
                LoginSession.seen_at > at - IDLE,
                User.active,
            )
        ).one_or_none()
    return (found[0], found[1]) if found else None


def user_of_token(session: Session, token: str) -> User | None:
    """The person whose living log-in this is, or None."""
    found = login_of_token(session, token)
    return found[1] if found else None


def seen(session: Session, login: LoginSession, at: datetime | None = None) -> None:
    """Note that the log-in is in use. For a session of its own, after the response has gone out."""
    at = at or now()
    with system(session):
        session.execute(
            update(LoginSession)
            .where(LoginSession.token_hash == login.token_hash, LoginSession.seen_at < at)
            .values(seen_at=at)
            .execution_options(synchronize_session=False)
        )


def choose_branch(session: Session, login: LoginSession, organisation_id: int, branch_id: int | None) -> None:
    """Remember which branch this browser works in; the caller has checked that the person may."""
    with system(session):
        row = session.get_one(LoginSession, login.token_hash)
        chosen = {key: value for key, value in row.branches.items() if key != str(organisation_id)}
        if branch_id is not None:
            chosen[str(organisation_id)] = branch_id
        row.branches = chosen


def end_login(session: Session, token: str) -> None:
    """Log out here."""
    with system(session):
        session.execute(delete(LoginSession).where(LoginSession.token_hash == token_hash(token)))


def end_all(session: Session, user_id: int, *, keep: str | None = None) -> int:
    """Log out everywhere, except where the token `keep` is; returns how many log-ins ended."""
    kept = token_hash(keep) if keep else ""
    with system(session):
        gone = session.scalars(
            delete(LoginSession)
            .where(LoginSession.user_id == user_id, LoginSession.token_hash != kept)
            .returning(LoginSession.token_hash)
        ).all()
    return len(gone)


def logins_of(session: Session, user_id: int) -> list[LoginSession]:
    """The living log-ins of a person, latest use first."""
    at = now()
    with system(session):
        return list(
            session.scalars(
                select(LoginSession)
                .where(
                    LoginSession.user_id == user_id,
                    LoginSession.expires_at > at,
                    LoginSession.seen_at > at - IDLE,
                )
                .order_by(LoginSession.seen_at.desc())
            )
        )


def last_seen(session: Session, user_ids: Sequence[int]) -> dict[int, datetime]:
    """When each of these people was last here, as far as their living log-ins know."""
    with system(session):
        rows = session.execute(
            select(LoginSession.user_id, func.max(LoginSession.seen_at, type_=Moment))
            .where(LoginSession.user_id.in_(user_ids))
            .group_by(LoginSession.user_id)
        )
        return {user_id: at for user_id, at in rows}


def prune(session: Session, at: datetime | None = None) -> int:
    """Remove log-ins that have ended by themselves; returns how many."""
    at = at or now()
    with system(session):
        gone = session.scalars(
            delete(LoginSession)
            .where((LoginSession.expires_at <= at) | (LoginSession.seen_at <= at - IDLE))
            .returning(LoginSession.token_hash)
        ).all()
    return len(gone)
