"""Technical notes and photos as cards show them: those of the visit, and what was noted at the client's visits before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from parlour.access.rules import allows
from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.bookings.models import Appointment, Treatment
from parlour.records.query import read, visible
from parlour.records.registry import fields_of, record_type
from parlour.web.slots import CardContext, SlotItem

READ, CREATE = "bookings:treatment:read", "bookings:treatment:create"
SHOWN = 6
_PHOTOS = (("before", _("Before")), ("after", _("After")))


def of_visit(session: Session, context: CardContext) -> list[SlotItem]:
    """The notes of a visit and the latest of the client's others, which whoever does the visit wants to know."""
    client = context.row.get("client")
    visits = [context.id]
    condition = Treatment.appointment_id.in_(visits)
    if isinstance(client, dict) and allows(session, "bookings:appointment:read"):
        condition |= Treatment.appointment_id.in_(_theirs(session, client["id"]))
    notes = _notes(session, context, condition)
    card = context.url("record.card", record="bookings.appointment", id=context.id)
    add = (
        context.url(
            "record.new", record="bookings.treatment", query={"appointment": context.id, "back": card}
        )
        if allows(session, CREATE)
        else None
    )
    return _panel(notes, add) if notes or add else []


def of_client(session: Session, context: CardContext) -> list[SlotItem]:
    """The latest notes of a client."""
    notes = _notes(session, context, Treatment.appointment_id.in_(_theirs(session, context.id)))
    return _panel(notes, None) if notes else []


def _theirs(session: Session, client: int) -> Any:
    seen = visible(session, record_type(Appointment))
    return select(Appointment.id).where(Appointment.client_id == client, *seen)


def _panel(notes: list[dict[str, Any]], add: str | None) -> list[SlotItem]:
    values = {"notes": notes, "add_url": add}
    return [SlotItem(template="bookings/treatments.jinja2", context=values, sequence=15)]


def _notes(session: Session, context: CardContext, condition: Any) -> list[dict[str, Any]]:
    if not allows(session, READ):
        return []
    kind = record_type(Treatment)
    wanted = ("appointment", "staff", "text", "before", "after")
    fields = [item for item in fields_of(session, kind) if item.name in wanted]
    rows = read(
        session,
        kind,
        fields,
        [*visible(session, kind), condition],
        order_by=[Treatment.appointment_id.desc(), Treatment.id.desc()],
        limit=SHOWN,
        titled=True,
    )
    return [_note(context, row) for row in rows]


def _note(context: CardContext, row: Mapping[str, Any]) -> dict[str, Any]:
    visit, staff = row.get("appointment") or {}, row.get("staff") or {}
    return {
        "url": context.url("record.card", record="bookings.treatment", id=row["id"]),
        "when": visit.get("title") or "",
        "here": context.record.cls is Appointment and visit.get("id") == context.id,
        "who": staff.get("title") or "",
        "text": row.get("text") or "",
        "photos": [
            {
                "title": title,
                "url": context.url("file", id=row[name]),
                "small": context.url("file", id=row[name], query={"size": "small"}),
            }
            for name, title in _PHOTOS
            if row.get(name)
        ],
    }
