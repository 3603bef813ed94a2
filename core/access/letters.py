"""The letters that access sends, as jobs. Each reads what it needs when it runs, so that nothing secret waits in the outbox."""

from __future__ import annotations

from typing import Any

from parlour.access import resets
from parlour.db.session import Session
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
