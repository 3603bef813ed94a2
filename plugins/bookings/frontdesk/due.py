"""Clients who usually would have come again by now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select

from parlour.access.rules import allows
from parlour.plugins.bookings.frontdesk.calendar_asked import BOOK
from parlour.plugins.bookings.models import Habit
from parlour.plugins.contacts.models import Contact
from parlour.records.defaults import defaults_of
from parlour.records.pages.filter_words import unparse
from parlour.records.pages.reads import saw_list
from parlour.records.query import read, visible
from parlour.records.registry import fields_of, record_type
from parlour.web.contexts import OrganisationContext

# Whoever has not come for longer than that is lost rather than late.
DAYS = 365
# The same as a filter of the list of clients, which can be saved as a segment and written to.
DUE = ["bookings_due", "last", DAYS]
SHOWN = 100
_WANTED = (
    "name",
    "phones",
    "bookings_last",
    "bookings_every",
    "bookings_due",
    "bookings_staff",
    "bookings_item",
)


@view_config(
    route_name="bookings.due",
    request_method="GET",
    permission="contacts:contact:read",
    renderer="bookings/due.jinja2",
)
def due(context: OrganisationContext, request: Request) -> dict[str, Any]:
    """The clients whose usual time has passed and who have no visit coming, the latest to be due first."""
    session, kind = request.db, record_type(Contact)
    today = defaults_of(session).today()
    conditions = [*visible(session, kind), Habit.due <= today, Habit.due >= today - timedelta(days=DAYS)]
    ids = list(
        session.scalars(
            select(Contact.id)
            .join(Habit, Habit.id == Contact.id)
            .where(*conditions)
            .order_by(Habit.due.desc(), Contact.id)
            .limit(SHOWN + 1)
        )
    )
    fields = [item for item in fields_of(session, kind) if item.name in _WANTED]
    rows = {row["id"]: row for row in read(session, kind, fields, [Contact.id.in_(ids[:SHOWN])])}
    saw_list(request, kind, fields, len(rows))
    may_book = allows(session, BOOK)
    return {
        "clients": [_client(request, rows[one], may_book) for one in ids[:SHOWN] if one in rows],
        "more": len(ids) > SHOWN,
        "list_url": request.url_of("record.list", record=kind.name, query={"f": unparse([DUE])}),
    }


def _client(request: Request, row: Mapping[str, Any], may_book: bool) -> dict[str, Any]:
    loc = request.loc
    phones = row.get("phones") or ()
    phone = phones[0]["number"] if phones else None
    last, on, every = (row.get(f"bookings_{name}") for name in ("last", "due", "every"))
    usual = [row.get("bookings_staff"), row.get("bookings_item")]
    return {
        "id": row["id"],
        "title": row.get("name") or f"#{row['id']}",
        "url": request.url_of("record.card", record="contacts.contact", id=row["id"]),
        "last": loc.date(last) if last else "",
        "every": loc.plural("${n} day", "${n} days", every) if every else "",
        "due": loc.date(on) if on else "",
        "usual": ", ".join(part for part in usual if part),
        "phone": loc.phone(phone) if phone else "",
        "phone_url": f"tel:{phone}" if phone else "",
        "book_url": request.url_of("bookings.book", query={"client": row["id"]}) if may_book else "",
    }
