"""Who calls the API: a token, and with it one person in one organisation.

The way in is short, because every call takes it. A token belongs to one organisation for good, so each process remembers
which, and the session enters it before its transaction begins; one statement then asks everything that may change
(token, person, membership, roles, rules, switches). Nothing that grants anything is remembered between calls: what is revoked
is revoked with the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from pyramid.request import Request
from sqlalchemy import and_, bindparam, select

from parlour.access import rules
from parlour.access.links import token_hash
from parlour.access.models import ApiToken, Branch, Membership, MembershipRole, Organisation, Role, User
from parlour.access.organisations import organisation_by_slug
from parlour.db.base import now
from parlour.db.session import Scope, Session, open_session, system
from parlour.i18n import _
from parlour.plugin import gate
from parlour.web.api import V1
from parlour.web.api.problems import ApiProblem, Unauthenticated

VIA = "api"
# The header by which a call says in which branch it works.
BRANCH = "Parlour-Branch"
_PUBLIC = f"{V1}/public/"
MAX_REMEMBERED = 10_000


@dataclass(frozen=True)
class Person:
    """Whom a token acts for; what `request.user` is on a call."""

    id: int
    locale: str | None


@dataclass(frozen=True)
class Home:
    """The organisation of a call; what `request.organisation` is."""

    id: int
    slug: str
    name: str
    zone: str
    currency: str
    region: str
    locale: str


@dataclass(frozen=True)
class Caller:
    """The identity of a call."""

    token_id: int
    user: Person
    organisation: Home
    used_at: datetime | None
    # Calls have no log-in; what asks for one finds none.
    login: None = None


_TOKEN, _USER, _MEMBER = ApiToken.__table__, User.__table__, Membership.__table__
_PLACE, _DUTY, _ROLE = Organisation.__table__, MembershipRole.__table__, Role.__table__
_AT = bindparam("at", type_=_TOKEN.c.expires_at.type)


@lru_cache(maxsize=4)
def _find(dialect: str) -> Any:
    """The statement that asks everything that may change about a caller, a row for each of their roles."""
    duties = select(_DUTY.c.role_id).where(
        _DUTY.c.organisation_id == bindparam("organisation"), _DUTY.c.user_id == _USER.c.id
    )
    return (
        select(
            _TOKEN.c.id.label("token_id"),
            _TOKEN.c.scopes,
            _TOKEN.c.used_at,
            _USER.c.id.label("user_id"),
            _USER.c.locale.label("user_locale"),
            *(_PLACE.c[name] for name in ("id", "slug", "name", "zone", "currency", "region", "locale")),
            _PLACE.c.plugins_version,
            _DUTY.c.role_id,
            _DUTY.c.branch_id,
            _ROLE.c.code,
            rules.lines_of(dialect, bindparam("organisation"), duties.correlate(_USER)).label("rules"),
        )
        .select_from(_TOKEN)
        .join(_USER, _USER.c.id == _TOKEN.c.user_id)
        .join(_PLACE, _PLACE.c.id == _TOKEN.c.organisation_id)
        .join(
            _MEMBER,
            and_(
                _MEMBER.c.organisation_id == _PLACE.c.id,
                _MEMBER.c.user_id == _USER.c.id,
                Membership.working(_AT),
            ),
        )
        .outerjoin(_DUTY, and_(_DUTY.c.organisation_id == _PLACE.c.id, _DUTY.c.user_id == _USER.c.id))
        .outerjoin(_ROLE, and_(_ROLE.c.organisation_id == _PLACE.c.id, _ROLE.c.id == _DUTY.c.role_id))
        .where(
            _TOKEN.c.token_hash == bindparam("hash"),
            _TOKEN.c.organisation_id == bindparam("organisation"),
            (_TOKEN.c.expires_at.is_(None)) | (_TOKEN.c.expires_at > _AT),
            _USER.c.active,
            _PLACE.c.archived_at.is_(None),
        )
    )


# Connection pool (one per database) -> hash of a token -> its organisation.
_homes: WeakKeyDictionary[Any, dict[str, int]] = WeakKeyDictionary()


def is_public(request: Request) -> bool:
    """Whether the address is for everybody, tokens or none."""
    return str(request.environ.get("PATH_INFO", "")).startswith(_PUBLIC)


def token_of(request: Request) -> str:
    """The token that the call carries. Raises Unauthenticated; cookies do not count here."""
    scheme, _space, token = str(request.headers.get("Authorization", "")).partition(" ")
    if not scheme:
        raise Unauthenticated(_("Send a token: Authorization: Bearer TOKEN."))
    if scheme.lower() != "bearer" or not token.strip() or len(token) > 200:
        raise Unauthenticated(_("Send the token as: Authorization: Bearer TOKEN."), "invalid_request")
    return token.strip()


def caller_of(request: Request) -> Caller | None:
    """The caller, inside whose organisation `request.db` is from now on; None on public addresses.

    Raises Unauthenticated.
    """
    if is_public(request):
        return None
    refused = Unauthenticated(_("The token is wrong, revoked or expired."), "invalid_token")
    hashed = token_hash(token_of(request))
    organisation_id = _home(request, hashed)
    if organisation_id is None:
        raise refused
    session: Session = request.db
    session.enter(Scope(organisation_id, via=VIA))
    find = _find(session.get_bind().dialect.name)
    rows = session.raw(find, {"hash": hashed, "organisation": organisation_id, "at": now()}).all()
    if not rows:
        raise refused
    first = rows[0]
    duties = [(row.role_id, row.branch_id, row.code) for row in rows if row.role_id is not None]
    branch = _branch(session, duties, request.headers.get(BRANCH, "").strip())
    held = [(role, code) for role, at, code in duties if at is None or at == branch]
    session.enter(
        Scope(
            organisation_id,
            first.user_id,
            tuple(sorted({role for role, _code in held})),
            branch,
            scopes=None if first.scopes is None else frozenset(first.scopes),
            via=VIA,
        )
    )
    rules.known_roles(session, [code for _role, code in held])
    rules.known_rules(session, first.rules or ())
    gate.known_version(session, first.plugins_version)
    home = Home(first.id, first.slug, first.name, first.zone, first.currency, first.region, first.locale)
    return Caller(first.token_id, Person(first.user_id, first.user_locale), home, first.used_at)


def organisation_of_call(request: Request) -> Home | Organisation:
    """The organisation of the token, or for public addresses the one that they name, entered by `request.db`.

    On public addresses nobody is known and nothing is granted: a plugin's view decides what it gives away.
    Raises Unauthenticated, NotFound.
    """
    if not is_public(request):
        return caller_of_request(request).organisation
    organisation = organisation_by_slug(request.db, request.matchdict["organisation"])
    request.db.enter(Scope(organisation.id, via=VIA))
    gate.known_version(request.db, organisation.plugins_version)
    return organisation


def caller_of_request(request: Request) -> Caller:
    """The identity of a call that needs one."""
    identity = request.identity
    assert isinstance(identity, Caller)
    return identity


def _branch(session: Session, duties: list[tuple[int, int | None, str]], asked: str) -> int | None:
    """The branch that the call asks for. Without one, who has roles in branches only works in the first of those that are
    open, as on pages. Raises ApiProblem, with the branches there are, for one that is not the person's.
    """
    own = {branch for _role, branch, _code in duties}
    if not asked and (not own or None in own):
        return None
    statement = select(Branch.id, Branch.name).where(Branch.archived_at.is_(None)).order_by(Branch.id)
    if None not in own:
        statement = statement.where(Branch.id.in_(own))
    found = session.execute(statement).all()
    chosen = found[0].id if found and not asked else None
    chosen = next((branch.id for branch in found if str(branch.id) == asked), chosen)
    if asked and chosen is None:
        raise ApiProblem(
            _(
                "This is none of your open branches. Send the number of one as ${header}.",
                mapping={"header": BRANCH},
            ),
            status=403,
            members={"branches": [{"id": branch.id, "name": branch.name} for branch in found]},
        )
    return chosen


def _home(request: Request, hashed: str) -> int | None:
    """The organisation that a token opens, if there is such a token.

    Asked in a transaction that only reads: on SQLite a stranger without a token must not get at the write lock.
    """
    engine = request.registry["parlour.reader"]
    known = _homes.setdefault(engine.pool, {})
    if hashed not in known:
        with open_session(engine) as looking, system(looking):
            found = looking.scalar(select(ApiToken.organisation_id).where(ApiToken.token_hash == hashed))
        if found is None:
            return None
        if len(known) >= MAX_REMEMBERED:
            known.clear()
        known[hashed] = found
    return known[hashed]


def widened(scope: Scope, permission: str) -> Scope:
    """The scope with one permission more for its token, for the one action that the token may run."""
    plugin, name, _action = permission.split(":")
    more = {f"{plugin}.{name}:write"}
    kept = {key: value for key, value in scope.cache.items() if not key.startswith("fields:")}
    return replace(scope, scopes=None if scope.scopes is None else scope.scopes | more, cache=kept)
