"""How often something may be tried, counted in the database so that every process and worker counts together.

Each attempt is reserved by one statement, an upsert that both asks and counts: two attempts at the same
instant cannot both see the old count. Attempts that are refused are not counted, so that nobody pushes the
moment away from somebody else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, delete, literal, select, update

from parlour.access.models import Throttle
from parlour.db.base import Moment, now
from parlour.db.engine import insert_of
from parlour.db.session import Session, system
from parlour.errors import Refusal
from parlour.i18n import _


@dataclass(frozen=True)
class Limit:
    """`free` attempts pass; each one after that doubles the wait for the next, from `first` to `longest`.

    After `memory` without an attempt the count starts anew.
    """

    name: str
    free: int
    first: timedelta
    longest: timedelta
    memory: timedelta

    def delay(self, count: int) -> timedelta:
        """How long the next attempt has to wait after this many."""
        if count < self.free:
            return timedelta(0)
        doublings = min(count - self.free, 40)
        return min(self.first * (1 << doublings), self.longest)

    def steps(self) -> dict[int, timedelta]:
        """The delay by count, up to the first that is the longest."""
        found: dict[int, timedelta] = {}
        count = 0
        while not found or found[count] < self.longest:
            count += 1
            found[count] = self.delay(count)
        return found

    def key(self, subject: str) -> str:
        """Hashed: a table of who failed to log in is nobody's business, and a key may be of any length."""
        return f"{self.name}:{hashlib.sha256(subject.encode()).hexdigest()}"


LOGIN_ACCOUNT = Limit("login:user", 5, timedelta(seconds=15), timedelta(minutes=15), timedelta(hours=24))
# A salon's people share one address, so it is allowed more.
LOGIN_ADDRESS = Limit("login:ip", 40, timedelta(seconds=5), timedelta(minutes=15), timedelta(hours=1))
# Each attempt may send a letter, so nobody's mailbox is filled by somebody else.
RESET_ACCOUNT = Limit("reset:user", 3, timedelta(minutes=2), timedelta(hours=2), timedelta(hours=24))
RESET_ADDRESS = Limit("reset:ip", 20, timedelta(seconds=30), timedelta(hours=1), timedelta(hours=24))
# Codes of the second factor have six digits, of which three are right at any time.
CODE_ACCOUNT = Limit("login:code", 5, timedelta(seconds=30), timedelta(minutes=15), timedelta(hours=24))
# The password asked for again, of somebody who is logged in.
CONFIRM_ACCOUNT = Limit("confirm:user", 5, timedelta(seconds=15), timedelta(minutes=15), timedelta(hours=24))
INVITE_ADDRESS = Limit("invite:user", 3, timedelta(minutes=5), timedelta(hours=4), timedelta(hours=24))
LONGEST_MEMORY = timedelta(hours=24)


class Throttled(Refusal):
    """Too many attempts; `until` (UTC) is when the next one is let through."""

    def __init__(self, until: datetime, at: datetime):
        self.until = until
        self.wait = max(1, -int(-(until - at).total_seconds() // 1))
        if self.wait < 90:
            message = _("Too many attempts. Try again in ${seconds} s.", mapping={"seconds": self.wait})
        else:
            message = _(
                "Too many attempts. Try again in ${minutes} min.", mapping={"minutes": -(-self.wait // 60)}
            )
        super().__init__(message)


def reserve(session: Session, limits: Sequence[tuple[Limit, str]], at: datetime | None = None) -> None:
    """Count one attempt against every limit, or none at all and raise Throttled.

    Callers name the limits in one order (the address before the account): rows are locked in that order.
    """
    at = at or now()
    refused: list[datetime] = []
    with system(session), session.begin_nested() as attempt:
        for limit, subject in limits:
            if session.execute(_upsert(session, limit, limit.key(subject), at)).first() is None:
                key = limit.key(subject)
                refused.append(session.scalars(select(Throttle.until).where(Throttle.key == key)).one())
        if refused:
            attempt.rollback()
    if refused:
        raise Throttled(max(refused), at)


def _upsert(session: Session, limit: Limit, key: str, at: datetime) -> Any:
    """Insert with count 1, or count on where the wait is over; returns no row where it is not."""
    insert = insert_of(session.get_bind().dialect.name)
    moment: ColumnElement[datetime] = literal(at, Moment())
    counted = case((Throttle.last_at < at - limit.memory, 1), else_=Throttle.count + 1)
    steps = limit.steps()
    until = case(
        *((counted == count, literal(at + delay, Moment())) for count, delay in steps.items()),
        else_=literal(at + limit.longest, Moment()),
    )
    return (
        insert(Throttle)
        .values(key=key, count=1, last_at=moment, until=at + limit.delay(1))
        .on_conflict_do_update(
            index_elements=[Throttle.key],
            set_={"count": counted, "last_at": moment, "until": until},
            where=Throttle.until <= moment,
        )
        .returning(Throttle.count)
    )


def clear(session: Session, limits: Sequence[tuple[Limit, str]]) -> None:
    """Forget all attempts: it was the right person."""
    with system(session):
        session.execute(
            delete(Throttle).where(Throttle.key.in_([limit.key(subject) for limit, subject in limits]))
        )


def forgive(session: Session, limits: Sequence[tuple[Limit, str]], at: datetime | None = None) -> None:
    """Take one attempt back. An address keeps its other ones: an attacker may own a working account."""
    at = at or now()
    with system(session):
        for limit, subject in limits:
            session.execute(
                update(Throttle)
                .where(Throttle.key == limit.key(subject), Throttle.count > 0)
                .values(count=Throttle.count - 1, until=at)
                .execution_options(synchronize_session=False)
            )


def prune(session: Session, at: datetime | None = None) -> None:
    """Remove rows that no longer delay anybody and that no limit remembers."""
    oldest = (at or now()) - LONGEST_MEMORY
    with system(session):
        session.execute(
            delete(Throttle).where(Throttle.last_at < oldest, Throttle.until < oldest),
            execution_options={"synchronize_session": False},
        )
