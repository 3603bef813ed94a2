"""Names of categories in other languages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId
from parlour.migrations import operations

revision = "catalog_0002"
down_revision = "catalog_0001"
# Other owners' revisions that must stand before this one, where the manifest's bounds are not fine enough.
requires: dict[str, str] = {}


def upgrade() -> None:
    op.create_table(
        "catalog_category_name",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("position", BigId, nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("text_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "owner_id"],
            ["catalog_category.organisation_id", "catalog_category.id"],
            name="fk_catalog_category_name_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_catalog_category_name_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_category_name")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_catalog_category_name_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_catalog_category_name_owner",
        "catalog_category_name",
        ["organisation_id", "owner_id"],
        unique=False,
    )
    operations.scope("catalog_category_name")


def downgrade() -> None:
    op.drop_table("catalog_category_name")
