"""One hook of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import Invalid, Refusal
from parlour.hooks import hookimpl
from parlour.i18n import _
from parlour.records import persons
from parlour.records.registry import RecordType, record_type
from parlour.records.write import RowChange
from parlour.web.slots import CARD_FIGURES, Figure, SlotItem
from parlour_visitors import actions, services
from parlour_visitors.models import Visitor

# Importing them declares them.
__all__ = ["actions"]
VISITOR, CLIENT = "visitors.visitor", "contacts.contact"


@hookimpl
def slot_items(session: Session, slot: str, context: Any) -> Sequence[SlotItem]:
    """Collect: how often the client came, in the strip of figures. A reader without the field gets nothing."""
    if slot != CARD_FIGURES or context.record.name != CLIENT or "visitors_visits" not in context.row:
        return []
    visits = context.row["visitors_visits"] or 0
    return [Figure(title=_("Visits"), value=context.loc.number(visits), sequence=60)]


@hookimpl
def check_changes(session: Session, record: RecordType, rows: Sequence[RowChange]) -> None:
    """Check: nobody has arrived tomorrow, and who is in the house today is not deleted."""
    if record.name == CLIENT:
        leaving = [row.id for row in rows if row.kind == "delete"]
        if leaving and services.came_since(session, leaving, now() - timedelta(hours=12)):
            raise Refusal(_("This client came in within the last 12 hours; delete the card later."))
    if record.name != VISITOR:
        return
    tomorrow = now() + timedelta(days=1)
    late = [row for row in rows if (row.new.get("arrived_at") or tomorrow) > tomorrow]
    if late:
        message = _("The arrival lies in the future; check the date.")
        raise Invalid(message, {row.position: {"arrived_at": message} for row in late})


@hookimpl
def records_changed(session: Session, record: RecordType, rows: Sequence[RowChange]) -> None:
    """Changed: the figure on the client's card, in the same transaction."""
    if record.name != VISITOR:
        return
    # A batch holds what differs; whose visitor an archived one is has to be read.
    now_theirs = session.scalars(select(Visitor.contact_id).where(Visitor.id.in_([row.id for row in rows])))
    touched = {*now_theirs, *(row.old.get("contact") for row in rows)} - {None}
    if touched:
        services.recount(session, touched)


@hookimpl
def records_happened(session: Session, record: str, ids: Sequence[int], kind: str) -> None:
    """Happened: the log of arrivals, after the commit."""
    if record == VISITOR and kind == "create":
        services.note_arrivals(session, ids)


@hookimpl
def erase_person(session: Session, record: str, ids: Sequence[int]) -> None:
    """A client who is erased is nobody at the door either."""
    if record == CLIENT:
        for visitor_id in session.scalars(select(Visitor.id).where(Visitor.contact_id.in_(ids))).all():
            persons.erase(session, record_type(Visitor), visitor_id)
