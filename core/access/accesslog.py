"""The log of data that left: every export and every file that was downloaded.

Reads happen in transactions that cannot write, so the views of downloads log after the response, on a session
of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Engine, delete, select

from parlour.access.models import AccessLog
from parlour.db.base import now
from parlour.db.session import Scope, Session, open_session

EXPORT = "export"
FILE = "file"
PERSON = "person"
# No data left, but somebody's door was opened a little: an owner reset their second factor.
FACTOR = "factor"
KEPT = timedelta(days=3 * 365)
log = structlog.get_logger(__name__)


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
    """Write one line in the caller's transaction. `what` is EXPORT, FILE or PERSON; `record` is the record's
    name.
    """
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


def note_after(request: Any, what: str, record: str, rows: int, **given: Any) -> None:
    """As `note`, once the response of this request has gone out; what left is logged even when the browser
    hung up.
    """
    engine: Engine = request.registry["parlour.engine"]
    scope, ip = request.db.scope, request.address

    def write(_request: Any) -> None:
        own = Scope(scope.organisation_id, scope.user_id, trusted=True)
        with open_session(engine, own) as writing:
            note(writing, what, record, rows, ip=ip, **given)
            writing.commit()

    log.info("data_left", what=what, record=record, rows=rows, user=scope.user_id)
    request.add_finished_callback(write)


def latest(session: Session, *, limit: int = 100, before: datetime | None = None) -> list[AccessLog]:
    """Lines of the organisation, newest first."""
    statement = select(AccessLog).order_by(AccessLog.at.desc(), AccessLog.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(AccessLog.at < before)
    return list(session.scalars(statement))


def prune(session: Session, at: datetime | None = None) -> None:
    """Remove lines older than three years from the session's organisation."""
    oldest = (at or now()) - KEPT
    session.execute(
        delete(AccessLog).where(AccessLog.at < oldest).execution_options(synchronize_session=False)
    )
