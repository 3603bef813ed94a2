"""Clients who usually would have come again by now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select

from parlour.access.rules import allows
from parlour.i18n import _
from parlour.plugins.bookings.frontdesk.calendar_asked import BOOK
from parlour.plugins.bookings.models import Habit
from parlour.plugins.contacts.models import Contact
from parlour.records.defaults import defaults_of
from parlour.records.keyset import Keyset
from parlour.records.pages.filter_words import unparse
from parlour.records.pages.reads import saw_list
from parlour.records.query import read, visible
from parlour.records.registry import fields_of, record_type
from parlour.web.contexts import OrganisationContext

# By what the page can be sorted; "-" is from the last on.
_ORDERS: dict[str, tuple[Any, Any]] = {
    "due": (Habit.due, _("Due since")),
    "last": (Habit.last, _("Last visit")),
    "name": (Contact.name_key, _("Name")),
}
_USUAL = "-due"
# Whoever has not come for longer than that is lost rather than late.
DAYS = 365
# The same as a filter of the list of clients, which can be saved as a segment and written to.
DUE = ["bookings_due", "last", DAYS]
SHOWN = 50
max_queries = 20
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
    """The clients whose usual time has passed and who have no visit coming, page by page; the latest to be due first."""
    session, kind = request.db, record_type(Contact)
    today = defaults_of(session).today()
    conditions = [*visible(session, kind), Habit.due <= today, Habit.due >= today - timedelta(days=DAYS)]
    sort = request.GET.get("sort", "")
    if sort.removeprefix("-") not in _ORDERS:
        sort = _USUAL
    column = _ORDERS[sort.removeprefix("-")][0]
    place = [request.GET.get(name) for name in ("after", "before")]
    keyset = Keyset(column, Contact.id, sort.startswith("-"), *place, SHOWN)
    found = keyset.page(
        session.execute(
            select(column, Contact.id)
            .join(Habit, Habit.id == Contact.id)
            .where(*conditions, *keyset.conditions)
            .order_by(*keyset.order)
            .limit(SHOWN + 1)
        ).all(),
        tuple,
    )
    ids = [row.id for row in found.rows]
    fields = [item for item in fields_of(session, kind) if item.name in _WANTED]
    rows = {row["id"]: row for row in read(session, kind, fields, [Contact.id.in_(ids)])}
    saw_list(request, kind, fields, len(rows))
    may_book = allows(session, BOOK)
    return {
        "clients": [_client(request, rows[one], may_book) for one in ids if one in rows],
        "orders": [_order(request, name, title, sort) for name, (_column, title) in _ORDERS.items()],
        "pages": {
            "prev_url": _url(request, sort, before=found.previous) if found.previous else None,
            "next_url": _url(request, sort, after=found.next) if found.next else None,
        },
        "list_url": request.url_of("record.list", record=kind.name, query={"f": unparse([DUE])}),
    }


def _url(request: Request, sort: str, **place: str) -> str:
    query = ({} if sort == _USUAL else {"sort": sort}) | place
    return str(request.url_of("bookings.due", query=query or None))


def _order(request: Request, name: str, title: Any, sort: str) -> dict[str, Any]:
    """A way to sort; that by which it is sorted turns round."""
    active = sort.removeprefix("-") == name
    # Names begin with A, days with the latest.
    wanted = name if name == "name" else f"-{name}"
    if active:
        wanted = name if sort.startswith("-") else f"-{name}"
    return {
        "title": title,
        "url": _url(request, wanted),
        "sorted": ("descending" if sort.startswith("-") else "ascending") if active else None,
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
