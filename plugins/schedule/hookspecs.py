"""The hooks that this plugin offers to those that require it."""

# Specifications have a docstring and no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from parlour.db.session import Session
from parlour.hooks import collects

if TYPE_CHECKING:
    from parlour.plugins.schedule.feeds import Event


@collects
def schedule_events(
    session: Session, kind: str, row_id: int, start: datetime, end: datetime, names: bool
) -> Sequence[Event]:
    """What begins in [start, end) and takes the time of a specialist (`kind` "staff") or a resource ("resource"), in words for
    a calendar outside; names of clients only with `names`.
    """
