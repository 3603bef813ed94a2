"""Asking clients how it was, some hours after their visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from parlour.access.models import Branch
from parlour.db.base import now
from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.bookings import reviews
from parlour.plugins.bookings.bridges.messages.addressed import VISIT, link
from parlour.plugins.bookings.bridges.messages.visits import VARIABLES, visit_of
from parlour.plugins.bookings.models import Appointment
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.bookings.tokens import make_token
from parlour.plugins.messages import services
from parlour.plugins.messages.kinds import ADVERTISING, About, MessageKind, Shipped, Variable
from parlour.plugins.messages.models import DELIVERED, SENDING, SENT, UNCERTAIN, Message
from parlour.records.write import RowChange


def _to_review(session: Session, about: About) -> Mapping[str, Any] | None:
    """The visit that was; None where it did not take place after all, was reviewed already, or a month ago somebody asked."""
    visit = visit_of(session, about, ("done",))
    if visit is None or reviews.of_visits(session, [about.id]):
        return None
    lately = select(Message.id).where(
        Message.kind == REVIEW.code,
        Message.contact_id == about.contact_id,
        Message.state.in_((SENDING, SENT, DELIVERED, UNCERTAIN)),
        Message.sent_at > now() - SELDOM,
    )
    if session.scalars(lately.limit(1)).first() is not None:
        return None
    return {**visit, "link": link(session, about, f"review={make_token(session, about.id)}")}


REVIEW = MessageKind(
    code="bookings.review",
    title=_("How was it?"),
    variables=(
        *VARIABLES,
        Variable("link", _("Address of the review"), "https://salon.example/#review=kX3vQ9"),
    ),
    texts={
        "en": Shipped(
            "How was your visit?",
            "{first_name}, you were with us on {start.date}: {services}.\n\n"
            "How was it? A few stars and a word help us and others: {link}\n\n{salon}",
            "{salon}: how was your visit? {link}",
        ),
        "ru": Shipped(
            "Как прошёл визит?",
            "{first_name}, вы были у нас: {start.date}, {services}.\n\n"
            "Как всё прошло? Оценка и пара слов помогут нам и другим: {link}\n\n{salon}",
            "{salon}: как прошёл визит? {link}",
        ),
    },
    # Asking for a review is advertising by the law of some countries, so it goes to those only who have agreed to it.
    purpose=ADVERTISING,
    still=_to_review,
    secret=("link",),
    sequence=17,
)
SELDOM = timedelta(days=30)


def ask(session: Session, rows: Sequence[RowChange]) -> None:
    """Ask clients how it was, some hours after their visit is done."""
    hours = policy_of(session).review
    done = [row.id for row in rows if row.kind == "update" and row.new.get("status") == "done"]
    if not hours or not done:
        return
    found = session.execute(
        select(Appointment.id, Appointment.ends, Appointment.client_id, Branch.zone)
        .outerjoin(Branch, Branch.id == Appointment.branch)
        .where(Appointment.id.in_(done), Appointment.client_id.is_not(None))
    ).all()
    for visit in found:
        due = max(visit.ends, now()) + timedelta(hours=hours)
        services.send(
            session,
            REVIEW.code,
            contact_id=visit.client_id,
            about=(VISIT, visit.id),
            at=due,
            expires_at=due + timedelta(days=3),
            zone=visit.zone,
            dedupe_key=f"{REVIEW.code}:{visit.id}",
        )
