"""A forgotten password: a link by mail that sets a new one, once, within an hour.

Whoever asks gets the same answer, as fast, whether the address is known or not: all that happens then is that a job is
written down. The job looks for the person, and only it ever has the token in plain.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from parlour.access import throttle
from parlour.access.links import living, token_hash
from parlour.access.models import PasswordReset, User
from parlour.access.users import email_key, set_password
from parlour.db.base import now
from parlour.db.session import Session, system
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.jobs.outbox import enqueue

LIFE = timedelta(hours=1)
JOB = "core.mail_reset"


def ask(session: Session, email: str, ip: str, locale: str) -> None:
    """Have a link sent to the person with this address, if there is one. Raises throttle.Throttled.

    `locale` is the language of a person who has chosen none.
    """
    key = email_key(email)[:254]
    throttle.reserve(session, [(throttle.RESET_ADDRESS, ip), (throttle.RESET_ACCOUNT, key)])
    enqueue(session, JOB, {"email": key, "locale": locale})


def make(session: Session, email: str) -> tuple[User, str] | None:
    """The person with this address and a new token for them, whose predecessors work no more; None for nobody."""
    with system(session):
        user = session.scalars(
            select(User).where(User.email_key == email_key(email), User.active)
        ).one_or_none()
        if user is None:
            return None
        token = secrets.token_urlsafe(32)
        session.execute(delete(PasswordReset).where(PasswordReset.user_id == user.id))
        session.add(PasswordReset(user_id=user.id, token_hash=token_hash(token), expires_at=now() + LIFE))
    return user, token


def person_of(session: Session, token: str, at: datetime | None = None) -> User:
    """Whose password the token sets. Raises NotFound for one that is used, expired or made up."""
    with system(session):
        user = session.scalars(
            select(User)
            .join(PasswordReset, PasswordReset.user_id == User.id)
            .where(living(PasswordReset, token, at or now(), LIFE), User.active)
        ).one_or_none()
    if user is None:
        raise _gone()
    return user


def use(session: Session, token: str, password: str, at: datetime | None = None) -> User:
    """Set the password and end all log-ins of the person. Raises NotFound, and Invalid for a weak password.

    The token is taken by the statement that deletes it: of two requests at the same instant one finds it.
    """
    with system(session):
        taken = session.scalars(
            delete(PasswordReset)
            .where(living(PasswordReset, token, at or now(), LIFE))
            .returning(PasswordReset.user_id)
        ).one_or_none()
        user = session.get(User, taken) if taken is not None else None
    if user is None or not user.active:
        raise _gone()
    set_password(session, user.id, password)
    return user


def forget(session: Session, user_id: int) -> None:
    """Make links that were sent work no more: the password is another one by now."""
    with system(session):
        session.execute(delete(PasswordReset).where(PasswordReset.user_id == user_id))


def prune(session: Session, at: datetime | None = None) -> None:
    with system(session):
        session.execute(delete(PasswordReset).where(PasswordReset.expires_at <= (at or now())))


def _gone() -> NotFound:
    return NotFound(_("This link has been used, or it is older than an hour. Ask for a new one."))
