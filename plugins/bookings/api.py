"""Calls for the widget and for anybody who books from a web site of their own: no log-in, no cookies, JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from parlour.access.policy import address_of
from parlour.access.roles import own_organisation
from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.bookings import groups, occupied, reviews
from parlour.plugins.bookings.models import MAX_SERVICES
from parlour.plugins.bookings.offers import NotOffered, Wanted, search, zone_of
from parlour.plugins.bookings.online import codes, conditions, public, returning, visitors, waits
from parlour.plugins.bookings.online.calling import (
    an_object,
    call,
    gone,
    number,
    preflight,
    start_of,
    text_of,
)
from parlour.plugins.bookings.online.words import words
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.bookings.tokens import make_waiting_token
from parlour.plugins.catalog.services import days_of_new_prices, names_of
from parlour.plugins.schedule.clocks import minutes, moment
from parlour.plugins.schedule.services import Taken
from parlour.web.api.answers import respond
from parlour.web.api.body import parsed
from parlour.web.api.problems import ApiProblem
from parlour.web.api.replay import once

# Days that one call may ask for, and how long texts may be that somebody leaves.
MAX_DAYS = 62
MAX_TEXT = 2000
# What every booking may say about who books.
_WHO = ("client", "visitor", "consents", "comment", "campaign", "proof")
_ROUTES = {
    "bookings.api.first": "",
    "bookings.api.services": "services",
    "bookings.api.staff": "staff",
    "bookings.api.slots": "slots",
    "bookings.api.holds": "holds",
    "bookings.api.appointments": "appointments",
    "bookings.api.sessions": "sessions",
    "bookings.api.seats": r"sessions/{id:\d{1,18}}/seats",
    "bookings.api.waiting": "waiting",
    "bookings.api.leave": "waiting/{token}/leave",
    "bookings.api.codes": "codes",
    "bookings.api.code": "codes/{token}",
    "bookings.api.visits": "visits",
    "bookings.api.offer": "offers/{token}",
    "bookings.api.appointment": "appointments/{token}",
    "bookings.api.calendar": "appointments/{token}/visit.ics",
    "bookings.api.reviews": "reviews",
    "bookings.api.review": "appointments/{token}/review",
    "bookings.api.cancel": "appointments/{token}/cancel",
    "bookings.api.reschedule": "appointments/{token}/reschedule",
}


def includeme(config: Any) -> None:
    for name, path in _ROUTES.items():
        config.add_api_route(name, path, public=True)
        config.add_view(
            preflight, route_name=name, request_method="OPTIONS", permission=NO_PERMISSION_REQUIRED
        )
    config.scan("parlour.plugins.bookings.online.returning")


# ---- looking


@call("bookings.api.first", "GET")
def first(request: Request) -> Response:
    """All that the widget's first screen needs."""
    first = public.first_screen(request.db, request.loc.name)
    for branch in first["branches"]:
        branch["phone_text"] = request.loc.phone(branch["phone"]) if branch["phone"] else None
    return respond(
        request,
        {**first, "codes": _codes(request), "language": request.loc.name, "texts": words(request.loc)},
    )


def _codes(request: Request) -> dict[str, Any]:
    """When a code is asked for, and in which ways one can be sent."""
    ways = codes.ways(request.db, request.settings)
    asked = policy_of(request.db).code if ways else "none"
    return {"ask": asked, "ways": [*ways], "digits": codes.DIGITS}


@call("bookings.api.services", "GET")
def services_(request: Request) -> Response:
    """What can be booked online, and by whom it is done."""
    return respond(request, {"items": public.services(request.db, request.loc.name)})


@call("bookings.api.staff", "GET")
def staff(request: Request) -> Response:
    """Who can be booked online."""
    return respond(request, {"items": public.staff(request.db)})


@call("bookings.api.reviews", "GET")
def published(request: Request) -> Response:
    """Published reviews, the newest first, of one specialist (`staff`) or all; `next` goes into `before` for older ones."""
    asked = {name: number(request.GET[name], name) for name in ("staff", "before") if request.GET.get(name)}
    items, more = reviews.published(request.db, **asked)
    return respond(request, {"items": items, "next": more})


