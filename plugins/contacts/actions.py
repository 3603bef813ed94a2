"""What can be done with clients at a click: on a card, with many in a list, and over the API."""

from __future__ import annotations

from collections.abc import Sequence

from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.plugins.contacts import services
from parlour.plugins.contacts.models import Contact
from parlour.records import declare
from parlour.records.actions import Outcome, action
from parlour.records.write import Change, write


@action(
    Contact,
    "assign_to_me",
    plugin="contacts",
    title=_("Look after them myself"),
    permission="assign",
    icon="user-check",
)
def assign_to_me(session: Session, ids: Sequence[int]) -> Outcome:
    """Make the person who asks responsible for the clients, in every branch."""
    me = session.scope.user_id
    if me is None:
        raise Refusal(_("Only a person who is logged in can look after clients."))
    done = services.assign(session, ids, me)
    return Outcome(_("You look after them now."), done)


@action(
    Contact,
    "assign",
    plugin="contacts",
    title=_("Say who looks after them"),
    permission="assign",
    icon="user-cog",
    fields={
        "user": declare.user(_("Who will look after them"), required=True),
        "branch": declare.branch(_("In which branch"), hint=_("Empty: in all of them.")),
    },
)
def assign(session: Session, ids: Sequence[int], user: int, branch: int | None) -> Outcome:
    """Make a member responsible for the clients in a branch (None: everywhere)."""
    done = services.assign(session, ids, user, branch)
    return Outcome(_("They have somebody who looks after them now."), done)


@action(
    Contact,
    "unassign",
    plugin="contacts",
    title=_("Take away who looks after them"),
    permission="assign",
    icon="user-x",
    applies=lambda row: bool(row.get("responsible")),
)
def unassign(session: Session, ids: Sequence[int]) -> Outcome:
    """Leave the clients without anybody responsible."""
    done = services.unassign(session, ids)
    return Outcome(_("Nobody looks after them now."), done)


@action(
    Contact,
    "block",
    plugin="contacts",
    title=_("Put on the block-list"),
    icon="ban",
    danger=True,
    applies=lambda row: not row.get("blocked"),
    fields={
        "reason": declare.text(
            _("Reason"), max_length=300, hint=_("Stands beside the warning that everybody sees.")
        )
    },
)
def block(session: Session, ids: Sequence[int], reason: str | None) -> Outcome:
    """Warn staff of the clients from now on; `reason` stands beside the warning."""
    values = {"blocked": True} | ({"blocked_reason": reason} if reason else {})
    done = write(session, Contact, [Change(values, row_id) for row_id in ids], label="block")
    return Outcome(_("On the block-list now."), done.change_set)


@action(
    Contact,
    "unblock",
    plugin="contacts",
    title=_("Take off the block-list"),
    icon="circle-check",
    applies=lambda row: bool(row.get("blocked")),
)
def unblock(session: Session, ids: Sequence[int]) -> Outcome:
    """Take the clients off the block-list, with the reason."""
    changes = [Change({"blocked": False, "blocked_reason": None}, row_id) for row_id in ids]
    done = write(session, Contact, changes, label="unblock")
    return Outcome(_("Off the block-list now."), done.change_set)
