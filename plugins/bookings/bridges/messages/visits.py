"""Messages about one visit: that it is asked for, booked, moved, cancelled or near."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import select

from parlour.access.models import Branch
from parlour.db.base import now
from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.bookings.bridges.messages.addressed import GONE, link, still_gone
from parlour.plugins.bookings.marks import COMING
from parlour.plugins.bookings.models import Appointment, Line
from parlour.plugins.bookings.statuses import CANCELLED, STATUSES
from parlour.plugins.bookings.tokens import make_token
from parlour.plugins.messages.kinds import SAMPLE_MOMENT, STAFF, About, MessageKind, Shipped, Variable
from parlour.plugins.schedule.clocks import minutes
from parlour.plugins.schedule.models import Staff
from parlour.records.values import Money

# Subject, body and short text.
_Texts = tuple[str, str, str]


# What the salon has asked for itself or said yes to.
AGREED = ("booked", "confirmed")


def _coming(session: Session, about: About) -> Mapping[str, Any] | None:
    """As `_as_it_is`, for those who work here."""
    return _as_it_is(about, visit_of(session, about, COMING, staff=True))


def _as_it_is(about: About, visit: dict[str, Any] | None) -> dict[str, Any] | None:
    """The visit as it is now; None once it was moved or has begun. `version` is the start that was spoken of."""
    if visit is None or visit["start"] <= now():
        return None
    if about.version is not None and minutes(visit["start"]) != about.version:
        return None
    return visit


def _for_client(statuses: Collection[str], session: Session, about: About) -> Mapping[str, Any] | None:
    """As `_as_it_is`, with a key of the client's own: whoever has the message can move and cancel the visit."""
    visit = _as_it_is(about, visit_of(session, about, statuses))
    if visit is None:
        return None
    return {**visit, "link": link(session, about, f"visit={make_token(session, about.id)}")}


def _off(session: Session, about: About) -> Mapping[str, Any] | None:
    """The cancelled visit; None when it has come back meanwhile."""
    if about.version == GONE:
        return still_gone(session, about)
    return visit_of(session, about, CANCELLED)


def visit_of(
    session: Session, about: About, statuses: Collection[str], *, staff: bool = False
) -> dict[str, Any] | None:
    """What a message says of its visit; None where that has none of these statuses, or is another client's by now."""
    row = session.execute(
        select(
            Appointment.status,
            Appointment.starts,
            Appointment.client_id,
            Appointment.visitor,
            Appointment.deposit_amount,
            Appointment.deposit_currency,
            Appointment.free_until,
            Branch.name.label("place"),
            Branch.address,
            Branch.phone,
        )
        .outerjoin(Branch, Branch.id == Appointment.branch)
        .where(Appointment.id == about.id, Appointment.archived_at.is_(None))
    ).one_or_none()
    if row is None or row.status not in statuses or not (staff or row.client_id == about.contact_id):
        return None
    lines = session.execute(
        select(Line.name, Staff.name.label("who"))
        .outerjoin(Staff, Staff.id == Line.staff_id)
        .where(Line.appointment_id == about.id, Line.archived_at.is_(None))
        .order_by(Line.position, Line.id)
    ).all()
    people = dict.fromkeys(line.who for line in lines if line.who)
    place = ", ".join(part for part in (row.place, row.address) if part)
    return {
        "start": row.starts,
        "services": ", ".join(line.name for line in lines if line.name) or "—",
        "specialist": ", ".join(people) or "—",
        "place": place or "—",
        "status": STATUSES[row.status].title,
        "who": row.visitor or "—",
        "deposit": None
        if row.deposit_amount is None
        else Money.from_minor(row.deposit_amount, row.deposit_currency),
        "free_until": row.free_until,
    }


VARIABLES = (
    Variable("start", _("Begins"), SAMPLE_MOMENT),
    Variable("services", _("Services of the visit"), "Haircut, Blow-dry"),
    Variable("specialist", _("Specialist"), "Vera Zaitseva"),
    Variable("place", _("Where"), "Jasmine by the park, Tverskaya 12"),
    Variable("status", _("Status"), STATUSES["booked"].title),
    Variable("who", _("Who comes"), "Anna Orlova"),
    Variable("deposit", _("Deposit"), Money(Decimal(500), "RUB")),
    Variable("free_until", _("Cancelled free of charge until"), SAMPLE_MOMENT - timedelta(days=1)),
)


