"""What items cost and what they are called, for plugins that book and sell them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import ColumnElement, or_, select

from parlour.db.session import Session
from parlour.plugins.catalog.models import Item, ItemName, ItemPrice
from parlour.records.values import Money


def prices_of(
    session: Session, item_ids: Collection[int], on: date, *, branch_id: int | None = None
) -> dict[int, Money]:
    """What each item costs on a day (of the organisation's calendar); items without a price are left out.

    A price of the branch goes before one for all, of these the latest that has begun holds, and of two from one day the lower
    line. With `branch_id` None only prices for all count. One query, whatever the number of items. Looks past
    access rules: whoever may book or sell an item learns its price.
    """
    here: ColumnElement[bool] = ItemPrice.branch.is_(None)
    if branch_id is not None:
        here = or_(here, ItemPrice.branch == branch_id)
    rows = session.execute(
        select(
            ItemPrice.owner_id,
            ItemPrice.price_amount,
            ItemPrice.price_currency,
        )
        .where(
            ItemPrice.owner_id.in_(item_ids),
            here,
            or_(ItemPrice.since.is_(None), ItemPrice.since <= on),
        )
        # The last one of an item stays in the dictionary.
        .order_by(
            ItemPrice.branch.is_not(None),
            ItemPrice.since.is_not(None),
            ItemPrice.since,
            ItemPrice.position,
            ItemPrice.id,
        )
    )
    return {item: Money.from_minor(amount, currency) for item, amount, currency in rows}


def names_of(session: Session, item_ids: Collection[int], language: str) -> dict[int, str]:
    """What each item is called in a language; its own name where it has no other. Two queries. Looks past access rules."""
    own = session.execute(select(Item.id, Item.name).where(Item.id.in_(item_ids)))
    named = {row.id: row.name for row in own}
    other = session.execute(
        select(ItemName.owner_id, ItemName.text)
        .where(ItemName.owner_id.in_(item_ids), ItemName.language == language)
        .order_by(ItemName.position.desc(), ItemName.id.desc())
    )
    return named | {row.owner_id: row.text for row in other}
