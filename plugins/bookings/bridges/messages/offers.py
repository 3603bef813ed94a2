"""What those who wait for a time are told: one has come free, and is kept for them for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from parlour.access.models import Branch
from parlour.db.base import now
from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.bookings import waiting
from parlour.plugins.bookings.bridges.messages.addressed import link, whom
from parlour.plugins.bookings.models import Waiting
from parlour.plugins.bookings.tokens import make_waiting_token
from parlour.plugins.catalog.models import Item
from parlour.plugins.messages import services
from parlour.plugins.messages.kinds import SAMPLE_MOMENT, About, MessageKind, Shipped, Variable
from parlour.plugins.schedule.clocks import minutes


def _offered(session: Session, about: About) -> Mapping[str, Any] | None:
    """The offer as it is now; None once it was taken or is over. `version` is the start that was offered."""
    row = session.execute(
        select(
            Waiting.status,
            Waiting.offered,
            Waiting.offered_until,
            Item.name,
            Branch.name.label("place"),
            Branch.address,
        )
        .join(Item, Item.id == Waiting.item_id)
        .outerjoin(Branch, Branch.id == Waiting.branch)
        .where(Waiting.id == about.id)
    ).one_or_none()
    if (
        row is None
        or row.status != "offered"
        or row.offered_until <= now()
        or minutes(row.offered) != about.version
    ):
        return None
    code = waiting.new_token(session, about.id)
    return {
        "start": row.offered,
        "until": row.offered_until,
        "services": row.name,
        "place": ", ".join(part for part in (row.place, row.address) if part) or "—",
        "code": code,
        "link": link(session, about, f"waiting={make_waiting_token(session, about.id)}"),
    }


OFFER = MessageKind(
    code="bookings.offer",
    title=_("A time has come free"),
    variables=(
        Variable("start", _("Begins"), SAMPLE_MOMENT),
        Variable("until", _("Kept until"), SAMPLE_MOMENT),
        Variable("services", _("Services of the visit"), "Haircut"),
        Variable("place", _("Where"), "Jasmine by the park, Tverskaya 12"),
        Variable("code", _("Code with which the offer is taken"), "kX3vQ9"),
        Variable("link", _("Address where the offer is taken"), "https://salon.example/#waiting=kX3vQ9"),
    ),
    texts={
        "en": Shipped(
            "A time has come free: {start}",
            "{first_name}, {start.date} at {start.time} has come free: {services}.\n{place}\n\n"
            "It is kept for you until {until.time}. Take it here, or leave the waiting list: {link}\n\n{salon}",
            "{salon}: {start.date} {start.time} is free, kept until {until.time}: {link}",
        ),
        "ru": Shipped(
            "Освободилось время: {start}",
            "{first_name}, освободилось время: {start.date}, {start.time}, {services}.\n{place}\n\n"
            "Держим его для вас до {until.time}. Занять его или выйти из листа ожидания: {link}\n\n{salon}",
            "{salon}: свободно {start.date} {start.time}, держим до {until.time}: {link}",
        ),
    },
    still=_offered,
    quiet=False,
    secret=("code", "link"),
    sequence=15,
)


def tell(session: Session, ids: Sequence[int]) -> None:
    """Ask for the messages of these entries of the waiting list, which have just been offered a time."""
    found = session.execute(
        select(
            Waiting.id,
            Waiting.client_id,
            Waiting.visitor,
            Waiting.phone,
            Waiting.email,
            Waiting.offered,
            Waiting.offered_until,
            Branch.zone,
        )
        .outerjoin(Branch, Branch.id == Waiting.branch)
        .where(Waiting.id.in_(ids))
    ).all()
    for row in found:
        reached = whom(row)
        if reached is not None:
            services.send(
                session,
                "bookings.offer",
                dedupe_key=f"bookings.offer:{row.id}:{minutes(row.offered)}",
                about=("bookings.waiting", row.id),
                version=minutes(row.offered),
                expires_at=row.offered_until,
                zone=row.zone,
                **reached,
            )
