"""Indexes for all that is searched: without them one column that lacks its own is read from end to end."""

from __future__ import annotations

from parlour.migrations import operations

revision = "contacts_0002"
down_revision = "contacts_0001"

SEARCHED = (
    ("contacts_contact", "legal_name_key"),
    ("contacts_contact", "tax_number_key"),
    ("contacts_address", "street_key"),
    ("contacts_address", "city_key"),
)


def upgrade() -> None:
    for table, column in SEARCHED:
        operations.text_index(table, column)


def downgrade() -> None:
    for table, column in reversed(SEARCHED):
        operations.drop_text_index(table, column)
