"""The card of a row: everything about it, from every plugin."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select

from parlour.i18n import _
from parlour.records.defaults import defaults_of
from parlour.records.pages.addresses import crumbs
from parlour.records.pages.happened import timeline_of_card
from parlour.records.pages.parts import (
    card_context,
    contacts_of,
    edit_action,
    groups_of,
    head_of,
    more_actions,
)
from parlour.records.pages.reads import saw_card
from parlour.records.registry import RecordType
from parlour.web import shell
from parlour.web.contexts import RowContext
from parlour.web.slots import CARD_FIGURES, CARD_LOUD

max_queries = 35


@view_config(route_name="record.card", renderer="card.jinja2", permission="read")
def card(context: RowContext, request: Request) -> dict[str, Any]:
    record, row = context.record, context.row
    subject = card_context(request, record, row)
    saw_card(request, record, context.id)
    return {
        "record": head_of(request, record, row),
        "subject": subject,
        "crumbs": crumbs(request, record),
        "contacts": contacts_of(request, record, row),
        "loud": shell.loud(request, CARD_LOUD, subject),
        "figures": shell.figures(request, CARD_FIGURES, subject),
        "primary": edit_action(request, record, row),
        "more": more_actions(request, record, row),
        "groups": groups_of(request, record, row, edit=True, empty=True),
        "timeline": timeline_of_card(request, record, row["id"]),
        "stamps": stamps(request, record, row["id"]),
    }


def stamps(request: Request, record: RecordType, row_id: int) -> list[dict[str, Any]]:
    """Who entered the row and who changed it last, and when."""
    cls = record.cls
    columns = (cls.created_at, cls.created_by, cls.updated_at, cls.updated_by)
    made, maker, changed, changer = request.db.execute(select(*columns).where(cls.id == row_id)).one()
    found = [{"title": _("Added"), "value": _stamp(request, made, maker)}]
    if changed != made:
        found.append({"title": _("Changed"), "value": _stamp(request, changed, changer)})
    return found


def _stamp(request: Request, at: datetime, user_id: int | None) -> dict[str, Any]:
    loc = request.loc
    who = defaults_of(request.db).names.get(user_id) if user_id else None
    when = loc.ago(at)
    return {"kind": "moment", "text": f"{when}, {who}" if who else when, "title": loc.moment(at, "full")}
