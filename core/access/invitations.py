"""Invitations: somebody may come to work in an organisation, by a link that works once, within seven days.

Accepting is an act of whoever invited: it is done in their name and under their rights as these are then. Who was switched off
meanwhile, or may no longer make owners, has given nothing away.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from parlour.access import memberships, rules, throttle
from parlour.access.links import living, token_hash
from parlour.access.memberships import Duty
from parlour.access.models import Branch, Invitation, Membership, Organisation, Role, User
from parlour.access.roles import lock_organisation
from parlour.access.users import MAX_NAME, clean_email, email_key, user_by_email
from parlour.db.base import now
from parlour.db.session import Scope, Session, system
from parlour.errors import Invalid, NotAllowed, NotFound, ParlourError
from parlour.i18n import _
from parlour.jobs.messages import restored
from parlour.jobs.models import FAILED, UNCERTAIN, Job
from parlour.jobs.outbox import enqueue

LIFE = timedelta(days=7)
JOB = "core.mail_invitation"
INVITE = "core:users:write"


@dataclass(frozen=True)
class Waiting:
    """An invitation that nobody has accepted yet. `state` and `error` tell how sending its letter went, "" without one."""

    invitation: Invitation
    state: str
    error: Any
    expired: bool


@dataclass(frozen=True)
class Offer:
    """What a link offers: to work in `organisation`, for the person whom its address names. `known` logs in already."""

    invitation: Invitation
    organisation: Organisation
    known: bool


def invite(
    session: Session, email: str, name: str, duties: Sequence[Duty], *, locale: str | None = None
) -> Invitation:
    """Invite a person; whom somebody has invited before is invited anew. No letter is sent by this, see `send`.

    Raises Invalid with a message per field, and NotAllowed when somebody else than an owner invites an owner.
    """
    memberships.may_give(session, duties)
    lock_organisation(session)
    errors: dict[str, Any] = {}
    name = " ".join(name.split())
    try:
        email = clean_email(email)
    except ValueError:
        errors["email"] = _("This is not an e-mail address; it looks like name@example.com.")
    if len(name) > MAX_NAME:
        errors["name"] = _("The name may have at most ${n} characters.", mapping={"n": MAX_NAME})
    if errors:
        raise Invalid(_("Not saved yet."), {0: errors})
    known = user_by_email(session, email)
    with system(session):
        if known is not None:
            here = session.scalars(
                select(Membership).where(
                    Membership.organisation_id == session.scope.organisation_id,
                    Membership.user_id == known.id,
                )
            ).one_or_none()
            if here is not None and here.removed_at is None:
                raise Invalid(_("Not saved yet."), {0: {"email": memberships.works_here(here)}})
        earlier = session.scalars(
            select(Invitation).where(
                Invitation.organisation_id == session.scope.organisation_id,
                Invitation.email_key == email_key(email),
            )
        ).one_or_none()
    if earlier is not None:
        may_handle(session, earlier)
    with system(session):
        if earlier is not None:
            session.delete(earlier)
            session.flush()
        made = Invitation(
            organisation_id=session.scope.organisation_id,
            email=email,
            email_key=email_key(email),
            name=name,
            duties=[[duty.role_id, duty.branch_id] for duty in dict.fromkeys(duties)],
            invited_by=None if session.scope.trusted else session.scope.user_id,
            expires_at=now() + LIFE,
        )
        session.add(made)
    return made


def make_link(session: Session, invitation: Invitation) -> str:
    """The token of a new link, good for seven days from now; earlier ones work no more."""
    token = secrets.token_urlsafe(32)
    with system(session):
        invitation.token_hash = token_hash(token)
        invitation.expires_at = now() + LIFE
    return token


def send(session: Session, invitation: Invitation) -> None:
    """Have the letter sent, with a new link. Raises throttle.Throttled."""
    address = f"{session.scope.organisation_id} {invitation.email_key}"
    throttle.reserve(session, [(throttle.INVITE_ADDRESS, address)])
    with system(session):
        invitation.job_id = enqueue(session, JOB, {"invitation": invitation.id})
        invitation.expires_at = now() + LIFE


def waiting(session: Session) -> list[Waiting]:
    """The organisation's invitations that are not accepted, oldest first; one query."""
    with system(session):
        rows = session.execute(
            select(Invitation, Job.state, Job.error)
            .join(Job, Job.id == Invitation.job_id, isouter=True)
            .where(Invitation.organisation_id == session.scope.organisation_id)
            .order_by(Invitation.created_at, Invitation.id)
        ).all()
    at = now()
    return [
        Waiting(
            row,
            state or "",
            restored(error) if state in (FAILED, UNCERTAIN) else None,
            not row.expires_at > at,
        )
        for row, state, error in rows
    ]


