"""Values that go along with the columns of a kind of file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import Json

revision = "core_0005"
down_revision = "core_0004"


def upgrade() -> None:
    op.add_column("core_import_mapping", sa.Column("given", Json, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("core_import_mapping") as table:
        table.drop_column("given")
