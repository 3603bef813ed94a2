"""Reviews of visits: given once by who has the visit's key, changed until published, and shown without a name."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select

from parlour.access.rules import allows
from parlour.db.session import Session
from parlour.errors import Invalid, Refusal
from parlour.i18n import _
from parlour.plugins.bookings.models import Appointment, Review
from parlour.plugins.bookings.review import MAX_STARS
from parlour.plugins.schedule.models import Staff
from parlour.records.query import read, visible
from parlour.records.registry import fields_of, record_type
from parlour.records.write import save
from parlour.web.slots import CardContext, Figure, SlotItem

MOST = 20
READ = "bookings:review:read"


def leave(session: Session, visit_id: int, rating: int, text: str | None) -> None:
    """Say how a visit was, or say it anew. Raises Invalid, Refusal for a visit that has not taken place and what is published."""
    if not 1 <= rating <= MAX_STARS:
        wrong = _("Choose from 1 to ${n} stars.", mapping={"n": MAX_STARS})
        raise Invalid(wrong, {0: {"rating": wrong}})
    # The visit is locked, so that two who send at once do not both find nothing.
    status = session.scalars(
        select(Appointment.status)
        .where(Appointment.id == visit_id, Appointment.archived_at.is_(None))
        .with_for_update(key_share=True)
    ).one_or_none()
    if status != "done":
        raise Refusal(_("A visit can be reviewed once it has taken place."))
    there = session.execute(
        select(Review.id, Review.published).where(Review.appointment_id == visit_id)
    ).one_or_none()
    if there is not None and there.published:
        raise Refusal(_("Your review is published; call us if it shall be changed."))
    values = {"appointment": visit_id, "rating": rating, "text": text}
    save(session, Review, values, None if there is None else there.id, system=True)


def of_visits(session: Session, ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """The reviews of visits, for those who wrote them."""
    rows = session.execute(
        select(Review.appointment_id, Review.rating, Review.text, Review.published, Review.answer).where(
            Review.appointment_id.in_(ids), Review.archived_at.is_(None)
        )
    )
    return {
        row.appointment_id: {
            "rating": row.rating,
            "text": row.text,
            "published": row.published,
            "answer": row.answer if row.published else None,
        }
        for row in rows
    }


def averages(session: Session) -> dict[int, dict[str, Any]]:
    """By specialist, the average of the published stars, with one decimal, and how many there are."""
    rows = session.execute(
        select(Review.staff_id, func.avg(Review.rating).label("average"), func.count().label("count"))
        .where(Review.published, Review.archived_at.is_(None), Review.staff_id.is_not(None))
        .group_by(Review.staff_id)
    )
    return {row.staff_id: {"average": round(float(row.average), 1), "count": row.count} for row in rows}


def published(
    session: Session, *, staff: int | None = None, before: int | None = None
) -> tuple[list[dict[str, Any]], int | None]:
    """Published reviews, the newest first, without names of clients; and the number to go on from, if there are more."""
    conditions = [Review.published, Review.archived_at.is_(None)]
    if staff is not None:
        conditions.append(Review.staff_id == staff)
    if before is not None:
        conditions.append(Review.id < before)
    rows = session.execute(
        select(Review.id, Review.rating, Review.text, Review.answer, Review.created_at, Staff.name)
        .outerjoin(Staff, Staff.id == Review.staff_id)
        .where(*conditions)
        .order_by(Review.id.desc())
        .limit(MOST + 1)
    ).all()
    items = [
        {
            "rating": row.rating,
            "text": row.text,
            "answer": row.answer,
            "day": row.created_at.date().isoformat(),
            "staff": row.name,
        }
        for row in rows[:MOST]
    ]
    return items, rows[MOST - 1].id if len(rows) > MOST else None


# ---- on cards


def of_visit(session: Session, context: CardContext) -> list[SlotItem]:
    """The review of a visit, on its card."""
    return _panel(session, context, Review.appointment_id == context.id, 1)


def of_staff(session: Session, context: CardContext) -> list[SlotItem]:
    """The newest reviews of a specialist, on their card."""
    return _panel(session, context, Review.staff_id == context.id, 5)


def _panel(session: Session, context: CardContext, condition: Any, most: int) -> list[SlotItem]:
    if not allows(session, READ):
        return []
    kind = record_type(Review)
    wanted = ("rating", "text", "published", "answer", "appointment")
    fields = [item for item in fields_of(session, kind) if item.name in wanted]
    rows = read(
        session, kind, fields, [*visible(session, kind), condition], order_by=[Review.id.desc()], limit=most
    )
    if not rows:
        return []
    loc = context.loc
    lines = [
        {
            "stars": stars(row.get("rating") or 0),
            "said": loc.translate(_("${n} of 5 stars", mapping={"n": row.get("rating") or 0})),
            "text": row.get("text") or "",
            "answer": row.get("answer") or "",
            "published": row.get("published"),
            "url": context.url("record.card", record=kind.name, id=row["id"]),
        }
        for row in rows
    ]
    every = context.url("record.list", record=kind.name) if most > 1 else None
    return [
        SlotItem(template="bookings/reviews.jinja2", context={"lines": lines, "every": every}, sequence=30)
    ]


def stars(rating: int) -> str:
    return "★" * rating + "☆" * (MAX_STARS - rating)


def figure_of_staff(session: Session, context: CardContext) -> list[SlotItem]:
    """How a specialist is reviewed, published or not."""
    if not allows(session, READ):
        return []
    found = session.execute(
        select(func.avg(Review.rating), func.count()).where(
            Review.staff_id == context.id, *visible(session, record_type(Review))
        )
    ).one()
    if not found[1]:
        return []
    loc = context.loc
    said = loc.plural("${n} review", "${n} reviews", found[1])
    return [
        Figure(title=_("Reviews"), value=f"★ {loc.number(round(float(found[0]), 1))}", sub=said, sequence=40)
    ]
