"""What can be done at a click: write to a client, send again what failed, say what became of an uncertain message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from secrets import token_hex
from typing import Any

from parlour.access.rules import require
from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.contacts.models import Contact
from parlour.plugins.messages import audience, services
from parlour.plugins.messages.access import MANY, SEND
from parlour.plugins.messages.kinds import CHANNELS
from parlour.plugins.messages.models import Message
from parlour.plugins.messages.own_kinds import LETTER_TO_MANY, WRITTEN_BY_HAND
from parlour.records import declare
from parlour.records.actions import Outcome, action


@action(
    Contact,
    "write",
    plugin="messages",
    title=_("Write a message"),
    permission="read",
    needs=SEND,
    icon="message-square",
    bulk=False,
    fields={
        "subject": declare.text(_("Subject"), required=True, max_length=200, hint=_("An SMS has none.")),
        "text": declare.text(_("Text"), multiline=True, required=True, max_length=5000),
        "channel": declare.choice(
            _("Channel"), CHANNELS, hint=_("Empty: the one that the client prefers, or the first that works.")
        ),
    },
)
def write_to(session: Session, ids: Sequence[int], subject: str, text: str, channel: str | None) -> Outcome:
    """Send a message about the client's own affairs; it needs no consent to advertising."""
    require(session, SEND)
    for contact_id in ids:
        services.send(
            session,
            WRITTEN_BY_HAND.code,
            contact_id=contact_id,
            values={"subject": subject, "text": text},
            channel=channel,
            dedupe_key=f"letter:{contact_id}:{token_hex(12)}",
        )
    return Outcome(_("The message is on its way."))


@action(
    Contact,
    "news",
    plugin="messages",
    title=_("Write to all of them"),
    permission="read",
    needs=MANY,
    icon="megaphone",
    single=False,
    background=True,
    fields={
        "subject": declare.text(_("Subject"), required=True, max_length=200, hint=_("An SMS has none.")),
        "text": declare.text(
            _("Text"),
            multiline=True,
            required=True,
            max_length=5000,
            hint=_(
                "Advertising: it goes to those only who have agreed to it, over a channel to which they have."
            ),
        ),
        "channel": declare.choice(
            _("Channel"), CHANNELS, hint=_("Empty: the one that the client prefers, or the first that works.")
        ),
    },
)
def write_to_many(
    session: Session, ids: Sequence[int], subject: str, text: str, channel: str | None
) -> Outcome:
    """Send news or an offer to many clients, in the background."""
    audience.send_to(
        session,
        LETTER_TO_MANY.code,
        ids=ids,
        values={"subject": subject, "text": text},
        channel=channel,
        dedupe_key=f"news:{token_hex(12)}",
    )
    said = _("The letter to ${n} clients is being prepared.", mapping={"n": len(ids)})
    return Outcome(said)


def _failed(row: Any) -> bool:
    return row.get("state") in services.AGAIN


def _uncertain(row: Any) -> bool:
    return row.get("state") in ("uncertain", "sending")


def _open(row: Any) -> bool:
    return row.get("state") in ("waiting", "postponed")


def _each(
    name: str,
    title: Any,
    icon: str,
    applies: Callable[[Any], bool],
    act: Callable[[Session, int], object],
    said: Any,
) -> None:
    """Declare an action that does one thing with each message."""

    @action(Message, name, plugin="messages", title=title, permission="resend", icon=icon, applies=applies)
    def run(session: Session, ids: Sequence[int]) -> Outcome:
        for message_id in ids:
            act(session, message_id)
        return Outcome(said)


_each("resend", _("Send again"), "rotate-cw", _failed, services.resend, _("It is sent again."))
_each(
    "arrived",
    _("It has arrived"),
    "check",
    _uncertain,
    partial(services.decide, sent=True),
    _("Noted: it was sent."),
)
_each(
    "not_arrived",
    _("It has not arrived: send it"),
    "send",
    _uncertain,
    partial(services.decide, sent=False),
    _("It is sent now."),
)
_each(
    "leave",
    _("Leave it at that"),
    "check",
    _failed,
    services.leave,
    _("Set aside: nobody needs to look at it any more."),
)


@action(
    Message,
    "stop",
    plugin="messages",
    title=_("Do not send"),
    permission="resend",
    icon="x",
    danger=True,
    applies=_open,
)
def stop(session: Session, ids: Sequence[int]) -> Outcome:
    """Take back messages that were not sent yet."""
    stopped = sum(services.cancel(session, message_id) for message_id in ids)
    return Outcome(_("Taken back: ${n} of ${all}", mapping={"n": stopped, "all": len(ids)}))
