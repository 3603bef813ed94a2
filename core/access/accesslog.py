"""The log of access: who looked at personal data, which data left, and who changed what protects them.

Pages are read in transactions that cannot write, so their lines are written a quarter of a second after the response has gone
out, in one transaction for all responses of that time. A line that cannot be written now (the database is busy) waits
in memory for the next one; it never costs anybody their page. An export is different:
its line is written first, under a lock, because a day's limit is counted by these lines.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import INGRESS
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.exc import DBAPIError, OperationalError

from parlour.access.models import AccessLog, Role, Rule, User
from parlour.db.base import now
from parlour.db.session import Scope, Session, insert_rows, open_session
from parlour.errors import Refusal
from parlour.i18n import _

if TYPE_CHECKING:
    from parlour.records.registry import RecordType

# Data that left.
EXPORT = "export"
FILE = "file"
PERSON = "person"
# Personal data that somebody looked at.
CARD = "card"
LIST = "list"
API = "api"
# Changes of what protects them.
ROLE = "role"
PROTECTION = "protection"
VIEWING = "viewing"
# An owner reset somebody's second factor.
FACTOR = "factor"
LEFT, READS, CHANGES = (EXPORT, FILE, PERSON), (CARD, LIST, API), (ROLE, PROTECTION, VIEWING, FACTOR)

KEPT = timedelta(days=3 * 365)
# Of these there are hundreds a day.
READS_KEPT = timedelta(days=365)
WAITING = 10_000
PAUSE = 0.25
_WAITING = "parlour.access_log"
log = structlog.get_logger(__name__)


def includeme(config: Configurator) -> None:
    config.registry[_WAITING] = Waiting()
    config.add_tween("parlour.access.accesslog.tween", under=INGRESS)


def note(
    session: Session,
    what: str,
    record: str,
    rows: int,
    *,
    fields: Sequence[str] | None = None,
    detail: dict[str, Any] | None = None,
    ip: str = "",
) -> None:
    """Write one line in the caller's transaction. `what` is one of the words above; `record` is the record's name."""
    session.add(
        AccessLog(
            what=what,
            record=record,
            row_count=rows,
            fields=list(fields) if fields is not None else None,
            detail=detail,
            user_id=session.scope.user_id,
            ip=ip[:45],
        )
    )
    session.flush()


def note_after(
    request: Request,
    what: str,
    record: str,
    rows: int,
    *,
    row_id: int | None = None,
    fields: Sequence[str] | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """As `note`, once the response of this request has gone out; also when the browser hung up.

    The line names who is logged in, also while they look at the site as somebody else.
    """
    scope = request.db.scope
    user_id, detail = _signed(scope, request.user, detail)
    line = {
        "what": what,
        "record": record,
        "row_id": row_id,
        "row_count": rows,
        "fields": list(fields) if fields is not None else None,
        "detail": detail,
        "user_id": user_id,
        "at": now(),
        "ip": request.address[:45],
    }
    if what in LEFT:
        log.info("data_left", what=what, record=record, rows=rows, user=user_id)
    vars(request).setdefault(_WAITING, []).append((scope.organisation_id, line))


def _signed(scope: Scope, by: User | None, detail: Any) -> tuple[int | None, Any]:
    """Whom a line names, and its detail: `by` is who is logged in, perhaps looking at the site as the scope's person."""
    if by is None or by.id == scope.user_id:
        return scope.user_id, detail
    return by.id, {**(detail or {}), "as": scope.user_id}


Line = tuple[int, dict[str, Any]]


class Waiting:
    """Lines of this process that are not written yet, with their organisations."""

    def __init__(self) -> None:
        self.lines: deque[Line] = deque(maxlen=WAITING)
        # Seconds for which lines wait for others, so that one transaction writes what many responses have to say.
        self.pause = PAUSE
        self._one_at_a_time = threading.Lock()
        self._timer: threading.Timer | None = None

    def add(self, engine: Engine, lines: Sequence[Line]) -> None:
        """Write these lines soon."""
        self.lines.extend(lines)
        if not self.pause:
            self.write(engine)
        elif self._timer is None:
            self._timer = threading.Timer(self.pause, self._write_now, (engine,))
            self._timer.daemon = True
            self._timer.start()

    def _write_now(self, engine: Engine) -> None:
        # Before the writing: what comes during it needs a timer of its own.
        self._timer = None
        self.write(engine)

    def write(self, engine: Engine, lines: Sequence[Line] = ()) -> None:
        """Write these lines and all that wait. While another thread writes, it takes them along."""
        self.lines.extend(lines)
        while self.lines and self._one_at_a_time.acquire(blocking=False):
            try:
                busy = self._write_all(engine)
            finally:
                self._one_at_a_time.release()
            if busy:
                return

    def _write_all(self, engine: Engine) -> bool:
        """Write what waits, each organisation by itself; whether some of it has to wait longer."""
        batches: dict[int, list[dict[str, Any]]] = {}
        while self.lines:
            organisation_id, line = self.lines.popleft()
            batches.setdefault(organisation_id, []).append(line)
        busy: list[Line] = []
        for organisation_id, rows in batches.items():
            try:
                _insert(engine, organisation_id, rows)
            except OperationalError:
                # Busy or away: the next response tries again.
                log.warning("access_log_waits", lines=len(rows), exc_info=True)
                busy += [(organisation_id, row) for row in rows]
            except DBAPIError:
                log.error("access_log_lost", lines=rows, exc_info=True)
        self.lines.extendleft(reversed(busy))
        return bool(busy)


