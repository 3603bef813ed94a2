"""The side preview of a row: what one wants to know without leaving the list."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from parlour.records.pages.addresses import card_url
from parlour.records.pages.parts import card_context, contacts_of, edit_action, groups_of, head_of
from parlour.records.pages.reads import saw_card
from parlour.records.query import get
from parlour.records.registry import RecordType
from parlour.web import shell
from parlour.web.contexts import RowContext
from parlour.web.rendering import template
from parlour.web.slots import CARD_FIGURES, CARD_LOUD

max_queries = 25


@view_config(route_name="record.preview", permission="read")
def preview(context: RowContext, request: Request) -> Response:
    return Response(preview_of(request, context.record, context.id))


def preview_of(request: Request, record: RecordType, row_id: int) -> Markup:
    """The preview of one row. Raises NotFound."""
    row = get(request.db, record, row_id)
    saw_card(request, record, row_id)
    subject = card_context(request, record, row)
    edit = edit_action(request, record, row)
    values: dict[str, Any] = {
        "record": head_of(request, record, row),
        "loud": shell.loud(request, CARD_LOUD, subject),
        "figures": shell.figures(request, CARD_FIGURES, subject),
        "contacts": contacts_of(request, record, row),
        "groups": groups_of(request, record, row, edit=False),
        "open_url": card_url(request, record, row_id),
        "edit_url": edit["url"] if edit else None,
    }
    return template(request, "_preview.jinja2", values)
