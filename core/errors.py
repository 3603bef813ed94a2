"""The few ways in which Parlour says no. Each carries one sentence that a person can act on."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

from translationstring import TranslationString


class ParlourError(Exception):
    """Base of all refusals; `message` is a lazy translation string."""

    def __init__(self, message: Any):
        super().__init__(_plain(message))
        self.message = message


class Refusal(ParlourError):
    """Something asked for cannot be done, and the message says what to do instead."""


class NotAllowed(ParlourError):
    """The person may not do this."""


class NotFound(ParlourError):
    """There is no such thing, or the person may not know of it."""


class Conflict(ParlourError):
    """Somebody changed the record since it was read. `current` holds the values that stand now."""

    def __init__(self, message: Any, current: Mapping[str, Any] | None = None):
        super().__init__(message)
        self.current = dict(current or {})


class Invalid(ParlourError):
    """Values that cannot be saved. `errors` maps row index -> field name ("" for the whole row) -> message."""

    def __init__(self, message: Any, errors: Mapping[int, Mapping[str, Any]]):
        super().__init__(message)
        self.errors = {row: dict(found) for row, found in errors.items()}

    def __str__(self) -> str:
        said = [
            f"{name or 'row'} ({row}): {_plain(why)}"
            for row, found in self.errors.items()
            for name, why in found.items()
        ]
        return " ".join([super().__str__(), "; ".join(said[:20])])

    @property
    def fields(self) -> dict[str, Any]:
        """The messages of the first row, for a form that saves one."""
        return next(iter(self.errors.values()), {})


class ScopeMissing(RuntimeError):
    """A programming error: a scoped query without an organisation, or a statement that would pass by the guards."""


def disk_full(error: BaseException | None) -> bool:
    """Whether a fault came of a disk without room: the operating system's, SQLite's or PostgreSQL's."""
    while error is not None:
        cause = getattr(error, "orig", None) or error
        if getattr(cause, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return True
        if (
            getattr(cause, "sqlite_errorname", "") == "SQLITE_FULL"
            or getattr(cause, "sqlstate", "") == "53100"
        ):
            return True
        error = error.__cause__ or error.__context__
    return False


def _plain(message: Any) -> str:
    """The message in English. Its parameters may be messages with parameters of their own."""
    if not isinstance(message, TranslationString):
        return str(message)
    return str(
        (message % {name: _plain(value) for name, value in (message.mapping or {}).items()}).interpolate()
    )
