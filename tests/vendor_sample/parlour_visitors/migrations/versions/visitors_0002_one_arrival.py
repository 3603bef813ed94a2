"""One arrival of a client at a moment."""

from __future__ import annotations

from alembic import op

from parlour.migrations import operations

revision = "visitors_0002"
down_revision = "visitors_0001"
requires: dict[str, str] = {}

NAME = "uq_visitors_visitor_contact_arrived_at"


def upgrade() -> None:
    operations.unique_index("visitors_visitor", NAME, ["contact_id", "arrived_at"])


def downgrade() -> None:
    op.drop_index(NAME, table_name="visitors_visitor")
