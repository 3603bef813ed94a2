"""Keys of those who wait for a time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId, Moment
from parlour.migrations import operations

revision = "bookings_0009"
down_revision = "bookings_0008"
# Other owners' revisions that must stand before this one, where the manifest's bounds are not fine enough.
requires: dict[str, str] = {}


def upgrade() -> None:
    op.create_table(
        "bookings_waiting_token",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("waiting_id", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "waiting_id"],
            ["bookings_waiting.organisation_id", "bookings_waiting.id"],
            name="fk_bookings_waiting_token_waiting",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_bookings_waiting_token_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings_waiting_token")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_bookings_waiting_token_scope"),
        sa.UniqueConstraint("organisation_id", "token_hash", name="uq_bookings_waiting_token_hash"),
    )
    op.create_index(
        "ix_bookings_waiting_token_waiting",
        "bookings_waiting_token",
        ["organisation_id", "waiting_id"],
        unique=False,
    )
    operations.scope("bookings_waiting_token")


def downgrade() -> None:
    op.drop_table("bookings_waiting_token")
