"""What salons do with clients, from a session and plain values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from parlour.access.rules import require
from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.plugins.contacts.models import Consent, Contact, Note, Position
from parlour.records.defaults import defaults_of
from parlour.records.query import read, visible
from parlour.records.registry import Field, RecordType, fields_of, record_type
from parlour.records.write import Change, open_change_set, save, write

ASSIGN = "contacts:contact:assign"
BATCH = 500
# Any branch, where a branch is asked for and None means the line that holds everywhere.
ANY = -1


@dataclass(frozen=True)
class Birthday:
    """A birthday that is near. `days` from today on the organisation's wall clock; `turns` where the year is known."""

    id: int
    name: str
    day: date
    days: int
    turns: int | None


@dataclass(frozen=True)
class HandedOver:
    """One batch of a hand-over: its change set, how many clients it moved, and the last id it looked at.

    `after` is None when there are no more.
    """

    change_set: int | None
    count: int
    after: int | None


@dataclass(frozen=True)
class Agreed:
    """The latest word of a person about one purpose and channel. `at` is UTC."""

    purpose: str
    channel: str
    given: bool
    at: Any
    version_of_text: str
    source: str


def kind() -> RecordType:
    """The record of clients."""
    return record_type(Contact)


# ---- birthdays


def birthdays(session: Session, days: int = 7, limit: int = 100) -> list[Birthday]:
    """Clients whose birthday is today or within `days`, nearest first; empty for who may not read birthdays.

    Those born on 29 February have theirs on 1 March in other years.
    """
    shown = [item for item in fields_of(session, kind()) if item.name in ("name", "birthday")]
    if len(shown) < 2:
        return []
    today = defaults_of(session).today()
    conditions = visible(session, kind(), filter=["birthday", "within", days])
    # What is left of this year comes before the beginning of the next.
    order = [Contact.birthday_key < f"{today:%m-%d}", Contact.birthday_key, Contact.name_key, Contact.id]
    rows = read(session, kind(), shown, conditions, order_by=order, limit=limit)
    return [_birthday(row, today) for row in rows]


def _birthday(row: Mapping[str, Any], today: date) -> Birthday:
    text = row["birthday"]
    day = next_birthday(text, today)
    born = None if text.startswith("--") else int(text[:4])
    return Birthday(
        row["id"], row["name"], day, (day - today).days, None if born is None else day.year - born
    )


@dataclass(frozen=True)
class Newcomer:
    """Somebody who was entered lately, with the first phone where the reader may see phones."""

    id: int
    name: str
    phone: str
    at: datetime


def newcomers(session: Session, limit: int = 8) -> list[Newcomer]:
    """The clients entered last, newest first."""
    shown = [item for item in fields_of(session, kind()) if item.name in ("name", "phones")]
    conditions = visible(session, kind())
    rows = read(
        session,
        kind(),
        shown,
        conditions,
        order_by=[Contact.id.desc()],
        limit=limit,
        extra=[Contact.created_at],
    )
    found = []
    for row in rows:
        phones = row.get("phones") or [{"number": ""}]
        name = row.get("name") or f"#{row['id']}"
        found.append(Newcomer(row["id"], name, phones[0]["number"], row["_extra"][0]))
    return found


def next_birthday(text: str, today: date) -> date:
    """The next day on or after `today` on which a birthday ("1990-02-28" or "--02-28") is kept."""
    month, day = int(text[-5:-3]), int(text[-2:])
    for year in (today.year, today.year + 1):
        try:
            found = date(year, month, day)
        except ValueError:
            found = date(year, 3, 1)
        if found >= today:
            return found
    raise ValueError(text)


# ---- who looks after whom


