"""The number of a client in another system."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.migrations import operations

revision = "contacts_0003"
down_revision = "contacts_0002"


def upgrade() -> None:
    op.add_column("contacts_contact", sa.Column("code", sa.String(length=60), nullable=True))
    op.add_column("contacts_contact", sa.Column("code_key", sa.Text(), nullable=True))
    op.create_index(
        "ix_contacts_contact_code_key",
        "contacts_contact",
        ["organisation_id", "code_key", "id"],
        unique=False,
    )
    operations.text_index("contacts_contact", "code_key")


def downgrade() -> None:
    operations.drop_text_index("contacts_contact", "code_key")
    op.drop_index("ix_contacts_contact_code_key", table_name="contacts_contact")
    op.drop_column("contacts_contact", "code_key")
    op.drop_column("contacts_contact", "code")
