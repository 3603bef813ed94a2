"""Keys with which clients who are not logged in come back. Only their hashes are kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from sqlalchemy import select

from parlour.db.base import now
from parlour.db.session import Session, insert_rows
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.plugins.bookings.models import Token


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def make_token(session: Session, visit_id: int) -> str:
    """A new key with which a client comes back to a visit; only its hash is kept."""
    token = secrets.token_urlsafe(24)
    row = {"token_hash": hash_of(token), "appointment_id": visit_id, "created_at": now()}
    insert_rows(session, Token, [row])
    return token


def visit_of_token(session: Session, token: str) -> int:
    """The visit that a token opens. Raises NotFound."""
    found = session.scalars(
        select(Token.appointment_id).where(Token.token_hash == hash_of(token))
    ).one_or_none()
    if found is None:
        raise NotFound(_("There is no such visit."))
    return found


def visits_of_tokens(session: Session, given: Sequence[str]) -> dict[str, int]:
    """The visits that tokens open, by token, each visit once; those that open nothing are left out."""
    hashes = {hash_of(token): token for token in given}
    rows = session.execute(select(Token.token_hash, Token.appointment_id).where(Token.token_hash.in_(hashes)))
    opened = {hashes[row.token_hash]: row.appointment_id for row in rows}
    first = {opened[token]: token for token in reversed(given) if token in opened}
    return {token: visit for visit, token in first.items()}
