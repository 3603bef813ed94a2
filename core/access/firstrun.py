"""The first run: an empty database has one page, on which somebody opens the first salon and becomes its
owner.

It is there until the first person exists and never again: two people who press the button at the same moment
wait for each other, and the second finds the house taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.viewderivers import INGRESS

from parlour.access import users
from parlour.access.memberships import Duty, add_member
from parlour.access.models import Organisation, User
from parlour.access.organisations import add_organisation, faults, only_one_at_a_time
from parlour.access.roles import role_by_code
from parlour.access.rules import OWNER
from parlour.db.session import Session, open_session
from parlour.errors import Invalid, Refusal
from parlour.i18n import _
from parlour.web.api import for_programs

# What answers before there is anybody: the page itself, its language, its files, and probes of whoever runs
# the server.
OPEN = frozenset({"healthz", "readyz", "metrics", "setup", "language", "static"})
_DONE = "parlour.set_up"


@dataclass(frozen=True)
class Opening:
    """What the page asks for."""

    organisation: str
    country: str
    zone: str
    currency: str
    region: str
    language: str
    name: str
    email: str
    password: str
    plugins: Sequence[str] = ()


def open_salon(session: Session, wanted: Opening) -> tuple[Organisation, User]:
    """Make the first organisation, its owner and its plugins, in the caller's transaction.

    Raises Refusal when somebody exists already, Invalid with a message per field.
    """
    only_one_at_a_time(session)
    if users.anybody(session):
        raise Refusal(_("This place is set up already. Log in instead."))
    place = {
        "country": wanted.country,
        "zone": wanted.zone,
        "currency": wanted.currency,
        "region": wanted.region,
        "locale": wanted.language,
    }
    _check(wanted, place)
    organisation = add_organisation(session, wanted.organisation, **place)
    duty = Duty(role_by_code(session, OWNER).id)
    user, _made = add_member(
        session, wanted.email, wanted.name, [duty], password=wanted.password, temporary=False
    )
    from parlour.plugin import lifecycle

    lifecycle.enable_defaults(session)
    for name in wanted.plugins:
        lifecycle.enable(session, name)
    return organisation, user


def _check(wanted: Opening, place: dict[str, str]) -> None:
    """All that is wrong with the page at once, by the names that its fields have. Raises Invalid."""
    names = {"name": "organisation", "locale": "language"}
    errors = {
        names.get(field, field): why for field, why in faults({"name": wanted.organisation, **place}).items()
    }
    errors |= users.faults(wanted.email, wanted.name, wanted.password)
    if errors:
        raise Invalid(_("Not saved yet."), {0: errors})


def includeme(config: Configurator) -> None:
    config.registry[_DONE] = False
    config.add_view_deriver(to_setup, "parlour_first_run", under=INGRESS, over="secured_view")


def is_set_up(request: Request) -> bool:
    """Whether somebody exists; asked of the database until the answer is yes, and never again by this
    process.
    """
    registry = request.registry
    if not registry[_DONE]:
        # A session of its own: on the log-in page the request's must not have been used.
        with open_session(registry["parlour.reader"]) as session:
            registry[_DONE] = users.anybody(session)
    return bool(registry[_DONE])


def to_setup(view: Any, info: Any) -> Any:
    """Lead every page of an empty database to its set-up."""
    if info.exception_only:
        return view

    def led(context: Any, request: Request) -> Any:
        route = request.matched_route
        if route is None or route.name in OPEN or for_programs(request) or is_set_up(request):
            return view(context, request)
        return HTTPSeeOther(request.url_of("setup"))

    return led
