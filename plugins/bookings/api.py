"""Calls for the widget and for anybody who books from a web site of their own: no log-in, no cookies, JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from parlour.access.policy import address_of
from parlour.access.roles import own_organisation
from parlour.i18n import _
from parlour.plugins.bookings import conditions, groups, occupied, offers, public, services, tokens, waiting
from parlour.plugins.bookings.ics import visit_file
from parlour.plugins.bookings.models import MAX_SERVICES
from parlour.plugins.bookings.offers import NotOffered, Wanted, search, zone_of
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.bookings.words import words
from parlour.plugins.schedule.clocks import minutes, moment
from parlour.plugins.schedule.services import Taken
from parlour.web.api.answers import respond
from parlour.web.api.body import parsed
from parlour.web.api.problems import ApiProblem
from parlour.web.api.replay import once

# Days that one call may ask for, and how long texts may be that somebody leaves.
MAX_DAYS = 62
MAX_TEXT = 2000
_ROUTES = {
    "bookings.api.first": "",
    "bookings.api.services": "services",
    "bookings.api.staff": "staff",
    "bookings.api.slots": "slots",
    "bookings.api.holds": "holds",
    "bookings.api.appointments": "appointments",
    "bookings.api.sessions": "sessions",
    "bookings.api.seats": r"sessions/{id:\d{1,18}}/seats",
    "bookings.api.offer": "offers/{token}",
    "bookings.api.appointment": "appointments/{token}",
    "bookings.api.calendar": "appointments/{token}/visit.ics",
    "bookings.api.cancel": "appointments/{token}/cancel",
    "bookings.api.reschedule": "appointments/{token}/reschedule",
}


def includeme(config: Any) -> None:
    for name, path in _ROUTES.items():
        config.add_api_route(name, path, public=True)
        config.add_view(
            preflight, route_name=name, request_method="OPTIONS", permission=NO_PERMISSION_REQUIRED
        )


def _view(route: str, method: str) -> Callable[[Any], Any]:
    """A call for everybody, which pages of the organisation's own web sites may make from the browser."""

    def declare(view: Callable[[Request], Response]) -> Any:
        def call(_context: Any, request: Request) -> Response:
            _let_in(request)
            return view(request)

        call.__name__, call.__doc__, call.__module__ = view.__name__, view.__doc__, view.__module__
        return view_config(route_name=route, request_method=method, permission=NO_PERMISSION_REQUIRED)(call)

    return declare


def preflight(_context: Any, request: Request) -> Response:
    """What a browser asks before it lets a page call: answered for the web sites that the settings name."""
    _let_in(request)
    return Response(status=204)


def _let_in(request: Request) -> None:
    """Let the web site that asks read the answer, problems too, when the settings name it."""
    origin = request.headers.get("Origin", "")
    known = origin in policy_of(request.db).sites

    def tell(_request: Request, response: Response) -> None:
        response.headers["Vary"] = ", ".join(filter(None, [response.headers.get("Vary"), "Origin"]))
        if not known:
            return
        response.headers["Access-Control-Allow-Origin"] = origin
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, POST"
            response.headers["Access-Control-Allow-Headers"] = (
                "Content-Type, Idempotency-Key, Accept-Language"
            )
            response.headers["Access-Control-Max-Age"] = "3600"

    request.add_response_callback(tell)


# ---- looking


@_view("bookings.api.first", "GET")
def first(request: Request) -> Response:
    """All that the widget's first screen needs."""
    first = public.first_screen(request.db, request.loc.name)
    for branch in first["branches"]:
        branch["phone_text"] = request.loc.phone(branch["phone"]) if branch["phone"] else None
    return respond(request, {**first, "language": request.loc.name, "texts": words(request.loc)})


@_view("bookings.api.services", "GET")
def services_(request: Request) -> Response:
    """What can be booked online, and by whom it is done."""
    return respond(request, {"items": public.services(request.db, request.loc.name)})


@_view("bookings.api.staff", "GET")
def staff(request: Request) -> Response:
    """Who can be booked online."""
    return respond(request, {"items": public.staff(request.db)})


@_view("bookings.api.slots", "GET")
def slots(request: Request) -> Response:
    """The starts of these services one after the other: `service` and `staff` repeat, in the same order; `staff` may be empty."""
    items = [_number(text, "service") for text in request.GET.getall("service")]
    asked = [_number(text, "staff") if text else None for text in request.GET.getall("staff")]
    if len(asked) > len(items):
        raise ApiProblem(_("There are more specialists than services."))
    people: list[int | None] = [*asked, *[None] * (len(items) - len(asked))]
    wanted = [Wanted(item, who) for item, who in zip(items, people, strict=True)]
    branch = _number(request.GET["branch"], "branch") if request.GET.get("branch") else None
    zone = zone_of(request.db, branch)
    start = _bound(request.GET.get("from"), zone, 0)
    end = _bound(request.GET.get("to"), zone, 1) if request.GET.get("to") else start + 1440
    if end - start > MAX_DAYS * 1440 + 180:
        raise ApiProblem(_("Ask for at most ${n} days at once.", mapping={"n": MAX_DAYS}))
    found = search(request.db, wanted, start, end, by="client", branch_id=branch)
    return respond(request, {"items": public.slots(found, wanted, found.starts())})


