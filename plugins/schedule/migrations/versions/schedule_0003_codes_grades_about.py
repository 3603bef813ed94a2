"""Numbers of other systems on specialists and rooms, grades, and what clients read about a specialist."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId, Json, Moment
from parlour.migrations import operations

revision = "schedule_0003"
down_revision = "schedule_0002"
# Other owners' revisions that must stand before this one, where the manifest's bounds are not fine enough.
requires: dict[str, str] = {}


def upgrade() -> None:
    op.create_table(
        "schedule_grade",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_schedule_grade_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_grade")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_schedule_grade_scope"),
        sa.UniqueConstraint("organisation_id", "name_key", name="uq_schedule_grade_name"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_schedule_grade_name_key", "schedule_grade", ["organisation_id", "name_key", "id"], unique=False
    )
    with operations.altered("schedule_resource") as batch_op:
        batch_op.add_column(sa.Column("code", sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column("code_key", sa.Text(), nullable=True))
        batch_op.create_index(
            "ix_schedule_resource_code_key", ["organisation_id", "code_key", "id"], unique=False
        )
        batch_op.create_unique_constraint("uq_schedule_resource_code", ["organisation_id", "code_key"])

    with operations.altered("schedule_staff") as batch_op:
        batch_op.add_column(sa.Column("about", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("code", sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column("grade_id", BigId, nullable=True))
        batch_op.add_column(sa.Column("code_key", sa.Text(), nullable=True))
        batch_op.create_index(
            "ix_schedule_staff_code_key", ["organisation_id", "code_key", "id"], unique=False
        )
        batch_op.create_index("ix_schedule_staff_grade", ["organisation_id", "grade_id"], unique=False)
        batch_op.create_unique_constraint("uq_schedule_staff_code", ["organisation_id", "code_key"])
        batch_op.create_foreign_key(
            "fk_schedule_staff_grade",
            "schedule_grade",
            ["organisation_id", "grade_id"],
            ["organisation_id", "id"],
        )

    operations.scope("schedule_grade")
    for table, column in (
        ("schedule_grade", "name_key"),
        ("schedule_staff", "code_key"),
        ("schedule_resource", "code_key"),
    ):
        operations.text_index(table, column)


def downgrade() -> None:
    operations.drop_text_index("schedule_staff", "code_key")
    operations.drop_text_index("schedule_resource", "code_key")
    with operations.altered("schedule_staff") as batch_op:
        batch_op.drop_constraint("fk_schedule_staff_grade", type_="foreignkey")
        batch_op.drop_constraint("uq_schedule_staff_code", type_="unique")
        batch_op.drop_index("ix_schedule_staff_grade")
        batch_op.drop_index("ix_schedule_staff_code_key")
        batch_op.drop_column("code_key")
        batch_op.drop_column("grade_id")
        batch_op.drop_column("code")
        batch_op.drop_column("about")

    with operations.altered("schedule_resource") as batch_op:
        batch_op.drop_constraint("uq_schedule_resource_code", type_="unique")
        batch_op.drop_index("ix_schedule_resource_code_key")
        batch_op.drop_column("code_key")
        batch_op.drop_column("code")

    op.drop_table("schedule_grade")
