"""What the plugin puts on cards: the services of a visit, and a client's visits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select

from parlour.access.rules import allows
from parlour.db.base import now
from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.bookings import abilities, first_steps, money_owed, reviews, session_card, treatments
from parlour.plugins.bookings.frontdesk import today as coming_today
from parlour.plugins.bookings.marks import marks_of
from parlour.plugins.bookings.models import Appointment, Group, Habit, Line
from parlour.plugins.bookings.statuses import BLOCKING, LOOKS, OPEN, STATUSES
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.clocks import minutes, moment
from parlour.plugins.schedule.models import Staff
from parlour.records.defaults import defaults_of
from parlour.records.query import read, visible
from parlour.records.registry import fields_of, record_type
from parlour.records.timeline import Entry
from parlour.web.slots import (
    CARD_FIGURES,
    CARD_LOUD,
    CARD_MAIN,
    CARD_SIDE,
    SETTINGS,
    TODAY,
    CardContext,
    Figure,
    LoudLine,
    SettingsContext,
    SlotItem,
)

READ, BOOK = "bookings:appointment:read", "bookings:appointment:create"
COMING = 5


def parts_of(session: Session, slot: str, context: Any) -> list[SlotItem]:
    """Everything that the plugin puts into a slot."""
    if slot == TODAY:
        return [*first_steps.steps(session, context), *coming_today.parts(session, context)]
    if slot == SETTINGS:
        return _outside(context)
    if not isinstance(context, CardContext):
        return []
    if context.record.cls is Appointment:
        if slot == CARD_MAIN:
            return [
                *_services(session, context),
                *treatments.of_visit(session, context),
                *reviews.of_visit(session, context),
            ]
        if slot == CARD_FIGURES:
            return _of_visit(context)
        if slot == CARD_LOUD:
            urgent = [mark for mark in marks_of(context.row, now(), context.loc) if mark.urgent]
            said = [LoudLine(text=mark.title, icon=mark.icon, sequence=20) for mark in urgent]
            return [*said, *money_owed.of_visit(context)]
        return []
    if context.record.cls is Group:
        return session_card.parts_of(session, slot, context)
    if context.record.cls is Staff and slot == CARD_FIGURES:
        return reviews.figure_of_staff(session, context)
    if context.record.cls is Staff and slot == CARD_MAIN:
        return reviews.of_staff(session, context)
    if context.record.cls is Contact and allows(session, READ):
        if slot == CARD_LOUD:
            return money_owed.of_client(session, context)
        if slot == CARD_FIGURES:
            return _figures(session, context)
        if slot == CARD_MAIN:
            return treatments.of_client(session, context)
        if slot == CARD_SIDE:
            return _coming(session, context)
    return abilities.parts_of(session, slot, context)


def _outside(context: SettingsContext) -> list[SlotItem]:
    """Where clients book, above the plugin's settings."""
    if context.plugin != "bookings":
        return []
    routes = {"page": "bookings.widget", "module": "bookings.widget.module"}
    addresses = {name: f"{context.site}{context.url(route)}" for name, route in routes.items()}
    return [SlotItem(template="bookings/shown_outside.jinja2", context=addresses)]


# ---- the card of a visit


def _services(session: Session, context: CardContext) -> list[SlotItem]:
    """The services of a visit with when, who, where and for how much, as far as the reader may see it."""
    kind = record_type(Line)
    wanted = ("name", "item", "staff", "resources", "offset", "minutes", "price")
    fields = [item for item in fields_of(session, kind) if item.name in wanted]
    conditions = [*visible(session, kind), Line.appointment_id == context.id]
    rows = read(session, kind, fields, conditions, order_by=[Line.position, Line.id], titled=True)
    if not rows:
        return []
    starts = context.row.get("starts")
    loc = context.loc
    lines = []
    for row in rows:
        begin = (
            moment(minutes(starts) + (row.get("offset") or 0)).astimezone(starts.tzinfo) if starts else None
        )
        price = row.get("price")
        lines.append(
            {
                "time": loc.time(begin.time()) if begin else "",
                "title": row.get("name") or f"#{row['id']}",
                "url": context.url("record.card", record="bookings.line", id=row["id"]),
                "who": row["staff"]["title"] if row.get("staff") else "",
                "where": ", ".join(room["title"] for room in row.get("resources") or ()),
                "minutes": loc.plural("${n} minute", "${n} minutes", row.get("minutes") or 0),
                "price": loc.money(price.amount, price.currency) if price else "",
            }
        )
    day = starts.date().isoformat() if starts else None
    day_url = context.url("bookings.day", query={"date": day} if day else None)
    repeat_url = None
    if allows(session, BOOK) and context.row.get("group") is None:
        repeat_url = context.url("bookings.repeat", id=context.id)
    again_url = None
    if repeat_url and context.row.get("status") in ("arrived", "in_progress", "done"):
        again_url = context.url("record.act", record="bookings.appointment", id=context.id, action="rebook")
    values = {"lines": lines, "day_url": day_url, "repeat_url": repeat_url, "again_url": again_url}
    return [SlotItem(template="bookings/services.jinja2", context=values, sequence=10)]