def _bound(text: str | None, zone: str, days: int) -> int:
    """A moment, or the beginning of a day in the branch, for the end that of the day after."""
    if not text:
        day = datetime.now(ZoneInfo(zone)).date()
        return minutes(datetime.combine(day, time(), ZoneInfo(zone)))
    try:
        if len(text) == 10:
            day = date.fromisoformat(text) + timedelta(days=days)
            return minutes(datetime.combine(day, time(), ZoneInfo(zone)))
        return minutes(public.instant_of(text.replace(" ", "+")))
    except (ValueError, OverflowError) as error:
        raise ApiProblem(
            _("${text} is neither a day nor a moment with its offset.", mapping={"text": text[:40]})
        ) from error


def _number(text: Any, name: str) -> int:
    if isinstance(text, int) and not isinstance(text, bool) and 0 < text < 2**63:
        return text
    if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= 18:
        return int(text)
    raise ApiProblem(_("${name} takes the number of a record.", mapping={"name": name}), status=422)


@_view("bookings.api.sessions", "GET")
def sessions(request: Request) -> Response:
    """Group sessions of some days, with how many places are left."""
    zone = zone_of(request.db, None)
    start = _bound(request.GET.get("from"), zone, 0)
    end = _bound(request.GET.get("to"), zone, 1) if request.GET.get("to") else start + 31 * 1440
    if end - start > MAX_DAYS * 1440 + 180:
        raise ApiProblem(_("Ask for at most ${n} days at once.", mapping={"n": MAX_DAYS}))
    items = [_number(text, "service") for text in request.GET.getall("service")]
    found = groups.coming(request.db, moment(start), moment(end), by="client", item_ids=items)
    return respond(
        request,
        {
            "items": [
                {
                    "id": one["id"],
                    "service": one["item_id"],
                    "name": one["name"],
                    "staff": one["staff_id"],
                    "branch": one["branch"],
                    "start": public.on_wall(minutes(one["starts"]), one["starts_zone"]),
                    "end": public.on_wall(minutes(one["starts"]) + one["minutes"], one["starts_zone"]),
                    "left": one["left"],
                }
                for one in found
            ]
        },
    )


# ---- booking


@_view("bookings.api.seats", "POST")
def seats(request: Request) -> Response:
    """Book places in a group session: `seats`, and the client as for a visit."""
    given = _object(parsed(request), ("seats", "client", "consents", "comment", "campaign"))
    wanted = given.get("seats", 1)
    if not isinstance(wanted, int) or isinstance(wanted, bool) or not 1 <= wanted <= 20:
        raise ApiProblem(_("From 1 to ${n} places can be booked at once.", mapping={"n": 20}), status=422)
    visitor = _visitor(given)
    group = int(request.matchdict["id"])

    def do() -> Response:
        try:
            booked = public.book_seats_online(request.db, group, visitor, seats=wanted)
        except groups.Full as full:
            raise ApiProblem(full.message, status=409, members={"left": full.left}) from full
        return respond(request, {"token": booked.token, **public.visit(request.db, booked.id)}, status=201)

    return once(request, do)


@_view("bookings.api.holds", "POST")
def holds(request: Request) -> Response:
    """Keep a time for a visitor who fills in the form; the one that they kept before is given up."""
    given = _object(parsed(request), ("start", "services", "branch", "hold"))
    wanted, start, branch = _asked(given)
    instead = _text(given, "hold", 200)
    try:
        token, until = occupied.hold(
            request.db, wanted, start, network=address_of(request), branch_id=branch, instead_of=instead
        )
    except (NotOffered, Taken) as gone:
        raise _gone(request, gone, wanted, start, branch) from gone
    told = {"conditions": conditions.of_hold(request.db, token)}
    return respond(request, {"hold": token, "expires": until.isoformat(), **told}, status=201)


@_view("bookings.api.appointments", "POST")
def book(request: Request) -> Response:
    """Book a visit. Repeated with the same Idempotency-Key it is booked once."""
    names = ("start", "services", "branch", "client", "consents", "hold", "comment", "campaign")
    given = _object(parsed(request), names)
    wanted, start, branch = _asked(given)
    visitor = _visitor(given)

    def do() -> Response:
        try:
            booked = public.book_online(
                request.db, wanted, start, visitor, branch_id=branch, hold=_text(given, "hold", 200)
            )
        except (NotOffered, Taken) as gone:
            raise _gone(request, gone, wanted, start, branch) from gone
        return respond(request, {"token": booked.token, **public.visit(request.db, booked.id)}, status=201)

    return once(request, do)


def _visitor(given: Mapping[str, Any]) -> public.Visitor:
    """Who books. Raises ApiProblem 422 for what is no text."""
    client = _object(given.get("client") or {}, ("name", "phone", "email"), "client")
    consents = given.get("consents") or []
    if not isinstance(consents, list) or not all(isinstance(one, str) for one in consents):
        raise ApiProblem(_("${name} must be a list of words.", mapping={"name": "consents"}), status=422)
    return public.Visitor(
        name=_text(client, "name", 200) or "",
        phone=_text(client, "phone", 60) or "",
        email=_text(client, "email", 254),
        comment=_text(given, "comment", MAX_TEXT),
        campaign=_text(given, "campaign", 500),
        consents=tuple(consents[:20]),
    )


