"""The core's first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId, Json, Moment
from parlour.migrations import operations

revision = "core_0001"
down_revision = None


def upgrade() -> None:
    # Trigram indexes for "contains" that begin with the organisation; see operations.text_index.
    operations.extension("pg_trgm")
    operations.extension("btree_gin")
    op.create_table(
        "core_organisation",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("region", sa.String(length=2), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("settings", Json, nullable=False),
        sa.Column("plugins_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_organisation")),
        sa.UniqueConstraint("slug", name=op.f("uq_core_organisation_slug")),
    )
    op.create_table(
        "core_plugin",
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("version", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("installed_at", Moment(), nullable=False),
        sa.Column("ledger", Json, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_core_plugin")),
    )
    op.create_table(
        "core_throttle",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", Moment(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_core_throttle")),
    )
    op.create_index(op.f("ix_core_throttle_until"), "core_throttle", ["until"], unique=False)
    op.create_table(
        "core_user",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column(
            "password_temporary",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
        ),
        sa.Column("locale", sa.String(length=10), nullable=True),
        sa.Column(
            "theme",
            sa.String(length=10),
            server_default=sa.text("''"),
            nullable=False,
        ),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_user")),
        sa.UniqueConstraint("email_key", name=op.f("uq_core_user_email_key")),
    )
    op.create_table(
        "core_access_log",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("record", sa.String(length=120), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("fields", Json, nullable=True),
        sa.Column("detail", Json, nullable=True),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_core_access_log_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["core_user.id"],
            name=op.f("fk_core_access_log_user_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_access_log")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_core_access_log_scope"),
    )
    op.create_index(
        "ix_core_access_log_at",
        "core_access_log",
        ["organisation_id", "at"],
        unique=False,
    )
    op.create_table(
        "core_branch",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_core_branch_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_branch")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_core_branch_scope"),
    )
    op.create_table(
        "core_change_set",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("via", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=True),
        sa.Column("undoes", BigId, nullable=True),
        sa.Column("undone_by", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_core_change_set_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_change_set")),
    )
    op.create_index(
        "ix_core_change_set_at",
        "core_change_set",
        ["organisation_id", "at"],
        unique=False,
    )
    op.create_index(
        "uq_core_change_set_scope",
        "core_change_set",
        ["organisation_id", "id"],
        unique=True,
    )
    op.create_table(
        "core_file",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("record", sa.String(length=128), nullable=False),
        sa.Column("row_id", BigId, nullable=True),
        sa.Column("slot", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("size", BigId, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by"],
            ["core_user.id"],
            name=op.f("fk_core_file_created_by"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_core_file_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_file")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_core_file_scope"),
    )
    op.create_index(
        "ix_core_file_created",
        "core_file",
        ["organisation_id", "created_at"],
        unique=False,
    )
    op.create_index(
        "ix_core_file_row",
        "core_file",
        ["organisation_id", "record", "row_id"],
        unique=False,
    )
    op.create_index("ix_core_file_sha256", "core_file", ["organisation_id", "sha256"], unique=False)
    op.create_table(
        "core_import_mapping",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("record", sa.String(length=80), nullable=False),
        sa.Column("headings", sa.Text(), nullable=False),
        sa.Column("columns", Json, nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_core_import_mapping_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_import_mapping")),
    )
    op.create_index(
        "ix_core_import_mapping_record",
        "core_import_mapping",
        ["organisation_id", "record"],
        unique=False,
    )
    op.create_table(
        "core_job",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=True),
        sa.Column("plugin", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("args", Json, nullable=False),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("run_at", Moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("position", Json, nullable=True),
        sa.Column("progress_done", BigId, nullable=False),
        sa.Column("progress_total", BigId, nullable=True),
        sa.Column("progress_message", Json, nullable=True),
        sa.Column("result", Json, nullable=True),
        sa.Column("error", Json, nullable=True),
        sa.Column("cancel_asked", sa.Boolean(), nullable=False),
        sa.Column("dedupe", sa.String(length=200), nullable=True),
        sa.Column("send_key", sa.String(length=200), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("started_at", Moment(), nullable=True),
        sa.Column("finished_at", Moment(), nullable=True),
        sa.Column("locked_by", sa.String(length=64), nullable=True),
        sa.Column("locked_until", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by"],
            ["core_user.id"],
            name=op.f("fk_core_job_created_by"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_core_job_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_job")),
        sa.UniqueConstraint(
            "organisation_id",
            "name",
            "dedupe",
            name=op.f("uq_core_job_organisation_id"),
        ),
    )
    op.create_index("ix_core_job_due", "core_job", ["state", "queue", "run_at", "id"], unique=False)
    op.create_index("ix_core_job_finished", "core_job", ["finished_at"], unique=False)
    op.create_index("ix_core_job_lease", "core_job", ["state", "locked_until"], unique=False)
    op.create_index("ix_core_job_organisation", "core_job", ["organisation_id", "id"], unique=False)
    op.create_index(
        "uq_core_job_dedupe_installation",
        "core_job",
        ["name", "dedupe"],
        unique=True,
        postgresql_where=sa.text("organisation_id IS NULL"),
        sqlite_where=sa.text("organisation_id IS NULL"),
    )
    op.create_index("uq_core_job_send_key", "core_job", ["organisation_id", "send_key"], unique=True)
    op.create_index(
        "uq_core_job_send_key_installation",
        "core_job",
        ["send_key"],
        unique=True,
        postgresql_where=sa.text("organisation_id IS NULL"),
        sqlite_where=sa.text("organisation_id IS NULL"),
    )
    op.create_table(
        "core_membership",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_core_membership_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["core_user.id"],
            name=op.f("fk_core_membership_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_membership")),
        sa.UniqueConstraint("organisation_id", "user_id", name="uq_core_membership_user"),
    )
    op.create_index(op.f("ix_core_membership_user_id"), "core_membership", ["user_id"], unique=False)
    op.create_table(
        "core_organisation_plugin",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("enabled_at", Moment(), nullable=True),
        sa.Column("settings", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_core_organisation_plugin_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_organisation_plugin")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_core_organisation_plugin_scope"),
        sa.UniqueConstraint("organisation_id", "name", name="uq_core_organisation_plugin_name"),
    )
    op.create_table(
        "core_role",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("builtin", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_core_role_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_role")),
        sa.UniqueConstraint("organisation_id", "code", name="uq_core_role_code"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_core_role_scope"),
    )
    op.create_table(
        "core_saved_filter",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("record", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("filter", Json, nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_core_saved_filter_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_saved_filter")),
    )
    op.create_index(
        "ix_core_saved_filter_record",
        "core_saved_filter",
        ["organisation_id", "record"],
        unique=False,
    )
    op.create_table(
        "core_schedule",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=True),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("timing", sa.String(length=100), nullable=False),
        sa.Column("last_run", Moment(), nullable=True),
        sa.Column("next_run", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_core_schedule_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_schedule")),
        sa.UniqueConstraint("organisation_id", "name", name=op.f("uq_core_schedule_organisation_id")),
    )
    op.create_index("ix_core_schedule_next", "core_schedule", ["next_run"], unique=False)
    op.create_index(
        "uq_core_schedule_installation",
        "core_schedule",
        ["name"],
        unique=True,
        postgresql_where=sa.text("organisation_id IS NULL"),
        sqlite_where=sa.text("organisation_id IS NULL"),
    )
    op.create_table(
        "core_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("agent", sa.String(length=300), nullable=False),
        sa.Column("branches", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["core_user.id"],
            name=op.f("fk_core_session_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_core_session")),
    )
    op.create_index(op.f("ix_core_session_expires_at"), "core_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_core_session_user_id"), "core_session", ["user_id"], unique=False)
    op.create_table(
        "core_token",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("used_at", Moment(), nullable=True),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_core_token_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["core_user.id"],
            name=op.f("fk_core_token_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_core_token_token_hash")),
    )
    op.create_index(
        op.f("ix_core_token_organisation_id"),
        "core_token",
        ["organisation_id"],
        unique=False,
    )
    op.create_index(op.f("ix_core_token_user_id"), "core_token", ["user_id"], unique=False)
    op.create_table(
        "core_change",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("change_set_id", BigId, nullable=False),
        sa.Column("record", sa.String(length=80), nullable=False),
        sa.Column("row_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("values", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "change_set_id"],
            ["core_change_set.organisation_id", "core_change_set.id"],
            name="fk_core_change_change_set_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_core_change_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_change")),
    )
    op.create_index(
        "ix_core_change_row",
        "core_change",
        ["organisation_id", "record", "row_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_core_change_set",
        "core_change",
        ["organisation_id", "change_set_id"],
        unique=False,
    )
    op.create_table(
        "core_membership_role",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("role_id", BigId, nullable=False),
        sa.Column("branch_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "branch_id"],
            ["core_branch.organisation_id", "core_branch.id"],
            name="fk_core_membership_role_branch_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "role_id"],
            ["core_role.organisation_id", "core_role.id"],
            name="fk_core_membership_role_role_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "user_id"],
            ["core_membership.organisation_id", "core_membership.user_id"],
            name="fk_core_membership_role_user_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_core_membership_role_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_membership_role")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_core_membership_role_scope"),
        sa.UniqueConstraint(
            "organisation_id",
            "user_id",
            "role_id",
            "branch_id",
            name="uq_core_membership_role_branch",
        ),
    )
    op.create_index(
        "uq_core_membership_role_everywhere",
        "core_membership_role",
        ["organisation_id", "user_id", "role_id"],
        unique=True,
        sqlite_where=sa.text("branch_id IS NULL"),
        postgresql_where=sa.text("branch_id IS NULL"),
    )
    op.create_table(
        "core_rule",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("role_id", BigId, nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("permission", sa.String(length=120), nullable=False),
        sa.Column("filter", Json, nullable=True),
        sa.Column("fields_except", Json, nullable=True),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("number", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("kind IN ('permission', 'restriction')", name=op.f("ck_core_rule_kind")),
        sa.CheckConstraint(
            "role_id IS NOT NULL OR kind = 'restriction'",
            name=op.f("ck_core_rule_everyone"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "role_id"],
            ["core_role.organisation_id", "core_role.id"],
            name="fk_core_rule_role_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_core_rule_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_rule")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_core_rule_scope"),
        sa.UniqueConstraint(
            "organisation_id",
            "role_id",
            "kind",
            "permission",
            "source",
            "number",
            name="uq_core_rule_identity",
        ),
    )
    operations.scope(
        "core_access_log",
        "core_branch",
        "core_change_set",
        "core_file",
        "core_import_mapping",
        "core_organisation_plugin",
        "core_role",
        "core_saved_filter",
        "core_change",
        "core_membership_role",
        "core_rule",
    )


def downgrade() -> None:
    op.drop_table("core_rule")
    op.drop_table("core_membership_role")
    op.drop_table("core_change")
    op.drop_table("core_token")
    op.drop_table("core_session")
    op.drop_table("core_schedule")
    op.drop_table("core_saved_filter")
    op.drop_table("core_role")
    op.drop_table("core_organisation_plugin")
    op.drop_table("core_membership")
    op.drop_table("core_job")
    op.drop_table("core_import_mapping")
    op.drop_table("core_file")
    op.drop_table("core_change_set")
    op.drop_table("core_branch")
    op.drop_table("core_access_log")
    op.drop_table("core_user")
    op.drop_table("core_throttle")
    op.drop_table("core_plugin")
    op.drop_table("core_organisation")
