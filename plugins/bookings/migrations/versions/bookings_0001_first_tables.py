"""First tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId, Json, Moment
from parlour.migrations import operations

revision = "bookings_0001"
down_revision = None
# Other owners' revisions that must stand before this one, where the manifest's bounds are not fine enough.
requires: dict[str, str] = {}


def upgrade() -> None:
    op.create_table(
        "bookings_hold",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("chosen", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_bookings_hold_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings_hold")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_bookings_hold_scope"),
        sa.UniqueConstraint("organisation_id", "token_hash", name="uq_bookings_hold_token"),
    )
    op.create_index(
        "ix_bookings_hold_network",
        "bookings_hold",
        ["organisation_id", "network", "expires_at"],
        unique=False,
    )
    op.create_table(
        "bookings_catalog_item",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("before", sa.BigInteger(), nullable=True),
        sa.Column("after", sa.BigInteger(), nullable=True),
        sa.Column("gap_from", sa.BigInteger(), nullable=True),
        sa.Column("gap", sa.BigInteger(), nullable=True),
        sa.Column("step", sa.BigInteger(), nullable=True),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("confirm", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "id"],
            ["catalog_item.organisation_id", "catalog_item.id"],
            name="fk_bookings_catalog_item_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_bookings_catalog_item_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings_catalog_item")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_bookings_catalog_item_scope"),
        sqlite_autoincrement=False,
    )
    op.create_table(
        "bookings_need",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("item_id", BigId, nullable=False),
        sa.Column("type_id", BigId, nullable=False),
        sa.Column("name_key", sa.Text(), nullable=True),
        sa.Column("version", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "item_id"],
            ["catalog_item.organisation_id", "catalog_item.id"],
            name="fk_bookings_need_item",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "type_id"],
            ["schedule_resource_type.organisation_id", "schedule_resource_type.id"],
            name="fk_bookings_need_type",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_bookings_need_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings_need")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_bookings_need_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_bookings_need_item", "bookings_need", ["organisation_id", "item_id"], unique=False)
    op.create_index(
        "ix_bookings_need_name_key", "bookings_need", ["organisation_id", "name_key", "id"], unique=False
    )
    op.create_index("ix_bookings_need_type", "bookings_need", ["organisation_id", "type_id"], unique=False)
    op.create_index(
        "uq_bookings_need_item_type", "bookings_need", ["organisation_id", "item_id", "type_id"], unique=True
    )
    op.create_table(
        "bookings_group",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("seats", sa.BigInteger(), nullable=False),
        sa.Column("branch", BigId, nullable=True),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("item_id", BigId, nullable=False),
        sa.Column("staff_id", BigId, nullable=True),
        sa.Column("starts", Moment(), nullable=False),
        sa.Column("starts_wall", sa.String(length=16), nullable=False),
        sa.Column("starts_zone", sa.String(length=64), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=True),
        sa.Column("version", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "item_id"],
            ["catalog_item.organisation_id", "catalog_item.id"],
            name="fk_bookings_group_item",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "staff_id"],
            ["schedule_staff.organisation_id", "schedule_staff.id"],
            name="fk_bookings_group_staff",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_bookings_group_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings_group")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_bookings_group_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_bookings_group_item", "bookings_group", ["organisation_id", "item_id"], unique=False)
    op.create_index(
        "ix_bookings_group_name_key", "bookings_group", ["organisation_id", "name_key", "id"], unique=False
    )
    op.create_index(
        "ix_bookings_group_staff", "bookings_group", ["organisation_id", "staff_id"], unique=False
    )
    op.create_index(
        "ix_bookings_group_starts", "bookings_group", ["organisation_id", "starts", "id"], unique=False
    )
    op.create_table(
        "bookings_skill",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("item_id", BigId, nullable=False),
        sa.Column("price_amount", sa.BigInteger(), nullable=True),
        sa.Column("price_currency", sa.String(length=3), nullable=True),
        sa.Column("name_key", sa.Text(), nullable=True),
        sa.Column("version", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "item_id"],
            ["catalog_item.organisation_id", "catalog_item.id"],
            name="fk_bookings_skill_item",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "staff_id"],
            ["schedule_staff.organisation_id", "schedule_staff.id"],
            name="fk_bookings_skill_staff",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_bookings_skill_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings_skill")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_bookings_skill_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_bookings_skill_item", "bookings_skill", ["organisation_id", "item_id"], unique=False)
    op.create_index(
        "ix_bookings_skill_name_key", "bookings_skill", ["organisation_id", "name_key", "id"], unique=False
    )
    op.create_index(
        "ix_bookings_skill_staff", "bookings_skill", ["organisation_id", "staff_id"], unique=False
    )
    op.create_index(
        "uq_bookings_skill_staff_item",
        "bookings_skill",
        ["organisation_id", "staff_id", "item_id"],
        unique=True,
    )
    op.create_table(
        "bookings_appointment",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("visitor", sa.String(length=200), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("ends", Moment(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("branch", BigId, nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("campaign", sa.String(length=500), nullable=True),
        sa.Column("code", sa.String(length=60), nullable=True),
        sa.Column("seats", sa.BigInteger(), nullable=False),
        sa.Column("series", sa.BigInteger(), nullable=True),
        sa.Column("cancelled_at", Moment(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("overlap", sa.Boolean(), nullable=False),
        sa.Column("to_check", sa.Boolean(), nullable=False),
        sa.Column("client_id", BigId, nullable=True),
        sa.Column("starts", Moment(), nullable=False),
        sa.Column("total_amount", sa.BigInteger(), nullable=True),
        sa.Column("group_id", BigId, nullable=True),
        sa.Column("starts_wall", sa.String(length=16), nullable=False),
        sa.Column("total_currency", sa.String(length=3), nullable=True),
        sa.Column("starts_zone", sa.String(length=64), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=True),
        sa.Column("visitor_key", sa.Text(), nullable=True),
        sa.Column("phone_key", sa.Text(), nullable=True),
        sa.Column("email_key", sa.Text(), nullable=True),
        sa.Column("campaign_key", sa.Text(), nullable=True),
        sa.Column("code_key", sa.Text(), nullable=True),
        sa.Column("reason_key", sa.Text(), nullable=True),
        sa.Column("version", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "client_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_bookings_appointment_client",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "group_id"],
            ["bookings_group.organisation_id", "bookings_group.id"],
            name="fk_bookings_appointment_group",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_bookings_appointment_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings_appointment")),
        sa.UniqueConstraint("organisation_id", "code_key", name="uq_bookings_appointment_code"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_bookings_appointment_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_bookings_appointment_client",
        "bookings_appointment",
        ["organisation_id", "client_id"],
        unique=False,
    )
    op.create_index(
        "ix_bookings_appointment_group", "bookings_appointment", ["organisation_id", "group_id"], unique=False
    )
    op.create_index(
        "ix_bookings_appointment_name_key",
        "bookings_appointment",
        ["organisation_id", "name_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_bookings_appointment_phone_key",
        "bookings_appointment",
        ["organisation_id", "phone_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_bookings_appointment_series", "bookings_appointment", ["organisation_id", "series"], unique=False
    )
    op.create_index(
        "ix_bookings_appointment_starts",
        "bookings_appointment",
        ["organisation_id", "starts", "id"],
        unique=False,
    )
    op.create_index(
        "ix_bookings_appointment_visitor_key",
        "bookings_appointment",
        ["organisation_id", "visitor_key", "id"],
        unique=False,
    )
    op.create_table(
        "bookings_group_resources",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("target_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "owner_id"],
            ["bookings_group.organisation_id", "bookings_group.id"],
            name="fk_bookings_group_resources_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "target_id"],
            ["schedule_resource.organisation_id", "schedule_resource.id"],
            name="fk_bookings_group_resources_target",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_bookings_group_resources_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings_group_resources")),
        sa.UniqueConstraint(
            "organisation_id", "owner_id", "target_id", name="uq_bookings_group_resources_pair"
        ),
    )
    op.create_index(
        "ix_bookings_group_resources_target",
        "bookings_group_resources",
        ["organisation_id", "target_id"],
        unique=False,
    )
    op.create_table(
        "bookings_line",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.BigInteger(), nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("gap_from", sa.BigInteger(), nullable=True),
        sa.Column("gap", sa.BigInteger(), nullable=True),
        sa.Column("appointment_id", BigId, nullable=False),
        sa.Column("item_id", BigId, nullable=True),
        sa.Column("staff_id", BigId, nullable=True),
        sa.Column("price_amount", sa.BigInteger(), nullable=True),
        sa.Column("price_currency", sa.String(length=3), nullable=True),
        sa.Column("name_key", sa.Text(), nullable=True),
        sa.Column("version", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "appointment_id"],
            ["bookings_appointment.organisation_id", "bookings_appointment.id"],
            name="fk_bookings_line_appointment",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "item_id"],
            ["catalog_item.organisation_id", "catalog_item.id"],
            name="fk_bookings_line_item",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "staff_id"],
            ["schedule_staff.organisation_id", "schedule_staff.id"],
            name="fk_bookings_line_staff",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_bookings_line_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings_line")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_bookings_line_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_bookings_line_appointment", "bookings_line", ["organisation_id", "appointment_id"], unique=False
    )
    op.create_index("ix_bookings_line_item", "bookings_line", ["organisation_id", "item_id"], unique=False)
    op.create_index(
        "ix_bookings_line_name_key", "bookings_line", ["organisation_id", "name_key", "id"], unique=False
    )
    op.create_index("ix_bookings_line_staff", "bookings_line", ["organisation_id", "staff_id"], unique=False)
    op.create_table(
        "bookings_token",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("appointment_id", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "appointment_id"],
            ["bookings_appointment.organisation_id", "bookings_appointment.id"],
            name="fk_bookings_token_appointment",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_bookings_token_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings_token")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_bookings_token_scope"),
        sa.UniqueConstraint("organisation_id", "token_hash", name="uq_bookings_token_hash"),
    )
    op.create_index(
        "ix_bookings_token_appointment", "bookings_token", ["organisation_id", "appointment_id"], unique=False
    )
    op.create_table(
        "bookings_waiting",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("visitor", sa.String(length=200), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("branch", BigId, nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("earliest", sa.BigInteger(), nullable=True),
        sa.Column("latest", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("offered_until", Moment(), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("client_id", BigId, nullable=True),
        sa.Column("item_id", BigId, nullable=False),
        sa.Column("staff_id", BigId, nullable=True),
        sa.Column("offered", Moment(), nullable=True),
        sa.Column("visit_id", BigId, nullable=True),
        sa.Column("offered_wall", sa.String(length=16), nullable=True),
        sa.Column("offered_zone", sa.String(length=64), nullable=True),
        sa.Column("name_key", sa.Text(), nullable=True),
        sa.Column("visitor_key", sa.Text(), nullable=True),
        sa.Column("phone_key", sa.Text(), nullable=True),
        sa.Column("email_key", sa.Text(), nullable=True),
        sa.Column("token_hash_key", sa.Text(), nullable=True),
        sa.Column("version", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "client_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_bookings_waiting_client",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "item_id"],
            ["catalog_item.organisation_id", "catalog_item.id"],
            name="fk_bookings_waiting_item",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "staff_id"],
            ["schedule_staff.organisation_id", "schedule_staff.id"],
            name="fk_bookings_waiting_staff",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "visit_id"],
            ["bookings_appointment.organisation_id", "bookings_appointment.id"],
            name="fk_bookings_waiting_visit",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_bookings_waiting_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings_waiting")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_bookings_waiting_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_bookings_waiting_client", "bookings_waiting", ["organisation_id", "client_id"], unique=False
    )
    op.create_index(
        "ix_bookings_waiting_item", "bookings_waiting", ["organisation_id", "item_id"], unique=False
    )
    op.create_index(
        "ix_bookings_waiting_name_key",
        "bookings_waiting",
        ["organisation_id", "name_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_bookings_waiting_phone_key",
        "bookings_waiting",
        ["organisation_id", "phone_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_bookings_waiting_staff", "bookings_waiting", ["organisation_id", "staff_id"], unique=False
    )
    op.create_index(
        "ix_bookings_waiting_visit", "bookings_waiting", ["organisation_id", "visit_id"], unique=False
    )
    op.create_index(
        "ix_bookings_waiting_visitor_key",
        "bookings_waiting",
        ["organisation_id", "visitor_key", "id"],
        unique=False,
    )
    op.create_table(
        "bookings_line_resources",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("target_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "owner_id"],
            ["bookings_line.organisation_id", "bookings_line.id"],
            name="fk_bookings_line_resources_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "target_id"],
            ["schedule_resource.organisation_id", "schedule_resource.id"],
            name="fk_bookings_line_resources_target",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_bookings_line_resources_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings_line_resources")),
        sa.UniqueConstraint(
            "organisation_id", "owner_id", "target_id", name="uq_bookings_line_resources_pair"
        ),
    )
    op.create_index(
        "ix_bookings_line_resources_target",
        "bookings_line_resources",
        ["organisation_id", "target_id"],
        unique=False,
    )
    operations.scope(
        "bookings_hold",
        "bookings_catalog_item",
        "bookings_need",
        "bookings_group",
        "bookings_skill",
        "bookings_appointment",
        "bookings_group_resources",
        "bookings_line",
        "bookings_token",
        "bookings_waiting",
        "bookings_line_resources",
    )
    for table, column in (
        ("bookings_appointment", "name_key"),
        ("bookings_appointment", "visitor_key"),
        ("bookings_appointment", "phone_key"),
        ("bookings_line", "name_key"),
        ("bookings_need", "name_key"),
        ("bookings_group", "name_key"),
        ("bookings_skill", "name_key"),
        ("bookings_waiting", "name_key"),
        ("bookings_waiting", "visitor_key"),
        ("bookings_waiting", "phone_key"),
    ):
        operations.text_index(table, column)


def downgrade() -> None:
    op.drop_table("bookings_line_resources")
    op.drop_table("bookings_waiting")
    op.drop_table("bookings_token")
    op.drop_table("bookings_line")
    op.drop_table("bookings_group_resources")
    op.drop_table("bookings_appointment")
    op.drop_table("bookings_skill")
    op.drop_table("bookings_group")
    op.drop_table("bookings_need")
    op.drop_table("bookings_catalog_item")
    op.drop_table("bookings_hold")
