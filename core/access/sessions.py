"""Log-ins, kept on the server: the browser holds a random token, the database its hash.

A log-in ends by age and by idleness (at the latest after `ABSOLUTE` and `IDLE`; organisations may want less, see `security`),
by logging out here or everywhere, with a new password, and when the person is switched off. A new log-in never takes over an
old token.

What is guaranteed when the clock jumps. No log-in lives longer than its age allows by the clock that runs: one that was begun
by a clock that was ahead, by more than `SKEW`, is refused until that time has come. One that was found to have ended is
deleted, so a clock that is set back brings none to life. Use that was noted by a clock that was ahead is noted anew, and until
then the age still holds. What a wrong clock did not end goes on when the clock is right again: nobody is thrown out for good by
a clock that was behind.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update

from parlour.access.links import token_hash
from parlour.access.models import LoginSession, User
from parlour.db.base import Moment, now
from parlour.db.session import Session, system

# The longest that any log-in lives, and lives unused.
ABSOLUTE = timedelta(days=30)
IDLE = timedelta(days=7)
# `seen_at` is written at most this often, or every page view would be a write; oftener where little idleness is allowed.
SEEN_EVERY = timedelta(minutes=5)
# Clocks that are corrected by less than this trouble nobody.
SKEW = timedelta(hours=1)
# Characters of a hash that name a log-in on a page.
MARK = 20


def start_login(
    session: Session, user: User, *, ip: str = "", agent: str = "", old: str | None = None
) -> str:
    """A new log-in and its token, which is shown to nobody but this browser. The log-in of the token `old` ends, and where an
    organisation of theirs wants it, all others do.
    """
    from parlour.access.security import strictest

    if old:
        end_login(session, old)
    demand = strictest(session, user.id)
    if demand.exclusive:
        with system(session):
            # Of two log-ins at the same instant the second must find the first.
            session.scalars(select(User.id).where(User.id == user.id).with_for_update()).one()
        end_all(session, user.id)
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
                expires_at=at + min(ABSOLUTE, demand.life_of),
                idle=min(int(IDLE.total_seconds()), demand.idle * 60),
                ip=ip[:45],
                agent=agent[:300],
                branches={},
            )
        )
    return token


def is_over(login: LoginSession, at: datetime) -> bool:
    """Whether the log-in has ended by age or idleness."""
    return login.expires_at <= at or login.seen_at + timedelta(seconds=login.idle) <= at


def is_ahead(login: LoginSession, at: datetime) -> bool:
    """Whether the log-in was begun by a clock that was ahead of this one."""
    return login.created_at > at + SKEW


def login_of_token(
    session: Session, token: str, at: datetime | None = None
) -> tuple[LoginSession, User] | None:
    """The living log-in of a token and its person, or None."""
    at = at or now()
    found = _find(session, token)
    if found is None or is_over(found[0], at) or is_ahead(found[0], at):
        return None
    return found


def has_ended(session: Session, token: str, at: datetime | None = None) -> bool:
    """Whether this is the token of a log-in that has ended by itself, and that is to be deleted therefore."""
    found = _find(session, token)
    return found is not None and is_over(found[0], at or now())


def _find(session: Session, token: str) -> tuple[LoginSession, User] | None:
    with system(session):
        found = session.execute(
            select(LoginSession, User)
            .join(User, User.id == LoginSession.user_id)
            .where(LoginSession.token_hash == token_hash(token), User.active)
        ).one_or_none()
    return (found[0], found[1]) if found else None


def user_of_token(session: Session, token: str) -> User | None:
    """The person whose living log-in this is, or None."""
    found = login_of_token(session, token)
    return found[1] if found else None


def seen_every(login: LoginSession) -> timedelta:
    """How often the use of this log-in is noted."""
    return min(SEEN_EVERY, timedelta(seconds=login.idle // 10))


def seen(session: Session, login: LoginSession, at: datetime | None = None) -> None:
    """Note that the log-in is in use. For a session of its own, after the response has gone out."""
    at = at or now()
    with system(session):
        session.execute(
            update(LoginSession)
            .where(
                LoginSession.token_hash == login.token_hash,
                or_(LoginSession.seen_at < at, LoginSession.seen_at > at + SEEN_EVERY),
            )
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


def end_one(session: Session, user_id: int, mark: str) -> bool:
    """End the log-in of this person whose hash begins with `mark`, as `logins_of` shows it; False when there is none."""
    with system(session):
        mine = session.scalars(select(LoginSession).where(LoginSession.user_id == user_id)).all()
        found = [login for login in mine if len(mark) >= MARK and login.token_hash.startswith(mark)]
        for login in found:
            session.delete(login)
    return bool(found)


def mark_of(login: LoginSession) -> str:
    """What a page calls a log-in by."""
    return login.token_hash[:MARK]


def logins_of(session: Session, user_id: int) -> list[LoginSession]:
    """The living log-ins of a person, latest use first."""
    at = now()
    with system(session):
        found = session.scalars(
            select(LoginSession)
            .where(LoginSession.user_id == user_id)
            .order_by(LoginSession.seen_at.desc(), LoginSession.token_hash)
        ).all()
    return [login for login in found if not is_over(login, at) and not is_ahead(login, at)]


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
