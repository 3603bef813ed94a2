"""What people without a log-in are shown. Nothing here asks for rights; what is given away is decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select

from parlour.access import terms
from parlour.access.models import Branch
from parlour.access.roles import own_organisation
from parlour.db.base import now
from parlour.db.session import Session
from parlour.db.several import among, kept
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.plugins.bookings import groups, reviews
from parlour.plugins.bookings.models import Appointment, GoesWith, Line, Service, Skill, as_done
from parlour.plugins.bookings.offers import Search, Wanted
from parlour.plugins.bookings.online import conditions
from parlour.plugins.bookings.settings import Policy, policy_of
from parlour.plugins.bookings.statuses import status_told
from parlour.plugins.bookings.terms import deposits_of
from parlour.plugins.catalog.models import Category, Item
from parlour.plugins.catalog.services import category_names_of, names_of, prices_of
from parlour.plugins.schedule.clocks import moment
from parlour.plugins.schedule.models import Grade, Staff
from parlour.records.defaults import defaults_of
from parlour.records.files import File
from parlour.records.kinds import MoneyKind
from parlour.records.values import Money
from parlour.web.assets import organisation_tokens

MONEY = MoneyKind()
# What stands of a photo in its address, which so changes with the photo.
MARK = 16


def on_wall(instant: int, zone: str) -> str:
    """An instant as RFC 3339 on the clock of a zone."""
    return moment(instant).astimezone(ZoneInfo(zone)).isoformat()


# ---- what is shown


def first_screen(session: Session, language: str) -> dict[str, Any]:
    """All that the widget needs before a time is chosen: one answer, a fixed number of queries."""
    organisation = own_organisation(session)
    policy = policy_of(session)
    branches = session.execute(
        select(Branch.id, Branch.name, Branch.address, Branch.phone, Branch.zone)
        .where(Branch.archived_at.is_(None))
        .order_by(Branch.id)
    )
    held = terms.in_effect(session)
    return {
        "organisation": {
            "name": organisation.name,
            "locale": organisation.locale,
            "zone": organisation.zone,
            "currency": organisation.currency,
            "country": organisation.country,
        },
        "colours": _colours((organisation.settings or {}).get("colour")),
        "branches": [dict(row._mapping) for row in branches],
        "services": services(session, language),
        "sessions": groups.any_coming(session),
        "staff": staff(session),
        "policy": {
            "lead": policy.lead,
            "window": policy.window,
            "hold": policy.hold,
            "cancel_until": policy.cancel_until,
        },
        "terms": {"version": held[0].name, "url": f"/terms/{organisation.slug}"} if held else None,
    }


def _colours(colour: str | None) -> Mapping[str, Mapping[str, str]] | None:
    """The organisation's own colour, made readable in both schemes; None where it has chosen none."""
    return organisation_tokens(colour) if colour else None


def services(session: Session, language: str) -> list[dict[str, Any]]:
    """What can be booked online, with who does it, in the order of the price list."""
    rows = session.execute(
        select(
            Item.id,
            Item.description,
            Item.category_id,
            Service.minutes,
            Service.confirm,
            Service.addition,
            GoesWith.target_id,
        )
        .join(Service, Service.id == Item.id)
        .outerjoin(Category, Category.id == Item.category_id)
        .outerjoin(GoesWith, GoesWith.owner_id == Item.id)
        .where(Item.archived_at.is_(None), Service.minutes.is_not(None), Service.online)
        .order_by(Category.name_key.nulls_last(), Item.name_key, Item.id, GoesWith.id)
    ).all()
    # An addition has a row for each service that it goes with.
    goes_with: dict[int, list[int]] = {row.id: [] for row in rows}
    for row in rows:
        if row.target_id is not None:
            goes_with[row.id].append(row.target_id)
    rows = list({row.id: row for row in rows}.values())
    ids = list(goes_with)
    done_by: dict[int, list[dict[str, Any]]] = {}
    skills = session.execute(
        as_done().where(Skill.online, Staff.archived_at.is_(None)).order_by(Staff.position, Staff.id)
    )
    for who, item, length, amount, currency in skills:
        own: dict[str, Any] = {"staff": who}
        if length is not None:
            own["minutes"] = length
        if amount is not None:
            own["price"] = MONEY.to_json(Money.from_minor(amount, currency))
        done_by.setdefault(item, []).append(own)
    names = names_of(session, ids, language)
    headings = category_names_of(session, {row.category_id for row in rows} - {None}, language)
    prices = prices_of(session, ids, defaults_of(session).today())
    deposits = deposits_of(session, {one: prices.get(one) for one in ids})
    return [
        {
            "id": row.id,
            "name": names[row.id],
            "category": headings.get(row.category_id),
            "description": row.description,
            "minutes": row.minutes,
            "price": MONEY.to_json(prices.get(row.id)),
            "deposit": MONEY.to_json(deposits[row.id]),
            "confirm": row.confirm,
            "addition": row.addition,
            "goes_with": goes_with[row.id],
            "staff": done_by[row.id],
        }
        for row in rows
        if row.id in done_by
    ]


# Who can be booked online.
_ONLINE = (
    Staff.archived_at.is_(None),
    select(Skill.id).where(Skill.staff_id == Staff.id, Skill.online, Skill.archived_at.is_(None)).exists(),
)


