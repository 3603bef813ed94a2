"""Who does what, where and for how much, on the cards of specialists and of services: the lines are seen and added there."""

from __future__ import annotations

import json
from typing import Any

from parlour.access.rules import allows
from parlour.db.session import Session
from parlour.plugins.bookings.models import GradePrice, Need, Skill
from parlour.plugins.catalog.models import Item
from parlour.plugins.schedule.models import Staff
from parlour.records.query import Row, read, visible
from parlour.records.registry import fields_of, record_type
from parlour.web.slots import CARD_SIDE, CardContext, SlotItem

# Lines of one panel; the list has them all.
SHOWN = 30
# Of which card: the records whose lines stand there, and the link by which they belong to it, then the other one.
_PANELS: dict[Any, tuple[tuple[Any, str, str], ...]] = {
    Staff: ((Skill, "staff", "item"),),
    Item: ((Skill, "item", "staff"), (GradePrice, "item", "grade"), (Need, "item", "type")),
}


def parts_of(session: Session, slot: str, context: CardContext) -> list[SlotItem]:
    """The panels of a card, one query each."""
    if slot != CARD_SIDE:
        return []
    # Goods and gift cards are done by nobody.
    if context.record.cls is Item and context.row.get("type") not in (None, "service"):
        return []
    panels = _PANELS.get(context.record.cls, ())
    found = [_panel(session, context, *panel, at) for at, panel in enumerate(panels)]
    return [panel for panel in found if panel is not None]


def _panel(
    session: Session, context: CardContext, cls: Any, own: str, other: str, at: int
) -> SlotItem | None:
    kind = record_type(cls)
    if not allows(session, kind.permission("read")):
        return None
    wanted = (other, "minutes", "price")
    fields = [item for item in fields_of(session, kind) if item.name in wanted]
    conditions = [*visible(session, kind), getattr(cls, f"{own}_id") == context.id]
    rows = read(
        session, kind, fields, conditions, order_by=[cls.name_key, cls.id], limit=SHOWN + 1, titled=True
    )
    add_url = None
    if allows(session, kind.permission("create")):
        back = context.url("record.card", record=context.record.name, id=context.id)
        add_url = context.url("record.new", record=kind.name, query={own: context.id, "back": back})
    if not rows and add_url is None:
        return None
    condition = json.dumps([[own, "=", context.id]], separators=(",", ":"))
    values = {
        "title": kind.plural,
        "symbol": kind.icon,
        "lines": [_line(context, kind, row, other) for row in rows[:SHOWN]],
        "add_url": add_url,
        "all_url": context.url("record.list", record=kind.name, query={"f": condition})
        if len(rows) > SHOWN
        else None,
    }
    return SlotItem(template="bookings/abilities.jinja2", context=values, sequence=40 + at)


def _line(context: CardContext, kind: Any, row: Row, other: str) -> dict[str, Any]:
    loc, price = context.loc, row.get("price")
    length = row.get("minutes")
    told = [
        loc.money(price.amount, price.currency) if price else "",
        loc.plural("${n} minute", "${n} minutes", length) if length else "",
    ]
    linked = row.get(other)
    return {
        "url": context.url("record.card", record=kind.name, id=row["id"]),
        "title": linked["title"] if linked else f"#{row['id']}",
        "told": " · ".join(filter(None, told)),
    }