_LINK = Variable("link", _("Where the visit is moved or cancelled"), "https://salon.example/#visit=kX3vQ9")


_LINKED: dict[str, Any] = {"variables": (*VARIABLES, _LINK), "secret": ("link",)}


def _kind(code: str, title: Any, still: Any, english: _Texts, russian: _Texts, **more: Any) -> MessageKind:
    texts = {"en": Shipped(*english), "ru": Shipped(*russian)}
    more = {"variables": VARIABLES} | more
    return MessageKind(code=f"bookings.{code}", title=title, texts=texts, still=still, **more)


_WHAT = "\n\n{services}\n{specialist}\n{place}\n\n"
_DETAILS = _WHAT + "{salon}"
_CHANGE = _WHAT + "Look at it, move or cancel it: {link}\n\n{salon}"
_CHANGE_RU = _WHAT + "Посмотреть, перенести или отменить: {link}\n\n{salon}"
KINDS = (
    _kind(
        "requested",
        _("Visit requested"),
        partial(_for_client, ("requested",)),
        (
            "Your request has arrived: {start}",
            "{first_name}, your request for {start.date} at {start.time} has arrived. We look at it and confirm it."
            + _CHANGE,
            "{salon}: your request for {start.date} {start.time} has arrived, we will confirm it",
        ),
        (
            "Заявка получена: {start}",
            "{first_name}, мы получили вашу заявку: {start.date}, {start.time}. Посмотрим её и подтвердим."
            + _CHANGE_RU,
            "{salon}: заявка получена, {start.date} {start.time}, мы её подтвердим",
        ),
        quiet=False,
        sequence=9,
        **_LINKED,
    ),
    _kind(
        "booked",
        _("Visit booked"),
        partial(_for_client, AGREED),
        (
            "You are booked: {start}",
            "{first_name}, we expect you on {start.date} at {start.time}." + _CHANGE,
            "{salon}: {start.date} {start.time}, {services}",
        ),
        (
            "Вы записаны: {start}",
            "{first_name}, ждём вас: {start.date}, {start.time}." + _CHANGE_RU,
            "{salon}: {start.date} {start.time}, {services}",
        ),
        quiet=False,
        sequence=10,
        **_LINKED,
    ),
    _kind(
        "moved",
        _("Visit moved"),
        partial(_for_client, AGREED),
        (
            "Your visit was moved: {start}",
            "{first_name}, your visit is now on {start.date} at {start.time}." + _CHANGE,
            "{salon}: moved to {start.date} {start.time}",
        ),
        (
            "Визит перенесён: {start}",
            "{first_name}, теперь ждём вас: {start.date}, {start.time}." + _CHANGE_RU,
            "{salon}: перенос на {start.date} {start.time}",
        ),
        quiet=False,
        sequence=11,
        **_LINKED,
    ),
    _kind(
        "cancelled",
        _("Visit cancelled"),
        _off,
        (
            "Your visit was cancelled",
            "{first_name}, your visit on {start.date} at {start.time} was cancelled." + _DETAILS,
            "{salon}: {start.date} {start.time} is cancelled",
        ),
        (
            "Визит отменён",
            "{first_name}, визит отменён: {start.date}, {start.time}." + _DETAILS,
            "{salon}: визит отменён, {start.date} {start.time}",
        ),
        quiet=False,
        sequence=12,
    ),
    _kind(
        "reminder",
        _("Reminder of a visit"),
        partial(_for_client, AGREED),
        (
            "We expect you: {start}",
            "{first_name}, see you on {start.date} at {start.time}." + _CHANGE,
            "{salon}: see you {start.date} {start.time}",
        ),
        (
            "Ждём вас: {start}",
            "{first_name}, напоминаем о визите: {start.date}, {start.time}." + _CHANGE_RU,
            "{salon}: ждём вас, {start.date} {start.time}",
        ),
        sequence=13,
        **_LINKED,
    ),
    _kind(
        "online",
        _("Booked online, for the specialist"),
        _coming,
        (
            "Booked online: {start}",
            "{start.date} at {start.time}" + _DETAILS,
            "{start.date} {start.time}, {services}",
        ),
        (
            "Запись онлайн: {start}",
            "{start.date}, {start.time}" + _DETAILS,
            "{start.date} {start.time}, {services}",
        ),
        audience=STAFF,
        sequence=14,
    ),
)
