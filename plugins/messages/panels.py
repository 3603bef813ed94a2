"""The parts that the plugin puts on pages: the latest messages on a client's card, and what waits for somebody."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import func, select

from parlour.access.rules import allows
from parlour.db.session import Session
from parlour.plugins.contacts.models import Contact
from parlour.plugins.messages import journal
from parlour.plugins.messages.access import READ, RESEND, SEND
from parlour.plugins.messages.kinds import SMS
from parlour.plugins.messages.models import OPEN, Message, Unreachable
from parlour.records.query import visible
from parlour.records.registry import record_type
from parlour.web.slots import CARD_SIDE, NEEDS, CardContext, Need, PageContext, SlotItem

SHOWN = 5


def parts_of(session: Session, slot: str, context: Any) -> list[SlotItem]:
    """Everything that the plugin puts into a slot."""
    if slot == NEEDS:
        return _needs(session, context)
    if slot == CARD_SIDE and isinstance(context, CardContext) and context.record.cls is Contact:
        return _card(session, context)
    return []


def _needs(session: Session, context: PageContext) -> list[SlotItem]:
    if not allows(session, RESEND) or not allows(session, READ):
        return []
    count = journal.troubled(session)
    if not count:
        return []
    condition = json.dumps([["state", "any", ["failed", "uncertain"]]], separators=(",", ":"))
    return [
        Need(
            title=context.loc.plural("${n} message has not arrived", "${n} messages have not arrived", count),
            url=context.url("record.list", record="messages.message", query={"f": condition}),
            icon="message-square",
            tone="bad",
        )
    ]


def _card(session: Session, context: CardContext) -> list[SlotItem]:
    if not allows(session, READ):
        return []
    loc = context.loc
    at = func.coalesce(Message.sent_at, Message.send_at, Message.created_at)
    rows = session.execute(
        select(
            Message.id,
            Message.title,
            Message.body,
            Message.state,
            Message.reason,
            Message.channel,
            at.label("at"),
        )
        .where(Message.contact_id == context.id, *visible(session, record_type(Message)))
        .order_by(Message.id.desc())
        .limit(SHOWN)
    ).all()
    shown = [
        {
            "url": context.url("record.card", record="messages.message", id=row.id),
            "title": row.title or row.body or "",
            "said": journal.spoken(row),
            "when": loc.moment(row.at) if row.state in OPEN else loc.ago(row.at),
            "exactly": loc.moment(row.at, "full"),
            "icon": journal.LOOKS[row.state][0],
            "tone": journal.LOOKS[row.state][1],
        }
        for row in rows
    ]
    condition = json.dumps([["contact", "=", context.id]], separators=(",", ":"))
    values = {
        "messages": shown,
        "all_url": context.url("record.list", record="messages.message", query={"f": condition}),
        "write_url": context.url("record.act", record="contacts.contact", id=context.id, action="write")
        if allows(session, SEND)
        else None,
        "dead": _dead(session, context) if allows(session, SEND) else [],
        "contact_id": context.id,
    }
    return [SlotItem(template="messages/card.jinja2", context=values, sequence=25)]


def _dead(session: Session, context: CardContext) -> list[dict[str, Any]]:
    """Addresses of this client that do not work, as far as the reader may see them."""
    row = context.row
    known = [line["address"] for line in row.get("emails") or ()]
    known += [line["number"] for line in row.get("phones") or ()]
    known += [row["messages_telegram"]] if row.get("messages_telegram") else []
    if not known:
        return []
    found = session.execute(
        select(Unreachable.channel, Unreachable.address, Unreachable.detail, Unreachable.at)
        .where(Unreachable.address.in_(known))
        .order_by(Unreachable.id)
    )
    return [
        {
            "channel": one.channel,
            "title": journal.CHANNEL_TITLES.get(one.channel, one.channel),
            "address": one.address,
            "shown": context.loc.phone(one.address) if one.channel == SMS else one.address,
            "detail": one.detail,
            "when": context.loc.ago(one.at),
        }
        for one in found
    ]
