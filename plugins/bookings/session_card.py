"""The card of a group session: who comes to it, and how many places are left."""

from __future__ import annotations

from typing import Any

from parlour.access.rules import allows
from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.bookings.groups import Standing, standing
from parlour.plugins.bookings.models import Appointment
from parlour.plugins.bookings.statuses import BLOCKING, LOOKS, STATUSES
from parlour.records.query import Row, read, visible
from parlour.records.registry import fields_of, record_type
from parlour.web.slots import CARD_FIGURES, CARD_MAIN, CardContext, Figure, SlotItem

READ, BOOK = "bookings:appointment:read", "bookings:appointment:create"


def parts_of(session: Session, slot: str, context: CardContext) -> list[SlotItem]:
    """What stands in a slot of the card; one query each."""
    if slot == CARD_FIGURES:
        return _places(session, context)
    if slot == CARD_MAIN and allows(session, READ):
        return _who_comes(session, context)
    return []


def _places(session: Session, context: CardContext) -> list[SlotItem]:
    seats, loc = context.row.get("seats"), context.loc
    if seats is None:
        return []
    taken = standing(session, [context.id]).get(context.id, Standing()).taken
    said = _("${taken} of ${seats}", mapping={"taken": loc.number(taken), "seats": loc.number(seats)})
    full = "warn" if taken >= seats else ""
    return [Figure(title=_("Places taken"), value=loc.translate(said), tone=full, sequence=10)]


def _who_comes(session: Session, context: CardContext) -> list[SlotItem]:
    """Those who have a place, then those who gave it up, and the way to another place."""
    kind = record_type(Appointment)
    wanted = ("client", "visitor", "phone", "seats", "status", "guests", "comment", "note")
    fields = [item for item in fields_of(session, kind) if item.name in wanted]
    conditions = [*visible(session, kind), Appointment.group_id == context.id]
    rows = read(session, kind, fields, conditions, order_by=[Appointment.id], titled=True)
    rows.sort(key=lambda row: row.get("status") not in BLOCKING)
    act = {"record": context.record.name, "id": context.id, "action": "book"}
    may_book = allows(session, BOOK) and not context.row.get("cancelled")
    values = {
        "people": [_shown(context, row) for row in rows],
        "book_url": context.url("record.act", **act) if may_book else None,
    }
    return [SlotItem(template="bookings/session.jinja2", context=values, sequence=10)]


def _shown(context: CardContext, row: Row) -> dict[str, Any]:
    loc = context.loc
    client, status, seats = row.get("client"), row.get("status"), row.get("seats") or 1
    look = LOOKS.get(status or "")
    told = [
        loc.translate(STATUSES[status].title) if status else "",
        loc.phone(row["phone"]) if row.get("phone") else "",
        row.get("guests") or "",
        row.get("comment") or row.get("note") or "",
    ]
    return {
        "url": context.url("record.card", record="bookings.appointment", id=row["id"]),
        "title": row.get("visitor") or (client and client["title"]) or loc.translate(_("Without a name")),
        "told": " · ".join(" ".join(text.split()) for text in told if text),
        "icon": look.icon if look else "calendar",
        "seats": loc.plural("${n} place", "${n} places", seats) if seats > 1 else "",
        "over": status not in BLOCKING,
    }
