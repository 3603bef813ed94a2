"""What the plugin puts on cards: how a specialist or a room is joined to calendars outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, select

from parlour.access.rules import allows
from parlour.db.session import Session
from parlour.i18n import _
from parlour.jobs.messages import restored
from parlour.plugins.schedule import feeds
from parlour.plugins.schedule.models import Calendar, Reading, Resource, Staff
from parlour.plugins.schedule.services import RESOURCE, STAFF
from parlour.records.query import visible
from parlour.records.registry import record_type
from parlour.web.slots import CARD_SIDE, CardContext, SlotItem

KINDS: Mapping[Any, str] = {Staff: STAFF, Resource: RESOURCE}


def parts_of(session: Session, slot: str, context: Any) -> list[SlotItem]:
    """Everything that the plugin puts into a slot."""
    if slot != CARD_SIDE or not isinstance(context, CardContext):
        return []
    kind = KINDS.get(context.record.cls)
    if kind is not None:
        return _joined(session, context, kind)
    if context.record.cls is Calendar:
        return _one(session, context)
    return []


def _joined(session: Session, context: CardContext, kind: str) -> list[SlotItem]:
    """The link to this calendar, and the calendars that are read for it."""
    shares = allows(session, "schedule:calendar:share")
    reads = allows(session, "schedule:calendar:read")
    if not shares and not reads:
        return []
    since = feeds.made_at(session, (kind, context.id)) if shares else None
    column = Calendar.staff_id if kind == STAFF else Calendar.resource_id
    values = {
        "shares": shares,
        "since": context.loc.date(context.loc.local(since).date()) if since else None,
        "kind": kind,
        "id": context.id,
        "calendars": _calendars(session, context, column == context.id) if reads else [],
        "add_url": context.url(
            "record.new", record="schedule.calendar", query={kind: context.id, "back": _card(context)}
        )
        if allows(session, "schedule:calendar:create")
        else None,
    }
    return [SlotItem(template="schedule/joined.jinja2", context=values, sequence=60)]


def _card(context: CardContext) -> str:
    return context.url("record.card", record=context.record.name, id=context.id)


def _one(session: Session, context: CardContext) -> list[SlotItem]:
    """How the last reading went, on the calendar's own card."""
    found = _calendars(session, context, Calendar.id == context.id)
    return [SlotItem(template="schedule/reading.jinja2", context={"calendars": found}, sequence=10)]


def _calendars(
    session: Session, context: CardContext, condition: ColumnElement[bool]
) -> list[dict[str, Any]]:
    loc = context.loc
    rows = session.execute(
        select(
            Calendar.id,
            Calendar.name,
            Calendar.paused,
            Calendar.staff_id,
            Calendar.resource_id,
            Reading.tried_at,
            Reading.read_at,
            Reading.stretches,
            Reading.problem,
        )
        .outerjoin(Reading, Reading.calendar_id == Calendar.id)
        .where(condition, *visible(session, record_type(Calendar)))
        .order_by(Calendar.id)
    )
    found = []
    for row in rows:
        said = []
        if row.paused or (row.staff_id is None and row.resource_id is None):
            said.append(
                loc.translate(_("Not read") if row.paused else _("Not read: say whose time it takes"))
            )
        elif row.tried_at is None:
            said.append(loc.translate(_("Will be read in a moment")))
        if row.read_at is not None:
            said.append(loc.translate(_("Read ${when}", mapping={"when": loc.ago(row.read_at)})))
            said.append(loc.plural("${n} stretch of time", "${n} stretches of time", row.stretches))
        found.append(
            {
                "url": context.url("record.card", record="schedule.calendar", id=row.id),
                # Whose it is the card says.
                "title": row.name.rpartition(" · ")[2],
                "said": " · ".join([*said, *([loc.translate(restored(row.problem))] if row.problem else [])]),
                # What was read before holds on, and somebody has to know how old it is.
                "stale": row.problem is not None and row.tried_at != row.read_at,
                "problem": row.problem is not None,
                "kept": row.read_at is not None,
            }
        )
    return found
