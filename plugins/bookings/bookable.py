"""What makes an item bookable, who does it and where, and sessions that several visits share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, and_, func, select
from sqlalchemy.orm import Mapped

from parlour.i18n import _
from parlour.plugins.bookings.derived import (
    derive_groups,
    heading_of_session,
    name_grade_prices,
    name_needs,
    name_skills,
)
from parlour.plugins.bookings.kinds import wall_moment
from parlour.plugins.bookings.settings import MAX_FREE_HOURS
from parlour.plugins.catalog.models import Item
from parlour.plugins.schedule.models import Grade, Resource, ResourceType, Staff
from parlour.records.declare import (
    boolean,
    branch,
    integer,
    link,
    links,
    money,
    percent,
    record_base,
    text,
)
from parlour.records.registry import record_type

Record = record_base("bookings")

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
    addition: Mapped[bool] = boolean(
        _("Only together with another service"),
        sequence=38,
        hint=_("Online it is offered once another service is chosen. At the desk it can be booked alone."),
    )
    goes_with = links(Item, _("Goes with"), sequence=39, hint=_("Empty: with every service."))
    # What a visit with it is agreed on: see `terms`.
    deposit_percent = percent(
        _("Deposit, percent of the price"), sequence=40, hint=_("Empty: as in the settings. 0: none.")
    )
    deposit = money(_("Deposit, amount"), sequence=41, hint=_("Instead of a percentage."))
    free_hours: Mapped[int | None] = integer(
        _("Cancelled free of charge, hours before"),
        minimum=0,
        maximum=MAX_FREE_HOURS,
        sequence=42,
        hint=_("Empty: as in the settings."),
    )
    late_percent = percent(
        _("Fee for cancelling later, percent"), sequence=43, hint=_("Empty: as in the settings.")
    )
    missed_percent = percent(
        _("Fee for not coming, percent"), sequence=44, hint=_("Empty: as in the settings.")
    )


# An addition (`owner_id`) and what it goes with (`target_id`).
GoesWith: Any = record_type(Item).field("bookings_goes_with").cls


def _service(reverse: str, *, sequence: int) -> Any:
    """The service of which a line says who does it, for how much or where."""
    return link(
        Item,
        _("Service"),
        reverse=reverse,
        on_delete="CASCADE",
        required=True,
        listed=True,
        quick=True,
        sequence=sequence,
        aliases=("услуга", "service", "treatment"),
    )


def _minutes() -> Any:
    return integer(
        _("Duration, minutes"),
        minimum=1,
        maximum=MAX_MINUTES,
        listed=True,
        quick=True,
        sequence=12,
        hint=_("Empty: as long as the service."),
        aliases=("длительность", "продолжительность", "duration"),
    )


def _price() -> Any:
    return money(_("Price"), listed=True, quick=True, sequence=13, hint=_("Empty: as in the catalogue."))


class Skill(
    Record,
    name="bookings.skill",
    title=_("Who does what"),
    plural=_("Who does what"),
    new_title=_("New service of a specialist"),
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
        aliases=("мастер", "сотрудник", "специалист", "employee", "staff", "master"),
    )
    item: Mapped[Item] = _service("skills", sequence=11)
    minutes: Mapped[int | None] = _minutes()
    price = _price()
    online: Mapped[bool] = boolean(_("Offered online"), default=True, listed=True, quick=True, sequence=14)


class GradePrice(
    Record,
    name="bookings.grade_price",
    title=_("Price of a grade"),
    plural=_("Prices of grades"),
    new_title=_("New price of a grade"),
    icon="award",
    menu=False,
    compute=name_grade_prices,
    unique_together=(("item", "grade"),),
):
    """What a service costs and takes by specialists of a grade, where their own line says nothing else."""

    name: Mapped[str] = text(_("Title"), computed=True, search=True, sort=True, sequence=5)
    item: Mapped[Item] = _service("grade_prices", sequence=10)
    grade: Mapped[Grade] = link(
        Grade,
        _("Grade"),
        reverse="prices",
        on_delete="CASCADE",
        required=True,
        listed=True,
        quick=True,
        sequence=11,
        aliases=("категория", "уровень", "level"),
    )
    minutes: Mapped[int | None] = _minutes()
    price = _price()


def as_done(*more: Any) -> Any:
    """A statement over who does what, with `minutes`, `price_amount` and `price_currency` as the specialist's own line says, else
    that of their grade, else None: as the catalogue. Further columns of `Skill` and `Staff` may be asked for.
    """
    return (
        select(
            Skill.staff_id,
            Skill.item_id,
            func.coalesce(Skill.minutes, GradePrice.minutes).label("minutes"),
            func.coalesce(Skill.price_amount, GradePrice.price_amount).label("price_amount"),
            func.coalesce(Skill.price_currency, GradePrice.price_currency).label("price_currency"),
            *more,
        )
        .join(Staff, Staff.id == Skill.staff_id)
        .outerjoin(
            GradePrice,
            and_(
                GradePrice.item_id == Skill.item_id,
                GradePrice.grade_id == Staff.grade_id,
                GradePrice.archived_at.is_(None),
            ),
        )
        .where(Skill.archived_at.is_(None))
    )


class Need(
    Record,
    name="bookings.need",
    title=_("Where it is done"),
    plural=_("Where it is done"),
    new_title=_("Where a service is done"),
    icon="armchair",
    menu=False,
    compute=name_needs,
    unique_together=(("item", "type"),),
):
    """A service needs a room or equipment of a type, buffers included."""

    name: Mapped[str] = text(_("Title"), computed=True, search=True, sort=True, sequence=5)
    item: Mapped[Item] = _service("needs", sequence=10)
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
    heading=heading_of_session,
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
        filled=True,
        listed=True,
        quick=True,
        sequence=14,
        hint=_("Empty: as long as the service."),
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