@call("bookings.api.slots", "GET")
def slots(request: Request) -> Response:
    """The starts of these services one after the other: `service` and `staff` repeat, in the same order; `staff` may be empty."""
    items = [number(text, "service") for text in request.GET.getall("service")]
    asked = [number(text, "staff") if text else None for text in request.GET.getall("staff")]
    if len(asked) > len(items):
        raise ApiProblem(_("There are more specialists than services."))
    people: list[int | None] = [*asked, *[None] * (len(items) - len(asked))]
    wanted = [Wanted(item, who) for item, who in zip(items, people, strict=True)]
    branch = number(request.GET["branch"], "branch") if request.GET.get("branch") else None
    zone = zone_of(request.db, branch)
    start = _bound(request.GET.get("from"), zone, 0)
    end = _bound(request.GET.get("to"), zone, 1) if request.GET.get("to") else start + 1440
    if end - start > MAX_DAYS * 1440 + 180:
        raise ApiProblem(_("Ask for at most ${n} days at once.", mapping={"n": MAX_DAYS}))
    found: list[dict[str, Any]] = []
    for since, until in pairwise(_by_price(request.db, items, start, end, branch, zone)):
        part = search(request.db, wanted, since, until, by="client", branch_id=branch)
        found += public.slots(part, wanted, part.starts())
    return respond(request, {"items": found})


def _by_price(
    session: Session, items: Sequence[int], start: int, end: int, branch: int | None, zone: str
) -> list[int]:
    """The window cut where a price begins: within each piece the prices are those of its first day."""
    zoned = ZoneInfo(zone)
    first, last = (moment(at).astimezone(zoned).date() for at in (start, end))
    days = days_of_new_prices(session, items, first, last, branch_id=branch)
    cuts = [minutes(datetime.combine(day, time(), zoned)) for day in days]
    return [start, *(cut for cut in cuts if start < cut < end), end]


def _bound(text: str | None, zone: str, days: int) -> int:
    """A moment, or the beginning of a day in the branch, for the end that of the day after."""
    if not text:
        day = datetime.now(ZoneInfo(zone)).date()
        return minutes(datetime.combine(day, time(), ZoneInfo(zone)))
    try:
        if len(text) == 10:
            day = date.fromisoformat(text) + timedelta(days=days)
            text = datetime.combine(day, time(), ZoneInfo(zone)).isoformat()
        return minutes(public.instant_of(text.replace(" ", "+")))
    except (ValueError, OverflowError) as error:
        raise ApiProblem(
            _("${text} is neither a day nor a moment with its offset.", mapping={"text": text[:40]})
        ) from error


@call("bookings.api.sessions", "GET")
def sessions(request: Request) -> Response:
    """Group sessions of some days, with how many places are left."""
    zone = zone_of(request.db, None)
    start = _bound(request.GET.get("from"), zone, 0)
    end = _bound(request.GET.get("to"), zone, 1) if request.GET.get("to") else start + 31 * 1440
    if end - start > MAX_DAYS * 1440 + 180:
        raise ApiProblem(_("Ask for at most ${n} days at once.", mapping={"n": MAX_DAYS}))
    items = [number(text, "service") for text in request.GET.getall("service")]
    found = groups.coming(request.db, moment(start), moment(end), by="client", item_ids=items)
    names = names_of(request.db, {one["item_id"] for one in found}, request.loc.name)
    return respond(
        request,
        {
            "items": [
                {
                    "id": one["id"],
                    "service": one["item_id"],
                    "name": names[one["item_id"]],
                    "staff": one["staff_id"],
                    "who": one["who"],
                    "branch": one["branch"],
                    "start": public.on_wall(minutes(one["starts"]), one["starts_zone"]),
                    "end": public.on_wall(minutes(one["starts"]) + one["minutes"], one["starts_zone"]),
                    "left": one["left"],
                    "price": public.MONEY.to_json(one["price"]),
                }
                for one in found
            ]
        },
    )


# ---- booking


