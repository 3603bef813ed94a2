"""Services that are booked only together with another one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId
from parlour.migrations import operations

revision = "bookings_0008"
down_revision = "bookings_0007"
# Other owners' revisions that must stand before this one, where the manifest's bounds are not fine enough.
requires: dict[str, str] = {}


def upgrade() -> None:
    op.add_column(
        "bookings_catalog_item",
        sa.Column("addition", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "bookings_catalog_item_goes_with",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("target_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "owner_id"],
            ["catalog_item.organisation_id", "catalog_item.id"],
            name="fk_bookings_catalog_item_goes_with_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "target_id"],
            ["catalog_item.organisation_id", "catalog_item.id"],
            name="fk_bookings_catalog_item_goes_with_target",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_bookings_catalog_item_goes_with_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings_catalog_item_goes_with")),
        sa.UniqueConstraint(
            "organisation_id", "owner_id", "target_id", name="uq_bookings_catalog_item_goes_with_pair"
        ),
    )
    op.create_index(
        "ix_bookings_catalog_item_goes_with_target",
        "bookings_catalog_item_goes_with",
        ["organisation_id", "target_id"],
        unique=False,
    )
    operations.scope("bookings_catalog_item_goes_with")


def downgrade() -> None:
    op.drop_table("bookings_catalog_item_goes_with")
    op.drop_column("bookings_catalog_item", "addition")
