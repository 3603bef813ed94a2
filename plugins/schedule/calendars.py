"""Calendars outside: links under which they read what is booked here, and those whose busy time is read from there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from parlour.db.base import BigId, Json, Moment, now, table_args
from parlour.i18n import _
from parlour.plugins.schedule.busy import Base
from parlour.plugins.schedule.derived import name_calendars
from parlour.plugins.schedule.kinds import calendar_address
from parlour.plugins.schedule.working import Record, Resource, Staff
from parlour.records.declare import boolean, link, text

# Whose busy time rows of `Busy` are that were read from outside.
SOURCE = "schedule.calendar"


class Calendar(
    Record,
    name="schedule.calendar",
    title=_("Outside calendar"),
    plural=_("Outside calendars"),
    new_title=_("New outside calendar"),
    icon="calendar-sync",
    menu=False,
    compute=name_calendars,
):
    """An address of iCalendar data. What is busy there is busy here, for one specialist or one resource."""

    name: Mapped[str] = text(_("Title"), computed=True, search=True, sequence=5)
    staff: Mapped[Staff | None] = link(
        Staff,
        _("Specialist"),
        reverse="calendars",
        on_delete="CASCADE",
        listed=True,
        quick=True,
        sequence=10,
        hint=_("Whose time it takes: of a specialist, or of a room below."),
    )
    resource: Mapped[Resource | None] = link(
        Resource,
        _("Room or equipment"),
        reverse="calendars",
        on_delete="CASCADE",
        listed=True,
        quick=True,
        sequence=11,
    )
    url: Mapped[str] = calendar_address(
        _("Address of the calendar"),
        required=True,
        guarded=True,
        quick=True,
        sequence=12,
        hint=_(
            "Google: the calendar's settings, “Secret address in iCal format”. Whoever has it sees the calendar."
        ),
    )
    paused: Mapped[bool] = boolean(
        _("Do not read it"), listed=True, sequence=13, hint=_("What was read from it is free again.")
    )
    label: Mapped[str | None] = text(_("Which calendar"), max_length=100, quick=True, sequence=14)


class Reading(Base):  # type: ignore[misc]
    """How the last readings of an outside calendar went. Apart from its record, whose history is about what people change."""

    __tablename__ = "schedule_reading"
    __table_args__ = table_args(
        "schedule",
        "schedule_reading",
        UniqueConstraint("organisation_id", "calendar_id", name="uq_schedule_reading_calendar"),
        ForeignKeyConstraint(
            ["organisation_id", "calendar_id"],
            ["schedule_calendar.organisation_id", "schedule_calendar.id"],
            name="fk_schedule_reading_calendar",
            ondelete="CASCADE",
        ),
    )

    calendar_id: Mapped[int] = mapped_column(BigId)
    tried_at: Mapped[datetime] = mapped_column(Moment)
    # When it was last understood, and how many stretches of time it took then.
    read_at: Mapped[datetime | None] = mapped_column(Moment)
    stretches: Mapped[int] = mapped_column(Integer, default=0)
    # What was left out, and why the last reading came to nothing: kept texts (`jobs.messages`).
    problem: Mapped[Any | None] = mapped_column(Json)


class Feed(Base):  # type: ignore[misc]
    """A secret link to what is booked of one specialist or resource. Only the hash of its token is kept."""

    __tablename__ = "schedule_feed"
    __table_args__ = table_args(
        "schedule",
        "schedule_feed",
        UniqueConstraint("organisation_id", "token_hash", name="uq_schedule_feed_token"),
        UniqueConstraint("organisation_id", "staff_id", name="uq_schedule_feed_staff"),
        UniqueConstraint("organisation_id", "resource_id", name="uq_schedule_feed_resource"),
        ForeignKeyConstraint(
            ["organisation_id", "staff_id"],
            ["schedule_staff.organisation_id", "schedule_staff.id"],
            name="fk_schedule_feed_staff",
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["organisation_id", "resource_id"],
            ["schedule_resource.organisation_id", "schedule_resource.id"],
            name="fk_schedule_feed_resource",
            ondelete="CASCADE",
        ),
        CheckConstraint("(staff_id IS NULL) <> (resource_id IS NULL)", name="one_subject"),
    )

    staff_id: Mapped[int | None] = mapped_column(BigId)
    resource_id: Mapped[int | None] = mapped_column(BigId)
    token_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
