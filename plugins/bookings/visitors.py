"""Who people become that book without a log-in.

An online booking never shows or changes a client who is there: a phone that is known makes the visit one "to be checked", until
somebody at the desk says whose it is, or a code has (`codes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from parlour.access import terms
from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import Invalid, Refusal
from parlour.i18n import _
from parlour.plugins.bookings import codes
from parlour.plugins.bookings.groups import book_seats
from parlour.plugins.bookings.models import Appointment, Code, Waiting
from parlour.plugins.bookings.offers import Wanted, search, zone_of
from parlour.plugins.bookings.services import Booked, book
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.bookings.statuses import OPEN
from parlour.plugins.contacts.models import Consent, Contact, ContactEmail, ContactPhone
from parlour.plugins.contacts.names import compatible, split_name
from parlour.plugins.contacts.services import consented
from parlour.plugins.schedule.clocks import minutes
from parlour.records.defaults import defaults_of
from parlour.records.registry import record_type
from parlour.records.values import Fault, digits_of, key_of
from parlour.records.write import Change, open_change_set, write


@dataclass(frozen=True)
class Visitor:
    """Who books: name and phone as they typed them, and what they agreed to (purposes of consents).

    `comes` is who comes, where that is somebody else, and `guests` who comes along. `proof` is the key of a code that was
    given; with `prove` nothing is booked without one.
    """

    name: str
    phone: str
    email: str | None = None
    comment: str | None = None
    campaign: str | None = None
    consents: tuple[str, ...] = field(default=())
    comes: str | None = None
    guests: str | None = None
    proof: str | None = None
    prove: bool = False


def book_online(
    session: Session,
    wanted: Sequence[Wanted],
    start: int,
    visitor: Visitor,
    *,
    branch_id: int | None = None,
    hold: str | None = None,
) -> Booked:
    """Book for somebody who is not logged in. Raises Invalid by field for what they typed, NotOffered, `Taken`, Refusal."""
    values, change_set = booker(session, visitor)
    return book(
        session,
        wanted,
        start,
        by="client",
        branch_id=branch_id,
        values=values,
        hold=hold,
        change_set=change_set,
    )


def book_seats_online(session: Session, group_id: int, visitor: Visitor, *, seats: int) -> Booked:
    """Book places in a group session for somebody who is not logged in; as `book_online`."""
    values, _change_set = booker(session, visitor)
    return book_seats(session, group_id, by="client", seats=seats, values=values)


# When a part of the day begins and how late a visit may begin in it, in minutes; as the widget divides the day.
PARTS = {"morning": (None, 719), "day": (720, 1019), "evening": (1020, None)}


def wait_online(
    session: Session,
    wanted: Wanted,
    since: date,
    until: date,
    visitor: Visitor,
    *,
    part: str | None = None,
    branch_id: int | None = None,
) -> int:
    """Put somebody on the waiting list who is not logged in; returns the entry's number.

    Raises Invalid by field, NotFound for a service that cannot be booked online, Refusal.
    """
    zone = ZoneInfo(zone_of(session, branch_id))
    today = now().astimezone(zone).date()
    last = today + timedelta(days=policy_of(session).window)
    if not today <= since <= until <= last:
        ahead = policy_of(session).window
        wrong = _("Choose days at most ${n} days ahead, the first one first.", mapping={"n": ahead})
        raise Invalid(wrong, {0: {"until": wrong}})
    # What cannot be booked cannot be waited for; asking about one minute finds that out.
    start = minutes(datetime.combine(since, time(), zone))
    search(session, [wanted], start, start + 1, by="client", branch_id=branch_id)
    values, change_set = booker(session, visitor)
    waits = session.scalar(
        select(func.count())
        .select_from(Waiting)
        .where(
            Waiting.phone_key == digits_of(values["phone"]),
            Waiting.status.in_(("waiting", "offered")),
            Waiting.archived_at.is_(None),
        )
    )
    if (waits or 0) >= policy_of(session).visits_per_client:
        raise Refusal(_("There are enough wishes for this phone already; call us for more."))
    earliest, latest = PARTS.get(part or "", (None, None))
    entry = {
        **{name: values.get(name) for name in ("client", "visitor", "phone", "email")},
        "item": wanted.item,
        "staff": wanted.staff,
        "branch": branch_id,
        "since": since,
        "until": until,
        "earliest": earliest,
        "latest": latest,
        "note": visitor.comment,
    }
    return write(session, Waiting, [Change(entry)], change_set=change_set, system=True).ids[0]


def booker(session: Session, visitor: Visitor) -> tuple[dict[str, Any], int]:
    """What a visit says about who books it, a new client written where the phone is nobody's, and the change set for the rest."""
    held = terms.in_effect(session)
    version = held[0].name if held else "online"
    phone, email = _reachable(session, visitor, bool(held))
    proof = _proof(session, visitor, phone, email)
    key = digits_of(phone)
    # By its key, which an index knows.
    known = _cards(session, ContactPhone.owner_id, ContactPhone.number_key == key)
    theirs = known
    if proof is not None and proof.way == codes.EMAIL:
        theirs = _cards(session, ContactEmail.owner_id, ContactEmail.address_key == key_of(email))
        if known:
            theirs = [row for row in theirs if row in known]
    if any(row.blocked for row in (*known, *theirs)):
        # Neither that somebody is known nor why is told.
        raise Refusal(_("This cannot be booked online; call us."))
    coming = session.scalar(
        select(func.count())
        .select_from(Appointment)
        .where(Appointment.phone_key == key, Appointment.status.in_(OPEN), Appointment.ends > now())
    )
    if (coming or 0) >= policy_of(session).visits_per_client:
        raise Refusal(_("There are enough visits for this phone already; call us for more."))
    values: dict[str, Any] = {
        "source": "online",
        "visitor": visitor.comes or visitor.name,
        "booked_by": visitor.name if visitor.comes else None,
        "guests": visitor.guests,
        "phone": phone,
        "email": email,
        "comment": visitor.comment,
        "campaign": visitor.campaign,
    }
    change_set = open_change_set(session, label="book")
    card = None if proof is None else _one_of(theirs, visitor.name)
    if not known and not theirs:
        client = _new_client(session, visitor, phone, email, version, change_set)
        values |= {"client": client, "visitor": visitor.comes, "booked_by": None}
    elif card is not None:
        _agree(session, visitor, card.id, version, change_set)
        same = compatible(split_name(visitor.name), split_name(card.name))
        values |= {"client": card.id, "booked_by": None}
        values["visitor"] = visitor.comes or (None if same else visitor.name)
    else:
        values["to_check"] = True
    if proof is not None:
        codes.spend(session, proof)
    return values, change_set


