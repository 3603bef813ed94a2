"""Codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId, Moment
from parlour.migrations import operations

revision = "bookings_0004"
down_revision = "bookings_0003"
# Other owners' revisions that must stand before this one, where the manifest's bounds are not fine enough.
requires: dict[str, str] = {}


def upgrade() -> None:
    op.create_table(
        "bookings_code",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("proved_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_bookings_code_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings_code")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_bookings_code_scope"),
        sa.UniqueConstraint("organisation_id", "token_hash", name="uq_bookings_code_token"),
    )
    op.create_index(
        "ix_bookings_code_address", "bookings_code", ["organisation_id", "address_hash"], unique=False
    )
    op.create_index(
        "ix_bookings_code_created", "bookings_code", ["organisation_id", "created_at"], unique=False
    )
    with op.batch_alter_table("bookings_appointment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("booked_by", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("guests", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("booked_by_key", sa.Text(), nullable=True))
        batch_op.create_index(
            "ix_bookings_appointment_email_key", ["organisation_id", "email_key"], unique=False
        )

    operations.scope(
        "bookings_code",
    )


def downgrade() -> None:
    with op.batch_alter_table("bookings_appointment", schema=None) as batch_op:
        batch_op.drop_index("ix_bookings_appointment_email_key")
        batch_op.drop_column("booked_by_key")
        batch_op.drop_column("guests")
        batch_op.drop_column("booked_by")

    op.drop_table("bookings_code")
