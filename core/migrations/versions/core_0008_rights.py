"""Limits of exports, looking at the site as somebody else, and whose data somebody looked at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId, Json

revision = "core_0008"
down_revision = "core_0007"


def upgrade() -> None:
    op.add_column("core_role", sa.Column("export_rows", sa.Integer(), nullable=True))
    op.add_column("core_role", sa.Column("export_rows_day", sa.Integer(), nullable=True))
    op.add_column("core_session", sa.Column("viewing", Json, nullable=True))
    op.add_column("core_access_log", sa.Column("row_id", BigId, nullable=True))
    op.create_index(
        "ix_core_access_log_row", "core_access_log", ["organisation_id", "record", "row_id", "at"]
    )


def downgrade() -> None:
    op.drop_index("ix_core_access_log_row", table_name="core_access_log")
    op.drop_column("core_access_log", "row_id")
    op.drop_column("core_session", "viewing")
    op.drop_column("core_role", "export_rows_day")
    op.drop_column("core_role", "export_rows")
