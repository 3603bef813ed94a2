"""Contexts, one level deep: what the address names, looked up before the view and its permission are tried.

A permission with a colon ("core:plugins") is meant as it stands. On records a bare action ("read", "write")
means that action on the record of the address; the generic views of all records are declared with those.
"""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from parlour.access.models import Organisation
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.records.query import get
from parlour.records.registry import RecordType, enabled_record


class OrganisationContext:
    """A page of one organisation. `organisation` is None for who is not logged in; they are refused next."""

    def __init__(self, request: Request):
        self.request = request
        self.organisation: Organisation | None = request.organisation

    def permission(self, wanted: str) -> str:
        """The full name of a permission that a view names."""
        return wanted


class RecordContext(OrganisationContext):
    """A page about a record whose plugin is on. Raises NotFound otherwise."""

    record: RecordType

    def __init__(self, request: Request):
        super().__init__(request)
        if self.organisation is not None:
            self.record = enabled_record(request.db, request.matchdict["record"])

    def permission(self, wanted: str) -> str:
        return wanted if ":" in wanted else self.record.permission(wanted)


class RowContext(RecordContext):
    """A page about one row."""

    def __init__(self, request: Request):
        super().__init__(request)
        digits = request.matchdict["id"]
        if len(digits) > 18:  # more than a number in the database can have
            raise NotFound(_("There is no such record, or it is not yours to see."))
        self.id = int(digits)
        self._row: dict[str, Any] | None = None

    @property
    def row(self) -> dict[str, Any]:
        """The row with everything that the person may read of it, read once. Raises NotFound."""
        if self._row is None:
            self._row = get(self.request.db, self.record, self.id)
        return self._row
