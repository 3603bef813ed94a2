"""The letters that access sends, as jobs. Each reads what it needs when it runs, so that nothing secret waits in the outbox."""

from __future__ import annotations

from typing import Any

from parlour.access import invitations, resets, users
from parlour.access.organisations import organisation_by_id
from parlour.db.session import Session
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.jobs.context import JobContext
from parlour.mail import Action, Letter, send
from parlour.mail.letters import site_address


def send_reset(session: Session, job: JobContext, email: str, locale: str) -> dict[str, Any]:
    """The link by which somebody sets a new password; nothing for an address that nobody has."""
    found = resets.make(session, email)
    if found is None:
        return {}
    user, token = found
    send(
        job,
        Letter(
            to=user.email,
            to_name=user.name,
            locale=user.locale or locale,
            subject=_("A new password for Parlour"),
            lines=[
                _(
                    "Somebody, you we hope, has asked for a new password for ${email}.",
                    mapping={"email": user.email},
                ),
                _("The link works once, within an hour."),
            ],
            action=Action(_("Set a new password"), site_address(job.settings, f"/reset/{token}")),
            small=[_("If it was not you, do nothing: the password stays as it is.")],
        ),
    )
    return {"sent": True}


def send_invitation(session: Session, job: JobContext, invitation: int) -> dict[str, Any]:
    """The link by which somebody comes to work in the organisation; nothing for an invitation that is gone."""
    try:
        found = invitations.invitation_of(session, invitation)
    except NotFound:
        return {}
    organisation = organisation_by_id(session, session.scope.organisation_id)
    known = users.user_by_email(session, found.email)
    inviter = users.user_by_id(session, found.invited_by) if found.invited_by is not None else None
    who = {"who": inviter.name if inviter else organisation.name, "name": organisation.name}
    lines: list[Any] = [_("${who} invites you to work in ${name} with Parlour.", mapping=who)]
    if known is None:
        lines.append(_("Follow the link and choose a password; you log in with this e-mail address."))
    token = invitations.make_link(session, found)
    send(
        job,
        Letter(
            to=found.email,
            to_name=found.name,
            sender=organisation.name,
            locale=(known.locale if known else None) or organisation.locale,
            subject=_("An invitation to ${name}", mapping={"name": organisation.name}),
            lines=lines,
            action=Action(_("Accept the invitation"), site_address(job.settings, f"/join/{token}")),
            small=[
                _("The link works once, within seven days."),
                _("If you do not know who this is, do nothing."),
            ],
        ),
    )
    return {"sent": True}
