"""First tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId, Json, Moment
from parlour.migrations import operations

revision = "schedule_0001"
down_revision = None
# Other owners' revisions that must stand before this one, where the manifest's bounds are not fine enough.
requires: dict[str, str] = {}


def upgrade() -> None:
    op.create_table(
        "schedule_resource_type",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_schedule_resource_type_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_resource_type")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_schedule_resource_type_scope"),
        sa.UniqueConstraint("organisation_id", "name_key", name="uq_schedule_resource_type_name"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_schedule_resource_type_name_key",
        "schedule_resource_type",
        ["organisation_id", "name_key", "id"],
        unique=False,
    )
    op.create_table(
        "schedule_resource",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=False),
        sa.Column("branch", BigId, nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("type_id", BigId, nullable=True),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "type_id"],
            ["schedule_resource_type.organisation_id", "schedule_resource_type.id"],
            name="fk_schedule_resource_type",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_schedule_resource_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_resource")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_schedule_resource_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_schedule_resource_name_key",
        "schedule_resource",
        ["organisation_id", "name_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_schedule_resource_type", "schedule_resource", ["organisation_id", "type_id"], unique=False
    )
    op.create_table(
        "schedule_resource_hours",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("position", BigId, nullable=False),
        sa.Column("weekday", sa.String(length=40), nullable=False),
        sa.Column("opens", sa.BigInteger(), nullable=False),
        sa.Column("closes", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "owner_id"],
            ["schedule_resource.organisation_id", "schedule_resource.id"],
            name="fk_schedule_resource_hours_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_schedule_resource_hours_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_resource_hours")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_schedule_resource_hours_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_schedule_resource_hours_owner",
        "schedule_resource_hours",
        ["organisation_id", "owner_id"],
        unique=False,
    )
    op.create_table(
        "schedule_staff",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("job", sa.String(length=200), nullable=True),
        sa.Column("branch", BigId, nullable=True),
        sa.Column("photo", BigId, nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("user", BigId, nullable=True),
        sa.Column("contact_id", BigId, nullable=True),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("job_key", sa.Text(), nullable=True),
        sa.Column("version", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "contact_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_schedule_staff_contact",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_schedule_staff_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_staff")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_schedule_staff_scope"),
        sa.UniqueConstraint("organisation_id", "user", name="uq_schedule_staff_user"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_schedule_staff_contact", "schedule_staff", ["organisation_id", "contact_id"], unique=False
    )
    op.create_index(
        "ix_schedule_staff_job_key", "schedule_staff", ["organisation_id", "job_key", "id"], unique=False
    )
    op.create_index(
        "ix_schedule_staff_name_key", "schedule_staff", ["organisation_id", "name_key", "id"], unique=False
    )
    op.create_table(
        "schedule_absence",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("branch", BigId, nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("since_time", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("until_time", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("staff_id", BigId, nullable=True),
        sa.Column("resource_id", BigId, nullable=True),
        sa.Column("name_key", sa.Text(), nullable=True),
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
            name="fk_schedule_absence_resource",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "staff_id"],
            ["schedule_staff.organisation_id", "schedule_staff.id"],
            name="fk_schedule_absence_staff",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_schedule_absence_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_absence")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_schedule_absence_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_schedule_absence_name_key",
        "schedule_absence",
        ["organisation_id", "name_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_schedule_absence_resource", "schedule_absence", ["organisation_id", "resource_id"], unique=False
    )
    op.create_index(
        "ix_schedule_absence_staff", "schedule_absence", ["organisation_id", "staff_id"], unique=False
    )
    op.create_table(
        "schedule_busy",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("staff_id", BigId, nullable=True),
        sa.Column("resource_id", BigId, nullable=True),
        sa.Column("starts", BigId, nullable=False),
        sa.Column("ends", BigId, nullable=False),
        sa.Column("takes", sa.Integer(), nullable=False),
        sa.Column("exclusive", sa.Boolean(), nullable=False),
        sa.Column("lane", BigId, nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("source_id", BigId, nullable=False),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "(staff_id IS NULL) <> (resource_id IS NULL)", name=op.f("ck_schedule_busy_one_subject")
        ),
        sa.CheckConstraint("starts < ends AND ends - starts <= 1440", name=op.f("ck_schedule_busy_length")),
        sa.CheckConstraint("takes > 0", name=op.f("ck_schedule_busy_takes")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "resource_id"],
            ["schedule_resource.organisation_id", "schedule_resource.id"],
            name="fk_schedule_busy_resource",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "staff_id"],
            ["schedule_staff.organisation_id", "schedule_staff.id"],
            name="fk_schedule_busy_staff",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_schedule_busy_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_busy")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_schedule_busy_scope"),
    )
    op.create_index(
        "ix_schedule_busy_resource",
        "schedule_busy",
        ["organisation_id", "resource_id", "starts"],
        unique=False,
    )
    op.create_index(
        "ix_schedule_busy_source", "schedule_busy", ["organisation_id", "source", "source_id"], unique=False
    )
    op.create_index(
        "ix_schedule_busy_staff", "schedule_busy", ["organisation_id", "staff_id", "starts"], unique=False
    )
    op.create_table(
        "schedule_shift",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("opens", sa.BigInteger(), nullable=False),
        sa.Column("closes", sa.BigInteger(), nullable=False),
        sa.Column("branch", BigId, nullable=True),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("name_key", sa.Text(), nullable=True),
        sa.Column("version", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "staff_id"],
            ["schedule_staff.organisation_id", "schedule_staff.id"],
            name="fk_schedule_shift_staff",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_schedule_shift_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_shift")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_schedule_shift_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_schedule_shift_name_key", "schedule_shift", ["organisation_id", "name_key", "id"], unique=False
    )
    op.create_index(
        "ix_schedule_shift_staff", "schedule_shift", ["organisation_id", "staff_id"], unique=False
    )
    op.create_table(
        "schedule_staff_hours",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("position", BigId, nullable=False),
        sa.Column("weekday", sa.String(length=40), nullable=False),
        sa.Column("opens", sa.BigInteger(), nullable=False),
        sa.Column("closes", sa.BigInteger(), nullable=False),
        sa.Column("branch", BigId, nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "owner_id"],
            ["schedule_staff.organisation_id", "schedule_staff.id"],
            name="fk_schedule_staff_hours_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_schedule_staff_hours_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_staff_hours")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_schedule_staff_hours_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_schedule_staff_hours_owner", "schedule_staff_hours", ["organisation_id", "owner_id"], unique=False
    )
    operations.scope(
        "schedule_resource_type",
        "schedule_resource",
        "schedule_resource_hours",
        "schedule_staff",
        "schedule_absence",
        "schedule_busy",
        "schedule_shift",
        "schedule_staff_hours",
    )
    for table, column in (
        ("schedule_resource_type", "name_key"),
        ("schedule_resource", "name_key"),
        ("schedule_staff", "name_key"),
        ("schedule_staff", "job_key"),
        ("schedule_absence", "name_key"),
        ("schedule_shift", "name_key"),
    ):
        operations.text_index(table, column)
    for subject in ("staff", "resource"):
        _refuse_overlaps(subject)


def _refuse_overlaps(subject: str) -> None:
    """No two exclusive segments of one specialist or resource may overlap in one lane, whatever the program believes."""
    if operations.on_postgresql():
        operations.extension("btree_gist")
        op.execute(
            f"ALTER TABLE schedule_busy ADD CONSTRAINT ex_schedule_busy_{subject} EXCLUDE USING gist"
            f" (organisation_id WITH =, {subject}_id WITH =, lane WITH =, int8range(starts, ends) WITH &&)"
            f" WHERE (exclusive AND {subject}_id IS NOT NULL)"
        )
        return
    for event in ("INSERT", "UPDATE"):
        op.execute(
            f"CREATE TRIGGER ex_schedule_busy_{subject}_{event.lower()} BEFORE {event} ON schedule_busy"
            f" WHEN NEW.exclusive AND NEW.{subject}_id IS NOT NULL BEGIN"
            " SELECT RAISE(ABORT, 'two segments overlap') FROM schedule_busy AS other"
            f" WHERE other.organisation_id = NEW.organisation_id AND other.{subject}_id = NEW.{subject}_id"
            " AND other.starts > NEW.starts - 1440 AND other.starts < NEW.ends AND other.ends > NEW.starts"
            " AND other.exclusive AND other.lane = NEW.lane AND other.id IS NOT NEW.id; END"
        )


def downgrade() -> None:
    op.drop_table("schedule_staff_hours")
    op.drop_table("schedule_shift")
    op.drop_table("schedule_busy")
    op.drop_table("schedule_absence")
    op.drop_table("schedule_staff")
    op.drop_table("schedule_resource_hours")
    op.drop_table("schedule_resource")
    op.drop_table("schedule_resource_type")
