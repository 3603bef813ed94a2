"""Who people become that book without a log-in.

An online booking never shows or changes a client who is there: a phone that is known makes the visit one "to be checked", until
somebody at the desk says whose it is, or a code has (`codes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select

from parlour.access import terms
from parlour.db.base import now
from parlour.db.session import Session
from parlour.db.several import Several
from parlour.errors import Invalid, Refusal
from parlour.i18n import _
from parlour.plugins.bookings.groups import book_seats
from parlour.plugins.bookings.models import Appointment, Code
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.bookings.online import codes
from parlour.plugins.bookings.services import Beside, Booked, book
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.bookings.statuses import OPEN
from parlour.plugins.contacts.models import Consent, Contact, ContactEmail, ContactPhone
from parlour.plugins.contacts.names import compatible, split_name
from parlour.plugins.contacts.services import consented
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
    values, beside = booker(session, visitor)
    return book(
        session, wanted, start, by="client", branch_id=branch_id, values=values, hold=hold, beside=beside
    )


def book_seats_online(session: Session, group_id: int, visitor: Visitor, *, seats: int) -> Booked:
    """Book places in a group session for somebody who is not logged in; as `book_online`."""
    values, beside = booker(session, visitor)
    change_set = open_change_set(session, label="book")
    values |= beside.write(change_set)
    return book_seats(session, group_id, by="client", seats=seats, values=values, change_set=change_set)


class _Card(NamedTuple):
    id: int
    name: str
    blocked: bool
    archived_at: datetime | None


def _cards(owner: Any, condition: Any) -> Any:
    """The clients of a phone or an e-mail address."""
    columns = (getattr(Contact, name) for name in _Card._fields)
    return select(*columns).where(Contact.id == owner, condition).distinct()


# What has to be known of somebody who books.
_FACTS = Several(
    terms=terms.HOLDING,
    # By its key, which an index knows.
    phone=_cards(ContactPhone.owner_id, ContactPhone.number_key == bindparam("phone")),
    email=_cards(ContactEmail.owner_id, ContactEmail.address_key == bindparam("email")),
    coming=select(func.count(Appointment.id)).where(
        Appointment.phone_key == bindparam("phone"),
        Appointment.status.in_(OPEN),
        Appointment.ends > bindparam("present"),
    ),
)


def booker(session: Session, visitor: Visitor) -> tuple[dict[str, Any], Beside]:
    """What a visit says about who books it, and what is written beside it: a new client where the phone is nobody's, consents."""
    phone, email, errors = _reachable(session, visitor)
    facts = _FACTS.ask(
        session,
        phone=digits_of(phone),
        email=key_of(email or ""),
        present=now(),
        today=defaults_of(session).today(),
    )
    held = facts["terms"]
    if held and "data" not in visitor.consents:
        errors["consents"] = _("Agree to the processing of your data, or call us.")
    if errors:
        raise Invalid(_("Some values cannot be saved."), {0: errors})
    version = held[0][0] if held else "online"
    proof = _proof(session, visitor, phone, email)
    known = theirs = [_Card(*row) for row in facts["phone"]]
    if proof is not None and proof.way == codes.EMAIL:
        theirs = [_Card(*row) for row in facts["email"]]
        if known:
            theirs = [row for row in theirs if row in known]
    if any(row.blocked for row in (*known, *theirs)):
        # Neither that somebody is known nor why is told.
        raise Refusal(_("This cannot be booked online; call us."))
    if facts["coming"][0][0] >= policy_of(session).visits_per_client:
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
    card = None if proof is None else _one_of(theirs, visitor.name)
    purposes = [one for one in dict.fromkeys(visitor.consents) if one in ("data", "advertising")]
    beside = Beside({}, lambda _change_set: {})
    if not known and not theirs:
        values |= {"visitor": visitor.comes, "booked_by": None}

        def add(change_set: int) -> dict[str, Any]:
            client = _new_client(session, visitor, phone, email, change_set)
            _agree(session, client, purposes, version, change_set)
            return {"client": client}

        beside = Beside({Contact: 1, Consent: len(purposes)}, add)
    elif card is not None:
        same = compatible(split_name(visitor.name), split_name(card.name))
        values |= {"client": card.id, "booked_by": None}
        values["visitor"] = visitor.comes or (None if same else visitor.name)
        client_id = card.id
        missing = [one for one in purposes if not consented(session, [client_id], one)]

        def agree(change_set: int) -> dict[str, Any]:
            _agree(session, client_id, missing, version, change_set)
            return {}

        beside = Beside({Consent: len(missing)}, agree)
    else:
        values["to_check"] = True
    if proof is not None:
        codes.spend(session, proof)
    return values, beside


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


def _one_of(cards: Sequence[_Card], name: str) -> _Card | None:
    """Whose card it is: the only one, or among those who share a phone the only one of that name."""
    cards = [row for row in cards if row.archived_at is None]
    if len(cards) > 1:
        cards = [row for row in cards if compatible(split_name(name), split_name(row.name))]
    return cards[0] if len(cards) == 1 else None


def _reachable(session: Session, visitor: Visitor) -> tuple[str, str | None, dict[str, Any]]:
    """Phone and e-mail address as they are kept, and what is wrong with what was typed, by field."""
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
    return found.get("phone") or "", found.get("email"), errors


def _new_client(session: Session, visitor: Visitor, phone: str, email: str | None, change_set: int) -> int:
    client = {
        "name": visitor.name,
        "phones": [{"number": phone}],
        "emails": [{"address": email}] if email else [],
    }
    return write(session, Contact, [Change(client)], change_set=change_set, system=True).ids[0]


def _agree(session: Session, client: int, purposes: Sequence[str], version: str, change_set: int) -> None:
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
        for purpose in purposes
    ]
    write(session, Consent, given, change_set=change_set, system=True)
