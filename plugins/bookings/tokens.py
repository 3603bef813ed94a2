"""Keys with which clients who are not logged in come back: to a visit, to an entry of the waiting list. Only hashes are kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select

from parlour.db.base import now
from parlour.db.session import Session, insert_rows
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.plugins.bookings.models import Appointment, Token, Waiting, WaitingToken

# So long after a visit its client can look it up and book the same again.
KEPT = timedelta(days=400)


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def make_token(session: Session, visit_id: int) -> str:
    """A new key with which a client comes back to a visit."""
    return make_tokens(session, [visit_id])[0]


def make_tokens(session: Session, visit_ids: Sequence[int]) -> list[str]:
    """A new key for each of these visits."""
    return _made(session, Token, [{"appointment_id": one} for one in visit_ids])


def make_waiting_token(session: Session, waiting_id: int) -> str:
    """A new key with which somebody who waits comes back to their entry."""
    return make_waiting_tokens(session, [waiting_id])[0]


def make_waiting_tokens(session: Session, waiting_ids: Sequence[int]) -> list[str]:
    """A new key for each of these entries."""
    return _made(session, WaitingToken, [{"waiting_id": one} for one in waiting_ids])


def _made(session: Session, cls: Any, of: Sequence[dict[str, int]]) -> list[str]:
    made = [secrets.token_urlsafe(24) for _one in of]
    rows = [
        {"token_hash": hash_of(token), "created_at": now(), **one}
        for token, one in zip(made, of, strict=True)
    ]
    insert_rows(session, cls, rows)
    return made


def visit_of_token(session: Session, token: str) -> int:
    """The visit that a token opens. Raises NotFound."""
    found = visits_of_tokens(session, [token])
    if not found:
        raise NotFound(_("There is no such visit."))
    return found[token]


def waiting_of_token(session: Session, token: str) -> int:
    """The entry of the waiting list that a token opens. Raises NotFound."""
    found = waiting_of_tokens(session, [token])
    if not found:
        raise NotFound(_("There is no such entry on the waiting list."))
    return found[token]


def visits_of_tokens(session: Session, given: Sequence[str]) -> dict[str, int]:
    """The visits that tokens open, by token, each visit once; those that open nothing are left out."""
    hashes = {hash_of(token): token for token in given}
    opens = select(Token.token_hash, Token.appointment_id).where(Token.token_hash.in_(hashes))
    return _opened(given, hashes, session.execute(opens))


def waiting_of_tokens(session: Session, given: Sequence[str]) -> dict[str, int]:
    """The entries of the waiting list that tokens open, as `visits_of_tokens`."""
    hashes = {hash_of(token): token for token in given}
    opens = select(WaitingToken.token_hash, WaitingToken.waiting_id)
    return _opened(given, hashes, session.execute(opens.where(WaitingToken.token_hash.in_(hashes))))


def _opened(given: Sequence[str], tokens: dict[str, str], rows: Iterable[Any]) -> dict[str, int]:
    opened = {tokens[hashed]: row_id for hashed, row_id in rows}
    first = {opened[token]: token for token in reversed(given) if token in opened}
    return {token: row_id for row_id, token in first.items()}


def forget(session: Session, visit_ids: Sequence[int]) -> None:
    """Let the keys of these visits open nothing any more."""
    session.execute(
        delete(Token).where(Token.appointment_id.in_(visit_ids)),
        execution_options={"synchronize_session": False},
    )


def prune(session: Session) -> int:
    """Remove the keys of what is long over; returns how many."""
    before = now() - KEPT
    visits = select(Appointment.id).where(Appointment.ends < before)
    entries = select(Waiting.id).where(Waiting.until < before.date())
    gone = 0
    for statement in (
        delete(Token).where(Token.appointment_id.in_(visits)),
        delete(WaitingToken).where(WaitingToken.waiting_id.in_(entries)),
    ):
        done: Any = session.execute(statement, execution_options={"synchronize_session": False})
        gone += int(done.rowcount)
    return gone
