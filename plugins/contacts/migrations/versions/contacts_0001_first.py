"""The tables of clients, and their indexes for search."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId, Json, Moment
from parlour.migrations import operations

revision = "contacts_0001"
down_revision = None
# Other owners' revisions that must stand before this one, where the manifest's bounds are not fine enough.
requires: dict[str, str] = {}


def upgrade() -> None:
    op.create_table(
        "contacts_category",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
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
            name=op.f("fk_contacts_category_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts_category")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_contacts_category_scope"),
        sa.UniqueConstraint("organisation_id", "name_key", name="uq_contacts_category_name"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_contacts_category_name_key",
        "contacts_category",
        ["organisation_id", "name_key", "id"],
        unique=False,
    )
    op.create_table(
        "contacts_reason",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
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
            name=op.f("fk_contacts_reason_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts_reason")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_contacts_reason_scope"),
        sa.UniqueConstraint("organisation_id", "name_key", name="uq_contacts_reason_name"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_contacts_reason_name_key", "contacts_reason", ["organisation_id", "name_key", "id"], unique=False
    )
    op.create_table(
        "contacts_source",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
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
            name=op.f("fk_contacts_source_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts_source")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_contacts_source_scope"),
        sa.UniqueConstraint("organisation_id", "name_key", name="uq_contacts_source_name"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_contacts_source_name_key", "contacts_source", ["organisation_id", "name_key", "id"], unique=False
    )
    op.create_table(
        "contacts_tag",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("colour", sa.String(length=40), nullable=True),
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
            name=op.f("fk_contacts_tag_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts_tag")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_contacts_tag_scope"),
        sa.UniqueConstraint("organisation_id", "name_key", name="uq_contacts_tag_name"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_contacts_tag_name_key", "contacts_tag", ["organisation_id", "name_key", "id"], unique=False
    )
    op.create_table(
        "contacts_contact",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=320), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=True),
        sa.Column("first_name", sa.String(length=100), nullable=True),
        sa.Column("middle_name", sa.String(length=100), nullable=True),
        sa.Column("is_client", sa.Boolean(), nullable=False),
        sa.Column("is_supplier", sa.Boolean(), nullable=False),
        sa.Column("is_prospect", sa.Boolean(), nullable=False),
        sa.Column("photo", BigId, nullable=True),
        sa.Column("must_know", sa.String(length=300), nullable=True),
        sa.Column("health_notes", sa.Text(), nullable=True),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.Column("blocked_reason", sa.String(length=300), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("preferred_channel", sa.String(length=40), nullable=True),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("website", sa.String(length=300), nullable=True),
        sa.Column("birthday", sa.String(length=10), nullable=True),
        sa.Column("sex", sa.String(length=40), nullable=True),
        sa.Column("profession", sa.String(length=200), nullable=True),
        sa.Column("workplace", sa.String(length=200), nullable=True),
        sa.Column("marital_status", sa.String(length=40), nullable=True),
        sa.Column("household", sa.String(length=300), nullable=True),
        sa.Column("legal_name", sa.String(length=300), nullable=True),
        sa.Column("tax_number", sa.String(length=40), nullable=True),
        sa.Column("tax_reason_code", sa.String(length=40), nullable=True),
        sa.Column("registration_number", sa.String(length=40), nullable=True),
        sa.Column("bank_name", sa.String(length=200), nullable=True),
        sa.Column("bank_code", sa.String(length=40), nullable=True),
        sa.Column("bank_account", sa.String(length=40), nullable=True),
        sa.Column("correspondent_account", sa.String(length=40), nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("source_id", BigId, nullable=True),
        sa.Column("reason_id", BigId, nullable=True),
        sa.Column("spent_before_amount", sa.BigInteger(), nullable=True),
        sa.Column("spent_before_currency", sa.String(length=3), nullable=True),
        sa.Column("client_since", sa.Date(), nullable=True),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("last_name_key", sa.Text(), nullable=True),
        sa.Column("first_name_key", sa.Text(), nullable=True),
        sa.Column("middle_name_key", sa.Text(), nullable=True),
        sa.Column("must_know_key", sa.Text(), nullable=True),
        sa.Column("blocked_reason_key", sa.Text(), nullable=True),
        sa.Column("website_key", sa.Text(), nullable=True),
        sa.Column("birthday_key", sa.Text(), nullable=True),
        sa.Column("profession_key", sa.Text(), nullable=True),
        sa.Column("workplace_key", sa.Text(), nullable=True),
        sa.Column("household_key", sa.Text(), nullable=True),
        sa.Column("legal_name_key", sa.Text(), nullable=True),
        sa.Column("tax_number_key", sa.Text(), nullable=True),
        sa.Column("tax_reason_code_key", sa.Text(), nullable=True),
        sa.Column("registration_number_key", sa.Text(), nullable=True),
        sa.Column("bank_name_key", sa.Text(), nullable=True),
        sa.Column("bank_code_key", sa.Text(), nullable=True),
        sa.Column("bank_account_key", sa.Text(), nullable=True),
        sa.Column("correspondent_account_key", sa.Text(), nullable=True),
        sa.Column("version", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "reason_id"],
            ["contacts_reason.organisation_id", "contacts_reason.id"],
            name="fk_contacts_contact_reason",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "source_id"],
            ["contacts_source.organisation_id", "contacts_source.id"],
            name="fk_contacts_contact_source",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_contacts_contact_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts_contact")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_contacts_contact_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_contacts_contact_birthday_key",
        "contacts_contact",
        ["organisation_id", "birthday_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_contacts_contact_first_name_key",
        "contacts_contact",
        ["organisation_id", "first_name_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_contacts_contact_last_name_key",
        "contacts_contact",
        ["organisation_id", "last_name_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_contacts_contact_legal_name_key",
        "contacts_contact",
        ["organisation_id", "legal_name_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_contacts_contact_name_key",
        "contacts_contact",
        ["organisation_id", "name_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_contacts_contact_reason", "contacts_contact", ["organisation_id", "reason_id"], unique=False
    )
    op.create_index(
        "ix_contacts_contact_source", "contacts_contact", ["organisation_id", "source_id"], unique=False
    )
    op.create_index(
        "ix_contacts_contact_tax_number_key",
        "contacts_contact",
        ["organisation_id", "tax_number_key", "id"],
        unique=False,
    )
    op.create_table(
        "contacts_address",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("position", BigId, nullable=False),
        sa.Column("street", sa.String(length=500), nullable=True),
        sa.Column("city", sa.String(length=100), nullable=True),
        sa.Column("region", sa.String(length=100), nullable=True),
        sa.Column("postcode", sa.String(length=20), nullable=True),
        sa.Column("country", sa.String(length=100), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=True),
        sa.Column("label", sa.String(length=60), nullable=True),
        sa.Column("street_key", sa.Text(), nullable=True),
        sa.Column("city_key", sa.Text(), nullable=True),
        sa.Column("region_key", sa.Text(), nullable=True),
        sa.Column("postcode_key", sa.Text(), nullable=True),
        sa.Column("country_key", sa.Text(), nullable=True),
        sa.Column("label_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "owner_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_contacts_address_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_contacts_address_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts_address")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_contacts_address_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_contacts_address_street_key",
        "contacts_address",
        ["organisation_id", "street_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_contacts_address_city_key",
        "contacts_address",
        ["organisation_id", "city_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_contacts_address_owner", "contacts_address", ["organisation_id", "owner_id"], unique=False
    )
    op.create_table(
        "contacts_consent",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("version_of_text", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("version_of_text_key", sa.Text(), nullable=False),
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
            name="fk_contacts_consent_contact",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_contacts_consent_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts_consent")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_contacts_consent_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_contacts_consent_contact", "contacts_consent", ["organisation_id", "contact_id"], unique=False
    )
    op.create_index(
        "ix_contacts_consent_version_of_text_key",
        "contacts_consent",
        ["organisation_id", "version_of_text_key", "id"],
        unique=False,
    )
    op.create_table(
        "contacts_contact_categories",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("target_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "owner_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_contacts_contact_categories_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "target_id"],
            ["contacts_category.organisation_id", "contacts_category.id"],
            name="fk_contacts_contact_categories_target",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_contacts_contact_categories_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts_contact_categories")),
        sa.UniqueConstraint(
            "organisation_id", "owner_id", "target_id", name="uq_contacts_contact_categories_pair"
        ),
    )
    op.create_index(
        "ix_contacts_contact_categories_target",
        "contacts_contact_categories",
        ["organisation_id", "target_id"],
        unique=False,
    )
    op.create_table(
        "contacts_contact_tags",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("target_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "owner_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_contacts_contact_tags_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "target_id"],
            ["contacts_tag.organisation_id", "contacts_tag.id"],
            name="fk_contacts_contact_tags_target",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_contacts_contact_tags_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts_contact_tags")),
        sa.UniqueConstraint("organisation_id", "owner_id", "target_id", name="uq_contacts_contact_tags_pair"),
    )
    op.create_index(
        "ix_contacts_contact_tags_target",
        "contacts_contact_tags",
        ["organisation_id", "target_id"],
        unique=False,
    )
    op.create_table(
        "contacts_distinct",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("first_id", BigId, nullable=False),
        sa.Column("second_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "first_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_contacts_distinct_first",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "second_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_contacts_distinct_second",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_contacts_distinct_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts_distinct")),
        sa.UniqueConstraint("organisation_id", "first_id", "second_id", name="uq_contacts_distinct_pair"),
    )
    op.create_index(
        "ix_contacts_distinct_second", "contacts_distinct", ["organisation_id", "second_id"], unique=False
    )
    op.create_table(
        "contacts_document",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("position", BigId, nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=True),
        sa.Column("issued_by", sa.String(length=300), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("number_key", sa.Text(), nullable=False),
        sa.Column("issued_by_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "owner_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_contacts_document_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_contacts_document_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts_document")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_contacts_document_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_contacts_document_owner", "contacts_document", ["organisation_id", "owner_id"], unique=False
    )
    op.create_table(
        "contacts_email",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("position", BigId, nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=True),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("label_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "owner_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_contacts_email_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_contacts_email_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts_email")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_contacts_email_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_contacts_email_address_key",
        "contacts_email",
        ["organisation_id", "address_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_contacts_email_owner", "contacts_email", ["organisation_id", "owner_id"], unique=False
    )
    op.create_table(
        "contacts_name_key",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "contact_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_contacts_name_key_contact",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_contacts_name_key_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts_name_key")),
    )
    op.create_index(
        "ix_contacts_name_key_contact", "contacts_name_key", ["organisation_id", "contact_id"], unique=False
    )
    op.create_index(
        "ix_contacts_name_key_key",
        "contacts_name_key",
        ["organisation_id", "key", "contact_id"],
        unique=False,
    )
    op.create_table(
        "contacts_note",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
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
            name="fk_contacts_note_contact",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_contacts_note_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts_note")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_contacts_note_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_contacts_note_contact", "contacts_note", ["organisation_id", "contact_id"], unique=False
    )
    op.create_table(
        "contacts_phone",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("position", BigId, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=True),
        sa.Column("number_key", sa.Text(), nullable=False),
        sa.Column("label_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "owner_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_contacts_phone_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_contacts_phone_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts_phone")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_contacts_phone_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_contacts_phone_number_key",
        "contacts_phone",
        ["organisation_id", "number_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_contacts_phone_owner", "contacts_phone", ["organisation_id", "owner_id"], unique=False
    )
    op.create_table(
        "contacts_position",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("category", sa.String(length=40), nullable=True),
        sa.Column("work_phone", sa.String(length=20), nullable=True),
        sa.Column("work_email", sa.String(length=254), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("company_id", BigId, nullable=False),
        sa.Column("title_key", sa.Text(), nullable=True),
        sa.Column("work_phone_key", sa.Text(), nullable=True),
        sa.Column("work_email_key", sa.Text(), nullable=True),
        sa.Column("version", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.Column("archived_at", Moment(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "company_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_contacts_position_company",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "person_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_contacts_position_person",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_contacts_position_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts_position")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_contacts_position_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_contacts_position_company", "contacts_position", ["organisation_id", "company_id"], unique=False
    )
    op.create_index(
        "ix_contacts_position_person", "contacts_position", ["organisation_id", "person_id"], unique=False
    )
    op.create_index(
        "ix_contacts_position_title_key",
        "contacts_position",
        ["organisation_id", "title_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_contacts_position_work_email_key",
        "contacts_position",
        ["organisation_id", "work_email_key", "id"],
        unique=False,
    )
    op.create_index(
        "ix_contacts_position_work_phone_key",
        "contacts_position",
        ["organisation_id", "work_phone_key", "id"],
        unique=False,
    )
    op.create_table(
        "contacts_responsible",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("position", BigId, nullable=False),
        sa.Column("user", BigId, nullable=False),
        sa.Column("branch", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "owner_id"],
            ["contacts_contact.organisation_id", "contacts_contact.id"],
            name="fk_contacts_responsible_owner",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["core_organisation.id"],
            name=op.f("fk_contacts_responsible_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts_responsible")),
        sa.UniqueConstraint("organisation_id", "id", name="uq_contacts_responsible_scope"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_contacts_responsible_owner", "contacts_responsible", ["organisation_id", "owner_id"], unique=False
    )
    operations.text_index("contacts_contact", "name_key")
    operations.text_index("contacts_phone", "number_key")
    operations.text_index("contacts_email", "address_key")
    operations.scope(
        "contacts_category",
        "contacts_reason",
        "contacts_source",
        "contacts_tag",
        "contacts_contact",
        "contacts_address",
        "contacts_consent",
        "contacts_contact_categories",
        "contacts_contact_tags",
        "contacts_distinct",
        "contacts_document",
        "contacts_email",
        "contacts_name_key",
        "contacts_note",
        "contacts_phone",
        "contacts_position",
        "contacts_responsible",
    )


def downgrade() -> None:
    op.drop_table("contacts_responsible")
    op.drop_table("contacts_position")
    op.drop_table("contacts_phone")
    op.drop_table("contacts_note")
    op.drop_table("contacts_name_key")
    op.drop_table("contacts_email")
    op.drop_table("contacts_document")
    op.drop_table("contacts_distinct")
    op.drop_table("contacts_contact_tags")
    op.drop_table("contacts_contact_categories")
    op.drop_table("contacts_consent")
    op.drop_table("contacts_address")
    op.drop_table("contacts_contact")
    op.drop_table("contacts_tag")
    op.drop_table("contacts_source")
    op.drop_table("contacts_reason")
    op.drop_table("contacts_category")