@call("bookings.api.seats", "POST")
def seats(request: Request) -> Response:
    """Book places in a group session: `seats`, and the client as for a visit."""
    given = an_object(parsed(request), ("seats", *_WHO, "guests"))
    wanted = given.get("seats", 1)
    if not isinstance(wanted, int) or isinstance(wanted, bool) or not 1 <= wanted <= 20:
        raise ApiProblem(_("From 1 to ${n} places can be booked at once.", mapping={"n": 20}), status=422)
    visitor = _visitor(request, given)
    group = int(request.matchdict["id"])

    def do() -> Response:
        try:
            booked = visitors.book_seats_online(request.db, group, visitor, seats=wanted)
        except groups.Full as full:
            raise ApiProblem(full.message, status=409, members={"left": full.left}) from full
        return respond(request, {"token": booked.token, **public.visit(request.db, booked.id)}, status=201)

    return once(request, do)


@call("bookings.api.holds", "POST")
def holds(request: Request) -> Response:
    """Keep a time for a visitor who fills in the form; the one that they kept before is given up."""
    given = an_object(parsed(request), ("start", "services", "branch", "hold"))
    wanted, start, branch = _asked(given)
    instead = text_of(given, "hold", 200)
    network = codes.network_of(address_of(request))
    try:
        token, until = occupied.hold(
            request.db, wanted, start, network=network, branch_id=branch, instead_of=instead
        )
    except (NotOffered, Taken) as error:
        raise gone(request, error, wanted, start, branch) from error
    told = {"conditions": conditions.of_hold(request.db, token)}
    return respond(request, {"hold": token, "expires": until.isoformat(), **told}, status=201)


@call("bookings.api.appointments", "POST")
def book(request: Request) -> Response:
    """Book a visit. Repeated with the same Idempotency-Key it is booked once."""
    given = an_object(parsed(request), ("start", "services", "branch", "hold", *_WHO))
    wanted, start, branch = _asked(given)
    visitor = _visitor(request, given)

    def do() -> Response:
        try:
            booked = visitors.book_online(
                request.db, wanted, start, visitor, branch_id=branch, hold=text_of(given, "hold", 200)
            )
        except (NotOffered, Taken) as error:
            raise gone(request, error, wanted, start, branch) from error
        return respond(request, {"token": booked.token, **public.visit(request.db, booked.id)}, status=201)

    return once(request, do)


@call("bookings.api.waiting", "POST")
def wait(request: Request) -> Response:
    """Put somebody on the waiting list: `service`, `staff`, the days `since` and `until`, and a `part` of the day or none."""
    names = ("service", "staff", "branch", "since", "until", "part", "client", "consents", "comment", "proof")
    given = an_object(parsed(request), names)
    who, branch = given.get("staff"), given.get("branch")
    wanted = Wanted(number(given.get("service"), "service"), None if who is None else number(who, "staff"))
    part = given.get("part")
    if part is not None and part not in waits.PARTS:
        known = ", ".join(waits.PARTS)
        raise ApiProblem(_("${name} is one of: ${all}.", mapping={"name": "part", "all": known}), status=422)
    days = _day(given, "since"), _day(given, "until")
    visitor = _visitor(request, given)

    def do() -> Response:
        place = None if branch is None else number(branch, "branch")
        made = waits.wait_online(request.db, wanted, *days, visitor, part=part, branch_id=place)
        token = make_waiting_token(request.db, made)
        entry = waits.entries(request.db, [made], request.loc.name)[made]
        return respond(request, {"token": token, **entry, "offer": policy_of(request.db).offer}, status=201)

    return once(request, do)


def _day(given: Mapping[str, Any], name: str) -> date:
    value = given.get(name)
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as error:
        message = _("${name} takes a day such as 2026-05-31.", mapping={"name": name})
        raise ApiProblem(message, status=422) from error


def _visitor(request: Request, given: Mapping[str, Any]) -> visitors.Visitor:
    """Who books. Raises ApiProblem 422 for what is no text."""
    client = an_object(given.get("client") or {}, ("name", "phone", "email"), "client")
    consents = given.get("consents") or []
    if not isinstance(consents, list) or not all(isinstance(one, str) for one in consents):
        raise ApiProblem(_("${name} must be a list of words.", mapping={"name": "consents"}), status=422)
    return visitors.Visitor(
        name=text_of(client, "name", 200) or "",
        phone=text_of(client, "phone", 60) or "",
        email=text_of(client, "email", 254),
        comment=text_of(given, "comment", MAX_TEXT),
        campaign=text_of(given, "campaign", 500),
        consents=tuple(consents[:20]),
        comes=text_of(given, "visitor", 200),
        guests=text_of(given, "guests", MAX_TEXT),
        proof=text_of(given, "proof", 200),
        prove=codes.needed(request.db, request.settings),
    )


