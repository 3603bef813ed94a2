"""People of an organisation, made without the slow hash of a password."""

from __future__ import annotations

from sqlalchemy import Engine

from parlour.access.memberships import scope_for
from parlour.access.models import Membership, MembershipRole, Organisation, User
from parlour.access.roles import role_by_code
from parlour.db.session import Scope, Session, open_session, system


def add_person(session: Session, role: str | None, *, name: str = "", branch_id: int | None = None) -> User:
    """Somebody who works in the session's organisation in a ready-made role, or in none, and has no password."""
    organisation_id = session.scope.organisation_id
    with system(session):
        number = session.query(User).count() + 1
        called = role or "nobody"
        email = f"{called}{number}@example.com"
        user = User(
            email=email, email_key=email, name=name or f"{called.title()} {number}", password_hash="!"
        )
        session.add(user)
        session.flush()
        session.add(Membership(organisation_id=organisation_id, user_id=user.id))
    if role is not None:
        duty = MembershipRole(user_id=user.id, role_id=role_by_code(session, role).id, branch_id=branch_id)
        session.add(duty)
        session.flush()
    return user


def session_of(
    engine: Engine, organisation: Organisation, user: User, *, branch_id: int | None = None
) -> Session:
    """A session as this person, under all rules that hold for them."""
    session = open_session(engine)
    scope_for(session, user, organisation, branch_id=branch_id)
    return session


def trusted(engine: Engine, organisation: Organisation) -> Session:
    """A session as Parlour itself, under no access rules but within the organisation."""
    return open_session(engine, Scope(organisation.id, trusted=True, via="cli"))
