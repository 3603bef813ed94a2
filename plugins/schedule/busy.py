"""What keeps specialists and resources busy."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from parlour.db.base import BigId, Moment, scoped_base

Base: Any = scoped_base("schedule")

# A segment is at most so many minutes long, so that what overlaps a stretch of time is found by an index on starts.
MAX_SEGMENT = 1440


class Busy(Base):  # type: ignore[misc]
    """A stretch of time in which a specialist works or a resource is used, buffers included.

    Written by `services.occupy` only. `starts` and `ends` are minutes since 1970 in UTC, half-open. Rows with `exclusive` may not
    overlap others of the same specialist or resource and `lane`: the database refuses that. Who forces a visit over another
    gives it a lane of its own.
    """

    __tablename__ = "schedule_busy"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id", name="uq_schedule_busy_scope"),
        ForeignKeyConstraint(
            ["organisation_id", "staff_id"],
            ["schedule_staff.organisation_id", "schedule_staff.id"],
            name="fk_schedule_busy_staff",
        ),
        ForeignKeyConstraint(
            ["organisation_id", "resource_id"],
            ["schedule_resource.organisation_id", "schedule_resource.id"],
            name="fk_schedule_busy_resource",
        ),
        CheckConstraint(f"starts < ends AND ends - starts <= {MAX_SEGMENT}", name="length"),
        CheckConstraint("(staff_id IS NULL) <> (resource_id IS NULL)", name="one_subject"),
        CheckConstraint("takes > 0", name="takes"),
        Index("ix_schedule_busy_staff", "organisation_id", "staff_id", "starts"),
        Index("ix_schedule_busy_resource", "organisation_id", "resource_id", "starts"),
        Index("ix_schedule_busy_source", "organisation_id", "source", "source_id"),
        {"info": {"owner": "schedule", "scoped": True}},
    )

    staff_id: Mapped[int | None] = mapped_column(BigId)
    resource_id: Mapped[int | None] = mapped_column(BigId)
    starts: Mapped[int] = mapped_column(BigId)
    ends: Mapped[int] = mapped_column(BigId)
    # How much of a resource's capacity.
    takes: Mapped[int] = mapped_column(Integer)
    exclusive: Mapped[bool] = mapped_column(Boolean)
    lane: Mapped[int] = mapped_column(BigId)
    # What it belongs to: a name that its plugin has chosen ("bookings.appointment") and a number.
    source: Mapped[str] = mapped_column(String(60))
    source_id: Mapped[int] = mapped_column(BigId)
    # From then on it does not count any more: a place that is held while somebody fills in a form.
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
