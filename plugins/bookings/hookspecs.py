"""The hooks that this plugin offers to others."""

# Specifications have a docstring and no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from parlour.db.session import Session
from parlour.hooks import collects
from parlour.settings import Settings

if TYPE_CHECKING:
    from parlour.plugins.bookings.online.codes import CodeWay


@collects
def bookings_code_ways(session: Session, settings: Settings) -> Sequence[CodeWay]:
    """The ways in which a code reaches somebody who books online; asked for each time the widget opens."""
