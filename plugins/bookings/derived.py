"""What visits and their services derive: what they are called, when a visit ends, what a service takes and costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.i18n import Localizer
from parlour.plugins.bookings.statuses import CANCELLED
from parlour.plugins.catalog.models import Item
from parlour.plugins.catalog.services import prices_of
from parlour.plugins.schedule.models import Grade, ResourceType, Staff
from parlour.records.defaults import defaults_of
from parlour.records.values import Money

if TYPE_CHECKING:
    from parlour.records.write import RowChange

_SNAPSHOT = ("before", "after", "gap_from", "gap")


def derive_visits(session: Session, rows: Sequence[RowChange]) -> None:
    """Fill in `name`, `ends` and what follows from the status of visits about to be written.

    Moving the beginning moves the end and the time until which cancelling is free, and ends a delay. A visit is called by its
    beginning: with the client's name it would keep that when the client has got another, or none.
    """
    for row in rows:
        starts = row.value("starts")
        if isinstance(starts, datetime):
            row.new["name"] = f"{starts:%Y-%m-%d %H:%M}"
            _move_along(row, starts)
        if row.kind == "update" and row.new.get("status", row.before.get("status")) != row.before.get(
            "status"
        ):
            _follow_status(row)


def heading_of(row: Mapping[str, Any], loc: Localizer) -> str:
    """What a visit's own pages call it: who comes, and when."""
    starts, client = row.get("starts"), row.get("client")
    who = row.get("visitor") or (client and client["title"])
    when = f"{loc.date(starts.date())}, {loc.time(starts.time())}" if starts else ""
    return ", ".join(filter(None, [who, when]))


def heading_of_session(row: Mapping[str, Any], loc: Localizer) -> str:
    """What a group session's own pages call it: what, and when."""
    starts, item = row.get("starts"), row.get("item")
    when = f"{loc.date(starts.date())}, {loc.time(starts.time())}" if starts else ""
    return ", ".join(filter(None, [item and item["title"], when]))


def heading_of_review(row: Mapping[str, Any], loc: Localizer) -> str:
    """What a review's own pages call it: of whom, and how many stars."""
    client, rating = row.get("client"), row.get("rating")
    return " ".join(filter(None, [client and client["title"], "★" * (rating or 0)]))


def heading_of_waiting(row: Mapping[str, Any], loc: Localizer) -> str:
    """What the own pages of an entry of the waiting list call it: who waits, and for what."""
    client, item = row.get("client"), row.get("item")
    who = row.get("visitor") or (client and client["title"])
    return ", ".join(filter(None, [who, item and item["title"]]))


def _move_along(row: RowChange, starts: datetime) -> None:
    was, ended, free = (row.before.get(name) for name in ("starts", "ends", "free_until"))
    if "ends" not in row.new:
        row.new["ends"] = starts.astimezone(UTC) + (ended - was if was and ended else timedelta())
    if was and free and "free_until" not in row.new:
        row.new["free_until"] = starts.astimezone(UTC) + (free - was)
    if was and was != starts:
        row.new.setdefault("delay", None)


def _follow_status(row: RowChange) -> None:
    """When it was cancelled or the client came, and what is owed for it; what an undo brings back stands."""
    from parlour.plugins.bookings.terms import fee_of

    status = row.new["status"]
    fee = fee_of(status, *(row.value(name) for name in ("free_until", "late_fee", "missed_fee")))
    row.new.setdefault("fee", fee)
    row.new.setdefault("fee_state", None if fee is None else "owed")
    row.new.setdefault("cancelled_at", now() if status in CANCELLED else None)
    if status not in ("requested", "booked", "confirmed", "arrived"):
        row.new.setdefault("delay", None)
    if status == "arrived":
        row.new.setdefault("arrived_at", now())
    elif status in ("requested", "booked", "confirmed"):
        row.new.setdefault("arrived_at", None)


derive_visits.needs = (  # type: ignore[attr-defined]
    "starts",
    "ends",
    "group",
    "client",
    "status",
)


def derive_lines(session: Session, rows: Sequence[RowChange]) -> None:
    """Fill in what new services of visits take and cost, where it was not given.

    As the specialist does it, else as the catalogue says.
    """
    from parlour.plugins.bookings.models import Service, Skill, as_done

    fresh = [
        row
        for row in rows
        if row.kind == "create" and isinstance(row.new.get("item"), int) and not _whole(row.new)
    ]
    items = {row.new["item"] for row in fresh}
    if not items:
        return
    columns = (Service.minutes, *(getattr(Service, name) for name in _SNAPSHOT))
    services = {
        row.id: row
        for row in session.execute(
            select(Item.id, Item.name, *columns)
            .outerjoin(Service, Service.id == Item.id)
            .where(Item.id.in_(items))
        )
    }
    skills = {
        (row.staff_id, row.item_id): row for row in session.execute(as_done().where(Skill.item_id.in_(items)))
    }
    prices = prices_of(session, sorted(items), defaults_of(session).today())
    for row in fresh:
        service = services.get(row.new["item"])
        if service is None:
            continue
        skill = skills.get((row.new.get("staff"), row.new["item"]))
        row.new.setdefault("name", service.name)
        if row.new.get("minutes") is None:
            row.new["minutes"] = (skill and skill.minutes) or service.minutes
        if row.new.get("price") is None and "price" not in row.new:
            if skill is not None and skill.price_amount is not None:
                row.new["price"] = Money.from_minor(skill.price_amount, skill.price_currency)
            else:
                row.new["price"] = prices.get(service.id)
        for name in _SNAPSHOT:
            if not row.new.get(name):
                row.new[name] = getattr(service, name) or (0 if name in ("before", "after") else None)


