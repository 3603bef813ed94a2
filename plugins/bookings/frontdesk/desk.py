"""What the desk does with visits: books, moves and lengthens them, and says in words what is in the way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from parlour.access.rules import holds
from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import NotAllowed, NotFound, Refusal
from parlour.i18n import Localizer, _
from parlour.plugins.bookings import occupied, offers, services
from parlour.plugins.bookings.frontdesk.calendar import titles_of
from parlour.plugins.bookings.models import MAX_MINUTES, Appointment, Line, Need, Service, as_done
from parlour.plugins.bookings.offers import Wanted, zone_of
from parlour.plugins.catalog.models import Item
from parlour.plugins.schedule.clocks import minutes, moment
from parlour.plugins.schedule.models import MAX_SEGMENT, Busy, Resource, Staff
from parlour.records.query import Row, read, visible
from parlour.records.registry import fields_of, record_type
from parlour.records.write import Change, open_change_set, write

FORCE = "bookings:appointment:force"
# So many visits that are in the way are named.
NAMED = 3


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
    rooms: tuple[int, ...]
    overlap: bool


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
            Appointment.overlap,
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
        _rooms(session, row.id),
        row.overlap,
    )


def _rooms(session: Session, line_id: int) -> tuple[int, ...]:
    kind = record_type(Line)
    [row] = read(session, kind, [kind.field("resources")], [Line.id == line_id])
    return tuple(row["resources"])


@dataclass(frozen=True)
class Landing:
    """Where a service is to stand: its start, by whom (None: as it is), and in which room instead of which one.

    `moved` is (from, to); the same twice where it is to stay in its room, None where any will do.
    """

    start: int
    staff: int | None = None
    moved: tuple[int | None, int] | None = None

    def rooms(self, place: Place) -> tuple[int, ...]:
        if self.moved is None:
            return ()
        left, entered = self.moved
        return tuple(dict.fromkeys([*(room for room in place.rooms if room != left), entered]))


def landing(session: Session, place: Place, where: Landing) -> Any:
    """Whether a service may stand there, its visit with it; what it would cost then, in words, where that is something else.

    Raises NotOffered when it may not; nothing is written.
    """
    wanted = services.wanted_of(
        session, place.visit, staff=_who(place, where), rooms={place.place: where.rooms(place)}
    )
    start = where.start - place.offset
    own = (occupied.VISIT, [place.visit])
    found, chosen = offers.check(session, wanted, start, by="staff", branch_id=place.branch, without=own)
    day = moment(start).astimezone(ZoneInfo(found.zone)).date()
    return services.would_reprice(session, place.visit, chosen, day)


def _who(place: Place, where: Landing) -> dict[int, int]:
    return {} if where.staff is None else {place.place: where.staff}


def move(session: Session, place: Place, where: Landing, *, force: bool = False) -> services.Moved:
    """Let a service stand there, its visit with it. Raises NotOffered, `Taken`."""
    _may_force(session, force)
    moved = services.move(
        session,
        place.visit,
        where.start - place.offset,
        by="staff",
        staff=_who(place, where),
        rooms={place.place: where.rooms(place)},
        force=force,
    )
    still_theirs(session, place.visit, "write")
    return moved


def _may_force(session: Session, force: bool) -> None:
    if force and not force_allowed(session):
        raise NotAllowed(_("Putting a visit over another is not yours to do."))


def lengthen(session: Session, place: Place, length: int, *, force: bool = False) -> int | None:
    """Let a service take so many minutes; those after it begin later. Raises `Taken` when somebody is in the way and it is not
    to be put over them.
    """
    if not 1 <= length <= MAX_MINUTES:
        raise Refusal(_("A service takes between 1 and ${n} minutes.", mapping={"n": MAX_MINUTES}))
    _may_force(session, force)
    change_set = open_change_set(session, label="lengthen")
    # What was put over another before may become shorter; longer it is over more, which is asked for anew.
    overlap = force or (place.overlap and length <= place.minutes)
    with occupied.half_written(session, place.visit):
        if overlap != place.overlap:
            change = Change({"overlap": overlap}, place.visit)
            write(session, Appointment, [change], change_set=change_set, system=True)
        write(session, Line, [Change({"minutes": length}, place.line)], change_set=change_set)
    occupied.follow(session, [place.visit], settle=True, change_set=change_set)
    return change_set


def still_theirs(session: Session, visit_id: int, action: str) -> None:
    """Refuse what would put a visit where its writer may not write. Services write as the plugin, so it is asked afterwards."""
    conditions = visible(session, record_type(Appointment), action=action)
    if session.scalars(select(Appointment.id).where(Appointment.id == visit_id, *conditions)).first() is None:
        raise NotAllowed(_("This visit would not be yours to change."))


# ---- words


def in_the_way(
    session: Session,
    start: int,
    end: int,
    *,
    staff: Collection[int] = (),
    rooms: Collection[int] = (),
    without: int | None = None,
) -> list[Row]:
    """Visits that these specialists or rooms have then, as far as this person may see them."""
    kind = record_type(Appointment)
    fields = [
        item for item in fields_of(session, kind) if item.name in ("client", "visitor", "starts", "ends")
    ]
    there = select(Busy.source_id).where(
        or_(Busy.staff_id.in_(staff), Busy.resource_id.in_(rooms)),
        Busy.source == occupied.VISIT,
        Busy.starts > start - MAX_SEGMENT,
        Busy.starts < end,
        Busy.ends > start,
    )
    conditions = [*visible(session, kind), Appointment.id != (without or 0), Appointment.id.in_(there)]
    return read(session, kind, fields, conditions, order_by=[Appointment.starts], limit=NAMED, titled=True)


def taken(
    session: Session, start: int, end: int, *, staff: Collection[int], rooms: Collection[int], without: int
) -> bool:
    """Whether anything but this visit, seen or not, has these specialists or rooms then: visits, sessions, blocked time."""
    found = select(Busy.id).where(
        or_(Busy.staff_id.in_(staff), Busy.resource_id.in_(rooms)),
        or_(Busy.source != occupied.VISIT, Busy.source_id != without),
        or_(Busy.expires_at.is_(None), Busy.expires_at > now()),
        Busy.starts > start - MAX_SEGMENT,
        Busy.starts < end,
        Busy.ends > start,
    )
    return session.scalars(found.limit(1)).first() is not None


@dataclass(frozen=True)
class Why:
    """Why a time is not to be had, in words, and the visits that they name. `near` are free times instead: on the wall, as an
    address has it, and in words.
    """

    said: str
    visits: Sequence[Row]
    near: Sequence[tuple[str, str]]

    def text(self, loc: Localizer) -> str:
        """All of it in words."""
        times = ", ".join(words for _at, words in self.near)
        free = loc.translate(_("Free: ${times}.", mapping={"times": times})) if times else ""
        return " ".join(filter(None, [self.said, free]))


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
) -> Why:
    """A refused time in words: who is in the way, else what the refusal says, and which times are near."""
    zone = ZoneInfo(zone_of(session, branch_id))
    staff = {one.staff for one in wanted if one.staff is not None}
    rooms = {room for one in wanted for room in one.rooms}
    rows = in_the_way(session, start, end, staff=staff, rooms=rooms, without=visit) if staff or rooms else []
    said = loc.translate(refused.message)
    if rows:
        visits = ", ".join(f"{titles_of(row) or '–'} {_span(loc, zone, row)}" for row in rows)
        said = loc.translate(_("In the way: ${visits}.", mapping={"visits": visits}))
    return Why(said, rows, near(session, loc, wanted, start, branch_id=branch_id, visit=visit))


def _span(loc: Localizer, zone: ZoneInfo, row: Mapping[str, Any]) -> str:
    return "–".join(loc.time(row[name].astimezone(zone).time()) for name in ("starts", "ends"))


def near(
    session: Session,
    loc: Localizer,
    wanted: Sequence[Wanted],
    start: int,
    *,
    branch_id: int | None = None,
    visit: int | None = None,
) -> list[tuple[str, str]]:
    """The nearest free times as `Why` has them; none when nobody does it. A `visit` is not in its own way."""
    own = None if visit is None else (occupied.VISIT, [visit])
    try:
        found, starts = offers.alternatives(
            session, wanted, start, by="staff", branch_id=branch_id, without=own
        )
    except (Refusal, NotFound):
        return []
    zone = ZoneInfo(found.zone)
    day = moment(start).astimezone(zone).date()
    times = []
    for at in starts:
        local = moment(at).astimezone(zone)
        on = "" if local.date() == day else f"{loc.date(local.date(), 'short')} "
        times.append((f"{local:%Y-%m-%dT%H:%M}", f"{on}{loc.time(local.time())}"))
    return times


# ---- what can be chosen


@dataclass(frozen=True)
class Choices:
    """Services that can be booked, with their minutes; who does which, with their own minutes where they have some."""

    services: dict[int, tuple[str, int]]
    staff: dict[int, str]
    able: dict[int, dict[int, int | None]]

    def minutes(self, item: int | None, staff: int | None) -> int:
        """How long it takes when this specialist does it, or usually."""
        return self.able.get(staff or 0, {}).get(item or 0) or self.services[item or 0][1]

    def lasting(self, wanted: Sequence[Wanted], length: int) -> list[Wanted]:
        """These services in so many minutes altogether: the last of them takes what the others leave. Raises Refusal."""
        *others, last = wanted
        before = sum(self.minutes(one.item, one.staff) for one in others)
        if not before < length <= MAX_MINUTES:
            raise Refusal(
                _("Between ${least} and ${most} minutes.", mapping={"least": before + 1, "most": MAX_MINUTES})
            )
        return [*others, replace(last, minutes=length - before)]


def choices(session: Session) -> Choices:
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
    able: dict[int, dict[int, int | None]] = {}
    for who, item, length, _amount, _currency in session.execute(as_done()):
        able.setdefault(who, {})[item] = length
    return Choices(
        {row.id: (row.name, row.minutes) for row in items}, {row.id: row.name for row in people}, able
    )


def in_room(session: Session, wanted: Sequence[Wanted], room: int) -> list[Wanted]:
    """These services in a room, as far as they need one of its type. Raises Refusal when none of them does."""
    of_type = select(Need.item_id).join(Resource, Resource.type_id == Need.type_id)
    able = set(session.scalars(of_type.where(Resource.id == room, Need.archived_at.is_(None))))
    if not any(one.item in able for one in wanted):
        raise Refusal(_("It is not done in this room. Choose another service or another room."))
    return [replace(one, rooms=(room,)) if one.item in able else one for one in wanted]


def instant(text: str, zone: str) -> int | None:
    """A wall time of an address ("2026-05-04T10:30") as minutes since 1970; None for what is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is not None or not 1990 <= found.year <= 2200:
        return None
    return minutes(found.replace(tzinfo=ZoneInfo(zone)))
