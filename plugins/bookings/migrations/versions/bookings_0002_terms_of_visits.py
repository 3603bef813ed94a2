"""What visits are agreed on: deposits, fees, and until when cancelling is free; when clients arrived, and who is late."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import Moment

revision = "bookings_0002"
down_revision = "bookings_0001"
# Other owners' revisions that must stand before this one, where the manifest's bounds are not fine enough.
requires: dict[str, str] = {}


def upgrade() -> None:
    op.add_column("bookings_appointment", sa.Column("arrived_at", Moment(), nullable=True))
    op.add_column("bookings_appointment", sa.Column("delay", sa.BigInteger(), nullable=True))
    op.add_column("bookings_appointment", sa.Column("deposit_state", sa.String(length=40), nullable=True))
    op.add_column("bookings_appointment", sa.Column("deposit_until", Moment(), nullable=True))
    op.add_column("bookings_appointment", sa.Column("free_until", Moment(), nullable=True))
    op.add_column("bookings_appointment", sa.Column("fee_state", sa.String(length=40), nullable=True))
    op.add_column("bookings_appointment", sa.Column("deposit_amount", sa.BigInteger(), nullable=True))
    op.add_column("bookings_appointment", sa.Column("late_fee_amount", sa.BigInteger(), nullable=True))
    op.add_column("bookings_appointment", sa.Column("missed_fee_amount", sa.BigInteger(), nullable=True))
    op.add_column("bookings_appointment", sa.Column("fee_amount", sa.BigInteger(), nullable=True))
    op.add_column("bookings_appointment", sa.Column("deposit_currency", sa.String(length=3), nullable=True))
    op.add_column("bookings_appointment", sa.Column("late_fee_currency", sa.String(length=3), nullable=True))
    op.add_column(
        "bookings_appointment", sa.Column("missed_fee_currency", sa.String(length=3), nullable=True)
    )
    op.add_column("bookings_appointment", sa.Column("fee_currency", sa.String(length=3), nullable=True))
    op.create_index(
        "ix_bookings_appointment_deposit",
        "bookings_appointment",
        ["organisation_id", "deposit_until"],
        unique=False,
    )

    op.add_column("bookings_catalog_item", sa.Column("deposit_percent", sa.BigInteger(), nullable=True))
    op.add_column("bookings_catalog_item", sa.Column("free_hours", sa.BigInteger(), nullable=True))
    op.add_column("bookings_catalog_item", sa.Column("late_percent", sa.BigInteger(), nullable=True))
    op.add_column("bookings_catalog_item", sa.Column("missed_percent", sa.BigInteger(), nullable=True))
    op.add_column("bookings_catalog_item", sa.Column("deposit_amount", sa.BigInteger(), nullable=True))
    op.add_column("bookings_catalog_item", sa.Column("deposit_currency", sa.String(length=3), nullable=True))


def downgrade() -> None:
    op.drop_column("bookings_catalog_item", "deposit_currency")
    op.drop_column("bookings_catalog_item", "deposit_amount")
    op.drop_column("bookings_catalog_item", "missed_percent")
    op.drop_column("bookings_catalog_item", "late_percent")
    op.drop_column("bookings_catalog_item", "free_hours")
    op.drop_column("bookings_catalog_item", "deposit_percent")

    op.drop_index("ix_bookings_appointment_deposit", table_name="bookings_appointment")
    op.drop_column("bookings_appointment", "fee_currency")
    op.drop_column("bookings_appointment", "missed_fee_currency")
    op.drop_column("bookings_appointment", "late_fee_currency")
    op.drop_column("bookings_appointment", "deposit_currency")
    op.drop_column("bookings_appointment", "fee_amount")
    op.drop_column("bookings_appointment", "missed_fee_amount")
    op.drop_column("bookings_appointment", "late_fee_amount")
    op.drop_column("bookings_appointment", "deposit_amount")
    op.drop_column("bookings_appointment", "fee_state")
    op.drop_column("bookings_appointment", "free_until")
    op.drop_column("bookings_appointment", "deposit_until")
    op.drop_column("bookings_appointment", "deposit_state")
    op.drop_column("bookings_appointment", "delay")
    op.drop_column("bookings_appointment", "arrived_at")
