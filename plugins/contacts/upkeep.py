"""What is kept beside the cards and follows them: the name keys under which duplicates are found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete

from parlour.db.session import Session, insert_rows
from parlour.plugins.contacts.derived import PARTS
from parlour.plugins.contacts.likeness import name_keys
from parlour.plugins.contacts.models import Contact, NameKey
from parlour.records.query import read
from parlour.records.registry import record_type

if TYPE_CHECKING:
    from parlour.records.write import RowChange

_NAMING = ("kind", "name", *PARTS, "legal_name", "birthday")


def keep_name_keys(session: Session, rows: Sequence[RowChange]) -> None:
    """Bring the name keys of changed cards up to date; archived cards have none."""
    touched = [
        row
        for row in rows
        if row.kind in ("create", "archive", "restore") or any(name in row.new for name in _NAMING)
    ]
    old = [row.id for row in touched if row.kind != "create"]
    if old:
        session.execute(delete(NameKey).where(NameKey.contact_id.in_(old)))
    cards: list[dict[str, Any]] = [
        {"id": row.id, **{name: row.new.get(name) for name in _NAMING}}
        for row in touched
        if row.kind == "create"
    ]
    living = [row.id for row in touched if row.kind in ("update", "restore")]
    if living:
        kind = record_type(Contact)
        fields = [kind.field(name) for name in _NAMING]
        cards += read(session, kind, fields, [Contact.id.in_(living), Contact.archived_at.is_(None)])
    insert_rows(
        session,
        NameKey,
        [{"contact_id": card["id"], "key": key} for card in cards for key in sorted(name_keys(card))],
    )
