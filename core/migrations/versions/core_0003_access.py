"""Password resets, invitations, the second factor, and how long log-ins last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId, Json, Moment

revision = "core_0003"
down_revision = "core_0002"


def upgrade() -> None:
    op.create_table(
        "core_password_reset",
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["core_user.id"], name=op.f("fk_core_password_reset_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_core_password_reset")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_core_password_reset_token_hash")),
    )
    op.create_table(
        "core_recovery_code",
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["core_user.id"], name=op.f("fk_core_recovery_code_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name=op.f("pk_core_recovery_code")),
    )
    op.create_table(
        "core_invitation",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("duties", Json, nullable=False),
        sa.Column("invited_by", BigId, nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("job_id", BigId, nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_core_invitation_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["invited_by"], ["core_user.id"], name=op.f("fk_core_invitation_invited_by"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_invitation")),
        sa.UniqueConstraint("organisation_id", "email_key", name="uq_core_invitation_email"),
        sa.UniqueConstraint("token_hash", name=op.f("uq_core_invitation_token_hash")),
    )
    op.create_index(op.f("ix_core_invitation_invited_by"), "core_invitation", ["invited_by"], unique=False)
    op.create_index(op.f("ix_core_invitation_expires_at"), "core_invitation", ["expires_at"], unique=False)
    op.add_column("core_user", sa.Column("totp_secret", sa.String(length=255), nullable=True))
    op.add_column("core_user", sa.Column("totp_step", BigId, nullable=True))
    op.add_column(
        "core_session", sa.Column("idle", sa.Integer(), server_default=sa.text("604800"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("core_session", "idle")
    op.drop_column("core_user", "totp_step")
    op.drop_column("core_user", "totp_secret")
    op.drop_table("core_invitation")
    op.drop_table("core_recovery_code")
    op.drop_table("core_password_reset")
