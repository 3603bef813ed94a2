"""The journal of messages, texts of the salon's own, and what a message needs until it is sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId, Json, Moment
from parlour.migrations import operations

revision = "messages_0001"
down_revision = None
# Other owners' revisions that must stand before this one, where the manifest's bounds are not fine enough.
requires: dict[str, str] = {}

SEARCHED = ("title_key", "address_key")


def upgrade() -> None:
    op.create_table(
        "messages_template",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("kind_key", sa.Text(), nullable=False),
        sa.Column("subject_key", sa.Text(), nullable=True),
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
            name=op.f("fk_messages_template_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages_template")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_messages_template_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_messages_template_kind_key",
        "messages_template",
        ["organisation_id", "kind_key", "id"],
        unique=False,
    )
    op.create_index(
        "uq_messages_template_kind_language_channel",
        "messages_template",
        ["organisation_id", "kind_key", "language", "channel"],
        unique=True,
    )
    op.create_table(
        "messages_unreachable",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_messages_unreachable_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages_unreachable")),
        sa.UniqueConstraint("organisation_id", "channel", "address", name="uq_messages_unreachable_address"),
    )
    op.create_table(
        "messages_contacts_contact",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("language", sa.String(length=40), nullable=True),
        sa.Column("telegram", sa.String(length=40), nullable=True),
        sa.Column("telegram_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_messages_contacts_contact_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_messages_contacts_contact_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages_contacts_contact")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_messages_contacts_contact_scope"),
        sqlite_autoincrement=False,
    )
    op.create_table(
        "messages_message",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("title", sa.String(length=300), nullable=True),
        sa.Column("member", BigId, nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("detail", sa.String(length=500), nullable=True),
        sa.Column("channel", sa.String(length=40), nullable=True),
        sa.Column("address", sa.String(length=320), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("send_at", Moment(), nullable=True),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("kind", sa.String(length=80), nullable=True),
        sa.Column("purpose", sa.String(length=40), nullable=True),
        sa.Column("language", sa.String(length=40), nullable=True),
        sa.Column("parts", sa.BigInteger(), nullable=True),
        sa.Column("campaign", sa.String(length=120), nullable=True),
        sa.Column("provider_id", sa.String(length=200), nullable=True),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("contact_id", BigId, nullable=True),
        sa.Column("title_key", sa.Text(), nullable=True),
        sa.Column("detail_key", sa.Text(), nullable=True),
        sa.Column("address_key", sa.Text(), nullable=True),
        sa.Column("kind_key", sa.Text(), nullable=True),
        sa.Column("campaign_key", sa.Text(), nullable=True),
        sa.Column("provider_id_key", sa.Text(), nullable=True),
        sa.Column("key_key", sa.Text(), nullable=True),
        sa.Column("version", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "contact_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_messages_message_contact",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_messages_message_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages_message")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_messages_message_scope"),
        sa.UniqueConstraint("organisation_id", "key_key", name="uq_messages_message_key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_messages_message_contact", "messages_message", ["organisation_id", "contact_id"], unique=False
    )
    op.create_index(
        "ix_messages_message_kind_key",
        "messages_message",
        ["organisation_id", "kind_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_messages_message_sent",
        "messages_message",
        ["organisation_id", "channel", "sent_at"],
        unique=False,
    )
    op.create_index(
        "ix_messages_message_state", "messages_message", ["organisation_id", "state", "send_at"], unique=False
    )
    op.create_index(
        "ix_messages_message_title_key",
        "messages_message",
        ["organisation_id", "title_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_messages_message_address_key",
        "messages_message",
        ["organisation_id", "address_key", "id"],
        unique=False,
    )
    op.create_table(
        "messages_payload",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("values", Json, nullable=False),
        sa.Column("attachments", Json, nullable=False),
        sa.Column("about_record", sa.String(length=80), nullable=True),
        sa.Column("about_id", BigId, nullable=True),
        sa.Column("about_version", BigId, nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=True),
        sa.Column("address", sa.String(length=320), nullable=True),
        sa.Column("name", sa.String(length=320), nullable=True),
        sa.Column("round", BigId, nullable=False),
        sa.Column("job_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "message_id"],
            ["messages_message.organisation_id", "messages_message.id"],
            name="fk_messages_payload_message",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_messages_payload_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages_payload")),
        sa.UniqueConstraint("organisation_id", "message_id", name="uq_messages_payload_message"),
    )
    op.create_index(
        "ix_messages_payload_about",
        "messages_payload",
        ["organisation_id", "about_record", "about_id"],
        unique=False,
    )
    for column in SEARCHED:
        operations.text_index("messages_message", column)
    operations.scope(
        "messages_template",
        "messages_unreachable",
        "messages_contacts_contact",
        "messages_message",
        "messages_payload",
    )


def downgrade() -> None:
    op.drop_table("messages_payload")
    op.drop_table("messages_message")
    op.drop_table("messages_contacts_contact")
    op.drop_table("messages_unreachable")
    op.drop_table("messages_template")
