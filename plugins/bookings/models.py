"""What makes an item bookable, who does it, and visits with their services."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from parlour.db.base import BigId, Json, Moment, now, scoped_base
from parlour.i18n import _
from parlour.plugins.bookings.derived import (
    derive_groups,
    derive_lines,
    derive_visits,
    name_needs,
    name_skills,
    name_waiting,
)
from parlour.plugins.bookings.kinds import wall_moment
from parlour.plugins.bookings.statuses import CHOICES, SPELLINGS
from parlour.plugins.catalog.models import Item
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.kinds import clock
from parlour.plugins.schedule.models import Resource, ResourceType, Staff
from parlour.records.declare import (
    boolean,
    branch,
    choice,
    day,
    email,
    integer,
    link,
    links,
    moment,
    money,
    phone,
    record_base,
    text,
)

Record = record_base("bookings")
Base: Any = scoped_base("bookings")

SOURCES = (
    ("desk", _("At the desk")),
    ("online", _("Online")),
    ("phone", _("By phone")),
    ("walk_in", _("Walked in")),
    ("import", _("From a file")),
    ("api", _("By a program")),
)
WAITING = (
    ("waiting", _("Waits")),
    ("offered", _("Offered a time")),
    ("booked", _("Has a visit")),
    ("expired", _("Did not answer")),
    ("closed", _("Does not wait any more")),
)
# A visit has at most so many services, and a service takes at most so many minutes.
MAX_SERVICES = 20
MAX_SEATS = 1000
MAX_MINUTES = 1440


class Service(Record, extends=Item):
    """What makes an item bookable: that it has a duration."""

    minutes: Mapped[int | None] = integer(
        _("Duration, minutes"),
        minimum=1,
        maximum=MAX_MINUTES,
        sequence=30,
        hint=_("With a duration it can be booked."),
        aliases=("длительность", "продолжительность", "duration", "minutes"),
    )
    before: Mapped[int | None] = integer(
        _("Minutes before"),
        minimum=0,
        maximum=480,
        sequence=31,
        hint=_("The specialist and the room are taken already. They lie within working hours."),
    )
    after: Mapped[int | None] = integer(
        _("Minutes after"),
        minimum=0,
        maximum=480,
        sequence=32,
        hint=_("For cleaning up. It adds to the next one's before."),
    )
    gap_from: Mapped[int | None] = integer(
        _("Processing begins after, minutes"),
        minimum=1,
        maximum=MAX_MINUTES,
        sequence=33,
        hint=_("The client sits, the specialist is free for others."),
    )
    gap: Mapped[int | None] = integer(
        _("Processing lasts, minutes"), minimum=1, maximum=MAX_MINUTES, sequence=34
    )
    step: Mapped[int | None] = integer(
        _("Offered every, minutes"),
        minimum=5,
        maximum=MAX_MINUTES,
        sequence=35,
        hint=_("Counted from the beginning of working hours. Empty: as in the settings."),
    )
    online: Mapped[bool] = boolean(_("Can be booked online"), default=True, sequence=36)
    confirm: Mapped[bool] = boolean(
        _("We confirm each booking"), sequence=37, hint=_("A booking from the web site is a request first.")
    )


class Skill(
    Record,
    name="bookings.skill",
    title=_("Who does what"),
    plural=_("Who does what"),
    new_title=_("New line"),
    icon="sparkles",
    menu=False,
    compute=name_skills,
    unique_together=(("staff", "item"),),
):
    """A specialist does a service, in a time and for a price of their own where they have one."""

    name: Mapped[str] = text(_("Title"), computed=True, search=True, sort=True, sequence=5)
    staff: Mapped[Staff] = link(
        Staff,
        _("Specialist"),
        reverse="skills",
        on_delete="CASCADE",
        required=True,
        listed=True,
        quick=True,
        sequence=10,
    )
    item: Mapped[Item] = link(
        Item,
        _("Service"),
        reverse="skills",
        on_delete="CASCADE",
        required=True,
        listed=True,
        quick=True,
        sequence=11,
    )
    minutes: Mapped[int | None] = integer(
        _("Duration, minutes"),
        minimum=1,
        maximum=MAX_MINUTES,
        listed=True,
        quick=True,
        sequence=12,
        hint=_("Empty: as long as the service."),
    )
    price = money(_("Price"), listed=True, quick=True, sequence=13, hint=_("Empty: as in the catalogue."))
    online: Mapped[bool] = boolean(_("Offered online"), default=True, listed=True, quick=True, sequence=14)


class Need(
    Record,
    name="bookings.need",
    title=_("Where it is done"),
    plural=_("Where it is done"),
    new_title=_("New line"),
    icon="armchair",
    menu=False,
    compute=name_needs,
    unique_together=(("item", "type"),),
):
    """A service needs a room or equipment of a type, buffers included."""

    name: Mapped[str] = text(_("Title"), computed=True, search=True, sort=True, sequence=5)
    item: Mapped[Item] = link(
        Item,
        _("Service"),
        reverse="needs",
        on_delete="CASCADE",
        required=True,
        listed=True,
        quick=True,
        sequence=10,
    )
    type: Mapped[ResourceType] = link(
        ResourceType,
        _("Type of resource"),
        reverse="needs",
        on_delete="CASCADE",
        required=True,
        listed=True,
        quick=True,
        sequence=11,
    )


class Group(
    Record,
    name="bookings.group",
    title=_("Group session"),
    plural=_("Group sessions"),
    new_title=_("New group session"),
    icon="users-round",
    default_sort="-starts",
    compute=derive_groups,
):
    """A class, a tour, a workshop: one time of a specialist and a room that several visits share.

    It stays when everybody has left.
    """

    name: Mapped[str] = text(_("Title"), computed=True, search=True, sort=True, sequence=5)
    item: Mapped[Item] = link(
        Item,
        _("Service"),
        reverse="groups",
        on_delete="RESTRICT",
        required=True,
        listed=True,
        quick=True,
        sequence=10,
    )
    staff: Mapped[Staff | None] = link(
        Staff, _("Specialist"), reverse="groups", on_delete="RESTRICT", listed=True, quick=True, sequence=11
    )
    resources = links(Resource, _("Rooms and equipment"), reverse="groups", quick=True, sequence=12)
    starts: Mapped[datetime] = wall_moment(
        _("Begins"), required=True, sort=True, listed=True, quick=True, sequence=13
    )
    minutes: Mapped[int] = integer(
        _("Duration, minutes"),
        minimum=1,
        maximum=MAX_MINUTES,
        required=True,
        listed=True,
        quick=True,
        sequence=14,
    )
    seats: Mapped[int] = integer(
        _("Places"),
        minimum=1,
        maximum=MAX_SEATS,
        required=True,
        default=6,
        listed=True,
        quick=True,
        sequence=15,
    )
    branch: Mapped[int | None] = branch(_("Branch"), quick=True, sequence=16)
    online: Mapped[bool] = boolean(_("Can be booked online"), default=True, sequence=17)
    cancelled: Mapped[bool] = boolean(_("Does not take place"), sequence=18)
    note: Mapped[str | None] = text(_("Note"), multiline=True, sequence=19)


Index("ix_bookings_group_starts", Group.organisation_id, Group.starts, Group.id)


class Appointment(
    Record,
    name="bookings.appointment",
    title=_("Visit"),
    plural=_("Visits"),
    new_title=_("New visit"),
    icon="calendar-check",
    default_sort="-starts",
    compute=derive_visits,
):
    """A visit: somebody comes at a time for one service or several, one after the other. What it occupies follows from that."""

    name: Mapped[str] = text(_("Title"), computed=True, search=True, sort=True, sequence=5)
    client: Mapped[Contact | None] = link(
        Contact, _("Client"), reverse="visits", search=True, listed=True, quick=True, sequence=10
    )
    visitor: Mapped[str | None] = text(
        _("Who comes"),
        search=True,
        listed=True,
        quick=True,
        sequence=11,
        hint=_("When it is somebody else, a child or a friend, or nobody who has a card."),
    )
    phone: Mapped[str | None] = phone(
        _("Phone given"), search=True, sequence=11, hint=_("With which it was booked online.")
    )
    email: Mapped[str | None] = email(_("E-mail given"), sequence=11)
    starts: Mapped[datetime] = wall_moment(
        _("Begins"), required=True, listed=True, quick=True, sort=True, sequence=12
    )
    ends: Mapped[datetime] = moment(_("Ends"), required=True, computed=True, sequence=13)
    status: Mapped[str] = choice(
        _("Status"),
        CHOICES,
        spellings=SPELLINGS,
        required=True,
        default="booked",
        listed=True,
        sequence=14,
    )
    branch: Mapped[int | None] = branch(_("Branch"), listed=True, quick=True, sequence=15)
    total = money(_("Total"), computed=True, listed=True, sequence=16)
    comment: Mapped[str | None] = text(_("Client's words"), multiline=True, sequence=17)
    note: Mapped[str | None] = text(_("Note"), multiline=True, sequence=18)
    source: Mapped[str] = choice(_("How it was booked"), SOURCES, required=True, default="desk", sequence=19)
    campaign: Mapped[str | None] = text(
        _("Where from"), max_length=500, sequence=20, hint=_("Address and advert that led to the booking.")
    )
    code: Mapped[str | None] = text(
        _("Code"),
        unique=True,
        max_length=60,
        sequence=21,
        hint=_("Its number in another system; a file that is imported again finds it by that."),
    )
    group: Mapped[Group | None] = link(
        Group, _("Group session"), reverse="visits", on_delete="RESTRICT", computed=True, sequence=21
    )
    seats: Mapped[int] = integer(
        _("Places"), minimum=1, maximum=MAX_SEATS, required=True, default=1, computed=True, sequence=21
    )
    series: Mapped[int | None] = integer(
        _("Series"), computed=True, sequence=22, hint=_("The number of the first visit of those that repeat.")
    )
    cancelled_at: Mapped[datetime | None] = moment(_("Cancelled at"), computed=True, sequence=22)
    reason: Mapped[str | None] = text(_("Why it was cancelled"), max_length=500, sequence=23)
    overlap: Mapped[bool] = boolean(
        _("Put over another visit"),
        computed=True,
        sequence=24,
        hint=_("Somebody with the right to it did so on purpose."),
    )
    to_check: Mapped[bool] = boolean(
        _("To be checked"),
        sequence=25,
        hint=_("Booked online with a phone that nobody has confirmed; say whose visit it is."),
    )


Index("ix_bookings_appointment_series", Appointment.organisation_id, Appointment.series)
# The day's page and the list are read along the time.
Index("ix_bookings_appointment_starts", Appointment.organisation_id, Appointment.starts, Appointment.id)


class Line(
    Record,
    name="bookings.line",
    title=_("Service of a visit"),
    plural=_("Services of visits"),
    new_title=_("New service of a visit"),
    icon="scissors",
    menu=False,
    compute=derive_lines,
):
    """One service of a visit, as it was agreed on: later changes of the catalogue do not reach it.

    The services of a visit follow each other in the order of `position`; what is left out comes from the catalogue.
    """

    name: Mapped[str | None] = text(_("Title"), computed=True, search=True, sort=True, sequence=5)
    appointment: Mapped[Appointment] = link(
        Appointment,
        _("Visit"),
        reverse="lines",
        on_delete="CASCADE",
        required=True,
        listed=True,
        quick=True,
        sequence=10,
    )
    item: Mapped[Item | None] = link(
        Item, _("Service"), reverse="visit_lines", listed=True, quick=True, sequence=11
    )
    staff: Mapped[Staff | None] = link(
        Staff, _("Specialist"), reverse="visit_lines", listed=True, quick=True, sequence=12
    )
    resources = links(Resource, _("Rooms and equipment"), reverse="visit_lines", sequence=13)
    position: Mapped[int] = integer(
        _("Place"), minimum=0, maximum=1000, required=True, default=0, sequence=14
    )
    minutes: Mapped[int] = integer(
        _("Duration, minutes"),
        minimum=1,
        maximum=MAX_MINUTES,
        required=True,
        listed=True,
        quick=True,
        sequence=15,
    )
    price = money(_("Price"), listed=True, quick=True, sequence=16)
    offset: Mapped[int] = integer(
        _("Begins after, minutes"), minimum=0, required=True, default=0, computed=True, sequence=17
    )
    before: Mapped[int] = integer(
        _("Minutes before"), minimum=0, required=True, default=0, computed=True, sequence=18
    )
    after: Mapped[int] = integer(
        _("Minutes after"), minimum=0, required=True, default=0, computed=True, sequence=19
    )
    gap_from: Mapped[int | None] = integer(
        _("Processing begins after, minutes"), minimum=1, computed=True, sequence=20
    )
    gap: Mapped[int | None] = integer(_("Processing lasts, minutes"), minimum=1, computed=True, sequence=21)


class Waiting(
    Record,
    name="bookings.waiting",
    title=_("Waiting list entry"),
    plural=_("Waiting list"),
    new_title=_("New waiting list entry"),
    icon="hourglass",
    default_sort="since",
    compute=name_waiting,
):
    """Somebody who would come if there was a time: for a service, on some days, within some hours of the day.

    A time that comes free is kept for the first in line and offered to them for as long as the settings say, then for the next.
    """

    name: Mapped[str] = text(_("Title"), computed=True, search=True, sort=True, sequence=5)
    client: Mapped[Contact | None] = link(
        Contact,
        _("Client"),
        reverse="waiting",
        on_delete="CASCADE",
        search=True,
        listed=True,
        quick=True,
        sequence=10,
    )
    visitor: Mapped[str | None] = text(_("Who comes"), search=True, listed=True, quick=True, sequence=11)
    phone: Mapped[str | None] = phone(_("Phone given"), search=True, sequence=12)
    email: Mapped[str | None] = email(_("E-mail given"), sequence=13)
    item: Mapped[Item] = link(
        Item,
        _("Service"),
        reverse="waiting",
        on_delete="CASCADE",
        required=True,
        listed=True,
        quick=True,
        sequence=14,
    )
    staff: Mapped[Staff | None] = link(
        Staff,
        _("Specialist"),
        reverse="waiting",
        listed=True,
        quick=True,
        sequence=15,
        hint=_("Empty: anybody."),
    )
    branch: Mapped[int | None] = branch(_("Branch"), quick=True, sequence=16)
    since: Mapped[date] = day(_("First day"), required=True, sort=True, listed=True, quick=True, sequence=17)
    until: Mapped[date] = day(_("Last day"), required=True, listed=True, quick=True, sequence=18)
    earliest: Mapped[int | None] = clock(_("Not before"), quick=True, sequence=19)
    latest: Mapped[int | None] = clock(_("Begins at the latest"), quick=True, sequence=20)
    status: Mapped[str] = choice(
        _("Status"), WAITING, required=True, default="waiting", listed=True, sequence=21
    )
    offered: Mapped[datetime | None] = wall_moment(_("Offered time"), computed=True, sequence=22)
    offered_until: Mapped[datetime | None] = moment(_("Offered until"), computed=True, sequence=23)
    token_hash: Mapped[str | None] = text(
        _("Key of the offer"), max_length=64, computed=True, secret=True, sequence=24
    )
    visit: Mapped[Appointment | None] = link(
        Appointment, _("Visit"), reverse="waiting", computed=True, sequence=25
    )
    note: Mapped[str | None] = text(_("Note"), multiline=True, sequence=26)


def _scoped(table: str, *more: Any) -> tuple[Any, ...]:
    key = UniqueConstraint("organisation_id", "id", name=f"uq_{table}_scope")
    return (key, *more, {"info": {"owner": "bookings", "scoped": True}})


class Hold(Base):  # type: ignore[misc]
    """A time that is kept for somebody who fills in the form; its segments lie in the schedule until it expires."""

    __tablename__ = "bookings_hold"
    __table_args__ = _scoped(
        "bookings_hold",
        UniqueConstraint("organisation_id", "token_hash", name="uq_bookings_hold_token"),
        Index("ix_bookings_hold_network", "organisation_id", "network", "expires_at"),
    )

    token_hash: Mapped[str] = mapped_column(String(64))
    network: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(Moment)
    # What was chosen: starts, services and who does them.
    chosen: Mapped[dict[str, Any]] = mapped_column(Json)


class Token(Base):  # type: ignore[misc]
    """What lets somebody without a log-in look at one visit, move and cancel it. Only its hash is kept."""

    __tablename__ = "bookings_token"
    __table_args__ = _scoped(
        "bookings_token",
        UniqueConstraint("organisation_id", "token_hash", name="uq_bookings_token_hash"),
        ForeignKeyConstraint(
            ["organisation_id", "appointment_id"],
            ["bookings_appointment.organisation_id", "bookings_appointment.id"],
            name="fk_bookings_token_appointment",
            ondelete="CASCADE",
        ),
        Index("ix_bookings_token_appointment", "organisation_id", "appointment_id"),
    )

    token_hash: Mapped[str] = mapped_column(String(64))
    appointment_id: Mapped[int] = mapped_column(BigId)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