def _of_visit(context: CardContext) -> list[SlotItem]:
    """What the desk looks for first: what became of it, from when to when, and how much."""
    row, loc = context.row, context.loc
    status, starts, ends, total = (row.get(name) for name in ("status", "starts", "ends", "total"))
    figures: list[SlotItem] = []
    if status:
        tone = LOOKS[status].tone
        figures.append(
            Figure(
                title=_("Status"),
                value=STATUSES[status].title,
                tone=tone if tone in ("good", "warn", "bad") else "",
                sequence=10,
            )
        )
    if starts and ends:
        span = "–".join(loc.time(at.astimezone(starts.tzinfo).time()) for at in (starts, ends))
        day = starts.date()
        url = context.url("bookings.day", query={"date": day.isoformat()})
        figures.append(Figure(title=_("Time"), value=span, sub=loc.date(day), href=url, sequence=11))
    if total:
        figures.append(Figure(title=_("Total"), value=loc.money(total.amount, total.currency), sequence=12))
    return figures


# ---- the card of a client


def _figures(session: Session, context: CardContext) -> list[SlotItem]:
    """How often the client came, when last, and when next; one query."""
    present = now()
    came = (Appointment.status == "done") | (
        Appointment.status.in_(("arrived", "in_progress")) & (Appointment.starts <= present)
    )
    ahead = Appointment.status.in_(OPEN) & (Appointment.starts > present)
    found = session.execute(
        select(
            func.count(case((came, 1))).label("came"),
            func.max(case((came, Appointment.starts))).label("last"),
            func.min(case((ahead, Appointment.starts))).label("next"),
            func.count(case((Appointment.status == "no_show", 1))).label("missed"),
            *(
                select(getattr(Habit, name)).where(Habit.id == context.id).scalar_subquery().label(name)
                for name in ("late", "every", "due")
            ),
        ).where(Appointment.client_id == context.id, *visible(session, record_type(Appointment)))
    ).one()
    if not any((found.came, found.next, found.missed, found.late)):
        return []
    loc = context.loc
    said = []
    if found.missed:
        said.append(loc.plural("${n} did not come", "${n} did not come", found.missed))
    if found.late:
        said.append(loc.plural("${n} cancelled late", "${n} cancelled late", found.late))
    sub = ", ".join(said)
    figures: list[SlotItem] = [
        Figure(
            title=_("Visits"), value=loc.number(found.came), sub=sub, tone="warn" if sub else "", sequence=30
        )
    ]
    for title, at, sequence in ((_("Last visit"), found.last, 31), (_("Next visit"), found.next, 32)):
        if at is not None:
            url = context.url("bookings.day", query={"date": loc.local(at).date().isoformat()})
            figures.append(
                Figure(title=title, value=loc.date(at), sub=loc.time(at), href=url, sequence=sequence)
            )
    if found.every:
        due = found.due
        figures.append(
            Figure(
                title=_("Comes every"),
                value=loc.plural("${n} day", "${n} days", found.every),
                sub=_("due ${day}", mapping={"day": loc.date(due)}) if due else "",
                tone="warn" if due and due < defaults_of(session).today() else "",
                sequence=33,
            )
        )
    return figures


def _coming(session: Session, context: CardContext) -> list[SlotItem]:
    """The client's next visits, and the way to a new one."""
    kind = record_type(Appointment)
    conditions = [
        *visible(session, kind),
        Appointment.client_id == context.id,
        Appointment.status.in_(OPEN),
        Appointment.ends > now(),
    ]
    statement = select(Appointment.id, Appointment.starts, Appointment.starts_zone, Appointment.status)
    rows = session.execute(statement.where(*conditions).order_by(Appointment.starts).limit(COMING)).all()
    actions = []
    if allows(session, BOOK) and context.row.get("kind") != "company":
        query = {"client": context.id}
        book_url, find_url = (context.url(route, query=query) for route in ("bookings.book", "bookings.free"))
        actions = [
            {"title": _("New visit"), "url": book_url, "icon": "plus", "dialog": True},
            {"title": _("Find a time"), "url": find_url, "icon": "calendar-search"},
        ]
    if not rows and not actions:
        return []
    loc = context.loc
    visits = []
    for row in rows:
        local = row.starts.astimezone(ZoneInfo(row.starts_zone))
        visits.append(
            {
                "title": f"{loc.date(local.date())}, {loc.time(local.time())}",
                "url": context.url("record.card", record=kind.name, id=row.id),
                "icon": LOOKS[row.status].icon,
                "status": STATUSES[row.status].title,
            }
        )
    values = {"visits": visits, "actions": actions}
    return [SlotItem(template="bookings/coming.jinja2", context=values, sequence=20)]


def visits_of(session: Session, ids: Sequence[int], before: datetime | None, limit: int) -> list[Entry]:
    """Visits of these clients that have begun or were cancelled, newest first, for their timeline."""
    if not allows(session, READ):
        return []
    until = now() if before is None else min(before, now())
    began = select(
        Appointment.id, Appointment.starts, Appointment.status, Appointment.visitor, Appointment.reason
    ).where(
        Appointment.client_id.in_(ids),
        Appointment.starts < until,
        *visible(session, record_type(Appointment)),
    )
    rows = session.execute(began.order_by(Appointment.starts.desc(), Appointment.id.desc()).limit(limit))
    return [
        Entry(
            at=row.starts,
            kind="visit",
            title=_("Visit") if row.status in BLOCKING else STATUSES[row.status].title,
            text=row.visitor or row.reason or ("" if row.status == "done" else STATUSES[row.status].title),
            icon=LOOKS[row.status].icon,
        )
        for row in rows
    ]
