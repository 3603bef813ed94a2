"""Until when somebody works in an organisation, and that they were removed from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import Moment

revision = "core_0010"
down_revision = "core_0009"


def upgrade() -> None:
    op.add_column("core_membership", sa.Column("ends_at", Moment(), nullable=True))
    op.add_column("core_membership", sa.Column("removed_at", Moment(), nullable=True))


def downgrade() -> None:
    op.drop_column("core_membership", "removed_at")
    op.drop_column("core_membership", "ends_at")
