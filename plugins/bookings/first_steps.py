"""What a new salon does before the first visit, among the first steps on the home page."""

from __future__ import annotations

from sqlalchemy import exists, select

from parlour.access.rules import allows
from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.bookings.models import Appointment, Service, Skill
from parlour.plugins.schedule.models import Shift, StaffHours
from parlour.web.slots import PageContext, SlotItem, Step


def steps(session: Session, context: PageContext) -> list[SlotItem]:
    """The steps in their order, for who sets the salon up. One query."""
    if not allows(session, "core:settings:write"):
        return []
    services, hours, shifts, skills, visits = session.execute(
        select(
            exists().where(Service.minutes.is_not(None)),
            exists(select(StaffHours.id)),
            exists(select(Shift.id)),
            exists(select(Skill.id)),
            exists(select(Appointment.id)),
        )
    ).one()
    url = context.url
    return [
        Step(
            title=_("Say what can be booked"),
            text=_("Services with how many minutes they take."),
            url=url("record.list", record="catalog.item"),
            done=services,
            sequence=10,
        ),
        Step(
            title=_("Say who works, and when"),
            text=_("Specialists with their working hours."),
            url=url("record.list", record="schedule.staff"),
            done=hours or shifts,
            sequence=11,
        ),
        Step(
            title=_("List who does what"),
            text=_("Whoever is not listed for a service is not offered for it."),
            url=url("record.new", record="bookings.skill"),
            done=skills,
            sequence=12,
        ),
        Step(
            title=_("Book as your clients will"),
            text=_("This page is there already: put its address on your site, or behind a QR code."),
            url=url("bookings.widget"),
            done=visits,
            sequence=13,
        ),
    ]
