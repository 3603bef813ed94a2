"""What the plugin answers when the core or another plugin asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from parlour.access.rules import holds
from parlour.db.base import now
from parlour.db.session import Session
from parlour.hooks import hookimpl
from parlour.i18n import _
from parlour.jobs import enqueue
from parlour.plugins.bookings import (
    actions,
    groups,
    habits,
    ics,
    moving,
    occupied,
    panels,
    people,
    tokens,
    waiting,
)
from parlour.plugins.bookings.marks import COMING
from parlour.plugins.bookings.models import Appointment, Group, Line, Waiting
from parlour.plugins.bookings.statuses import BLOCKING
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.feeds import Event
from parlour.plugins.schedule.services import release
from parlour.records.history import undoing
from parlour.records.persons import Section
from parlour.records.registry import RecordType
from parlour.records.timeline import Entry
from parlour.records.write import RowChange
from parlour.web.slots import MenuItem, SlotItem

__all__ = ["actions", "moving"]
# What a client's habits follow from.
_COUNTED = {"client", "starts", "status"}
# The clients whom the session has written down last, and in which transaction.
_BORN = "bookings_born"
_WHEN = {"starts", "status", "overlap"}


@hookimpl
def menu(session: Session) -> Sequence[MenuItem]:
    return [
        MenuItem(
            title=_("Calendar"),
            route="bookings.day",
            icon="calendar-days",
            group="calendar",
            permission="bookings:appointment:read",
            sequence=10,
        ),
        MenuItem(
            title=_("My day"),
            route="bookings.my_day",
            icon="calendar-heart",
            group="calendar",
            permission="bookings:mine:write",
            # First for whoever does the work; who books for others has the calendar first.
            sequence=15 if holds(session, "bookings:appointment:create") else 5,
        ),
        MenuItem(
            title=_("Due for a visit"),
            route="bookings.due",
            icon="calendar-sync",
            group="clients",
            permission="contacts:contact:read",
            sequence=130,
        ),
        MenuItem(
            title=_("Visits nobody works at"),
            route="bookings.uncovered",
            icon="user-x",
            group="calendar",
            permission="bookings:appointment:write",
            sequence=20,
        ),
    ]


@hookimpl
def slot_items(session: Session, slot: str, context: Any) -> Sequence[SlotItem]:
    return panels.parts_of(session, slot, context)


@hookimpl
def timeline(
    session: Session, record: str, ids: Sequence[int], before: datetime | None, limit: int
) -> Sequence[Entry]:
    return panels.visits_of(session, ids, before, limit) if record == "contacts.contact" else []


@hookimpl
def records_changed(session: Session, record: RecordType, rows: Sequence[RowChange]) -> None:
    """Whatever changes a visit, a form, undo or a merge of specialists: what it occupies follows in the same transaction."""
    if record.cls is Appointment:
        gone = [row.id for row in rows if row.kind == "delete"]
        if gone:
            release(session, occupied.VISIT, gone)
        # A new visit has no services yet; they come in a moment.
        touched = {
            row.id
            for row in rows
            if row.kind in ("archive", "restore") or (row.kind == "update" and _WHEN & set(row.new))
        }
        if touched:
            # Only who has the right to it puts a visit over another, and says so; at its old time it may stand there again.
            over = {row.id for row in rows if "starts" not in row.new or "overlap" in row.new}
            over |= touched if undoing(session) is not None else set()
            occupied.follow(session, sorted(touched), change_set=rows[0].change_set, over=over)
        shared = {row.value("group") for row in rows if _takes_places(row)}
        if shared:
            groups.check_seats(session, sorted(shared))
        _habits_change(session, rows)
        handed = [row.id for row in rows if row.old.get("client") and row.new.get("client")]
        if handed and not people.only_merged(session, rows):
            # Whoever it was before has keys to it.
            tokens.forget(session, handed)
        for due in {row.new["deposit_until"] for row in rows if row.new.get("deposit_until")}:
            enqueue(session, "bookings.deposits", run_at=due + timedelta(seconds=5))
        if (gone or touched) and waiting.anybody(session):
            enqueue(session, "bookings.offer")
    elif record.cls is Contact:
        # Whoever has just been written down has no habits yet that a visit could change.
        born = {row.id for row in rows if row.kind == "create"}
        session.info[_BORN] = (session.get_transaction(), born)
    elif record.cls is Line:
        # Where only the place in the visit was put right, that has just been seen to.
        rows = [row for row in rows if row.kind != "update" or set(row.new) != {"offset"}]
        visits = {row.value("appointment") for row in rows if row.kind != "delete"}
        visits |= {row.old.get("appointment") for row in rows if not row.along}
        touched = {one for one in visits if one is not None}
        if touched:
            over = touched if undoing(session) is not None else set()
            occupied.follow(session, sorted(touched), settle=True, change_set=rows[0].change_set, over=over)
    elif record.cls is Group:
        gone = [row.id for row in rows if row.kind == "delete"]
        if gone:
            release(session, groups.GROUP, gone)
        there = [row.id for row in rows if row.kind != "delete"]
        if there:
            groups.follow_groups(session, there)
        groups.carry_along(session, rows)
    elif record.cls is Waiting:
        # Who was put off the list, or was given a visit at the desk, keeps no time from others.
        done = [
            row.id
            for row in rows
            if row.kind in ("archive", "delete") or row.new.get("status", "offered") != "offered"
        ]
        if done:
            release(session, waiting.OFFER, done)
        # What was offered to who does not wait any more is for the next.
        if any(
            row.kind == "create" or (row.old.get("status"), row.new.get("status")) == ("offered", "closed")
            for row in rows
        ):
            enqueue(session, "bookings.offer")


def _takes_places(row: RowChange) -> bool:
    """Whether a visit takes places in a group session that it had not before."""
    if row.kind == "delete" or row.value("group") is None or row.value("status") not in BLOCKING:
        return False
    before = row.before.get("status") if row.kind == "update" else None
    return bool(before not in BLOCKING or {"group", "seats"} & set(row.new))


def _habits_change(session: Session, rows: Sequence[RowChange]) -> None:
    """A visit that is to come ends at once what is due; all else is counted soon."""
    coming: set[int | None] = set()
    counted: set[int | None] = set()
    for row in rows:
        client = row.value("client")
        if row.kind == "create" and row.value("status") in COMING and row.value("starts") > now():
            coming.add(client)
        elif row.kind != "update" or _COUNTED & set(row.new):
            counted |= {client, row.old.get("client")}
    within, born = session.info.get(_BORN, (None, set()))
    if within is session.get_transaction():
        coming -= born
    habits.nothing_due(session, sorted(one for one in coming if one is not None))
    ids = sorted(one for one in counted if one is not None)
    for start in range(0, len(ids), habits.CHUNK):
        some = {"record": "contacts.contact", "ids": ids[start : start + habits.CHUNK]}
        enqueue(session, "bookings.habits", some)


@hookimpl
def schedule_events(
    session: Session, kind: str, row_id: int, start: datetime, end: datetime, names: bool
) -> Sequence[Event]:
    return ics.events_of(session, kind, row_id, start, end, names)


@hookimpl
def person_data(session: Session, record: str, ids: Sequence[int]) -> Sequence[Section]:
    return people.held_about(session, ids) if record == "contacts.contact" else []


@hookimpl
def erase_person(session: Session, record: str, ids: Sequence[int]) -> None:
    if record == "contacts.contact":
        people.erase(session, ids)
