"""What a request knows: its number, database session, person, organisation, language and switched-on plugins.

One session per request. GET and HEAD read in transactions that cannot write; everything else takes the write
engine. The session enters the organisation of the address as soon as somebody asks for the organisation,
which the context factories do before any view.
"""

from __future__ import annotations

import re
from typing import Any, Protocol
from uuid import uuid4

import zope.sqlalchemy
from pyramid.config import Configurator
from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request

from parlour.access.memberships import scope_for
from parlour.access.models import Organisation, User
from parlour.access.organisations import organisation_by_slug
from parlour.access.policy import cookie_name
from parlour.access.viewing import look
from parlour.db.session import Scope, Session, open_session
from parlour.i18n import LOCALES, Localizer, localizer
from parlour.plugin import gate
from parlour.settings import Settings
from parlour.web.api import for_programs
from parlour.web.api.caller import Home, organisation_of_call
from parlour.web.embedded import embedded

READING = ("GET", "HEAD", "OPTIONS")
# Posts whose own session only reads. Some only ask: what is typed does not belong into an address, and on SQLite a write lock
# would stop everybody for it. Others count a wrong password, which stays counted, and write in transactions of their own.
ASKING = frozenset({"record.check"})
CONFIRMING = frozenset({"me.password", "me.factor", "me.factor.off", "me.factor.codes"})
LANGUAGE_COOKIE = "parlour_language"
# What a proxy may hand on as the number of a request; anything else is replaced.
_ID = re.compile(r"[A-Za-z0-9-]{8,40}")


class Params(Protocol):
    """What an address or a form brings: a name may come several times."""

    def get(self, name: str, default: Any = None) -> Any: ...

    def getall(self, name: str) -> list[Any]: ...


def includeme(config: Configurator) -> None:
    config.add_request_method(_id, "id", reify=True)
    config.add_request_method(_settings, "settings", property=True)
    config.add_request_method(_db, "db", reify=True)
    config.add_request_method(_user, "user", reify=True)
    config.add_request_method(_organisation, "organisation", reify=True)
    config.add_request_method(_loc, "loc", reify=True)
    config.add_request_method(_enabled, "enabled", reify=True)


def reads_only(request: Request) -> bool:
    """Whether this request may not write."""
    return request.method in READING


def _id(request: Request) -> str:
    given = request.headers.get("X-Request-Id", "")
    return given if request.settings.trusted_proxies and _ID.fullmatch(given) else uuid4().hex[:12]


def _settings(request: Request) -> Settings:
    settings: Settings = request.registry["parlour.settings"]
    return settings


def _db(request: Request) -> Session:
    registry = request.registry
    route = getattr(request, "matched_route", None)
    asking = reads_only(request) or (route is not None and route.name in ASKING | CONFIRMING)
    engine = registry["parlour.reader" if asking else "parlour.engine"]
    session = open_session(engine)
    zope.sqlalchemy.register(session, initial_state="changed", transaction_manager=request.tm)
    return session


def _user(request: Request) -> User | None:
    """The person who is logged in or for whom a token acts (see `api.caller.Person`), or None."""
    user: User | None = getattr(request.identity, "user", None)
    return user


def _organisation(request: Request) -> Organisation | Home | None:
    """The organisation of the address, entered by the session; None without one, and for who is not logged in.

    Raises NotFound for a person who does not work there, as if it did not exist.
    """
    if for_programs(request):
        return organisation_of_call(request) if getattr(request, "matched_route", None) else None
    slug = (request.matchdict or {}).get("organisation")
    if slug is not None and embedded(request):
        organisation = organisation_by_slug(request.db, slug)
        request.db.enter(Scope(organisation.id))
        return organisation
    if slug is None or request.user is None:
        return None
    organisation = organisation_by_slug(request.db, slug)
    login = getattr(request.identity, "login", None)
    branch = login.branches.get(str(organisation.id)) if login is not None else None
    scope_for(request.db, request.user, organisation, branch_id=branch)
    if login is not None and login.viewing:
        # For the strip at the top, on error pages too, which cannot ask any more.
        vars(request)["viewed_as"] = look(request.db, login, organisation)
    return organisation


def _loc(request: Request) -> Localizer:
    """The person's language, else the organisation's, else what this browser asked for."""
    user: User | None = request.user
    organisation: Organisation | None = request.organisation
    wanted = (user.locale if user else None) or (organisation.locale if organisation else None)
    name = _said_language(request) or wanted or asked_language(request)
    if organisation is None:
        return localizer(name)
    return localizer(name, organisation.zone, organisation.currency, organisation.region)


def asked_language(request: Request) -> str:
    """The language that this browser chose on the log-in page, or prefers by its own settings."""
    chosen = None if embedded(request) else request.cookies.get(cookie_name(request, LANGUAGE_COOKIE))
    if chosen in LOCALES:
        return str(chosen)
    return str(request.accept_language.lookup(LOCALES, default="en"))


def _enabled(request: Request) -> frozenset[str]:
    """The plugins that are on for the organisation of the address; only "core" without one."""
    if request.organisation is None:
        return frozenset({gate.CORE})
    return gate.enabled(request.db)


def language(request: Request) -> Localizer:
    """`request.loc`, and on an error page what can be said of it without asking the database again."""
    if request.exception is None:
        loc: Localizer = request.loc
        return loc
    user, organisation = readable(request, "user"), readable(request, "organisation")
    wanted = (user.locale if user else None) or (organisation.locale if organisation else None)
    name = _said_language(request) or wanted or asked_language(request)
    return known(request, "loc") or localizer(name)


def _said_language(request: Request) -> str:
    """The language that a program asks for in so many words, or a page in a frame in its address; browsers are set up once and
    people choose on pages.
    """
    if embedded(request):
        said = str(request.GET.get("locale", "")).partition("-")[0]
        return said if said in LOCALES else ""
    return str(request.accept_language.lookup(LOCALES, default="")) if for_programs(request) else ""


def known(request: Request, name: str) -> Any:
    """An attribute of the request if it has been worked out already, else None.

    For error pages: they must not ask the database again, whose transaction is over by then.
    """
    return vars(request).get(name)


def readable(request: Request, name: str) -> Any:
    """A row of `known`, or None when a write that failed has emptied it: reading it would ask the database."""
    from sqlalchemy import inspect

    row = known(request, name)
    # What stands for a row on calls of the API has no state and is never out of date.
    state = inspect(row, raiseerr=False) if row is not None else None
    return None if state is not None and state.expired_attributes else row


def routed(request: Request, route: str) -> bool:
    """Whether the site has a route of this name."""
    mapper = request.registry.queryUtility(IRoutesMapper)
    return mapper is not None and mapper.get_route(route) is not None
