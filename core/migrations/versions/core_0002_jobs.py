"""Find quickly what waits for a person, which every page asks."""

from __future__ import annotations

from alembic import op

revision = "core_0002"
down_revision = "core_0001"


def upgrade() -> None:
    op.create_index("ix_core_job_organisation_state", "core_job", ["organisation_id", "state", "id"])


def downgrade() -> None:
    op.drop_index("ix_core_job_organisation_state", "core_job")
