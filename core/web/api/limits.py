"""How often somebody may call the API: so many calls a minute for each token, twice that for each address.

Each process counts in its memory and, once a second while there are calls, adds what it counted to the one table of
limits and learns what the others have counted. A call therefore costs no statement, on SQLite no write lock, and several
processes share a limit all the same; they may pass it by what they answer within one second.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any

import structlog
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import Engine, case
from sqlalchemy.exc import SQLAlchemyError

from parlour.access import tokens
from parlour.access.models import Throttle
from parlour.db.base import now
from parlour.db.engine import insert_of
from parlour.db.session import Session, open_session, system
from parlour.i18n import _
from parlour.web.api.caller import Caller
from parlour.web.api.problems import ApiProblem

# Seconds.
WINDOW = 60
EVERY = 1.0
# What a call with a wrong token counts for its address.
WRONG = 20
# Rows that one statement writes.
CHUNK = 200
_CALLS = "parlour.api_calls"
_TOLD = "parlour.api_limit"
log = structlog.get_logger(__name__)


@dataclass
class Tally:
    """Calls of one key within one window. `stored` is what all processes had written when this one last looked."""

    window: int
    stored: int = 0
    fresh: int = 0


class Calls:
    """What this process has counted and not yet written."""

    def __init__(self, engine: Engine):
        self.engine = engine
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._tallies: dict[str, Tally] = {}
        self._used: dict[int, datetime] = {}
        self._timer: threading.Timer | None = None

    def count(self, key: str, limit: int, at: float) -> int:
        """Count a call and return how many are left, less than 0 when this one is too much (and was not counted)."""
        with self._lock:
            tally = self._tally(key, at)
            left = limit - tally.stored - tally.fresh - 1
            if left >= 0:
                tally.fresh += 1
                self._flush_soon()
            return left

    def charge(self, key: str, cost: int, at: float) -> None:
        """Count some more, whether they are left or not."""
        with self._lock:
            self._tally(key, at).fresh += cost
            self._flush_soon()

    def _tally(self, key: str, at: float) -> Tally:
        window = int(at // WINDOW)
        tally = self._tallies.get(key)
        if tally is None or tally.window != window:
            tally = self._tallies[key] = Tally(window)
        return tally

    def used(self, token_id: int, at: datetime) -> None:
        """Note that a token is in use."""
        with self._lock:
            self._used[token_id] = at
            self._flush_soon()

    def _flush_soon(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(EVERY, self._flush_now)
            self._timer.daemon = True
            self._timer.start()

    def _flush_now(self) -> None:
        with self._lock:
            self._timer = None
        try:
            self.flush()
        except SQLAlchemyError:
            # What was counted is kept and goes along with the next time.
            log.warning("api_calls_not_stored", exc_info=True)

    def flush(self) -> None:
        """Write what was counted and read what the others have counted."""
        with self._flushing:
            window = int(time.time() // WINDOW)
            with self._lock:
                self._tallies = {key: one for key, one in self._tallies.items() if one.window >= window}
                new = {key: (one.window, one.fresh) for key, one in self._tallies.items() if one.fresh}
                used, self._used = self._used, {}
            if not new and not used:
                return
            try:
                counts = self._store(new, used)
            except SQLAlchemyError:
                with self._lock:
                    self._used = used | self._used
                raise
            with self._lock:
                for key, (at, fresh) in new.items():
                    tally = self._tallies.get(key)
                    if tally is not None and tally.window == at:
                        tally.fresh -= fresh
                        tally.stored = counts[key]

    def _store(self, new: dict[str, tuple[int, int]], used: dict[int, datetime]) -> dict[str, int]:
        counts: dict[str, int] = {}
        keys = sorted(new)
        with open_session(self.engine) as session, system(session):
            # Rows are locked in one order, so that two processes never wait for each other in a circle.
            for start in range(0, len(keys), CHUNK):
                counts |= _add(session, {key: new[key] for key in keys[start : start + CHUNK]})
            tokens.note_used(session, used)
            session.commit()
        return counts

    def close(self) -> None:
        """Stop; what was not written is forgotten."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._tallies.clear()
            self._used.clear()
        with self._flushing:  # one that is under way ends first
            pass


def _add(session: Session, new: dict[str, tuple[int, int]]) -> dict[str, int]:
    """Add to the rows of these keys, beginning anew where a window has passed; returns what stands there now."""
    insert = insert_of(session.get_bind().dialect.name)
    rows = [
        {
            "key": key,
            "count": count,
            "last_at": datetime.fromtimestamp(window * WINDOW, UTC),
            "until": datetime.fromtimestamp((window + 1) * WINDOW, UTC),
        }
        for key, (window, count) in new.items()
    ]
    statement = insert(Throttle).values(rows)
    given = statement.excluded
    counted = case(
        (Throttle.last_at < given.last_at, given.count),
        (Throttle.last_at > given.last_at, Throttle.count),
        else_=Throttle.count + given.count,
    )
    later = Throttle.last_at < given.last_at
    statement = statement.on_conflict_do_update(
        index_elements=[Throttle.key],
        set_={
            "count": counted,
            "last_at": case((later, given.last_at), else_=Throttle.last_at),
            "until": case((later, given.until), else_=Throttle.until),
        },
    ).returning(Throttle.key, Throttle.count)
    return {key: count for key, count in session.execute(statement)}


def calls_of(registry: Any) -> Calls:
    """The counter of this process for the site's database."""
    engine = registry["parlour.engine"]
    found = registry.get(_CALLS)
    if found is None or found.engine is not engine:
        if found is not None:
            found.close()
        found = registry[_CALLS] = Calls(engine)
    assert isinstance(found, Calls)
    return found


def count_address(request: Request) -> None:
    """Count a call of an address. Raises ApiProblem 429."""
    limit = 2 * request.settings.api_calls
    if limit:
        _count(request, _address(request), limit)


def charge_address(request: Request) -> None:
    """Let a call with a wrong token count for more: whoever tries many is soon sent away."""
    if request.settings.api_calls:
        calls_of(request.registry).charge(_address(request), WRONG, time.time())


def _address(request: Request) -> str:
    return f"api:address:{hashlib.sha256(request.address.encode()).hexdigest()}"


def count_token(request: Request, caller: Caller) -> None:
    """Count a call of a token, and tell the caller how many are left. Raises ApiProblem 429."""
    limit = request.settings.api_calls
    if limit:
        _count(request, f"api:token:{caller.token_id}", limit)
    at = now()
    if caller.used_at is None or (at - caller.used_at).total_seconds() > WINDOW:
        calls_of(request.registry).used(caller.token_id, at)


def _count(request: Request, key: str, limit: int) -> None:
    at = time.time()
    left = calls_of(request.registry).count(key, limit, at)
    reset = max(1, ceil(WINDOW - at % WINDOW))
    if _TOLD not in vars(request):
        request.add_response_callback(_tell)
    # The limit of the token comes after that of the address and is the one that is told.
    vars(request)[_TOLD] = {
        "RateLimit-Limit": str(limit),
        "RateLimit-Remaining": str(max(left, 0)),
        "RateLimit-Reset": str(reset),
    }
    if left < 0:
        raise ApiProblem(
            _(
                "Too many calls: ${n} a minute are let through. Try again in ${seconds} s.",
                mapping={"n": limit, "seconds": reset},
            ),
            status=429,
            headers={"Retry-After": str(reset)},
        )


def _tell(request: Request, response: Response) -> None:
    response.headers.update(vars(request)[_TOLD])
