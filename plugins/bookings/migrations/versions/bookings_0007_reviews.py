"""Reviews."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId, Json, Moment
from parlour.migrations import operations

revision = "bookings_0007"
down_revision = "bookings_0006"
# Other owners' revisions that must stand before this one, where the manifest's bounds are not fine enough.
requires: dict[str, str] = {}


def upgrade() -> None:
    op.create_table(
        "bookings_review",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("rating", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("appointment_id", BigId, nullable=False),
        sa.Column("staff_id", BigId, nullable=True),
        sa.Column("client_id", BigId, nullable=True),
        sa.Column("name_key", sa.Text(), nullable=True),
        sa.Column("version", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "appointment_id"],
            ["bookings_appointment.organisation_id", "bookings_appointment.id"],
            name="fk_bookings_review_appointment",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "client_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_bookings_review_client",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "staff_id"],
            ["schedule_staff.organisation_id", "schedule_staff.id"],
            name="fk_bookings_review_staff",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_bookings_review_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings_review")),
        sa.UniqueConstraint("organisation_id", "appointment_id", name="uq_bookings_review_appointment"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_bookings_review_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_bookings_review_appointment",
        "bookings_review",
        ["organisation_id", "appointment_id"],
        unique=False,
    )
    op.create_index(
        "ix_bookings_review_client", "bookings_review", ["organisation_id", "client_id"], unique=False
    )
    op.create_index(
        "ix_bookings_review_name_key", "bookings_review", ["organisation_id", "name_key", "id"], unique=False
    )
    op.create_index(
        "ix_bookings_review_staff", "bookings_review", ["organisation_id", "staff_id"], unique=False
    )
    operations.scope("bookings_review")
    operations.text_index("bookings_review", "name_key")


def downgrade() -> None:
    op.drop_table("bookings_review")