def _proof(session: Session, visitor: Visitor, phone: str, email: str | None) -> Code | None:
    """What proves the phone or the e-mail address. Raises Invalid where a proof is needed and there is none."""
    proof = codes.proven(session, visitor.proof, codes.BOOK)
    if proof is not None:
        given = phone if proof.way == codes.PHONE else email
        if given is None or proof.address_hash != codes.address_hash(proof.way, given):
            proof = None
    if proof is None and visitor.prove:
        needed = _("Confirm that it is you with the code that we send.")
        raise Invalid(needed, {0: {"proof": needed}})
    return proof


def _cards(session: Session, owner: Any, condition: Any) -> Sequence[Any]:
    """The clients of a phone or an e-mail address."""
    statement = select(Contact.id, Contact.name, Contact.blocked, Contact.archived_at)
    return session.execute(statement.where(Contact.id == owner, condition).distinct()).all()


def _one_of(cards: Sequence[Any], name: str) -> Any | None:
    """Whose card it is: the only one, or among those who share a phone the only one of that name."""
    cards = [row for row in cards if row.archived_at is None]
    if len(cards) > 1:
        cards = [row for row in cards if compatible(split_name(name), split_name(row.name))]
    return cards[0] if len(cards) == 1 else None


def _reachable(session: Session, visitor: Visitor, must_consent: bool) -> tuple[str, str | None]:
    record = record_type(Appointment)
    defaults = defaults_of(session)
    errors: dict[str, Any] = {}
    found: dict[str, Any] = {}
    for name in ("phone", "email"):
        try:
            found[name] = record.field(name).kind.clean(getattr(visitor, name), defaults)
        except Fault as fault:
            errors[name] = fault.message
    if "phone" in found and not found["phone"]:
        errors["phone"] = _("This is needed.")
    if not visitor.name.strip():
        errors["name"] = _("This is needed.")
    if must_consent and "data" not in visitor.consents:
        errors["consents"] = _("Agree to the processing of your data, or call us.")
    if errors:
        raise Invalid(_("Some values cannot be saved."), {0: errors})
    return found["phone"], found["email"]


def _new_client(
    session: Session, visitor: Visitor, phone: str, email: str | None, version: str, change_set: int
) -> int:
    client = {
        "name": visitor.name,
        "phones": [{"number": phone}],
        "emails": [{"address": email}] if email else [],
    }
    made = write(session, Contact, [Change(client)], change_set=change_set, system=True).ids[0]
    _agree(session, visitor, made, version, change_set, new=True)
    return made


def _agree(
    session: Session, visitor: Visitor, client: int, version: str, change_set: int, *, new: bool = False
) -> None:
    """Write down what they agreed to and had not before."""
    given = [
        Change(
            {
                "contact": client,
                "purpose": purpose,
                "channel": "any",
                "given": True,
                "version_of_text": version,
                "source": "booking",
            }
        )
        for purpose in dict.fromkeys(visitor.consents)
        if purpose in ("data", "advertising") and (new or not consented(session, [client], purpose))
    ]
    write(session, Consent, given, change_set=change_set, system=True)
