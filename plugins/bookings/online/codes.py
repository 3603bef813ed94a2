"""Codes that tell whose a phone or an e-mail address is: for one purpose, some minutes and a few tries.

Whoever asks gets a key and the same answer whether anybody is known there or not; the code goes to the address by a message.
Key and code together prove the address, and the key is the proof from then on. Codes are made when the message is written
out and kept as a slow hash; of addresses a hash is kept as well.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, not_, or_, select

from parlour.access import throttle
from parlour.access.throttle import Limit
from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import Invalid, NotFound, Refusal
from parlour.i18n import _
from parlour.plugin.calls import collect
from parlour.plugins.bookings.models import Appointment, Code, Waiting
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.bookings.statuses import CAME
from parlour.plugins.bookings.tokens import hash_of
from parlour.plugins.contacts.models import ContactEmail, ContactPhone
from parlour.records.defaults import defaults_of
from parlour.records.models import Change as HistoryRow
from parlour.records.models import ChangeSet
from parlour.records.registry import record_type
from parlour.records.values import Fault, digits_of, key_of
from parlour.settings import Settings

PHONE, EMAIL = "phone", "email"
BOOK, VISITS = "book", "visits"
PURPOSES = (BOOK, VISITS)
DIGITS = 6
TRIES = 5
# From asking to the right code, from that to what it is for, and how long a browser is believed that has proved an address.
VALID = timedelta(minutes=10)
USED_WITHIN = timedelta(hours=1)
REMEMBERED = timedelta(days=180)
COUNTED = timedelta(hours=24)
MOST_VISITS = 40
# Each may send an SMS, which costs the salon money and disturbs whoever has the number.
TO_ADDRESS = Limit("bookings:code", 1, timedelta(seconds=45), timedelta(hours=6), timedelta(hours=24))
FROM_NETWORK = Limit("bookings:codes", 15, timedelta(minutes=1), timedelta(hours=2), timedelta(hours=24))
# A place's people share an address, which is why a code that was right is taken back from its count.


@dataclass(frozen=True)
class CodeWay:
    """A way in which codes reach people. `way` is "phone" or "email".

    `send(session, code_id, address, language)` asks for the message. When it is written out, `codes.make(session, code_id)` gives
    the digits, or None where it shall not be sent any more.
    """

    way: str
    send: Callable[[Session, int, str, str], None]
    sequence: int = 100


@dataclass(frozen=True)
class Asked:
    """The key with which the code is to be given, when it ends (UTC), and the seconds after which there may be another."""

    key: str
    way: str
    until: datetime
    again: int


class Wrong(Refusal):
    """Not this code. `left` is how often another may be tried."""

    def __init__(self, left: int):
        said = (
            _(
                "This code is wrong. Look at the newest message and type its ${n} digits.",
                mapping={"n": DIGITS},
            )
            if left > 0
            else _("This code was wrong too often. Ask for a new one.")
        )
        super().__init__(said)
        self.left = left


def ways(session: Session, settings: Settings) -> dict[str, CodeWay]:
    """The ways that there are, the usual one first."""
    found: dict[str, CodeWay] = {}
    if not policy_of(session).codes_per_day:
        return found
    for one in collect(session, "bookings_code_ways", settings=settings):
        found.setdefault(one.way, one)
    return found


def needed(session: Session, settings: Settings) -> bool:
    """Whether nothing is booked without a code. Where none can be sent, none is asked for."""
    return policy_of(session).code != "none" and bool(ways(session, settings))


def cleaned(session: Session, way: str, address: str) -> str:
    """A phone or an e-mail address as visits keep it. Raises Invalid by field."""
    try:
        found = record_type(Appointment).field(way).kind.clean(address, defaults_of(session))
    except Fault as fault:
        raise Invalid(fault.message, {0: {way: fault.message}}) from fault
    if not found:
        raise Invalid(_("This is needed."), {0: {way: _("This is needed.")}})
    return str(found)


def network_of(address: str) -> str:
    """Whom an address is counted to: with IPv6 everybody has billions, and a line has the first half."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(known if known.version == 4 else ipaddress.ip_network(f"{known}/64", strict=False))


def address_hash(way: str, address: str | None) -> str:
    """A phone or e-mail address as codes know it."""
    key = digits_of(address) if way == PHONE else key_of(address)
    return hash_of(f"{way}:{key}")


def ask(
    session: Session, settings: Settings, *, purpose: str, way: str, address: str, network: str, language: str
) -> Asked:
    """Have a code sent. Raises Invalid by field, throttle.Throttled, Refusal where none can be sent."""
    found = ways(session, settings).get(way)
    if found is None:
        raise Refusal(_("No code can be sent this way; call us."))
    address = cleaned(session, way, address)
    kept = address_hash(way, address)
    throttle.reserve(session, _limits(session, kept, network))
    present = now()
    today = session.scalar(select(func.count()).select_from(Code).where(Code.created_at > present - COUNTED))
    if (today or 0) >= policy_of(session).codes_per_day:
        raise Refusal(_("No more codes can be sent today; call us."))
    key = secrets.token_urlsafe(24)
    row = Code(
        token_hash=hash_of(key), purpose=purpose, way=way, address_hash=kept, expires_at=present + VALID
    )
    session.add(row)
    session.flush()
    found.send(session, row.id, address, language)
    return Asked(key, way, row.expires_at, int(TO_ADDRESS.first.total_seconds()))


def _limits(session: Session, kept: str, network: str) -> list[tuple[Limit, str]]:
    """In the order in which they are locked."""
    return [(FROM_NETWORK, network), (TO_ADDRESS, f"{session.scope.organisation_id}:{kept}")]


