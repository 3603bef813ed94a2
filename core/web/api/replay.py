"""Idempotency-Key: who repeats a POST because no answer came gets the first answer again, and nothing is done twice.

The answer is written in the transaction of what it tells about, so both are there or neither. Only answers to calls that
were carried out are kept: what was refused changed nothing and may be tried again. They are kept for a day.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta

from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import delete, func, select

from parlour.access.models import ApiAnswer
from parlour.db.base import now
from parlour.db.session import Session
from parlour.i18n import _
from parlour.web.api import body
from parlour.web.api.caller import BRANCH, caller_of_request, is_public
from parlour.web.api.problems import ApiProblem

KEPT = timedelta(hours=24)
KEY = re.compile(r"[\x21-\x7e]{1,200}")
_HEADERS = ("Content-Type", "Location", "ETag")


def once(request: Request, do: Callable[[], Response]) -> Response:
    """What `do` answers, or what it answered to the first call with the same Idempotency-Key.

    Raises ApiProblem: 400 for a key that is none, 422 for one that came with something else, 409 while the first call
    is still under way.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return do()
    if not KEY.fullmatch(key):
        raise ApiProblem(
            _("An Idempotency-Key has up to ${n} visible letters and digits.", mapping={"n": 200})
        )
    session: Session = request.db
    caller = "public" if is_public(request) else f"token:{caller_of_request(request).token_id}"
    hashed = hashlib.sha256(key.encode()).hexdigest()
    if not alone(session, caller, hashed):
        raise ApiProblem(
            _("The first call with this Idempotency-Key is still under way. Try again in a moment."),
            status=409,
            headers={"Retry-After": "1"},
        )
    kept = session.scalars(
        select(ApiAnswer).where(ApiAnswer.caller == caller, ApiAnswer.key == hashed)
    ).one_or_none()
    if kept is not None and kept.at > now() - KEPT:
        return _again(kept, _fingerprint(request))
    response = do()
    if response.status_int < 400:
        if kept is not None:
            session.delete(kept)
            session.flush()
        headers = {name: response.headers[name] for name in _HEADERS if name in response.headers}
        session.add(
            ApiAnswer(
                caller=caller,
                key=hashed,
                fingerprint=_fingerprint(request),
                status=response.status_int,
                headers=headers,
                body=response.text if response.body else "",
            )
        )
        session.flush()
    return response


def alone(session: Session, caller: str, key: str) -> bool:
    """Whether nobody else works on this key right now; nobody else will until the transaction ends.

    On SQLite a writing transaction is alone anyway, and the next one finds the answer.
    """
    if session.get_bind().dialect.name != "postgresql":
        return True
    subject = f"{session.scope.organisation_id} {caller} {key}"
    number = int.from_bytes(hashlib.sha256(subject.encode()).digest()[:8], signed=True)
    return bool(session.raw(select(func.pg_try_advisory_xact_lock(number))).scalar_one())


def _fingerprint(request: Request) -> str:
    asked = f"{request.method} {request.path_qs} {request.headers.get(BRANCH, '')}\n".encode()
    return hashlib.sha256(asked + body.read(request)).hexdigest()


def _again(kept: ApiAnswer, fingerprint: str) -> Response:
    if kept.fingerprint != fingerprint:
        raise ApiProblem(
            _(
                "This Idempotency-Key came with something else before. Take a new one for each thing that is done."
            ),
            status=422,
        )
    response = Response(kept.body.encode("utf-8"), status=kept.status, content_type="application/json")
    response.headers.update(kept.headers)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def prune(session: Session, at: datetime | None = None) -> None:
    """Remove answers that are a day old from the session's organisation."""
    oldest = (at or now()) - KEPT
    session.execute(
        delete(ApiAnswer).where(ApiAnswer.at < oldest).execution_options(synchronize_session=False)
    )
