"""Keys with which clients who are not logged in come back. Only their hashes are kept."""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import select

from parlour.db.session import Session
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.plugins.bookings.models import Token


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def make_token(session: Session, visit_id: int) -> str:
    """A new key with which a client comes back to a visit; only its hash is kept."""
    token = secrets.token_urlsafe(24)
    session.add(Token(token_hash=hash_of(token), appointment_id=visit_id))
    session.flush()
    return token


def visit_of_token(session: Session, token: str) -> int:
    """The visit that a token opens. Raises NotFound."""
    found = session.scalars(
        select(Token.appointment_id).where(Token.token_hash == hash_of(token))
    ).one_or_none()
    if found is None:
        raise NotFound(_("There is no such visit."))
    return found