def staff(session: Session) -> list[dict[str, Any]]:
    """Who can be booked online, in the order of the calendar, and of them what clients may read. `photo` is its address."""
    rows = session.execute(
        select(
            Staff.id,
            Staff.name,
            Staff.job,
            Staff.branch,
            Staff.about,
            Grade.name.label("grade"),
            File.sha256.label("photo"),
        )
        .outerjoin(Grade, Grade.id == Staff.grade_id)
        .outerjoin(File, File.id == Staff.photo)
        .where(*_ONLINE)
        .order_by(Staff.position, Staff.id)
    )
    rated = reviews.averages(session)
    photos = f"/widget/{own_organisation(session).slug}/bookings/photos"
    return [
        {
            **row._mapping,
            "photo": f"{photos}/{row.id}/{row.photo[:MARK]}.webp" if row.photo else None,
            "rating": rated.get(row.id),
        }
        for row in rows
    ]


def photo(session: Session, staff_id: int, mark: str) -> File:
    """The photo of somebody who can be booked online. Raises NotFound for anybody else, and for a photo that they had before."""
    found = session.scalars(
        select(File).join(Staff, Staff.photo == File.id).where(Staff.id == staff_id, *_ONLINE)
    ).one_or_none()
    if found is None or found.sha256[:MARK] != mark:
        raise NotFound(_("There is no such photo."))
    return found


def slots(
    found: Search, wanted: Sequence[Wanted], starts: Mapping[int, Sequence[int]]
) -> list[dict[str, Any]]:
    """Starts as they are given away: the specialist where one was asked for, the price where it is the same whoever does it,
    else from which on.
    """
    lengths = [max(each.minutes for each in able.values()) for able in found.offered]
    prices = [[each.price for each in able.values()] for able in found.offered]
    total: Money | None = None
    if all(one is not None for some in prices for one in some):
        least = [min((one.amount, one.currency) for one in some if one is not None) for some in prices]
        if len({currency for _amount, currency in least}) == 1:
            total = Money(sum((amount for amount, _c in least[1:]), start=least[0][0]), least[0][1])
    rest = sum(lengths[1:])
    asked = wanted[0].staff
    price = MONEY.to_json(total)
    items = []
    for start, able in starts.items():
        length = found.offered[0][able[0]].minutes if asked is not None or len(able) == 1 else lengths[0]
        items.append(
            {
                "start": on_wall(start, found.zone),
                "end": on_wall(start + length + rest, found.zone),
                "staff": asked,
                "price": price,
            }
        )
    return items


# Visits with their services, a row for each, and one row for a visit without any.
_SHOWN = kept(
    select(
        Appointment.id,
        Appointment.status,
        Appointment.archived_at,
        Appointment.starts,
        Appointment.ends,
        Appointment.branch,
        Appointment.group_id,
        Appointment.seats,
        Appointment.total_amount,
        Appointment.total_currency,
        *conditions.COLUMNS,
        Line.item_id,
        Line.name,
        Line.minutes,
        Line.staff_id,
        Staff.name.label("who"),
        Line.price_amount,
        Line.price_currency,
    )
    .outerjoin(Line, and_(Line.appointment_id == Appointment.id, Line.archived_at.is_(None)))
    .outerjoin(Staff, Staff.id == Line.staff_id)
    .where(among(Appointment.id, "visits"))
    .order_by(Line.position, Line.id)
)


def visit(session: Session, visit_id: int) -> dict[str, Any]:
    """A visit as its own client sees it. Raises KeyError for one that is not there any more."""
    return visits(session, [visit_id])[visit_id]


def visits(session: Session, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Visits as their clients see them: when, what, by whom, and whether they can still be changed. No name, phone or note."""
    found: dict[int, dict[str, Any]] = {}
    for row in session.execute(_SHOWN, {"visits": ids}):
        if row.id not in found:
            found[row.id] = _visit(row, [], policy_of(session))
        if row.minutes is not None:
            found[row.id]["lines"].append(
                {
                    "service": row.item_id,
                    "name": row.name,
                    "minutes": row.minutes,
                    "staff": None if row.staff_id is None else {"id": row.staff_id, "name": row.who},
                    "price": MONEY.to_json(MONEY.from_columns((row.price_amount, row.price_currency))),
                }
            )
    # Nothing can have been said of what has not taken place yet, such as what is being booked right now.
    done = [one for one, shown in found.items() if shown["status"] == "done"]
    said = reviews.of_visits(session, done) if done else {}
    for one, shown in found.items():
        shown["review"] = said.get(one)
        shown["can"]["review"] = one in done and not (one in said and said[one]["published"])
    return found


def _visit(row: Any, lines: list[dict[str, Any]], policy: Policy) -> dict[str, Any]:
    zone = ZoneInfo(row.starts_zone)
    left = (row.starts - now()).total_seconds() / 60
    status = status_told(row.status, row.archived_at is not None)
    changeable = status in ("requested", "booked", "confirmed")
    return {
        "status": status,
        "start": row.starts.astimezone(zone).isoformat(),
        "end": row.ends.astimezone(zone).isoformat(),
        "branch": row.branch,
        "session": row.group_id,
        "seats": row.seats,
        "price": MONEY.to_json(MONEY.from_columns((row.total_amount, row.total_currency))),
        "lines": lines,
        "can": {
            "cancel": changeable and left >= policy.cancel_until,
            # A place in a group session is given up, and another one booked.
            "move": changeable and left >= policy.move_until and row.group_id is None,
        },
        "conditions": conditions.of_visit(row),
    }


def instant_of(text: str) -> datetime:
    """A moment with its offset. Raises ValueError, also where there is no day before or after it to be counted to."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None or not MINYEAR < found.year < MAXYEAR:
        raise ValueError(text)
    return found