def make(session: Session, code_id: int) -> str | None:
    """New digits for a code that is asked for, for the message that brings them; None when it is over. An older one ends."""
    row = session.scalars(select(Code).where(Code.id == code_id).with_for_update()).one_or_none()
    if row is None or row.proved_at is not None or row.expires_at <= now() or row.tries >= TRIES:
        return None
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    row.code_hash = _slow(digits, row.token_hash)
    session.flush()
    return digits


def _slow(digits: str, salt: str) -> str:
    """A hash that takes long: a million codes are tried in an hour, by when they mean nothing any more."""
    return hashlib.scrypt(digits.encode(), salt=salt.encode(), n=2**13, r=8, p=1, dklen=32).hex()


def prove(session: Session, key: str, digits: str, *, network: str) -> datetime:
    """Give the code that came; from now on the key is a proof, until the moment that is returned (UTC).

    Raises NotFound for a key that is none or over, `Wrong`, which the caller's transaction must keep: it is counted.
    """
    row = session.scalars(
        select(Code).where(Code.token_hash == hash_of(key), Code.expires_at > now()).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound(_("This code is over. Ask for a new one."))
    if row.proved_at is not None:
        return row.expires_at
    if row.tries >= TRIES:
        raise Wrong(0)
    given = "".join(char for char in digits if char.isdecimal())
    right = row.code_hash is not None and hmac.compare_digest(_slow(given, row.token_hash), row.code_hash)
    if not right:
        row.tries += 1
        session.flush()
        raise Wrong(TRIES - row.tries)
    remembered = row.purpose == BOOK and policy_of(session).code == "new"
    row.proved_at = now()
    row.code_hash = None
    row.expires_at = row.proved_at + (REMEMBERED if remembered else USED_WITHIN)
    session.flush()
    limits = _limits(session, row.address_hash, network)
    throttle.forgive(session, limits[:1])
    throttle.clear(session, limits[1:])
    return row.expires_at


def proven(session: Session, key: str | None, purpose: str) -> Code | None:
    """What a proof proves, to be compared with `address_hash`; None for what is none, is over or is for something else."""
    if not key:
        return None
    return session.scalars(
        select(Code).where(
            Code.token_hash == hash_of(key),
            Code.purpose == purpose,
            Code.proved_at.is_not(None),
            Code.expires_at > now(),
        )
    ).one_or_none()


def spend(session: Session, proof: Code) -> None:
    """A proof was used for what it was for. It ends with that, unless browsers are believed for longer."""
    if proof.purpose != BOOK or policy_of(session).code != "new":
        # The row stays until it is not counted any more.
        proof.expires_at = now()
        session.flush()


def visits_of(session: Session, way: str, address: str) -> list[int]:
    """The visits of whoever has an address: given with the visit, or standing on the client's card; the latest first."""
    return list(
        session.scalars(
            select(Appointment.id)
            .where(_theirs(Appointment, way, address), Appointment.archived_at.is_(None))
            .order_by(Appointment.starts.desc(), Appointment.id.desc())
            .limit(MOST_VISITS)
        )
    )


def waits_of(session: Session, way: str, address: str) -> list[int]:
    """What whoever has an address waits for, as `visits_of`."""
    waits = (Waiting.status.in_(("waiting", "offered")), Waiting.archived_at.is_(None))
    return list(
        session.scalars(
            select(Waiting.id)
            .where(_theirs(Waiting, way, address), *waits)
            .order_by(Waiting.id.desc())
            .limit(MOST_VISITS)
        )
    )


def _theirs(cls: Any, way: str, address: str) -> Any:
    """Visits or entries of the waiting list with which an address was given, or whose client has it on the card.

    Clients are known by their phones, and who books may type a stranger's phone beside their own e-mail address: until somebody
    has come, an address that came so is not taken for that of whoever the card is of.
    """
    if way == PHONE:
        key, given, owner, known = (
            digits_of(address),
            cls.phone_key,
            ContactPhone.owner_id,
            ContactPhone.number_key,
        )
    else:
        key, given, owner, known = (
            key_of(address),
            cls.email_key,
            ContactEmail.owner_id,
            ContactEmail.address_key,
        )
    cards = select(owner).where(known == key)
    if way == EMAIL:
        given_online = _written_online(owner) & (
            _given(Appointment, owner, key) | _given(Waiting, owner, key)
        )
        cards = cards.where(not_(given_online) | _came(owner, key))
    return or_(given == key, cls.client_id.in_(cards))


def _written_online(card: Any) -> Any:
    """Whether a client was written down by an online booking or wish, which nobody at the salon made."""
    return exists().where(
        HistoryRow.record == "contacts.contact",
        HistoryRow.row_id == card,
        HistoryRow.kind == "create",
        ChangeSet.id == HistoryRow.change_set_id,
        ChangeSet.label == "book",
        ChangeSet.user_id.is_(None),
    )


def _given(cls: Any, card: Any, key: str) -> Any:
    return exists().where(cls.client_id == card, cls.email_key == key)


def _came(card: Any, key: str) -> Any:
    """Whether a client has come to a visit with which an e-mail address was given."""
    return _given(Appointment, card, key).where(Appointment.status.in_(CAME))


def erase(session: Session, addresses: Collection[tuple[str, str]]) -> None:
    """Forget the proofs of (way, address) pairs: somebody wants to be forgotten."""
    hashes = [address_hash(way, address) for way, address in addresses]
    session.execute(
        delete(Code).where(Code.address_hash.in_(hashes)), execution_options={"synchronize_session": False}
    )


def prune(session: Session) -> int:
    """Remove codes that are over and not counted any more; returns how many."""
    present = now()
    done: Any = session.execute(
        delete(Code).where(Code.expires_at < present, Code.created_at < present - COUNTED),
        execution_options={"synchronize_session": False},
    )
    return int(done.rowcount)
