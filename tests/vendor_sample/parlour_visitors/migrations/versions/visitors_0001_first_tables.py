"""First tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId, Json, Moment
from parlour.migrations import operations

revision = "visitors_0001"
down_revision = None
# Other owners' revisions that must stand before this one, where the manifest's bounds are not fine enough.
requires: dict[str, str] = {}


def upgrade() -> None:
    op.create_table(
        "visitors_contacts_contact",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("badge", sa.String(length=40), nullable=True),
        sa.Column("visits", sa.BigInteger(), nullable=True),
        sa.Column("badge_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_visitors_contacts_contact_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_visitors_contacts_contact_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visitors_contacts_contact")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_visitors_contacts_contact_scope"),
        sqlite_autoincrement=False,
    )
    op.create_table(
        "visitors_visitor",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("arrived_at", Moment(), nullable=True),
        sa.Column("contact_id", BigId, nullable=True),
        sa.Column("fee_amount", sa.BigInteger(), nullable=True),
        sa.Column("fee_currency", sa.String(length=3), nullable=True),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("phone_key", sa.Text(), nullable=True),
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
            name="fk_visitors_visitor_contact",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_visitors_visitor_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visitors_visitor")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_visitors_visitor_scope"),
        sa.UniqueConstraint("organisation_id", "phone_key", name="uq_visitors_visitor_phone"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_visitors_visitor_contact", "visitors_visitor", ["organisation_id", "contact_id"], unique=False
    )
    op.create_index(
        "ix_visitors_visitor_name_key",
        "visitors_visitor",
        ["organisation_id", "name_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_visitors_visitor_phone_key",
        "visitors_visitor",
        ["organisation_id", "phone_key", "id"],
        unique=False,
    )
    op.create_table(
        "visitors_arrival",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("visitor_id", BigId, nullable=False),
        sa.Column("noted_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "visitor_id"],
            ["visitors_visitor.organisation_id", "visitors_visitor.id"],
            name="fk_visitors_arrival_visitor",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_visitors_arrival_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visitors_arrival")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_visitors_arrival_scope"),
        sa.UniqueConstraint("organisation_id", "visitor_id", name="uq_visitors_arrival_visitor"),
    )
    operations.scope(
        "visitors_contacts_contact",
        "visitors_visitor",
        "visitors_arrival",
    )


def downgrade() -> None:
    op.drop_table("visitors_arrival")
    op.drop_table("visitors_visitor")
    op.drop_table("visitors_contacts_contact")