def _asked(given: Mapping[str, Any]) -> tuple[list[Wanted], int, int | None]:
    """The services, the start and the branch that a body asks for. Raises ApiProblem 422."""
    lines = given.get("services")
    if not isinstance(lines, list) or not lines:
        raise ApiProblem(_("Choose a service."), status=422)
    if len(lines) > MAX_SERVICES:
        raise ApiProblem(_("A visit has at most ${n} services.", mapping={"n": MAX_SERVICES}), status=422)
    wanted = []
    for line in lines:
        one = an_object(line, ("service", "staff"), "services")
        who = one.get("staff")
        wanted.append(
            Wanted(number(one.get("service"), "service"), None if who is None else number(who, "staff"))
        )
    branch = given.get("branch")
    return wanted, start_of(given), None if branch is None else number(branch, "branch")


# ---- what the OpenAPI document says of it


def paths(session: Any) -> dict[str, Any]:
    """The calls above, for the OpenAPI document."""
    salon = f"/api/v1/public/{own_organisation(session).slug}/bookings"
    token = {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}
    repeated = {"type": "array", "items": {"type": "string"}}
    asked = [
        {"name": "service", "in": "query", "required": True, "schema": repeated},
        {"name": "staff", "in": "query", "schema": repeated},
        *({"name": name, "in": "query", "schema": {"type": "string"}} for name in ("branch", "from", "to")),
    ]
    return {
        salon: {"get": _told(first, 200)},
        f"{salon}/services": {"get": _told(services_, 200)},
        f"{salon}/staff": {"get": _told(staff, 200)},
        f"{salon}/slots": {"get": {**_told(slots, 200), "parameters": asked}},
        f"{salon}/holds": {"post": _told(holds, 201)},
        f"{salon}/appointments": {"post": _told(book, 201)},
        f"{salon}/sessions": {"get": {**_told(sessions, 200), "parameters": asked[2:]}},
        f"{salon}/sessions/{{id}}/seats": {
            "post": {**_told(seats, 201), "parameters": [{**token, "name": "id"}]}
        },
        f"{salon}/reviews": {
            "get": {
                **_told(published, 200),
                "parameters": [
                    {"name": name, "in": "query", "schema": {"type": "integer"}}
                    for name in ("staff", "before")
                ],
            }
        },
        f"{salon}/appointments/{{token}}/review": {
            "post": {**_told(returning.review, 200), "parameters": [token]}
        },
        f"{salon}/waiting": {"post": _told(wait, 201)},
        f"{salon}/waiting/{{token}}/leave": {"post": {**_told(returning.leave, 200), "parameters": [token]}},
        f"{salon}/codes": {"post": _told(returning.ask, 202)},
        f"{salon}/codes/{{token}}": {"post": {**_told(returning.prove, 200), "parameters": [token]}},
        f"{salon}/visits": {"post": _told(returning.visits, 200)},
        f"{salon}/offers/{{token}}": {"post": {**_told(returning.take_offer, 201), "parameters": [token]}},
        f"{salon}/appointments/{{token}}": {"get": {**_told(returning.show, 200), "parameters": [token]}},
        f"{salon}/appointments/{{token}}/visit.ics": {
            "get": {**_told(returning.calendar, 200), "parameters": [token]}
        },
        f"{salon}/appointments/{{token}}/cancel": {
            "post": {**_told(returning.cancel, 200), "parameters": [token]}
        },
        f"{salon}/appointments/{{token}}/reschedule": {
            "post": {**_told(returning.reschedule, 200), "parameters": [token]}
        },
    }


def _told(call: Any, status: int) -> dict[str, Any]:
    return {
        "summary": (call.__doc__ or "").split("\n")[0].strip(),
        "security": [],
        "responses": {
            str(status): {"description": "JSON"},
            "default": {"description": "A problem document (RFC 9457)"},
        },
    }
