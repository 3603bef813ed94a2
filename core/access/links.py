"""Random tokens in links, cookies and headers: the database keeps their hashes only."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_

from parlour.access.models import Invitation, PasswordReset


def token_hash(token: str) -> str:
    """A random token of 32 bytes needs no slow hash: there is nothing to guess."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def living(
    cls: type[Invitation] | type[PasswordReset], token: str, at: datetime, life: timedelta
) -> ColumnElement[bool]:
    """The condition for the row of a link that works at this moment.

    A clock that was set back lengthens no life: what ends later than now plus a life was made by a clock that ran ahead,
    and is refused until that time has come.
    """
    return and_(
        cls.token_hash == token_hash(token),
        cls.expires_at > at,
        cls.expires_at <= at + life + timedelta(minutes=5),
    )