def _whole(values: Mapping[str, Any]) -> bool:
    """Whether everything was given, as by `services.book`, which has read it to find the time."""
    return all(name in values for name in ("name", "minutes", "price", *_SNAPSHOT))


# Whose it is tells what has to be settled afterwards.
derive_lines.needs = ("appointment",)  # type: ignore[attr-defined]


def name_skills(session: Session, rows: Sequence[RowChange]) -> None:
    """Fill in `name` of who does what."""
    _join_names(session, rows, {"staff": Staff, "item": Item})


def name_grade_prices(session: Session, rows: Sequence[RowChange]) -> None:
    """Fill in `name` of prices of grades."""
    _join_names(session, rows, {"item": Item, "grade": Grade})


def name_needs(session: Session, rows: Sequence[RowChange]) -> None:
    """Fill in `name` of where services are done."""
    _join_names(session, rows, {"item": Item, "type": ResourceType})


def name_waiting(session: Session, rows: Sequence[RowChange]) -> None:
    """Fill in `name` of entries of the waiting list: the service and the days."""
    _join_names(session, rows, {"item": Item})
    for row in rows:
        row.new["name"] += f" · {row.value('since')} – {row.value('until')}"


def derive_treatments(session: Session, rows: Sequence[RowChange]) -> None:
    """Fill in `name` of technical notes, the visit and how they begin, and whose a new one is: the first specialist's."""
    from parlour.plugins.bookings.models import Appointment, Line

    _join_names(session, rows, {"appointment": Appointment})
    for row in rows:
        words = " ".join((row.value("text") or "").split())[:80]
        row.new["name"] = " · ".join(filter(None, [row.new["name"], words]))
    nobodys = [row for row in rows if row.kind == "create" and row.new.get("staff") is None]
    visits = {row.new.get("appointment") for row in nobodys}
    lines = session.execute(
        select(Line.appointment_id, Line.staff_id)
        .where(Line.appointment_id.in_(visits), Line.staff_id.is_not(None), Line.archived_at.is_(None))
        .order_by(Line.position.desc(), Line.id.desc())
    )
    first = {visit: staff for visit, staff in lines}
    for row in nobodys:
        row.new["staff"] = first.get(row.new.get("appointment"))


def derive_reviews(session: Session, rows: Sequence[RowChange]) -> None:
    """Fill in `name` of reviews, the visit and its stars, and of whom a new one is: the client, and the first specialist."""
    from parlour.plugins.bookings.models import Appointment, Line

    _join_names(session, rows, {"appointment": Appointment})
    for row in rows:
        row.new["name"] += f" · {'★' * (row.value('rating') or 0)}"
    visits = {row.new.get("appointment") for row in rows if row.new.get("appointment") is not None}
    if not visits:
        return
    whose = dict(
        session.execute(select(Appointment.id, Appointment.client_id).where(Appointment.id.in_(visits))).all()
    )
    lines = session.execute(
        select(Line.appointment_id, Line.staff_id)
        .where(Line.appointment_id.in_(visits), Line.staff_id.is_not(None), Line.archived_at.is_(None))
        .order_by(Line.position.desc(), Line.id.desc())
    )
    first = {visit: staff for visit, staff in lines}
    for row in rows:
        visit = row.new.get("appointment")
        if visit is not None:
            row.new |= {"client": whose.get(visit), "staff": first.get(visit)}


def derive_groups(session: Session, rows: Sequence[RowChange]) -> None:
    """Fill in `name` of group sessions, and how long one takes where that was left empty: as long as its service."""
    from parlour.plugins.bookings.models import Service

    _join_names(session, rows, {"item": Item})
    empty = [
        row
        for row in rows
        if row.new.get("minutes") is None and (row.kind == "create" or "minutes" in row.new)
    ]
    if empty:
        items = {row.value("item") for row in empty} - {None}
        found = session.execute(select(Service.id, Service.minutes).where(Service.id.in_(items)))
        lengths: dict[Any, int | None] = {row[0]: row[1] for row in found}
        for row in empty:
            row.new["minutes"] = lengths.get(row.value("item"))
    for row in rows:
        starts = row.value("starts")
        if isinstance(starts, datetime):
            row.new["name"] += f" · {starts:%Y-%m-%d %H:%M}"


derive_treatments.needs = ("appointment", "text")  # type: ignore[attr-defined]
derive_reviews.needs = ("appointment", "rating")  # type: ignore[attr-defined]
derive_groups.needs = ("item", "starts")  # type: ignore[attr-defined]
name_waiting.needs = ("item", "since", "until")  # type: ignore[attr-defined]
name_skills.needs = ("staff", "item")  # type: ignore[attr-defined]
name_grade_prices.needs = ("item", "grade")  # type: ignore[attr-defined]
name_needs.needs = ("item", "type")  # type: ignore[attr-defined]


def _join_names(session: Session, rows: Sequence[RowChange], sides: Mapping[str, Any]) -> None:
    names: dict[tuple[str, Any], str] = {}
    for side, cls in sides.items():
        ids = {row.value(side) for row in rows if isinstance(row.value(side), int)}
        for row_id, name in session.execute(select(cls.id, cls.name).where(cls.id.in_(ids))):
            names[side, row_id] = name[:98]
    for row in rows:
        row.new["name"] = " · ".join(names.get((side, row.value(side)), "") for side in sides)
