"""Links to calendars, and calendars outside whose busy time is read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId, Json, Moment
from parlour.migrations import operations

revision = "schedule_0002"
down_revision = "schedule_0001"
# Other owners' revisions that must stand before this one, where the manifest's bounds are not fine enough.
requires: dict[str, str] = {}


def upgrade() -> None:
    op.create_table(
        "schedule_calendar",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=True),
        sa.Column("staff_id", BigId, nullable=True),
        sa.Column("resource_id", BigId, nullable=True),
        sa.Column("name_key", sa.Text(), nullable=True),
        sa.Column("label_key", sa.Text(), nullable=True),
        sa.Column("version", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "resource_id"],
            ["schedule_resource.organisation_id", "schedule_resource.id"],
            name="fk_schedule_calendar_resource",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "staff_id"],
            ["schedule_staff.organisation_id", "schedule_staff.id"],
            name="fk_schedule_calendar_staff",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_schedule_calendar_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_calendar")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_schedule_calendar_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_schedule_calendar_name_key",
        "schedule_calendar",
        ["organisation_id", "name_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_schedule_calendar_resource", "schedule_calendar", ["organisation_id", "resource_id"], unique=False
    )
    op.create_index(
        "ix_schedule_calendar_staff", "schedule_calendar", ["organisation_id", "staff_id"], unique=False
    )
    op.create_table(
        "schedule_feed",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("staff_id", BigId, nullable=True),
        sa.Column("resource_id", BigId, nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.CheckConstraint(
            "(staff_id IS NULL) <> (resource_id IS NULL)", name=op.f("ck_schedule_feed_one_subject")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "resource_id"],
            ["schedule_resource.organisation_id", "schedule_resource.id"],
            name="fk_schedule_feed_resource",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "staff_id"],
            ["schedule_staff.organisation_id", "schedule_staff.id"],
            name="fk_schedule_feed_staff",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_schedule_feed_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_feed")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_schedule_feed_scope"),
        sa.UniqueConstraint("organisation_id", "resource_id", name="uq_schedule_feed_resource"),
        sa.UniqueConstraint("organisation_id", "staff_id", name="uq_schedule_feed_staff"),
        sa.UniqueConstraint("organisation_id", "token_hash", name="uq_schedule_feed_token"),
    )
    op.create_table(
        "schedule_reading",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("calendar_id", BigId, nullable=False),
        sa.Column("tried_at", Moment(), nullable=False),
        sa.Column("read_at", Moment(), nullable=True),
        sa.Column("stretches", sa.Integer(), nullable=False),
        sa.Column("problem", Json, nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "calendar_id"],
            ["schedule_calendar.organisation_id", "schedule_calendar.id"],
            name="fk_schedule_reading_calendar",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_schedule_reading_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_reading")),
        sa.UniqueConstraint("organisation_id", "calendar_id", name="uq_schedule_reading_calendar"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_schedule_reading_scope"),
    )
    operations.scope(
        "schedule_calendar",
        "schedule_feed",
        "schedule_reading",
    )
    operations.text_index("schedule_calendar", "name_key")


def downgrade() -> None:
    op.drop_table("schedule_reading")
    op.drop_table("schedule_feed")
    op.drop_table("schedule_calendar")