def assign(
    session: Session, ids: Sequence[int], user_id: int, branch_id: int | None = None, *, instead: bool = True
) -> int | None:
    """Make a member responsible for clients in a branch (None: everywhere) and return the change set.

    `instead` of whoever was responsible there, or beside them. Raises NotAllowed, Invalid, NotFound.
    """
    require(session, ASSIGN)

    def put(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        kept = [line for line in lines if not (instead and line["branch"] == branch_id)]
        return [{"user": user_id, "branch": branch_id}, *kept]

    return _relabel(session, ids, put, label="assign").change_set


def unassign(session: Session, ids: Sequence[int], branch_id: int | None = ANY) -> int | None:
    """Take away whoever is responsible for clients in a branch (ANY: in all) and return the change set."""
    require(session, ASSIGN)

    def put(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [] if branch_id == ANY else [line for line in lines if line["branch"] != branch_id]

    return _relabel(session, ids, put, label="unassign").change_set


def hand_over(
    session: Session,
    giver: int,
    taker: int,
    *,
    branch_id: int | None = ANY,
    ids: Collection[int] | None = None,
    after: int = 0,
    change_set: int | None = None,
    limit: int = BATCH,
) -> HandedOver:
    """Hand the clients of one member to another, one batch of `limit`; with `ids` only those.

    Everything on the card stays as it is. Call again with `after` and `change_set` of the result until `after` is
    None; all batches are undone as one. Raises NotAllowed, Refusal.
    """
    require(session, ASSIGN)
    if giver == taker:
        raise Refusal(_("Choose two different people."))
    conditions: list[Any] = [["responsible.user", "=", giver]]
    query = visible(session, kind(), action="write", filter={"and": conditions}, archived=None)
    statement = select(Contact.id).where(Contact.id > after, *query).order_by(Contact.id).limit(limit)
    found = list(session.scalars(statement if ids is None else statement.where(Contact.id.in_(sorted(ids)))))

    def put(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        moved = []
        for line in lines:
            theirs = line["user"] == giver and branch_id in (ANY, line["branch"])
            line = {"user": taker, "branch": line["branch"]} if theirs else line
            if line not in moved:
                moved.append(line)
        return moved

    done = _relabel(session, found, put, label="hand_over", change_set=change_set)
    return HandedOver(done.change_set, done.count, found[-1] if len(found) == limit else None)


def _relabel(
    session: Session, ids: Sequence[int], put: Any, *, label: str, change_set: int | None = None
) -> HandedOver:
    """Write the lines of responsible people that `put` makes of the present ones."""
    item = kind().field("responsible")
    wanted = sorted(set(ids))
    count = 0
    for start in range(0, len(wanted), BATCH):
        some = [Contact.id.in_(wanted[start : start + BATCH])]
        rows = read(session, kind(), [item], some, order_by=[Contact.id])
        changes = [
            Change({"responsible": lines}, row["id"])
            for row in rows
            if (lines := put([dict(line) for line in row["responsible"]])) != row["responsible"]
        ]
        if changes:
            change_set = change_set or open_change_set(session, label=label)
            count += write(session, kind(), changes, change_set=change_set).updated
    return HandedOver(change_set, count, None)


def clients_per_member(session: Session) -> dict[int, int]:
    """How many open clients each member looks after, of those that this person may see."""
    line: Any = kind().field("responsible").cls
    statement = (
        select(line.user, func.count(line.owner_id.distinct()))
        .join(Contact, Contact.id == line.owner_id)
        .where(*visible(session, kind()))
        .group_by(line.user)
    )
    return {user: count for user, count in session.execute(statement)}


UNASSIGNED: dict[str, Any] = {"and": [["responsible", "empty", True], ["is_client", "=", True]]}


# ---- people of a company


def people_of(session: Session, company_id: int, *, gone: bool = False) -> list[dict[str, Any]]:
    """The contact persons of a company, the deciding ones first; `gone` takes in those who have left."""
    return _positions(session, Position.company_id == company_id, gone)


def companies_of(session: Session, person_id: int, *, gone: bool = True) -> list[dict[str, Any]]:
    """Where a person works and, with `gone`, worked, the latest first."""
    return _positions(session, Position.person_id == person_id, gone)


_PLACES = ("decision_maker", "main", "accountant", "user", "other", None)


def _positions(session: Session, condition: Any, gone: bool) -> list[dict[str, Any]]:
    record = record_type(Position)
    conditions = [condition, *visible(session, record)]
    today = defaults_of(session).today()
    fields: list[Field] = fields_of(session, record)
    rows = read(session, record, fields, conditions, order_by=[Position.id.desc()], limit=200, titled=True)
    rows = [row for row in rows if gone or row.get("until") is None or row["until"] >= today]
    return sorted(rows, key=lambda row: (row.get("until") is not None, _PLACES.index(row.get("category"))))


def move_on(
    session: Session, position_id: int, company_id: int, *, day: date | None = None, title: str | None = None
) -> int:
    """A contact person changes to another company: the old place ends the day before, and a new one begins.

    Returns the id of the new place. `day` is today by default.
    """
    record = record_type(Position)
    day = day or defaults_of(session).today()
    fields = [record.field(name) for name in ("person", "title", "category")]
    rows = read(
        session, record, fields, [Position.id == position_id, *visible(session, record, action="write")]
    )
    if not rows:
        raise Refusal(_("This contact person is gone; open the card again."))
    change_set = open_change_set(session, label="move_on")
    write(session, record, [Change({"until": day - timedelta(days=1)}, position_id)], change_set=change_set)
    values = {
        "person": rows[0]["person"],
        "company": company_id,
        "title": title if title is not None else rows[0]["title"],
        "category": rows[0]["category"],
        "since": day,
    }
    return write(session, record, [Change(values)], change_set=change_set).ids[0]


# ---- consents


def give_consent(
    session: Session,
    contact_id: int,
    purpose: str,
    *,
    version_of_text: str,
    source: str,
    channel: str = "any",
    given: bool = True,
    **more: Any,
) -> int:
    """Write down that somebody agreed to something, or with `given=False` withdrew it; returns the row's id."""
    values = {
        "contact": contact_id,
        "purpose": purpose,
        "channel": channel,
        "given": given,
        "version_of_text": version_of_text,
        "source": source,
        **more,
    }
    return save(session, Consent, values)


def consents_of(session: Session, contact_id: int) -> list[Agreed]:
    """What holds now: the latest row of each purpose and channel."""
    record = record_type(Consent)
    names = ("purpose", "channel", "given", "at", "version_of_text", "source")
    conditions = [Consent.contact_id == contact_id, *visible(session, record)]
    order = [Consent.at.desc(), Consent.id.desc()]
    rows = read(session, record, [record.field(name) for name in names], conditions, order_by=order)
    latest: dict[tuple[str, str], Agreed] = {}
    for row in rows:
        latest.setdefault((row["purpose"], row["channel"]), Agreed(**{name: row[name] for name in names}))
    return sorted(latest.values(), key=lambda one: (one.purpose, one.channel))


def consented(session: Session, ids: Collection[int], purpose: str, channel: str = "any") -> set[int]:
    """Those of the clients who have agreed to a purpose over a channel and not withdrawn it since.

    A word about one channel counts more than one about any. For senders of messages: looks past access rules,
    which are those of the sender and not of the person who is written to.
    """
    statement = (
        select(Consent.contact_id, Consent.channel, Consent.given)
        .where(
            Consent.contact_id.in_(sorted(ids)),
            Consent.purpose == purpose,
            Consent.channel.in_({"any", channel}),
            Consent.archived_at.is_(None),
        )
        .order_by(Consent.at, Consent.id)
    )
    said: dict[int, dict[str, bool]] = {}
    for contact_id, heard_by, given in session.execute(statement):
        said.setdefault(contact_id, {})[heard_by] = given
    return {contact_id for contact_id, words in said.items() if words.get(channel, words.get("any", False))}


def may_advertise(session: Session, ids: Collection[int], channel: str) -> set[int]:
    """Those of the clients to whom advertising may go: agreed to it, not silent, not blocked, not archived."""
    statement = select(Contact.id).where(
        Contact.id.in_(sorted(ids)),
        Contact.silent.is_(False),
        Contact.blocked.is_(False),
        Contact.archived_at.is_(None),
    )
    return set(session.scalars(statement)) & consented(session, ids, "advertising", channel)


# ---- notes


def add_note(session: Session, contact_id: int, text: str) -> int:
    """Put a dated note into a client's timeline; returns its id."""
    return save(session, Note, {"contact": contact_id, "text": text})
