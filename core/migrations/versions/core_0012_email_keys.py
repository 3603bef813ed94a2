"""What e-mail addresses are compared by tells straße.de from strasse.de, which case folding made one.

Keys are computed anew where that changes them. It makes no two of them equal; should it ever, the later one stays.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import idna
import sqlalchemy as sa
from alembic import op

revision = "core_0012"
down_revision = "core_0011"

PEOPLE = sa.table("core_user", *map(sa.column, ("id", "email", "email_key")))
INVITED = sa.table("core_invitation", *map(sa.column, ("id", "email", "email_key", "organisation_id")))


def _lower(email: str) -> str:
    key = unicodedata.normalize("NFC", email).lower()
    local, _at, domain = key.rpartition("@")
    try:
        return f"{local}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        return key


def _folded(email: str) -> str:
    return unicodedata.normalize("NFC", email).casefold()


def _make_anew(before: Callable[[str], str], key_of: Callable[[str], str]) -> None:
    connection = op.get_bind()
    for table in (PEOPLE, INVITED):
        rows = connection.execute(sa.select(table).order_by(table.c.id)).all()
        place = [getattr(row, "organisation_id", None) for row in rows]
        taken = {(where, row.email_key) for where, row in zip(place, rows, strict=True)}
        for where, row in zip(place, rows, strict=True):
            key = key_of(row.email)
            # Only what was made of the address, not what somebody has put there otherwise.
            if row.email_key == before(row.email) and key != row.email_key and (where, key) not in taken:
                taken.add((where, key))
                connection.execute(sa.update(table).where(table.c.id == row.id).values(email_key=key))


def upgrade() -> None:
    _make_anew(_folded, _lower)


def downgrade() -> None:
    _make_anew(_lower, _folded)