def write_all(registry: Any) -> None:
    """Write what a process that ends would take along."""
    registry[_WAITING].write(registry["parlour.engine"])


def _insert(engine: Engine, organisation_id: int, rows: Sequence[dict[str, Any]]) -> None:
    with open_session(engine, Scope(organisation_id, trusted=True)) as session:
        insert_rows(session, AccessLog, rows)
        session.commit()


def tween(handler: Callable[[Request], Response], registry: Any) -> Callable[[Request], Response]:
    """Write a request's lines when its response is closed, which servers do when all of it has gone out."""

    def handle(request: Request) -> Response:
        response = handler(request)
        lines = vars(request).get(_WAITING)
        # On an error page nothing of it was shown; 412 is the one that says what the record is now.
        if lines and (response.status_code < 400 or response.status_code == 412):
            length = response.content_length
            response.app_iter = _Then(
                response.app_iter, lambda: registry[_WAITING].add(registry["parlour.engine"], lines)
            )
            response.content_length = length
        return response

    return handle


@dataclass
class _Then:
    """A response's body, and what is done when it is closed."""

    body: Any
    then: Callable[[], None]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.body)

    def close(self) -> None:
        try:
            if hasattr(self.body, "close"):
                self.body.close()
        finally:
            self.then()


# ---- exports


def log_export(
    engine: Engine,
    session: Session,
    record: RecordType,
    rows: int,
    *,
    fields: Sequence[str],
    detail: dict[str, Any],
    by: User | None = None,
    ip: str = "",
) -> None:
    """Write down an export before it is handed over, in a transaction of its own, and refuse one that is too large.

    Raises Refusal above the largest limit that the person's roles have for one export or for a day (midnight to
    midnight of the organisation). Two exports at the same moment are counted one after the other. `by` is who is
    logged in, where that may be somebody who looks at the site as the session's person.
    """
    from parlour.access.roles import lock_organisation
    from parlour.records.defaults import defaults_of

    most, most_day = export_limits(session, record)
    if most is not None and rows > most:
        raise Refusal(
            _(
                "You may export at most ${n} rows at once and this would be ${rows}. Narrow the list with a filter.",
                mapping={"n": most, "rows": rows},
            )
        )
    midnight = defaults_of(session).midnight()
    scope = session.scope
    user_id, detail = _signed(scope, by, detail)
    with open_session(engine, Scope(scope.organisation_id, user_id, trusted=True)) as writing:
        if most_day is not None:
            lock_organisation(writing)
            today = exported_since(writing, user_id, midnight)
            if today + rows > most_day:
                raise Refusal(
                    _(
                        "You may export at most ${n} rows a day; ${left} are left today, this would be ${rows}.",
                        mapping={"n": most_day, "left": max(most_day - today, 0), "rows": rows},
                    )
                )
        note(writing, EXPORT, record.name, rows, fields=fields, detail=detail, ip=ip)
        writing.commit()
    log.info("data_left", what=EXPORT, record=record.name, rows=rows, user=user_id)


def export_limits(session: Session, record: RecordType) -> tuple[int | None, int | None]:
    """How many rows of a record the person may export at once and within a day; None is any number.

    Of several roles that let them export it the most generous one counts.
    """
    from parlour.access.rules import PERMISSION, is_owner

    if is_owner(session):
        return None, None
    found = session.execute(
        select(Role.export_rows, Role.export_rows_day)
        .join(Rule, Rule.role_id == Role.id)
        .where(
            Role.id.in_(session.scope.role_ids),
            Rule.active,
            Rule.kind == PERMISSION,
            Rule.permission == record.permission("export"),
        )
        .distinct()
    ).all()
    return most_generous([row[0] for row in found]), most_generous([row[1] for row in found])


def most_generous(numbers: Sequence[int | None]) -> int | None:
    """The largest of several limits; None, which is no limit, is larger than all."""
    known = [number for number in numbers if number is not None]
    return max(known) if known and len(known) == len(numbers) else None


def exported_since(session: Session, user_id: int | None, at: datetime) -> int:
    """How many rows a person has exported since a moment."""
    statement = select(func.coalesce(func.sum(AccessLog.row_count), 0)).where(
        AccessLog.what == EXPORT, AccessLog.user_id == user_id, AccessLog.at >= at
    )
    return int(session.scalar(statement) or 0)


# ---- reading the log


def latest(
    session: Session,
    *,
    what: Sequence[str] = (),
    user_id: int | None = None,
    record: str = "",
    row_id: int | None = None,
    limit: int = 100,
    before: int | None = None,
) -> list[AccessLog]:
    """Lines of the organisation, newest first: of these kinds, of this person, about this record or row; those with a
    smaller id than `before`.
    """
    statement = select(AccessLog).order_by(AccessLog.id.desc()).limit(limit)
    if what:
        statement = statement.where(AccessLog.what.in_(what))
    if user_id is not None:
        statement = statement.where(AccessLog.user_id == user_id)
    if record:
        statement = statement.where(AccessLog.record == record)
    if row_id is not None:
        statement = statement.where(AccessLog.row_id == row_id)
    if before is not None:
        statement = statement.where(AccessLog.id < before)
    return list(session.scalars(statement))


def prune(session: Session, at: datetime | None = None) -> None:
    """Remove lines of the session's organisation: of who looked at what after a year, all others after three."""
    at = at or now()
    for kinds, kept in ((READS, READS_KEPT), ((*LEFT, *CHANGES), KEPT)):
        session.execute(
            delete(AccessLog)
            .where(AccessLog.what.in_(kinds), AccessLog.at < at - kept)
            .execution_options(synchronize_session=False)
        )
