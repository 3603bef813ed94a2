"""Calls of clients who come back: codes that tell who they are, their visits, and times that were offered to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from parlour.access.policy import address_of
from parlour.access.throttle import Throttled
from parlour.i18n import _
from parlour.plugins.bookings import reviews, services, tokens, waiting
from parlour.plugins.bookings.ics import visit_file
from parlour.plugins.bookings.offers import NotOffered
from parlour.plugins.bookings.online import codes, public, waits
from parlour.plugins.bookings.online.calling import an_object, call, gone, start_of, text_of
from parlour.plugins.schedule.services import Taken
from parlour.web.api.answers import respond
from parlour.web.api.body import parsed
from parlour.web.api.problems import ApiProblem
from parlour.web.api.replay import once
from parlour.web.errors import Problem, answer

# Tokens of visits, and of entries of the waiting list, that a browser may ask about at once.
MOST = 100

# ---- codes


@call("bookings.api.codes", "POST")
def ask(request: Request) -> Response:
    """Have a code sent to `phone` or `email`, for a `purpose`: "book" or "visits". Whether anybody is known there is not told."""
    given = an_object(parsed(request), ("purpose", "phone", "email"))
    purpose = given.get("purpose")
    if purpose not in codes.PURPOSES:
        raise ApiProblem(
            _("${name} is one of: ${all}.", mapping={"name": "purpose", "all": ", ".join(codes.PURPOSES)}),
            status=422,
        )
    way, address = _address(given)
    try:
        asked = codes.ask(
            request.db,
            request.settings,
            purpose=purpose,
            way=way,
            address=address,
            network=codes.network_of(address_of(request)),
            language=request.loc.name,
        )
    except Throttled as much:
        raise ApiProblem(much.message, status=429, headers={"Retry-After": str(much.wait)}) from much
    told = {"key": asked.key, "way": asked.way, "expires": asked.until.isoformat(), "again": asked.again}
    return respond(request, told, status=202)


def _address(given: Any) -> tuple[str, str]:
    """The phone or the e-mail address of a body, not both. Raises ApiProblem 422."""
    found = [(way, said) for way in (codes.PHONE, codes.EMAIL) if (said := text_of(given, way, 254))]
    if len(found) != 1:
        raise ApiProblem(_("Give a phone or an e-mail address."), status=422)
    return found[0]


@call("bookings.api.code", "POST")
def prove(request: Request) -> Response:
    """Give the `code` that came; from then on the key is a proof, for what it was asked for."""
    given = text_of(an_object(parsed(request), ("code",)), "code", 40) or ""
    network = codes.network_of(address_of(request))
    try:
        until = codes.prove(request.db, request.matchdict["token"][:200], given, network=network)
    except codes.Wrong as wrong:
        fields = {"code": wrong.message}
        refusal = answer(request, Problem(422, wrong.message, fields=fields, members={"left": wrong.left}))
        # Whoever guesses is counted, so this is kept though it is a refusal.
        refusal.headers["X-Tm"] = "commit"
        request.add_response_callback(lambda _request, response: response.headers.pop("X-Tm", None))
        return refusal
    return respond(request, {"key": request.matchdict["token"], "expires": until.isoformat()})


# ---- visits


@call("bookings.api.visits", "POST")
def visits(request: Request) -> Response:
    """Visits by their `tokens`, and what is waited for by those of `waiting`; or with the `proof` of a `phone` or `email` all of
    both, with new tokens, once.
    """
    given = an_object(parsed(request), ("tokens", "waiting", "proof", "phone", "email"))
    proof = text_of(given, "proof", 200)
    if proof is None:
        found = tokens.visits_of_tokens(request.db, _tokens(given, "tokens", "waiting" in given))
        waited = tokens.waiting_of_tokens(request.db, _tokens(given, "waiting", True))
    else:
        found, waited = _of_proof(request, proof, *_address(given))
    shown = public.visits(request.db, [*found.values()])
    entries = waits.entries(request.db, [*waited.values()], request.loc.name) if waited else {}
    return respond(
        request,
        {
            "items": [{"token": token, **shown[one]} for token, one in found.items() if one in shown],
            "waiting": [{"token": token, **entries[one]} for token, one in waited.items() if one in entries],
        },
    )


def _tokens(given: Mapping[str, Any], name: str, may_lack: bool) -> list[str]:
    listed = given.get(name, [] if may_lack else None)
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise ApiProblem(_("${name} must be a list of words.", mapping={"name": name}), status=422)
    return [one[:200] for one in listed[:MOST]]


def _of_proof(request: Request, proof: str, way: str, address: str) -> tuple[dict[str, int], dict[str, int]]:
    """The visits of an address, and what is waited for with it, by new tokens."""
    session = request.db
    known = codes.proven(session, proof, codes.VISITS)
    address = codes.cleaned(session, way, address)
    if known is None or known.address_hash != codes.address_hash(way, address):
        raise ApiProblem(_("This code is over. Ask for a new one."), status=422)
    codes.spend(session, known)
    booked, waited = codes.visits_of(session, way, address), codes.waits_of(session, way, address)
    return (
        dict(zip(tokens.make_tokens(session, booked), booked, strict=True)),
        dict(zip(tokens.make_waiting_tokens(session, waited), waited, strict=True)),
    )


@call("bookings.api.leave", "POST")
def leave(request: Request) -> Response:
    """Leave the waiting list; doing it twice changes nothing. A time that is offered goes to the next."""
    waiting.leave(request.db, tokens.waiting_of_token(request.db, request.matchdict["token"][:200]))
    return respond(request, {"status": "closed"})


@call("bookings.api.offer", "POST")
def take_offer(request: Request) -> Response:
    """Take the time that was offered to somebody who waits, by the code of the message or the token of the entry."""

    def do() -> Response:
        booked = waiting.accept(request.db, request.matchdict["token"][:200])
        return respond(request, {"token": booked.token, **public.visit(request.db, booked.id)}, status=201)

    return once(request, do)


@call("bookings.api.appointment", "GET")
def show(request: Request) -> Response:
    """A visit, for who has its token."""
    return respond(request, public.visit(request.db, _mine(request)))


@call("bookings.api.cancel", "POST")
def cancel(request: Request) -> Response:
    """Cancel a visit; doing it twice changes nothing."""
    visit = _mine(request)
    services.cancel(request.db, visit, by="client")
    return respond(request, public.visit(request.db, visit))


@call("bookings.api.reschedule", "POST")
def reschedule(request: Request) -> Response:
    """Move a visit to `start`, by the same specialists."""
    visit = _mine(request)
    at = start_of(an_object(parsed(request), ("start",)))

    def do() -> Response:
        try:
            services.move(request.db, visit, at, by="client")
        except (NotOffered, Taken) as error:
            wanted = services.wanted_of(request.db, visit)
            branch = public.visit(request.db, visit)["branch"]
            raise gone(request, error, wanted, at, branch, visit) from error
        return respond(request, public.visit(request.db, visit))

    return once(request, do)


@call("bookings.api.review", "POST")
def review(request: Request) -> Response:
    """Say how a visit was: `rating`, from 1 to 5 stars, and `text`. It can be changed until it is published."""
    visit = _mine(request)
    given = an_object(parsed(request), ("rating", "text"))
    rating = given.get("rating")
    if not isinstance(rating, int) or isinstance(rating, bool):
        rating = 0
    reviews.leave(request.db, visit, rating, text_of(given, "text", 2000))
    return respond(request, public.visit(request.db, visit))


@call("bookings.api.calendar", "GET")
def calendar(request: Request) -> Response:
    """A visit for a calendar (iCalendar). Fetched again it says what became of it."""
    body = visit_file(request.db, _mine(request), request.loc)
    response = Response(body, content_type="text/calendar", charset="utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="visit.ics"'
    return response


def _mine(request: Request) -> int:
    return tokens.visit_of_token(request.db, request.matchdict["token"][:200])
