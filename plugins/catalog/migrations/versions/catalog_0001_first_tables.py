"""First tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId, Json, Moment
from parlour.migrations import operations

revision = "catalog_0001"
down_revision = None
# Other owners' revisions that must stand before this one, where the manifest's bounds are not fine enough.
requires: dict[str, str] = {}


def upgrade() -> None:
    op.create_table(
        "catalog_category",
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
            name=op.f("fk_catalog_category_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_category")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_catalog_category_scope"),
        sa.UniqueConstraint("organisation_id", "name_key", name="uq_catalog_category_name"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_catalog_category_name_key",
        "catalog_category",
        ["organisation_id", "name_key", "id"],
        unique=False,
    )
    op.create_table(
        "catalog_tax",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=False),
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
            name=op.f("fk_catalog_tax_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_tax")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_catalog_tax_scope"),
        sa.UniqueConstraint("organisation_id", "name_key", name="uq_catalog_tax_name"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_catalog_tax_name_key", "catalog_tax", ["organisation_id", "name_key", "id"], unique=False
    )
    op.create_table(
        "catalog_item",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=True),
        sa.Column("code", sa.String(length=60), nullable=True),
        sa.Column("barcode", sa.String(length=60), nullable=True),
        sa.Column("photo", BigId, nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("category_id", BigId, nullable=True),
        sa.Column("tax_id", BigId, nullable=True),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("code_key", sa.Text(), nullable=True),
        sa.Column("barcode_key", sa.Text(), nullable=True),
        sa.Column("version", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "category_id"],
            ["catalog_category.organisation_id", "catalog_category.id"],
            name="fk_catalog_item_category",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "tax_id"],
            ["catalog_tax.organisation_id", "catalog_tax.id"],
            name="fk_catalog_item_tax",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_catalog_item_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_item")),
        sa.UniqueConstraint("organisation_id", "barcode_key", name="uq_catalog_item_barcode"),
        sa.UniqueConstraint("organisation_id", "code_key", name="uq_catalog_item_code"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_catalog_item_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_catalog_item_barcode_key", "catalog_item", ["organisation_id", "barcode_key", "id"], unique=False
    )
    op.create_index(
        "ix_catalog_item_category", "catalog_item", ["organisation_id", "category_id"], unique=False
    )
    op.create_index(
        "ix_catalog_item_code_key", "catalog_item", ["organisation_id", "code_key", "id"], unique=False
    )
    op.create_index(
        "ix_catalog_item_name_key", "catalog_item", ["organisation_id", "name_key", "id"], unique=False
    )
    op.create_index("ix_catalog_item_tax", "catalog_item", ["organisation_id", "tax_id"], unique=False)
    op.create_table(
        "catalog_name",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("position", BigId, nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("text_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "owner_id"],
            ["catalog_item.organisation_id", "catalog_item.id"],
            name="fk_catalog_name_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_catalog_name_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_name")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_catalog_name_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_catalog_name_owner", "catalog_name", ["organisation_id", "owner_id"], unique=False)
    op.create_index(
        "ix_catalog_name_text_key", "catalog_name", ["organisation_id", "text_key", "id"], unique=False
    )
    op.create_table(
        "catalog_price",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("position", BigId, nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("branch", BigId, nullable=True),
        sa.Column("price_amount", sa.BigInteger(), nullable=False),
        sa.Column("price_currency", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "owner_id"],
            ["catalog_item.organisation_id", "catalog_item.id"],
            name="fk_catalog_price_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_catalog_price_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_price")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_catalog_price_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_catalog_price_owner", "catalog_price", ["organisation_id", "owner_id"], unique=False)
    operations.scope(
        "catalog_category",
        "catalog_tax",
        "catalog_item",
        "catalog_name",
        "catalog_price",
    )
    for table, column in (
        ("catalog_category", "name_key"),
        ("catalog_item", "name_key"),
        ("catalog_item", "code_key"),
        ("catalog_item", "barcode_key"),
        ("catalog_name", "text_key"),
        ("catalog_tax", "name_key"),
    ):
        operations.text_index(table, column)


def downgrade() -> None:
    op.drop_table("catalog_price")
    op.drop_table("catalog_name")
    op.drop_table("catalog_item")
    op.drop_table("catalog_tax")
    op.drop_table("catalog_category")
