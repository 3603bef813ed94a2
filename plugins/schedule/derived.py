"""What shifts, absences and outside calendars are called: whose they are and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from parlour.db.session import Session

if TYPE_CHECKING:
    from parlour.records.write import RowChange


def name_shifts(session: Session, rows: Sequence[RowChange]) -> None:
    """Fill in `name` of shifts about to be written."""
    from parlour.plugins.schedule.working import Staff

    names = _names(session, Staff, {row.value("staff") for row in rows})
    for row in rows:
        row.new["name"] = _fit(names.get(row.value("staff"), ""), str(row.value("day") or ""))


def name_absences(session: Session, rows: Sequence[RowChange]) -> None:
    """Fill in `name` of absences about to be written."""
    from parlour.plugins.schedule.working import Resource, Staff

    staff = _names(session, Staff, {row.value("staff") for row in rows})
    resources = _names(session, Resource, {row.value("resource") for row in rows})
    for row in rows:
        since, until = row.value("since"), row.value("until")
        days = str(since or "") if since == until else f"{since or ''} – {until or ''}"
        whose = staff.get(row.value("staff")) or resources.get(row.value("resource"))
        row.new["name"] = _fit(whose, days) if whose else days


def name_calendars(session: Session, rows: Sequence[RowChange]) -> None:
    """Fill in `name` of outside calendars about to be written: whose, and which or at least where."""
    from parlour.plugins.schedule.working import Resource, Staff

    staff = _names(session, Staff, {row.value("staff") for row in rows})
    resources = _names(session, Resource, {row.value("resource") for row in rows})
    for row in rows:
        whose = staff.get(row.value("staff")) or resources.get(row.value("resource")) or ""
        where = row.value("label") or str(row.value("url") or "").partition("//")[2].partition("/")[0]
        row.new["name"] = _fit(whose, where[:100])


def _fit(whose: str, when: str) -> str:
    return f"{whose[: 190 - len(when)]} · {when}"


def _names(session: Session, cls: Any, ids: set[Any]) -> dict[int, str]:
    wanted = [one for one in ids if isinstance(one, int)]
    found = session.execute(select(cls.id, cls.name).where(cls.id.in_(wanted))) if wanted else ()
    return {row[0]: row[1] for row in found}


name_shifts.needs = ("staff", "day")  # type: ignore[attr-defined]
name_absences.needs = ("staff", "resource", "since", "until")  # type: ignore[attr-defined]
name_calendars.needs = ("staff", "resource", "url", "label")  # type: ignore[attr-defined]
