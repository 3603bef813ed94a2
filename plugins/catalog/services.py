"""What items cost and what they are called, for plugins that book and sell them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, or_, select

from parlour.db.session import Session
from parlour.db.several import among, kept
from parlour.plugins.catalog.models import Category, CategoryName, Item, ItemName, ItemPrice
from parlour.records.values import Money


def prices_of(
    session: Session, item_ids: Collection[int], on: date, *, branch_id: int | None = None
) -> dict[int, Money]:
    """What each item costs on a day (of the organisation's calendar); items without a price are left out.

    A price of the branch goes before one for all, of these the latest that has begun holds, and of two from one day the lower
    line. With `branch_id` None only prices for all count. One query, whatever the number of items. Looks past
    access rules: whoever may book or sell an item learns its price.
    """
    rows = session.execute(prices_query(branch_id is not None), price_parameters(item_ids, on, branch_id))
    return prices_from(rows)


@cache
def prices_query(in_branch: bool) -> Any:
    """The question behind `prices_of`, for who asks it together with others (`parlour.db.several`): in a branch or in none."""
    here: ColumnElement[bool] = ItemPrice.branch.is_(None)
    if in_branch:
        here = or_(here, ItemPrice.branch == bindparam("branch"))
    return kept(
        select(
            ItemPrice.owner_id,
            ItemPrice.price_amount,
            ItemPrice.price_currency,
        )
        .where(
            among(ItemPrice.owner_id, "items"),
            here,
            or_(ItemPrice.since.is_(None), ItemPrice.since <= bindparam("on")),
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


def price_parameters(item_ids: Collection[int], on: date, branch_id: int | None) -> dict[str, Any]:
    """What `prices_query` is asked with."""
    given = {"items": sorted(item_ids), "on": on}
    return given if branch_id is None else {**given, "branch": branch_id}


def prices_from(rows: Iterable[Any]) -> dict[int, Money]:
    """The prices by item, of what `prices_query` found."""
    return {item: Money.from_minor(amount, currency) for item, amount, currency in rows}


def days_of_new_prices(
    session: Session, item_ids: Collection[int], after: date, until: date, *, branch_id: int | None = None
) -> list[date]:
    """The days after the first one, up to the last, on which a price of any of these items begins, in order; one query."""
    here: ColumnElement[bool] = ItemPrice.branch.is_(None)
    if branch_id is not None:
        here = or_(here, ItemPrice.branch == branch_id)
    found = session.scalars(
        select(ItemPrice.since)
        .where(ItemPrice.owner_id.in_(item_ids), here, ItemPrice.since > after, ItemPrice.since <= until)
        .distinct()
        .order_by(ItemPrice.since)
    )
    return [day for day in found if day is not None]


def names_of(session: Session, item_ids: Collection[int], language: str) -> dict[int, str]:
    """What each item is called in a language; its own name where it has no other. Two queries. Looks past access rules."""
    return _names(session, Item, ItemName, item_ids, language)


def category_names_of(session: Session, category_ids: Collection[int], language: str) -> dict[int, str]:
    """What each category is called in a language, as `names_of`."""
    return _names(session, Category, CategoryName, category_ids, language)


def _names(session: Session, cls: Any, other: Any, ids: Collection[int], language: str) -> dict[int, str]:
    named = {row.id: row.name for row in session.execute(select(cls.id, cls.name).where(cls.id.in_(ids)))}
    elsewhere = session.execute(
        select(other.owner_id, other.text)
        .where(other.owner_id.in_(ids), other.language == language)
        .order_by(other.position.desc(), other.id.desc())
    )
    return named | {row.owner_id: row.text for row in elsewhere}
