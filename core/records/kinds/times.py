"""Kinds of days and moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import Date, String
from sqlalchemy.types import TypeEngine

from parlour.db.base import Moment
from parlour.i18n import Localizer, _
from parlour.records.kinds.base import Kind
from parlour.records.parse import day
from parlour.records.values import Fault

if TYPE_CHECKING:
    from parlour.records.defaults import Defaults


@dataclass(frozen=True, kw_only=True)
class DateKind(Kind):
    """A calendar day."""

    name: str = "date"
    shape: str = "day"

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", Date())]

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}

    def clean(self, value: Any, defaults: Defaults) -> date | None:
        if value is None or value == "":
            return None
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        found = day(str(value)).value
        if not found or found.startswith("--"):
            raise Fault(
                _("${text} is not a date; write it as 2026-01-31.", mapping={"text": str(value)[:80]})
            )
        return date.fromisoformat(found)

    def to_json(self, value: Any) -> Any:
        return value.isoformat() if value else None

    def to_cell(self, value: Any) -> Any:
        return value

    def show(self, value: Any, loc: Localizer) -> str:
        return loc.date(value) if value else ""


@dataclass(frozen=True, kw_only=True)
class BirthdayKind(Kind):
    """A birthday with or without its year: ISO 8601, "1956-04-08" or "--04-08". The key is "04-08", for who is next."""

    name: str = "birthday"
    shape: str = "day"

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", String(10))]

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "description": "1956-04-08, or --04-08 without the year", "maxLength": 40}

    def clean(self, value: Any, defaults: Defaults) -> str | None:
        if value is None or value == "":
            return None
        found = day(value if isinstance(value, date) else str(value)).value
        if not found:
            raise Fault(
                _(
                    "${text} is not a date; write it as 31.01.1990 or 31.01.",
                    mapping={"text": str(value)[:80]},
                )
            )
        if not found.startswith("--") and date.fromisoformat(found) > defaults.today():
            raise Fault(_("A birthday cannot lie in the future."))
        return found

    def show(self, value: Any, loc: Localizer) -> str:
        if not value:
            return ""
        if value.startswith("--"):
            return loc.day_month(int(value[2:4]), int(value[5:7]))
        return loc.date(date.fromisoformat(value), "long")

    def key(self, value: Any) -> str | None:
        return value[-5:] if value else None

    @property
    def keyed(self) -> bool:
        return True


@dataclass(frozen=True, kw_only=True)
class MomentKind(Kind):
    """A moment, kept in UTC; input without an offset is on the organisation's wall clock.

    `relative` ones are told as how long ago they were, others by day and time.
    """

    name: str = "moment"
    shape: str = "day"
    relative: bool = True

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", Moment())]

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}

    def clean(self, value: Any, defaults: Defaults) -> datetime | None:
        if value is None or value == "":
            return None
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        except ValueError as error:
            raise Fault(
                _("${text} is not a moment; write it as 2026-01-31 18:30.", mapping={"text": str(value)[:80]})
            ) from error
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(defaults.zone))
        return moment.astimezone(UTC)

    def to_json(self, value: Any) -> Any:
        return value.isoformat() if value else None

    def show(self, value: Any, loc: Localizer) -> str:
        local = loc.local(value) if value else None
        return f"{loc.date(local.date())}, {loc.time(local.time())}" if local else ""
