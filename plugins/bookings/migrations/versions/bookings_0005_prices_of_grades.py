"""What services cost by specialists of a grade."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId, Json, Moment
from parlour.migrations import operations

revision = "bookings_0005"
down_revision = "bookings_0004"
# Other owners' revisions that must stand before this one, where the manifest's bounds are not fine enough.
requires: dict[str, str] = {"schedule": "schedule_0003"}


def upgrade() -> None:
    op.create_table(
        "bookings_grade_price",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("item_id", BigId, nullable=False),
        sa.Column("grade_id", BigId, nullable=False),
        sa.Column("price_amount", sa.BigInteger(), nullable=True),
        sa.Column("price_currency", sa.String(length=3), nullable=True),
        sa.Column("name_key", sa.Text(), nullable=True),
        sa.Column("version", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "grade_id"],
            ["schedule_grade.organisation_id", "schedule_grade.id"],
            name="fk_bookings_grade_price_grade",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "item_id"],
            ["catalog_item.organisation_id", "catalog_item.id"],
            name="fk_bookings_grade_price_item",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_bookings_grade_price_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings_grade_price")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_bookings_grade_price_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_bookings_grade_price_grade", "bookings_grade_price", ["organisation_id", "grade_id"], unique=False
    )
    op.create_index(
        "ix_bookings_grade_price_item", "bookings_grade_price", ["organisation_id", "item_id"], unique=False
    )
    op.create_index(
        "ix_bookings_grade_price_name_key",
        "bookings_grade_price",
        ["organisation_id", "name_key", "id"],
        unique=False,
    )
    op.create_index(
        "uq_bookings_grade_price_item_grade",
        "bookings_grade_price",
        ["organisation_id", "item_id", "grade_id"],
        unique=True,
    )
    operations.scope("bookings_grade_price")
    operations.text_index("bookings_grade_price", "name_key")


def downgrade() -> None:
    op.drop_table("bookings_grade_price")