def invitation_of(session: Session, invitation_id: int) -> Invitation:
    """One of the organisation's own. Raises NotFound."""
    with system(session):
        found = session.scalars(
            select(Invitation).where(
                Invitation.id == invitation_id,
                Invitation.organisation_id == session.scope.organisation_id,
            )
        ).one_or_none()
    if found is None:
        raise NotFound(_("This invitation was accepted or taken back."))
    return found


def may_handle(session: Session, invitation: Invitation) -> None:
    """Raises NotAllowed for an invitation as an owner that somebody else wants to send again or take back, and for one that
    gives more than the session's person has: whoever makes a new link may hold it.
    """
    owner_roles = set(session.scalars(select(Role.id).where(Role.code == rules.OWNER)))
    if any(role in owner_roles for role, _branch in invitation.duties) and not rules.is_owner(session):
        raise NotAllowed(_("Only an owner can do this with the invitation of an owner."))
    duties = [Duty(role, branch) for role, branch in invitation.duties if role is not None]
    if not rules.is_owner(session) and memberships.beyond(session, duties):
        raise NotAllowed(_("This person may do more than you. Ask an owner."))


def revoke(session: Session, invitation_id: int) -> None:
    """Take an invitation back: its link works no more."""
    found = invitation_of(session, invitation_id)
    may_handle(session, found)
    with system(session):
        session.delete(found)


def forget_of(session: Session, user_id: int) -> None:
    """Take back what somebody invited here who is switched off."""
    with system(session):
        session.execute(
            delete(Invitation).where(
                Invitation.organisation_id == session.scope.organisation_id, Invitation.invited_by == user_id
            )
        )


def offer_of(session: Session, token: str, at: datetime | None = None) -> Offer:
    """What the link offers. Raises NotFound for one that is used, taken back, expired or made up."""
    with system(session):
        found = session.execute(
            select(Invitation, Organisation)
            .join(Organisation, Organisation.id == Invitation.organisation_id)
            .where(living(Invitation, token, at or now(), LIFE), Organisation.archived_at.is_(None))
        ).one_or_none()
    if found is None:
        raise _gone()
    return Offer(found[0], found[1], user_by_email(session, found[0].email) is not None)


def accept(
    session: Session,
    token: str,
    *,
    name: str = "",
    password: str | None = None,
    locale: str | None = None,
    at: datetime | None = None,
) -> tuple[User, Organisation, bool]:
    """Let the person work there; `name` and `password` are for who does not log in yet. The session enters the organisation.

    Returned is also whether the person logs in by this from now on; who did before is not known by a link.

    Raises NotFound as `offer_of` and when whoever invited may no longer do so, and Invalid by field. The link is taken by the
    statement that deletes it: of two requests at the same instant one finds it.
    """
    offer = offer_of(session, token, at)
    with system(session):
        taken = session.execute(
            delete(Invitation)
            .where(living(Invitation, token, at or now(), LIFE))
            .returning(Invitation.duties, Invitation.invited_by)
            .execution_options(synchronize_session=False)
        ).one_or_none()
    if taken is None:
        raise _gone()
    _enter(session, offer.organisation, taken.invited_by)
    duties = _still_there(session, [Duty(role, branch) for role, branch in taken.duties])
    known = user_by_email(session, offer.invitation.email)
    if known is not None and not known.active:
        raise _gone()
    if known is None and not password:
        needed = _("Choose a password.")
        raise Invalid(needed, {0: {"password": needed}})
    try:
        user, made = memberships.add_member(
            session, offer.invitation.email, name, duties, password=password, temporary=False, locale=locale
        )
    except NotAllowed as error:
        raise _gone() from error
    return user, offer.organisation, made is not None


def _enter(session: Session, organisation: Organisation, inviter_id: int | None) -> None:
    """Act as who invited. Raises NotFound when they may not invite any more."""
    if inviter_id is None:
        session.enter(Scope(organisation.id, trusted=True))
        return
    with system(session):
        inviter = session.get(User, inviter_id)
    try:
        if inviter is None:
            raise _gone()
        memberships.scope_for(session, inviter, organisation)
        rules.require(session, INVITE)
    except ParlourError as error:
        raise _gone() from error


def _still_there(session: Session, duties: Sequence[Duty]) -> list[Duty]:
    """The duties whose role and branch were not removed or closed since."""
    roles = set(session.scalars(select(Role.id)))
    open_branches = set(session.scalars(select(Branch.id).where(Branch.archived_at.is_(None))))
    left = [
        duty
        for duty in duties
        if duty.role_id in roles and (duty.branch_id is None or duty.branch_id in open_branches)
    ]
    if not left:
        raise _gone()
    return left


def prune(session: Session, at: datetime | None = None) -> None:
    """Remove invitations that ran out a month ago; until then they are shown, to be sent again."""
    with system(session):
        session.execute(delete(Invitation).where(Invitation.expires_at <= (at or now()) - timedelta(days=30)))


def _gone() -> NotFound:
    return NotFound(
        _("This invitation was accepted, taken back, or is older than seven days. Ask for a new one.")
    )
