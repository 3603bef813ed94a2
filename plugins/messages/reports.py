"""What the other side says later: that a message has arrived, or that it came back.

Mail servers send a notification (RFC 3464) to the address that letters come from; providers of SMS call an address. Both are told
to `api`, by whoever reads that mailbox or by the provider itself, with a token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import policy
from email.message import Message as MailPart
from email.parser import BytesParser

from sqlalchemy import select

from parlour.access.rules import require
from parlour.db.session import Session
from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.plugins.messages.access import RESEND
from parlour.plugins.messages.kinds import EMAIL
from parlour.plugins.messages.models import BOUNCED, DELIVERED, SENT, UNCERTAIN, Message
from parlour.plugins.messages.services import change, not_reachable

# The address itself is wrong, full for good or closed (RFC 3463, "Addressing" and "Mailbox").
_DEAD = re.compile(r"5\.1\.[0-9]+|5\.2\.1")
# Messages of which something may still be said.
_OPEN = (SENT, DELIVERED, UNCERTAIN)


@dataclass(frozen=True)
class Notice:
    """What a mail server says about one letter. `status` is that of RFC 3463."""

    message_id: str
    action: str
    status: str
    detail: str


def read(raw: bytes) -> Notice:
    """A notification about a letter. Raises Refusal for any other mail."""
    mail = BytesParser(policy=policy.default).parsebytes(raw)
    parts = list(mail.walk())
    told = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    about = [part for part in parts if part.get_content_type() in ("message/rfc822", "text/rfc822-headers")]
    number = next((found for part in about if (found := _message_id(part))), "")
    blocks = [block for part in told for block in _blocks(part)]
    for block in blocks:
        action = str(block.get("Action", "")).strip().lower()
        if action and number:
            status = str(block.get("Status", "")).strip().partition(" ")[0]
            detail = " ".join(str(block.get("Diagnostic-Code", status)).split())
            return Notice(number, action, status, detail[:500])
    raise Refusal(_("This is no notification about a letter of ours."))


def _blocks(part: MailPart) -> list[MailPart]:
    payload = part.get_payload()
    return [block for block in payload if isinstance(block, MailPart)] if isinstance(payload, list) else []


def _message_id(part: MailPart) -> str:
    """The Message-ID of the letter that came back, whole or with its head alone."""
    if part.get_content_type() == "message/rfc822":
        inner = _blocks(part)
        return str(inner[0].get("Message-ID", "")).strip() if inner else ""
    found = re.search(r"^message-id:\s*(<[^>]+>)", str(part.get_payload()), re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""


def take_notice(session: Session, raw: bytes) -> int:
    """Write down what a mail server says about a letter; returns the message's id. Raises NotAllowed, NotFound, Refusal."""
    return note(session, read(raw))


def note(session: Session, notice: Notice) -> int:
    """As `take_notice`, of a mail that was read already. Raises NotAllowed, NotFound."""
    if notice.action == "failed":
        dead = bool(_DEAD.fullmatch(notice.status))
        return report(
            session, notice.message_id, arrived=False, detail=notice.detail, dead=dead, channel=EMAIL
        )
    if notice.action == "delivered":
        return report(session, notice.message_id, arrived=True, detail=notice.detail, channel=EMAIL)
    return _of_number(session, notice.message_id, EMAIL).id  # delayed, relayed: nothing is decided


def report(
    session: Session,
    number: str,
    *,
    channel: str,
    arrived: bool,
    detail: str = "",
    dead: bool = False,
) -> int:
    """The other side says what became of the message that has its `number` there and went over `channel`; returns our id.

    `dead` says that nothing else will arrive at that address. Saying it twice changes nothing, also where somebody has said
    since that the address works. Raises NotAllowed, NotFound.
    """
    require(session, RESEND)
    row = _of_number(session, number, channel)
    state = DELIVERED if arrived else BOUNCED
    if row.state in _OPEN and row.state != state:
        change(session, row.id, state=state, reason=None, detail=detail[:500] or None)
        if dead and row.address:
            not_reachable(session, channel, row.address, detail)
    return row.id


def _of_number(session: Session, number: str, channel: str) -> Message:
    statement = select(Message).where(Message.provider_id == number, Message.channel == channel)
    found = session.scalars(statement.order_by(Message.id.desc()).limit(1)).first() if number else None
    if found is None:
        raise NotFound(_("No message has this number."))
    return found
