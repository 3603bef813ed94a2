"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from parlour.db.base import BigId, Json, Moment
from parlour.migrations import operations

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
# Other owners' revisions that must stand before this one, where the manifest's bounds are not fine enough.
requires: dict[str, str] = {}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
