"""What the desk does with visits: books, moves and lengthens them, and says in words what is in the way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from parlour.access.rules import holds
from parlour.db.session import Session
from parlour.errors import NotAllowed, NotFound, Refusal
from parlour.i18n import Localizer, _
from parlour.plugins.bookings import occupied, offers, services
from parlour.plugins.bookings.calendar import titles_of
from parlour.plugins.bookings.models import MAX_MINUTES, Appointment, Line, Service, Skill
from parlour.plugins.bookings.offers import Wanted, zone_of
from parlour.plugins.bookings.statuses import BLOCKING
from parlour.plugins.catalog.models import Item
from parlour.plugins.schedule.clocks import minutes, moment
from parlour.plugins.schedule.models import Staff
from parlour.records.query import read, visible
from parlour.records.registry import fields_of, record_type
from parlour.records.write import Change, write

FORCE = "bookings:appointment:force"


def force_allowed(session: Session) -> bool:
    """Whether this person may put a visit over another."""
    return holds(session, FORCE)


@dataclass(frozen=True)
class Place:
    """A visit or one of its services as it stands: `start` and `minutes` of the service, `place` its number in the visit."""

    visit: int
    line: int
    place: int
    staff: int | None
    start: int
    offset: int
    minutes: int
    branch: int | None


def place_of(session: Session, line_id: int, action: str = "write") -> Place:
    """A service of a visit that this person may so act on. Raises NotFound."""
    row = session.execute(
        select(
            Line.id,
            Line.appointment_id,
            Line.staff_id,
            Line.offset,
            Line.minutes,
            Appointment.starts,
            Appointment.branch,
        )
        .join(Appointment, Appointment.id == Line.appointment_id)
        .where(
            Line.id == line_id,
            Line.archived_at.is_(None),
            *visible(session, record_type(Appointment), action=action),
        )
    ).one_or_none()
    if row is None:
        raise NotFound(_("There is no such visit, or it is not yours to change."))
    order = session.scalars(
        select(Line.id)
        .where(Line.appointment_id == row.appointment_id, Line.archived_at.is_(None))
        .order_by(Line.position, Line.id)
    ).all()
    return Place(
        row.appointment_id,
        row.id,
        list(order).index(row.id),
        row.staff_id,
        minutes(row.starts) + row.offset,
        row.offset,
        row.minutes,
        row.branch,
    )


def landing(session: Session, place: Place, start: int, staff: int | None) -> None:
    """Whether a service may stand there, its visit with it. Raises NotOffered when it may not; nothing is written."""
    offers.check(
        session,
        _wanted(session, place, staff),
        start - place.offset,
        by="staff",
        branch_id=place.branch,
        without=(occupied.VISIT, [place.visit]),
    )


def _wanted(session: Session, place: Place, staff: int | None) -> list[Wanted]:
    wanted = services.wanted_of(session, place.visit)
    wanted[place.place] = Wanted(wanted[place.place].item, staff or place.staff)
    return wanted


def move(session: Session, place: Place, start: int, staff: int | None, *, force: bool = False) -> int:
    """Let a service begin at `start`, its visit with it, done by `staff`; returns what undoes it. Raises NotOffered, `Taken`."""
    if force and not force_allowed(session):
        raise NotAllowed(_("Putting a visit over another is not yours to do."))
    who = {place.place: staff} if staff is not None and staff != place.staff else {}
    change_set = services.move(session, place.visit, start - place.offset, by="staff", staff=who, force=force)
    still_theirs(session, place.visit, "write")
    return change_set


def lengthen(session: Session, place: Place, length: int) -> int | None:
    """Let a service take so many minutes; those after it begin later. Raises `Taken` when somebody is in the way."""
    if not 1 <= length <= MAX_MINUTES:
        raise Refusal(_("A service takes between 1 and ${n} minutes.", mapping={"n": MAX_MINUTES}))
    return write(session, Line, [Change({"minutes": length}, place.line)], label="lengthen").change_set


def still_theirs(session: Session, visit_id: int, action: str) -> None:
    """Refuse what would put a visit where its writer may not write. Services write as the plugin, so it is asked afterwards."""
    conditions = visible(session, record_type(Appointment), action=action)
    if session.scalars(select(Appointment.id).where(Appointment.id == visit_id, *conditions)).first() is None:
        raise NotAllowed(_("This visit would not be yours to change."))


# ---- words


def in_the_way(
    session: Session, staff: Collection[int], start: int, end: int, *, without: int | None = None
) -> list[dict[str, Any]]:
    """Visits that these specialists have then, as far as this person may see them."""
    kind = record_type(Appointment)
    fields = [
        item for item in fields_of(session, kind) if item.name in ("client", "visitor", "starts", "ends")
    ]
    theirs = select(Line.appointment_id).where(Line.staff_id.in_(staff), Line.archived_at.is_(None))
    conditions = [
        *visible(session, kind),
        Appointment.starts > moment(start) - timedelta(minutes=MAX_MINUTES),
        Appointment.starts < moment(end),
        Appointment.ends > moment(start),
        Appointment.status.in_(BLOCKING),
        Appointment.id != (without or 0),
        Appointment.id.in_(theirs),
    ]
    return read(session, kind, fields, conditions, order_by=[Appointment.starts], limit=3, titled=True)


def why_not(
    session: Session,
    loc: Localizer,
    wanted: Sequence[Wanted],
    start: int,
    end: int,
    refused: Refusal,
    *,
    branch_id: int | None = None,
    visit: int | None = None,
) -> str:
    """A refused time in words: who is in the way, else what the refusal says, and which times are near."""
    zone = ZoneInfo(zone_of(session, branch_id))
    staff = {one.staff for one in wanted if one.staff is not None}
    rows = in_the_way(session, staff, start, end, without=visit) if staff else []
    said = loc.translate(refused.message)
    if rows:
        visits = ", ".join(f"{titles_of(row) or '–'} {_span(loc, zone, row)}" for row in rows)
        said = loc.translate(_("In the way: ${visits}.", mapping={"visits": visits}))
    return " ".join(filter(None, [said, near(session, loc, wanted, start, branch_id=branch_id)]))


def _span(loc: Localizer, zone: ZoneInfo, row: Mapping[str, Any]) -> str:
    return "–".join(loc.time(row[name].astimezone(zone).time()) for name in ("starts", "ends"))


def near(
    session: Session, loc: Localizer, wanted: Sequence[Wanted], start: int, *, branch_id: int | None = None
) -> str:
    """The nearest free times in words, or nothing when there are none or nobody does it."""
    try:
        found, starts = offers.alternatives(session, wanted, start, by="staff", branch_id=branch_id)
    except (Refusal, NotFound):
        return ""
    zone = ZoneInfo(found.zone)
    day = moment(start).astimezone(zone).date()
    words = []
    for at in starts:
        local = moment(at).astimezone(zone)
        on = "" if local.date() == day else f"{loc.date(local.date(), 'short')} "
        words.append(f"{on}{loc.time(local.time())}")
    return loc.translate(_("Free: ${times}.", mapping={"times": ", ".join(words)})) if words else ""


# ---- what can be chosen


@dataclass(frozen=True)
class Choices:
    """Services that can be booked, with their minutes, and who does which."""

    services: dict[int, tuple[str, int]]
    staff: dict[int, str]
    able: dict[int, set[int]]


def choices(session: Session, branch_id: int | None = None) -> Choices:
    """What can be booked at the desk, as far as this person may see it. Three queries."""
    items = session.execute(
        select(Item.id, Item.name, Service.minutes)
        .join(Service, Service.id == Item.id)
        .where(Service.minutes.is_not(None), *visible(session, record_type(Item)))
        .order_by(Item.name_key)
    ).all()
    people = session.execute(
        select(Staff.id, Staff.name)
        .where(*visible(session, record_type(Staff)))
        .order_by(Staff.position, Staff.id)
    ).all()
    able: dict[int, set[int]] = {}
    for who, item in session.execute(
        select(Skill.staff_id, Skill.item_id).where(Skill.archived_at.is_(None))
    ):
        able.setdefault(who, set()).add(item)
    return Choices(
        {row.id: (row.name, row.minutes) for row in items}, {row.id: row.name for row in people}, able
    )


def instant(text: str, zone: str) -> int | None:
    """A wall time of an address ("2026-05-04T10:30") as minutes since 1970; None for what is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is not None or not 1990 <= found.year <= 2200:
        return None
    return minutes(found.replace(tzinfo=ZoneInfo(zone)))
