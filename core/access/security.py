"""What an organisation demands of log-ins: a second factor, how long they last, one at a time.

A person logs in once for all organisations they work in, so the strictest demand of these holds for them. A stricter one holds
at once for who is logged in already, a laxer one from the next log-in on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from parlour.access import accesslog
from parlour.access.models import LoginSession, Membership, MembershipRole, Organisation, Role
from parlour.access.organisations import organisations_of
from parlour.access.roles import lock_organisation
from parlour.access.rules import OWNER
from parlour.db.base import now
from parlour.db.session import Session, system
from parlour.errors import Invalid
from parlour.i18n import _

NOBODY, LEADERS, EVERYBODY = "", "leaders", "everybody"
LEADING = (OWNER, "manager")
# Minutes without a request, and hours since the log-in; the last of each is the longest that there is.
IDLE = (15, 30, 60, 240, 480, 1440, 10080)
LIFE = (8, 12, 24, 168, 720)
_KEY = "security"


@dataclass(frozen=True)
class Security:
    """`second_factor` says who needs one, `idle` is in minutes, `life` in hours, `exclusive` lets a log-in end the others."""

    second_factor: str = NOBODY
    idle: int = IDLE[-1]
    life: int = LIFE[-1]
    exclusive: bool = False

    @property
    def life_of(self) -> timedelta:
        return timedelta(hours=self.life)


def security_of(organisation: Organisation) -> Security:
    """What the organisation has chosen; the usual for what it has not, or what means nothing any more."""
    stored: Mapping[str, Any] = (organisation.settings or {}).get(_KEY) or {}
    known = {name: stored[name] for name in asdict(Security()) if name in stored}
    found = Security(**known)
    return found if not _faults(found) else Security()


def _faults(wanted: Security) -> dict[str, Any]:
    choose = _("Choose one from the list.")
    allowed = {
        "second_factor": (NOBODY, LEADERS, EVERYBODY),
        "idle": IDLE,
        "life": LIFE,
        "exclusive": (True, False),
    }
    return {name: choose for name, values in allowed.items() if getattr(wanted, name) not in values}


def save_security(session: Session, wanted: Security) -> None:
    """Let the session's organisation demand this; a change is written into the access log. Raises Invalid by field."""
    errors = _faults(wanted)
    if errors:
        raise Invalid(_("Not saved yet."), {0: errors})
    organisation = lock_organisation(session)
    before = security_of(organisation)
    if before != wanted:
        detail = {"security": asdict(wanted), "before": asdict(before)}
        accesslog.note(session, accesslog.PROTECTION, "", 0, detail=detail)
    with system(session):
        organisation.settings = {**(organisation.settings or {}), _KEY: asdict(wanted)}
        members = session.scalars(
            select(Membership.user_id).where(
                Membership.organisation_id == session.scope.organisation_id, Membership.working(now())
            )
        ).all()
    tighten(session, members, wanted)


def tighten(session: Session, user_ids: Iterable[int], demand: Security) -> None:
    """Shorten the log-ins of these people to what is demanded; none is lengthened."""
    with system(session):
        for login in session.scalars(select(LoginSession).where(LoginSession.user_id.in_(list(user_ids)))):
            login.idle = min(login.idle, demand.idle * 60)
            login.expires_at = min(login.expires_at, login.created_at + demand.life_of)


def strictest(session: Session, user_id: int) -> Security:
    """The strictest demand on log-ins of the organisations in which a person works."""
    found = organisations_of(session, user_id)
    demands = [security_of(organisation) for organisation in found] or [Security()]
    return Security(
        idle=min(demand.idle for demand in demands),
        life=min(demand.life for demand in demands),
        exclusive=any(demand.exclusive for demand in demands),
    )


def needs_second_factor(session: Session, organisation: Organisation, user_id: int) -> bool:
    """Whether the organisation, which the session is in, wants this person to have a second factor."""
    wanted = security_of(organisation).second_factor
    if wanted != LEADERS:
        return wanted == EVERYBODY
    leading = (
        select(MembershipRole.id)
        .join(Role, Role.id == MembershipRole.role_id)
        .where(MembershipRole.user_id == user_id, Role.code.in_(LEADING))
    )
    return session.scalars(leading.limit(1)).first() is not None
