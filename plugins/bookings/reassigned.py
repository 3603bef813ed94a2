"""What a visit takes and costs when another specialist does it.

What was agreed on stays where both usually take and ask the same; else it follows the new one. Lines are services of a visit with
`item_id`, `staff_id`, `minutes` and a price.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.bookings.models import Service, Skill, as_done
from parlour.plugins.catalog.services import prices_of
from parlour.records.values import Money


def money_in(row: Any, name: str) -> Money | None:
    """An amount out of the two columns in which a row has it."""
    amount, currency = (getattr(row, f"{name}_{part}") for part in ("amount", "currency"))
    return None if amount is None else Money.from_minor(amount, currency)


def minutes_by(session: Session, lines: Sequence[Any], people: Sequence[int | None]) -> list[int | None]:
    """How long these people take, in minutes; None is not known before somebody is chosen. Two queries if anybody is new."""
    new = [line.item_id for line, who in zip(lines, people, strict=True) if who not in (None, line.staff_id)]
    own = _own(session, new) if new else {}
    services = select(Service.id, Service.minutes).where(Service.id.in_(new))
    lengths = {row.id: row.minutes for row in session.execute(services)} if new else {}

    def usual(item: int, staff: int | None) -> int | None:
        row = own.get((item, staff))
        return lengths.get(item) if row is None or row.minutes is None else row.minutes

    def alike(line: Any, who: int | None) -> bool:
        item, before = line.item_id, line.staff_id
        return who == before or (who is not None and usual(item, who) == usual(item, before))

    return [line.minutes if alike(line, who) else None for line, who in zip(lines, people, strict=True)]


def prices_by(
    session: Session, lines: Sequence[Any], people: Sequence[int], on: date, branch_id: int | None
) -> list[Money | None]:
    """What the services cost once these people do them, on a day in a branch. Two queries when anybody is new."""
    prices = [money_in(line, "price") for line in lines]
    new = [at for at, (line, who) in enumerate(zip(lines, people, strict=True)) if who != line.staff_id]
    if not new:
        return prices
    items = {lines[at].item_id for at in new} - {None}
    own = _own(session, items)
    listed = prices_of(session, items, on, branch_id=branch_id)

    def usual(item: int, staff: int | None) -> Money | None:
        row = own.get((item, staff))
        known = None if row is None else money_in(row, "price")
        return listed.get(item) if known is None else known

    for at in new:
        item, before = lines[at].item_id, lines[at].staff_id
        asked = usual(item, people[at])
        if prices[at] is None or asked != usual(item, before):
            prices[at] = asked
    return prices


def repriced_in_words(was: Money | None, total: Money | None) -> Any:
    """That a visit costs something else than before; nothing where it does not."""
    if total is None or total == was:
        return None
    if was is None:
        return _("The price is ${total}.", mapping={"total": total})
    return _("The price is ${total} now, it was ${was}.", mapping={"total": total, "was": was})


def _own(session: Session, items: Collection[int]) -> dict[tuple[int, int | None], Any]:
    """What specialists have of their own or by their grade."""
    rows = session.execute(as_done().where(Skill.item_id.in_(items)))
    return {(row.item_id, row.staff_id): row for row in rows}
