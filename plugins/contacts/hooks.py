"""What the plugin answers when the core or another plugin asks."""

from __future__ import annotations

from collections.abc import Sequence

from parlour.db.session import Session
from parlour.hooks import hookimpl
from parlour.plugins.contacts import upkeep
from parlour.plugins.contacts.models import Contact
from parlour.records.registry import RecordType
from parlour.records.write import RowChange


@hookimpl
def records_changed(session: Session, record: RecordType, rows: Sequence[RowChange]) -> None:
    if record.cls is Contact:
        upkeep.keep_name_keys(session, rows)
