"""A kind of field for moments on a wall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import String
from sqlalchemy.types import TypeEngine

from parlour.db.base import Moment
from parlour.i18n import Localizer
from parlour.records.declare import Spec
from parlour.records.defaults import Defaults
from parlour.records.kinds import MomentKind


@dataclass(frozen=True, kw_only=True)
class WallMomentKind(MomentKind):
    """A moment as it was agreed on: what the clock shows, in which zone, and the instant that follows from both.

    When a state changes its clocks, the instant is worked out again and ten o'clock stays ten o'clock. In Python an aware
    datetime in that zone.
    """

    relative: bool = False

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", Moment()), ("_wall", String(16)), ("_zone", String(64))]

    def clean(self, value: Any, defaults: Defaults) -> datetime | None:
        if isinstance(value, datetime) and isinstance(value.tzinfo, ZoneInfo):
            return value.replace(second=0, microsecond=0)
        found = super().clean(value, defaults)
        return found and found.astimezone(ZoneInfo(defaults.zone)).replace(second=0, microsecond=0)

    def to_columns(self, value: Any) -> dict[str, Any]:
        if value is None:
            return {"": None, "_wall": None, "_zone": None}
        return {
            "": value.astimezone(UTC),
            "_wall": value.strftime("%Y-%m-%dT%H:%M"),
            "_zone": value.tzinfo.key,
        }

    def from_columns(self, values: Sequence[Any]) -> Any:
        at, _wall, zone = values
        if at is None:
            return None
        try:
            return at.astimezone(ZoneInfo(zone))
        except (ZoneInfoNotFoundError, ValueError):  # a zone that this machine does not know any more
            return at

    def show(self, value: Any, loc: Localizer) -> str:
        return f"{loc.date(value.date())}, {loc.time(value.time())}" if value else ""


def wall_moment(title: Any, **options: Any) -> Any:
    """A moment on the wall of a branch."""
    return Spec(WallMomentKind(), title, options)
