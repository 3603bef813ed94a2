"""Tokens that are narrowed by scopes, and answers that are kept for who repeats a call."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId, Json, Moment
from parlour.migrations import operations

revision = "core_0004"
down_revision = "core_0003"


def upgrade() -> None:
    op.add_column(
        "core_token", sa.Column("begins", sa.String(length=20), server_default=sa.text("''"), nullable=False)
    )
    op.add_column("core_token", sa.Column("scopes", Json, nullable=True))
    op.create_table(
        "core_api_answer",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("caller", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", Json, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_core_api_answer_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_api_answer")),
        sa.UniqueConstraint("organisation_id", "caller", "key", name="uq_core_api_answer_key"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_core_api_answer_scope"),
    )
    op.create_index("ix_core_api_answer_at", "core_api_answer", ["organisation_id", "at"])
    operations.scope("core_api_answer")


def downgrade() -> None:
    op.drop_table("core_api_answer")
    op.drop_column("core_token", "scopes")
    op.drop_column("core_token", "begins")
