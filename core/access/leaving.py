"""Who works somewhere no more: switched off, until a day, or removed. An organisation keeps an owner in any case."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from parlour.access import invitations, memberships, rules, tokens
from parlour.access.roles import lock_organisation
from parlour.db.base import now
from parlour.db.session import Session, system
from parlour.errors import Invalid, NotAllowed
from parlour.i18n import _


def set_member_active(session: Session, user_id: int, active: bool) -> None:
    """Switch a member off (they cannot enter this organisation any more, and whom they invited is not invited any more) or
    on again, for good when their time was over. Raises Refusal for the last owner.
    """
    lock_organisation(session)
    before = memberships.member(session, user_id)
    (memberships.may_let_in if active else memberships.may_touch)(session, before)
    with system(session):
        here = session.scalars(memberships.membership_of(session, user_id)).one()
        here.active = active
        if active and not here.works(now()):
            here.ends_at = None
    if before.owner:
        memberships.keep_an_owner(session)
    if not active:
        invitations.forget_of(session, user_id)


def last_day(ends_at: datetime | None, zone: str) -> str:
    """The last day before a moment on the organisation's wall clock, as "2026-01-31"; "" for none."""
    if ends_at is None:
        return ""
    return (ends_at - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date().isoformat()


def set_last_day(session: Session, user_id: int, day: str) -> None:
    """Until when a member works here, this day included, by the organisation's wall clock; "" is without an end.

    From the next midnight on nothing lets them in here: no log-in, no token, no invitation of theirs. Raises Invalid for
    what is no day to come, and Refusal for the last owner: one who will leave is none to rely on.
    """
    zone = lock_organisation(session).zone
    before = memberships.member(session, user_id)
    if day == last_day(before.ends_at, zone):
        return
    memberships.may_let_in(session, before)
    if user_id == session.scope.user_id and not rules.is_owner(session):
        raise NotAllowed(_("How long you work here yourself is said by somebody else."))
    ends_at = tokens.end_of(day, zone, field="until") if day else None
    if ends_at is not None and ends_at <= now():
        past = _("This day is over; choose a later one.")
        raise Invalid(past, {0: {"until": past}})
    with system(session):
        session.scalars(memberships.membership_of(session, user_id)).one().ends_at = ends_at
    if before.owner:
        memberships.keep_an_owner(session)


def remove_member(session: Session, user_id: int) -> None:
    """Let a person work here no more and be listed no more, with their roles, tokens and invitations. What they did stays,
    under their name. Raises Refusal for the last owner.
    """
    lock_organisation(session)
    before = memberships.member(session, user_id)
    memberships.may_touch(session, before)
    tokens.forget_of(session, user_id)
    invitations.forget_of(session, user_id)
    memberships.clear_duties(session, user_id)
    with system(session):
        here = session.scalars(memberships.membership_of(session, user_id)).one()
        here.active, here.removed_at = False, now()
    if before.owner:
        memberships.keep_an_owner(session)
    session.scope.cache.pop("defaults", None)