def _gone(
    request: Request, why: Exception, wanted: Sequence[Wanted], start: int, branch: int | None
) -> ApiProblem:
    """409 with the nearest times that are to be had."""
    found, starts = offers.alternatives(request.db, wanted, start, branch_id=branch)
    message = why.message if isinstance(why, NotOffered | Taken) else why
    return ApiProblem(message, status=409, members={"alternatives": public.slots(found, wanted, starts)})


def _asked(given: Mapping[str, Any]) -> tuple[list[Wanted], int, int | None]:
    """The services, the start and the branch that a body asks for. Raises ApiProblem 422."""
    lines = given.get("services")
    if not isinstance(lines, list) or not lines:
        raise ApiProblem(_("Choose a service."), status=422)
    if len(lines) > MAX_SERVICES:
        raise ApiProblem(_("A visit has at most ${n} services.", mapping={"n": MAX_SERVICES}), status=422)
    wanted = []
    for line in lines:
        one = _object(line, ("service", "staff"), "services")
        who = one.get("staff")
        wanted.append(
            Wanted(_number(one.get("service"), "service"), None if who is None else _number(who, "staff"))
        )
    branch = given.get("branch")
    return wanted, _start(given), None if branch is None else _number(branch, "branch")


def _start(given: Mapping[str, Any]) -> int:
    """The start that a body asks for. Raises ApiProblem 422."""
    start = given.get("start")
    try:
        return minutes(public.instant_of(start if isinstance(start, str) else ""))
    except (ValueError, OverflowError) as error:
        raise ApiProblem(
            _("${name} takes a moment with its offset.", mapping={"name": "start"}), status=422
        ) from error


def _object(value: Any, names: Sequence[str], where: str = "") -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ApiProblem(_("${name} must be an object.", mapping={"name": where or "JSON"}), status=422)
    unknown = sorted(set(value) - set(names))
    if unknown:
        raise ApiProblem(
            _("There is no ${name} to be given.", mapping={"name": str(unknown[0])[:60]}), status=422
        )
    return value


def _text(given: Mapping[str, Any], name: str, longest: int) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > longest:
        raise ApiProblem(
            _("${name} is text of up to ${n} characters.", mapping={"name": name, "n": longest}), status=422
        )
    return value.strip() or None


# ---- coming back


@_view("bookings.api.offer", "POST")
def take_offer(request: Request) -> Response:
    """Take the time that was offered to somebody who waits, by the code of the message."""

    def do() -> Response:
        booked = waiting.accept(request.db, request.matchdict["token"][:200])
        return respond(request, {"token": booked.token, **public.visit(request.db, booked.id)}, status=201)

    return once(request, do)


@_view("bookings.api.appointment", "GET")
def show(request: Request) -> Response:
    """A visit, for who has its token."""
    return respond(request, public.visit(request.db, _mine(request)))


@_view("bookings.api.cancel", "POST")
def cancel(request: Request) -> Response:
    """Cancel a visit; doing it twice changes nothing."""
    visit = _mine(request)
    services.cancel(request.db, visit, by="client")
    return respond(request, public.visit(request.db, visit))


@_view("bookings.api.reschedule", "POST")
def reschedule(request: Request) -> Response:
    """Move a visit to `start`, by the same specialists."""
    visit = _mine(request)
    at = _start(_object(parsed(request), ("start",)))

    def do() -> Response:
        try:
            services.move(request.db, visit, at, by="client")
        except (NotOffered, Taken) as gone:
            wanted = services.wanted_of(request.db, visit)
            raise _gone(request, gone, wanted, at, public.visit(request.db, visit)["branch"]) from gone
        return respond(request, public.visit(request.db, visit))

    return once(request, do)


@_view("bookings.api.calendar", "GET")
def calendar(request: Request) -> Response:
    """A visit for a calendar (iCalendar). Fetched again it says what became of it."""
    body = visit_file(request.db, _mine(request), request.loc)
    response = Response(body, content_type="text/calendar", charset="utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="visit.ics"'
    return response


def _mine(request: Request) -> int:
    return tokens.visit_of_token(request.db, request.matchdict["token"][:200])


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
        f"{salon}/offers/{{token}}": {"post": {**_told(take_offer, 201), "parameters": [token]}},
        f"{salon}/appointments/{{token}}": {"get": {**_told(show, 200), "parameters": [token]}},
        f"{salon}/appointments/{{token}}/visit.ics": {"get": {**_told(calendar, 200), "parameters": [token]}},
        f"{salon}/appointments/{{token}}/cancel": {"post": {**_told(cancel, 200), "parameters": [token]}},
        f"{salon}/appointments/{{token}}/reschedule": {
            "post": {**_told(reschedule, 200), "parameters": [token]}
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
