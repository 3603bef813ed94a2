"""How clients come, counted from their visits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId
from parlour.migrations import operations

revision = "bookings_0006"
down_revision = "bookings_0005"
# Other owners' revisions that must stand before this one, where the manifest's bounds are not fine enough.
requires: dict[str, str] = {}


def upgrade() -> None:
    op.create_table(
        "bookings_contacts_contact",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("visits", sa.BigInteger(), nullable=True),
        sa.Column("missed", sa.BigInteger(), nullable=True),
        sa.Column("late", sa.BigInteger(), nullable=True),
        sa.Column("last", sa.Date(), nullable=True),
        sa.Column("every", sa.BigInteger(), nullable=True),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("staff", sa.String(length=200), nullable=True),
        sa.Column("item", sa.String(length=200), nullable=True),
        sa.Column("staff_key", sa.Text(), nullable=True),
        sa.Column("item_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_bookings_contacts_contact_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_bookings_contacts_contact_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings_contacts_contact")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_bookings_contacts_contact_scope"),
        sqlite_autoincrement=False,
    )
    op.create_index(
        "ix_bookings_contacts_contact_due",
        "bookings_contacts_contact",
        ["organisation_id", "due", "id"],
        unique=False,
    )
    operations.scope("bookings_contacts_contact")


def downgrade() -> None:
    op.drop_table("bookings_contacts_contact")
