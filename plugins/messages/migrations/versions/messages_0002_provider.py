"""An index by which what a provider says later finds its message."""

from __future__ import annotations

from alembic import op

revision = "messages_0002"
down_revision = "messages_0001"


def upgrade() -> None:
    op.create_index(
        "ix_messages_message_provider", "messages_message", ["organisation_id", "provider_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_messages_message_provider", table_name="messages_message")
