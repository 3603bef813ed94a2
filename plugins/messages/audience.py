"""One letter to many: an audience is a filter over clients, or some of them chosen by hand.

Who belongs to it is decided when it is asked for, by what the person may see. A job then asks for the messages one by one, in
batches that survive a kill; each message decides at its own moment whether it may go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from parlour.access.rules import require
from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.jobs import JobContext, enqueue
from parlour.plugins.contacts.models import Contact
from parlour.plugins.messages import services
from parlour.plugins.messages.access import MANY
from parlour.plugins.messages.kinds import kind_of
from parlour.plugins.messages.models import OPEN, Message
from parlour.plugins.messages.texts import pack, unpack
from parlour.records.bulk import chosen
from parlour.records.registry import record_type
from parlour.records.values import key_of

JOB = "messages.spread"
# Messages of one transaction: some 100 ms on SQLite, which others wait for.
BATCH = 25


def send_to(
    session: Session,
    kind: str,
    *,
    filter: Any = None,
    q: str = "",
    ids: Sequence[int] | None = None,
    values: Mapping[str, Any] | None = None,
    dedupe_key: str,
    channel: str | None = None,
    at: datetime | None = None,
) -> int:
    """Ask for a message to every client who fits a filter (and a search), or to those of `ids`; returns the job's id.

    `dedupe_key` names the letter, in at most 100 characters: each client gets it once, each address once, and asking again
    under the same key returns the same job. Raises NotAllowed, NotFound for an unknown kind, Refusal when nobody fits.
    """
    require(session, MANY)
    declared = kind_of(session, kind)
    if not dedupe_key or len(dedupe_key) > 100:
        raise ValueError("The key of a letter to many has 1 to 100 characters.")
    if strange := [name for name in values or {} if declared.variable(name) is None]:
        raise ValueError(f"{kind} does not declare {', '.join(strange)}.")
    found = chosen(session, record_type(Contact), ids, action="read", filter=filter, q=q)
    if not found:
        raise Refusal(_("Nobody fits."))
    args = {
        "kind": declared.code,
        "clients": found,
        "values": pack(values or {}),
        "campaign": dedupe_key,
        "channel": channel,
        "at": at.isoformat() if at is not None else None,
    }
    owner = "messages" if declared.plugin == "messages" else f"{declared.plugin}:messages"
    return enqueue(session, JOB, args, dedupe=dedupe_key, plugin=owner)


def spread(
    session: Session,
    job: JobContext,
    *,
    kind: str,
    clients: Sequence[int],
    values: Mapping[str, Any],
    campaign: str,
    channel: str | None,
    at: str | None,
) -> dict[str, Any]:
    """The handler of JOB. What a cancelled one has asked for already stays; `stop` takes it back."""
    done = int((job.position or {}).get("done", 0))
    given, moment = unpack(values), datetime.fromisoformat(at) if at else None
    while done < len(clients) and not job.cancelled():
        some = clients[done : done + BATCH]
        there = session.scalars(select(Contact.id).where(Contact.id.in_(some)).order_by(Contact.id)).all()
        services.send_many(session, kind, there, campaign=campaign, values=given, channel=channel, at=moment)
        done += len(some)
        job.checkpoint({"done": done}, done, len(clients))
    return {"clients": done}


def stop(session: Session, campaign: str) -> int:
    """Take back all messages of a letter that were not sent yet; returns how many."""
    waiting = select(Message.id).where(Message.campaign_key == key_of(campaign), Message.state.in_(OPEN))
    return sum(services.cancel(session, message_id) for message_id in session.scalars(waiting).all())
