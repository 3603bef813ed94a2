"""Looking at the site as somebody else: an owner sees what a role, or a member, sees, and can change nothing.

It belongs to one log-in and one organisation. The session then has the other's rules, so pages need not know of it; the
person who is logged in stays the owner, and that is the name in every log. As an owner has everything in every plugin
that is on, nobody else's rules can show more. Nothing is written meanwhile: requests that would are refused before
their view is found, and the session refuses what a view might write all the same.
"""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.events import ContextFound
from sqlalchemy import select

from parlour.access import accesslog, rules
from parlour.access.memberships import member, scope_for
from parlour.access.models import LoginSession, Organisation, Role
from parlour.access.roles import role_by_id, title_of
from parlour.access.rules import OWNER
from parlour.access.users import user_by_id
from parlour.db.session import Scope, Session, system
from parlour.errors import NotAllowed, NotFound, Refusal
from parlour.i18n import _

# Ways out, and what concerns the browser alone.
ALLOWED = frozenset({"viewing.stop", "logout"})
_READING = ("GET", "HEAD", "OPTIONS")


def includeme(config: Configurator) -> None:
    config.add_subscriber(refuse_writes, ContextFound)


def start(
    session: Session, login: LoginSession, *, role_id: int | None = None, user_id: int | None = None
) -> None:
    """Let this log-in see the session's organisation as a role, or as a member, until `stop`; written into the log.

    Raises NotAllowed but for an owner, NotFound, and Refusal for a look at an owner.
    """
    if session.scope.trusted or session.scope.user_id != login.user_id or not rules.is_owner(session):
        raise NotAllowed(_("Only an owner looks at the site as somebody else."))
    wanted: dict[str, int] = {"organisation": session.scope.organisation_id}
    if user_id is not None:
        found = member(session, user_id)
        if found.owner or not found.active:
            raise Refusal(_("Choose somebody who works here and is no owner: an owner sees everything."))
        wanted["user"] = user_id
    else:
        role = role_by_id(session, role_id)
        if role.code == OWNER:
            raise Refusal(_("An owner sees everything, as you do."))
        wanted["role"] = role.id
    _keep(session, login, wanted)
    accesslog.note(session, accesslog.VIEWING, "", 0, detail={"began": True, **wanted})


def stop(session: Session, login: LoginSession) -> None:
    """See the site as oneself again; written into the log where the session is in that organisation."""
    viewing = login.viewing
    if not viewing:
        return
    _keep(session, login, None)
    if not session.scoped:
        session.enter(Scope(viewing["organisation"], login.user_id, trusted=True))
    accesslog.note(session, accesslog.VIEWING, "", 0, detail={"began": False, **viewing})


def _keep(session: Session, login: LoginSession, viewing: dict[str, int] | None) -> None:
    with system(session):
        session.get_one(LoginSession, login.token_hash).viewing = viewing


def look(session: Session, login: LoginSession, organisation: Organisation) -> Any:
    """Turn the session of an owner into what they look at, and say as whom; None when there is nothing (any more) to
    look as.

    The session has entered the organisation as the person themselves.
    """
    viewing = login.viewing or {}
    if viewing.get("organisation") != organisation.id or not rules.is_owner(session):
        return None
    title: Any
    if "user" in viewing:
        own, user = session.scope, user_by_id(session, viewing["user"])
        try:
            if user is None:
                return None
            seen, title = scope_for(session, user, organisation), user.name
        except NotFound:
            return None
        if rules.is_owner(session):
            session.enter(own)
            return None
    else:
        role = session.scalars(select(Role).where(Role.id == viewing.get("role"))).one_or_none()
        if role is None or role.code == OWNER:
            return None
        seen = Scope(organisation.id, session.scope.user_id, (role.id,), session.scope.branch_id)
        title = title_of(role)
    session.enter(
        Scope(seen.organisation_id, seen.user_id, seen.role_ids, seen.branch_id, via="view", read_only=True)
    )
    return title


def refuse_writes(event: ContextFound) -> None:
    """Nothing is changed by a log-in that looks as somebody else; posts that only ask may pass.

    In an organisation what counts is whether there is (still) something to look as.
    """
    from parlour.web.requests import ASKING

    request = event.request
    if request.method in _READING:
        return
    route = request.matched_route.name if request.matched_route is not None else ""
    login = getattr(request.identity, "login", None)
    if login is None or not login.viewing or route in ALLOWED | ASKING:
        return
    if request.organisation is None or request.db.scope.read_only:
        raise NotAllowed(
            _("You are looking at the site as somebody else: nothing can be changed. Stop that first.")
        )
