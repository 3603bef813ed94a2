"""Visits with their services, as they were agreed on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from parlour.i18n import _
from parlour.plugins.bookings.bookable import MAX_MINUTES, MAX_SEATS, Group, Record
from parlour.plugins.bookings.derived import derive_lines, derive_visits, heading_of
from parlour.plugins.bookings.kinds import wall_moment
from parlour.plugins.bookings.statuses import CHOICES, SPELLINGS
from parlour.plugins.catalog.models import Item
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.models import Resource, Staff
from parlour.records.declare import (
    boolean,
    branch,
    choice,
    email,
    integer,
    link,
    links,
    moment,
    money,
    phone,
    text,
)

SOURCES = (
    ("desk", _("At the desk")),
    ("online", _("Online")),
    ("phone", _("By phone")),
    ("walk_in", _("Walked in")),
    ("import", _("From a file")),
    ("api", _("By a program")),
)
# None: no deposit was asked for.
DEPOSITS = (
    ("asked", _("To be paid")),
    ("paid", _("Paid")),
    ("lapsed", _("Not paid in time")),
    ("returned", _("Returned")),
    ("kept", _("Kept")),
)
FEES = (
    ("owed", _("Owed")),
    ("paid", _("Paid")),
    ("waived", _("Waived")),
)


class Appointment(
    Record,
    name="bookings.appointment",
    title=_("Visit"),
    plural=_("Visits"),
    new_title=_("New visit"),
    icon="calendar-check",
    default_sort="-starts",
    # The usual form knows no services.
    new_route="bookings.book",
    compute=derive_visits,
    heading=heading_of,
    groups={"terms": _("Deposit and cancelling")},
):
    """A visit: somebody comes at a time for one service or several, one after the other. What it occupies follows from that."""

    name: Mapped[str] = text(_("Title"), computed=True, search=True, sort=True, sequence=5)
    client: Mapped[Contact | None] = link(
        Contact,
        _("Client"),
        reverse="visits",
        search=True,
        listed=True,
        quick=True,
        sequence=10,
        aliases=("клиент", "гость", "фио клиента", "имя клиента", "customer", "client name"),
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
        _("Phone given"),
        search=True,
        sequence=11,
        hint=_("With which it was booked online."),
        aliases=("телефон", "телефон клиента", "phone", "mobile"),
    )
    email: Mapped[str | None] = email(_("E-mail given"), sequence=11)
    booked_by: Mapped[str | None] = text(
        _("Booked by"),
        max_length=200,
        sequence=11,
        hint=_("Who left the phone online, where the visit is for somebody else and nobody's card is known."),
    )
    guests: Mapped[str | None] = text(
        _("Who comes along"),
        multiline=True,
        sequence=11,
        hint=_("Names for the further places in a group session."),
    )
    starts: Mapped[datetime] = wall_moment(
        _("Begins"),
        required=True,
        listed=True,
        quick=True,
        sort=True,
        sequence=12,
        aliases=("дата", "дата визита", "дата записи", "дата и время", "начало", "date", "start"),
    )
    ends: Mapped[datetime] = moment(_("Ends"), relative=False, required=True, computed=True, sequence=13)
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
        aliases=("id", "id записи", "номер записи", "номер", "number"),
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
    cancelled_at: Mapped[datetime | None] = moment(
        _("Cancelled at"), relative=False, computed=True, sequence=22
    )
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
    arrived_at: Mapped[datetime | None] = moment(_("Arrived at"), relative=False, computed=True, sequence=26)
    delay: Mapped[int | None] = integer(
        _("We are late, minutes"),
        minimum=0,
        maximum=MAX_MINUTES,
        computed=True,
        sequence=27,
        hint=_("By so much the specialist has said to be late."),
    )
    # What was agreed on when it was booked; later settings do not reach it. See `terms` and `deposits`.
    deposit = money(_("Deposit"), computed=True, group="terms", sequence=40)
    deposit_state: Mapped[str | None] = choice(
        _("State of the deposit"), DEPOSITS, computed=True, group="terms", sequence=41
    )
    deposit_until: Mapped[datetime | None] = moment(
        _("Deposit to be paid until"), relative=False, computed=True, group="terms", sequence=42
    )
    free_until: Mapped[datetime | None] = moment(
        _("Cancelled free of charge until"), relative=False, computed=True, group="terms", sequence=43
    )
    late_fee = money(_("Fee for cancelling later"), computed=True, group="terms", sequence=44)
    missed_fee = money(_("Fee for not coming"), computed=True, group="terms", sequence=45)
    fee = money(_("Fee owed"), computed=True, group="terms", sequence=46)
    fee_state: Mapped[str | None] = choice(
        _("State of the fee"), FEES, computed=True, group="terms", sequence=47
    )


Index("ix_bookings_appointment_series", Appointment.organisation_id, Appointment.series)
Index("ix_bookings_appointment_deposit", Appointment.organisation_id, Appointment.deposit_until)
Index("ix_bookings_appointment_email_key", Appointment.organisation_id, Appointment.email_key)
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
        filled=True,
        listed=True,
        quick=True,
        sequence=15,
        hint=_("Empty: as long as the service."),
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
