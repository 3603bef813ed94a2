"""The generic pages of every record: list, preview, card, form, history, bulk work, merge, export.

Two routes and their verbs serve all records. A plugin replaces a page for its own record with the view
predicate `record="contacts.contact"`.
"""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request

from parlour.web.contexts import OrganisationContext, RecordContext, RowContext
from parlour.web.slots import CardContext

__all__ = ["CardContext", "RecordPredicate", "includeme"]

LIST = "/o/{organisation}/r/{record}"
ROW = LIST + r"/{id:\d+}"
LIST_VERBS = ("new", "bulk", "export", "suggest", "check", "merge", "segments", "filters")
ROW_VERBS = ("preview", "edit", "history", "archive", "restore", "delete", "person")


def includeme(config: Configurator) -> None:
    config.add_view_predicate("record", RecordPredicate)
    config.add_route("record.list", LIST, factory=RecordContext)
    for verb in LIST_VERBS:
        config.add_route(f"record.{verb}", f"{LIST}/{verb}", factory=RecordContext)
    config.add_route("record.export.file", f"{LIST}/export/file", factory=RecordContext)
    config.add_route("record.work", LIST + r"/work/{job:\d{1,18}}", factory=RecordContext)
    config.add_route("record.card", ROW, factory=RowContext)
    for verb in ROW_VERBS:
        config.add_route(f"record.{verb}", f"{ROW}/{verb}", factory=RowContext)
    config.add_route("record.person.copy", f"{ROW}/person/copy", factory=RowContext)
    config.add_route("record.person.erase", f"{ROW}/person/erase", factory=RowContext)
    config.add_route("record.act", ROW + "/do/{action}", factory=RowContext)
    config.add_route("undo", r"/o/{organisation}/changes/{change_set:\d+}/undo", factory=OrganisationContext)
    config.scan(__name__)


class RecordPredicate:
    """View predicate: this view is for one record only, by name."""

    def __init__(self, name: str, config: Configurator):
        self.name = name

    def text(self) -> str:
        return f"record = {self.name}"

    phash = text

    def __call__(self, context: Any, request: Request) -> bool:
        return getattr(getattr(context, "record", None), "name", None) == self.name
