"""What the plugin answers when the core or another plugin asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select, update

from parlour.db.session import Session
from parlour.errors import Invalid, Refusal
from parlour.hooks import hookimpl
from parlour.i18n import _
from parlour.plugins.schedule import actions, outside, panels
from parlour.plugins.schedule.calendars import SOURCE
from parlour.plugins.schedule.models import WEEKDAYS, Absence, Busy, Calendar, Resource, Shift, Staff
from parlour.records.registry import RecordType
from parlour.records.write import RowChange
from parlour.web.slots import MenuItem, SlotItem

__all__ = ["actions"]
_DAY = 1440


@hookimpl
def check_changes(session: Session, record: RecordType, rows: Sequence[RowChange]) -> None:
    errors: dict[int, dict[str, Any]] = {}
    if record.cls in (Staff, Resource):
        _keep_busy(session, record, rows)
        for row in rows:
            if row.kind in ("create", "update") and "hours" in row.new:
                _check_week(row, errors)
    elif record.cls is Shift:
        _check_shifts(session, [row for row in rows if row.kind in ("create", "update", "restore")], errors)
    elif record.cls is Absence:
        for row in rows:
            if row.kind in ("create", "update"):
                _check_absence(row, errors)
    elif record.cls is Calendar:
        for row in rows:
            if row.kind != "delete" and row.value("staff") and row.value("resource"):
                errors[row.position] = {
                    "resource": _("Say whose time it takes once: a specialist's or a room's.")
                }
    if errors:
        raise Invalid(_("Some values cannot be saved."), errors)


def _keep_busy(session: Session, record: RecordType, rows: Sequence[RowChange]) -> None:
    """Who has visits is not deleted: their past is part of the salon's, and their future has to be decided first."""
    doomed = [row.id for row in rows if row.kind == "delete"]
    column = Busy.staff_id if record.cls is Staff else Busy.resource_id
    # What an outside calendar keeps busy goes with it.
    standing = select(Busy.id).where(column.in_(doomed), Busy.source != SOURCE)
    if doomed and session.scalars(standing.limit(1)).first() is not None:
        if record.cls is Staff:
            raise Refusal(_("This specialist has visits. Give a last day of work, or archive the card."))
        raise Refusal(_("There are visits in this room. Archive it instead."))


def _check_week(row: RowChange, errors: dict[int, dict[str, Any]]) -> None:
    """Two lines of the week may not overlap: nobody works in two places at once."""
    lines = row.value("hours") or []
    for at, one in enumerate(lines):
        if one["since"] and one["until"] and one["until"] < one["since"]:
            errors.setdefault(row.position, {})["hours"] = _(
                "Hours end before they begin: look at the dates."
            )
        for other in lines[:at]:
            if _meet(one, other):
                weekday = dict(WEEKDAYS)[one["weekday"]]
                errors.setdefault(row.position, {})["hours"] = _(
                    "Two lines overlap on ${day}: ${one} and ${other}.",
                    mapping={"day": weekday, "one": _span(other), "other": _span(one)},
                )


def _span(line: Mapping[str, Any]) -> str:
    return "–".join(f"{line[side] // 60}:{line[side] % 60:02}" for side in ("opens", "closes"))


def _meet(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two lines share time in any week: each one's hours within the seven days, and the dates between which they hold."""
    latest = max(one["since"] or date.min, other["since"] or date.min)
    if latest > min(one["until"] or date.max, other["until"] or date.max):
        return False
    (start, end), (first, last) = _in_week(one), _in_week(other)
    return any(start + week < last and first < end + week for week in (-7 * _DAY, 0, 7 * _DAY))


def _in_week(line: Mapping[str, Any]) -> tuple[int, int]:
    begin = (int(line["weekday"]) - 1) * _DAY
    over = _DAY if line["closes"] <= line["opens"] else 0
    return begin + line["opens"], begin + line["closes"] + over


def _check_shifts(session: Session, rows: Sequence[RowChange], errors: dict[int, dict[str, Any]]) -> None:
    """Shifts of one specialist on one date may not overlap, with each other and with those that are there."""
    days = {row.value("day") for row in rows}
    whose = {row.value("staff") for row in rows}
    own = {row.id for row in rows if row.id}
    there: dict[tuple[int, date], list[tuple[int, int]]] = {}
    statement = select(Shift.id, Shift.staff_id, Shift.day, Shift.opens, Shift.closes).where(
        Shift.staff_id.in_(whose), Shift.day.in_(days), Shift.archived_at.is_(None)
    )
    for shift_id, staff, day, opens, closes in session.execute(statement):
        if shift_id not in own:
            there.setdefault((staff, day), []).append(_hours(opens, closes))
    for row in rows:
        start, end = _hours(row.value("opens"), row.value("closes"))
        same = there.setdefault((row.value("staff"), row.value("day")), [])
        if any(start < last and first < end for first, last in same):
            errors.setdefault(row.position, {})["opens"] = _("There is a shift at this time already.")
        same.append((start, end))


def _hours(opens: int, closes: int) -> tuple[int, int]:
    return opens, closes + (_DAY if closes <= opens else 0)


def _check_absence(row: RowChange, errors: dict[int, dict[str, Any]]) -> None:
    since, until = row.value("since"), row.value("until")
    begin, finish = row.value("since_time") or 0, row.value("until_time") or _DAY
    if until < since or (until == since and finish <= begin):
        errors.setdefault(row.position, {})["until"] = _("This ends before it begins.")
    if sum(row.value(name) is not None for name in ("staff", "resource", "branch")) > 1:
        errors.setdefault(row.position, {})["branch"] = _(
            "Say whom it concerns once: a specialist, a room or a branch."
        )


@hookimpl
def menu(session: Session) -> Sequence[MenuItem]:
    return [
        MenuItem(
            title=_("Public holidays"),
            route="schedule.holidays",
            icon="party-popper",
            group="team",
            permission="schedule:absence:create",
            sequence=150,
        )
    ]


@hookimpl
def slot_items(session: Session, slot: str, context: Any) -> Sequence[SlotItem]:
    return panels.parts_of(session, slot, context)


@hookimpl
def records_changed(session: Session, record: RecordType, rows: Sequence[RowChange]) -> None:
    if record.cls is Calendar:
        outside.follow(
            session, [row.id for row in rows if row.kind != "update" or set(row.new) - {"label", "name"}]
        )
    if record.cls is not Resource:
        return
    # What holds several visits must not be refused the second one by the database. The other way the rows that stand stay as
    # they are, and the count under lock decides.
    grown = [row.id for row in rows if row.kind == "update" and row.new.get("capacity", 1) > 1]
    if grown:
        session.execute(update(Busy).where(Busy.resource_id.in_(grown)).values(exclusive=False))
