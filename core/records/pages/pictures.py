"""Files in forms: what there is, what somebody put in its place, what somebody took away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyramid.request import Request

from parlour.errors import Invalid, Refusal
from parlour.i18n import _
from parlour.records.files import store
from parlour.records.kinds import FileKind
from parlour.records.pages.addresses import file_url
from parlour.records.registry import Field, RecordType


def shown_files(request: Request, fields: Sequence[Field], row: Mapping[str, Any]) -> dict[str, Any]:
    """What the boxes of file fields show: the address of the present file."""
    return {
        item.name: {"url": file_url(request, row.get(item.name), "small"), "name": ""}
        for item in fields
        if isinstance(item.kind, FileKind) and row.get(item.name)
    }


def store_files(
    request: Request, record: RecordType, fields: Sequence[Field], typed: Mapping[str, Any]
) -> dict[str, Any]:
    """Keep what was uploaded and return the new values of the file fields. Raises Invalid by field."""
    values: dict[str, Any] = {}
    for item in fields:
        given = typed.get(item.name)
        if not isinstance(item.kind, FileKind) or not isinstance(given, Mapping):
            continue
        upload = given["upload"]
        if upload is None:
            if given["remove"]:
                values[item.name] = None
            continue
        try:
            kept = store(
                request.db,
                request.settings,
                upload.file,
                upload.filename or "",
                record=record.name,
                slot=item.name,
                photo=item.kind.image,
            )
        except Refusal as error:
            raise Invalid(_("Some values cannot be saved."), {0: {item.name: error.message}}) from error
        values[item.name] = kept.id
    return values
