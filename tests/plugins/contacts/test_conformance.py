"""Clients hold to what every plugin has to hold to."""

from __future__ import annotations

from typing import Any

from parlour.db.session import Session
from parlour.plugins.contacts.models import Contact
from parlour.records.registry import RecordType
from parlour.records.write import save
from parlour.testing.conformance import PluginConformance


class TestContacts(PluginConformance):
    plugin = "contacts"

    def values(self, session: Session, record: RecordType, number: int) -> dict[str, Any]:
        values = super().values(session, record, number)
        if record.name == "contacts.position":
            # A person who works in a company, and not the other way round.
            values["person"] = save(session, Contact, {"name": f"Иванова Мария {number}"})
            values["company"] = save(session, Contact, {"kind": "company", "name": f"Ромашка {number}"})
        return values
