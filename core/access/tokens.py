"""Keys for programs. A token acts as one person in one organisation, perhaps narrowed by scopes (`access.scopes`)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update

from parlour.access import scopes as scoping
from parlour.access.links import token_hash
from parlour.access.models import ApiToken, Membership, User
from parlour.db.base import now
from parlour.db.session import Session, system
from parlour.errors import Invalid, NotFound
from parlour.i18n import _

# Programs that look for secrets in the wrong places know ours by this beginning.
BEGINNING = "parlour_"
MAX_TITLE = 200
MAX_TOKENS = 100


@dataclass(frozen=True)
class Shown:
    """A token as people see it: never its text, only how that begins."""

    id: int
    title: str
    begins: str
    user_id: int
    user: str
    scopes: tuple[str, ...] | None
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None


def make(
    session: Session,
    user_id: int,
    title: str,
    *,
    scopes: Iterable[str] = (),
    expires_at: datetime | None = None,
) -> str:
    """A new token of a member of the session's organisation. Returned is its text, which is shown this once.

    Without `scopes` it may do all that the person may. Raises Invalid with a message per field, NotFound for
    somebody who does not work here.
    """
    organisation_id = session.scope.organisation_id
    title = " ".join(title.split())
    if not title or len(title) > MAX_TITLE:
        wrong = _("Say in a few words which program the token is for.")
        raise Invalid(wrong, {0: {"title": wrong}})
    if expires_at is not None and expires_at <= now():
        past = _("This day is over; choose a later one.")
        raise Invalid(past, {0: {"expires": past}})
    wanted = scoping.clean(scopes)
    if len(shown(session, user_id)) >= MAX_TOKENS:
        many = _("There are ${n} tokens already; revoke some first.", mapping={"n": MAX_TOKENS})
        raise Invalid(many, {0: {"title": many}})
    token = BEGINNING + secrets.token_urlsafe(32)
    with system(session):
        member = select(Membership.id).where(
            Membership.organisation_id == organisation_id,
            Membership.user_id == user_id,
            Membership.working(now()),
        )
        if session.scalars(member).first() is None:
            raise NotFound(_("Nobody of that kind works here."))
        session.add(
            ApiToken(
                token_hash=token_hash(token),
                begins=token[: len(BEGINNING) + 6],
                organisation_id=organisation_id,
                user_id=user_id,
                title=title,
                scopes=wanted or None,
                expires_at=expires_at,
            )
        )
    return token


def end_of(day: str, zone: str, field: str = "expires") -> datetime:
    """The moment at which a day ends on the organisation's wall clock. Raises Invalid by this field."""
    try:
        last = date.fromisoformat(day.strip())
        return datetime.combine(last + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        wrong = _("${text} is not a date; write it as 2026-01-31.", mapping={"text": day[:80]})
        raise Invalid(wrong, {0: {field: wrong}}) from error


def shown(session: Session, user_id: int | None = None) -> list[Shown]:
    """The tokens that open the session's organisation, or those of one person, newest first."""
    of = [ApiToken.organisation_id == session.scope.organisation_id]
    if user_id is not None:
        of.append(ApiToken.user_id == user_id)
    statement = select(ApiToken, User.name).join(User, User.id == ApiToken.user_id).where(*of)
    with system(session):
        rows = session.execute(statement.order_by(ApiToken.id.desc())).all()
    return [
        Shown(
            token.id,
            token.title,
            token.begins,
            token.user_id,
            name,
            tuple(token.scopes) if token.scopes is not None else None,
            token.created_at,
            token.used_at,
            token.expires_at,
        )
        for token, name in rows
    ]


def revoke(session: Session, token_id: int, *, user_id: int | None = None) -> None:
    """End a token of the session's organisation, at once; `user_id` narrows it to that person's own. Raises NotFound."""
    of = [ApiToken.id == token_id, ApiToken.organisation_id == session.scope.organisation_id]
    if user_id is not None:
        of.append(ApiToken.user_id == user_id)
    with system(session):
        gone = session.scalars(delete(ApiToken).where(*of).returning(ApiToken.id)).all()
    if not gone:
        raise NotFound(_("There is no such token."))


def forget_of(session: Session, user_id: int) -> None:
    """End all tokens of a person in the session's organisation."""
    with system(session):
        session.execute(
            delete(ApiToken).where(
                ApiToken.organisation_id == session.scope.organisation_id, ApiToken.user_id == user_id
            )
        )


def note_used(session: Session, used: Mapping[int, datetime]) -> None:
    """Note when tokens were last used. For a session of its own: requests that read cannot write."""
    with system(session):
        for token_id, at in sorted(used.items()):
            session.execute(
                update(ApiToken)
                .where(ApiToken.id == token_id)
                .values(used_at=at)
                .execution_options(synchronize_session=False)
            )
