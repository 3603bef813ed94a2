"""The outbox and the schedules. Relays look across all organisations, so these tables belong to none.

Reached through `outbox`, `run`, `schedules` and `progress` only, which compare the organisation themselves.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from parlour.db.base import BigId, Json, Moment, SystemBase, now

# waiting    due at `run_at`; also after a failed attempt, until the next one
# running    a worker holds the lease
# sending    about to hand something to the outside world, or doing so
# done       the effects are committed
# failed     no attempt is left, or trying again cannot help
# uncertain  the worker was lost while sending; a person decides, nothing is sent again by itself
# parked     the plugin is off for the organisation or not loaded; goes on when it is back
# cancelled  a person stopped it
WAITING, RUNNING, SENDING, DONE = "waiting", "running", "sending", "done"
FAILED, UNCERTAIN, PARKED, CANCELLED = "failed", "uncertain", "parked", "cancelled"
STATES = (WAITING, RUNNING, SENDING, DONE, FAILED, UNCERTAIN, PARKED, CANCELLED)
FINISHED = (DONE, FAILED, UNCERTAIN, CANCELLED)

# Each queue has workers of its own, so that slow mail cannot delay what somebody waits for:
# default (short), mail (slow outside servers), documents (PDFs: heavy), slow (imports, exports,
# recalculations).
QUEUES = ("default", "mail", "documents", "slow")


class Job(SystemBase):
    """One piece of work. Its effects and `done` are committed together; see `run`."""

    __tablename__ = "core_job"
    __table_args__ = (
        # NULLs are distinct in a unique key, so jobs of the installation (no organisation) need indexes of
        # their own.
        UniqueConstraint("organisation_id", "name", "dedupe"),
        Index(
            "uq_core_job_dedupe_installation",
            "name",
            "dedupe",
            unique=True,
            postgresql_where=text("organisation_id IS NULL"),
            sqlite_where=text("organisation_id IS NULL"),
        ),
        Index("uq_core_job_send_key", "organisation_id", "send_key", unique=True),
        Index(
            "uq_core_job_send_key_installation",
            "send_key",
            unique=True,
            postgresql_where=text("organisation_id IS NULL"),
            sqlite_where=text("organisation_id IS NULL"),
        ),
        Index("ix_core_job_due", "state", "queue", "run_at", "id"),
        Index("ix_core_job_lease", "state", "locked_until"),
        Index("ix_core_job_finished", "finished_at"),
        Index("ix_core_job_organisation", "organisation_id", "id"),
        Index("ix_core_job_organisation_state", "organisation_id", "state", "id"),
        {"info": {"owner": "core", "scoped": False}},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    organisation_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("core_organisation.id", ondelete="CASCADE")
    )
    plugin: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(128))
    args: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    queue: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    run_at: Mapped[datetime] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=8)
    # Where a handler that commits in batches goes on after a kill.
    position: Mapped[Any | None] = mapped_column(Json)
    progress_done: Mapped[int] = mapped_column(BigId, default=0)
    progress_total: Mapped[int | None] = mapped_column(BigId)
    # Messages are kept as {"text", "mapping"}, so that each reader sees them in their own language.
    progress_message: Mapped[dict[str, Any] | None] = mapped_column(Json)
    result: Mapped[Any | None] = mapped_column(Json)
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    cancel_asked: Mapped[bool] = mapped_column(default=False)
    # At most one job per organisation, name and dedupe key; at most one send per organisation and send key.
    dedupe: Mapped[str | None] = mapped_column(String(200))
    send_key: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    created_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("core_user.id", ondelete="SET NULL"))
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    # On a running row the worker's token and the end of its lease; on a waiting row, until when a broker has
    # it.
    locked_by: Mapped[str | None] = mapped_column(String(64))
    locked_until: Mapped[datetime | None] = mapped_column(Moment)


class ScheduleState(SystemBase):
    """When a declared schedule ran last and runs next, per organisation or (NULL) for the installation."""

    __tablename__ = "core_schedule"
    __table_args__ = (
        UniqueConstraint("organisation_id", "name"),
        Index(
            "uq_core_schedule_installation",
            "name",
            unique=True,
            postgresql_where=text("organisation_id IS NULL"),
            sqlite_where=text("organisation_id IS NULL"),
        ),
        Index("ix_core_schedule_next", "next_run"),
        {"info": {"owner": "core", "scoped": False}},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    organisation_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("core_organisation.id", ondelete="CASCADE")
    )
    name: Mapped[str] = mapped_column(String(128))
    # What the next run was computed from; another declaration or zone means computing it anew.
    timing: Mapped[str] = mapped_column(String(100))
    last_run: Mapped[datetime | None] = mapped_column(Moment)
    next_run: Mapped[datetime] = mapped_column(Moment)
