"""How the API says no: each of these becomes a problem document (RFC 9457), see `parlour.web.errors`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parlour.errors import ParlourError


class ApiProblem(ParlourError):
    """A refusal with a status of its own. `headers` go with the answer, `members` into the document."""

    status = 400

    def __init__(
        self,
        message: Any,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ):
        super().__init__(message)
        self.status = status or self.status
        self.headers = dict(headers or {})
        self.members = dict(members or {})


class Unauthenticated(ApiProblem):
    """No token, or one that opens nothing. `error` is the word of RFC 6750 for it."""

    status = 401

    def __init__(self, message: Any, error: str = ""):
        asks = 'Bearer realm="Parlour"' + (f', error="{error}"' if error else "")
        super().__init__(message, headers={"WWW-Authenticate": asks})


class Stale(ApiProblem):
    """The record is not any more what the caller has seen; `members["current"]` is what it is now."""

    status = 412
